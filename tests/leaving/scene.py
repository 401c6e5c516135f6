"""The pair as an action finds it, and what makes a step last: slow commands, a slow restart, a link that is cut."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.lab.pair import Lab, Server
from tests.leaving.cells import HAND_OVER, PARTNER_DOWN, RESCUE, SHUTDOWN, START, SYNC, SYNC_BAD, TAKE_BACK, At, Cell

COMMAND_SECONDS = 0.25
RESTART_SECONDS = 0.3
CUT_SECONDS = 0.15
"""How long a cut link stays so after the leaving: not long, or whoever leaves too slowly is never caught."""
RECORD = ".dhcptui-sync-shared.json"
_SLOWLY = """#!/bin/sh
# Every command of a visitor waits a moment first, when the machine is slow.
[ -f /etc/dhcp/lab/delay ] && sleep "$(cat /etc/dhcp/lab/delay)"
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
"""


def contents(server: Server) -> dict[str, bytes]:
    """Every file of a server's shared directory."""
    root = server.etc / "shared"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class Scene:
    """A running pair on which one cell is played."""

    def __init__(self, lab: Lab, cell: Cell) -> None:
        self.lab, self.cell, self.job = lab, cell, cell.job
        self.old = contents(lab.secondary)
        """The secondary's files before."""
        self.half_way = False
        """Whether the run was cut short after it had begun."""
        self._restarts = {server: (server.etc / "restart-dhcpd").read_text() for server in lab.servers.values()}

    def prepare(self) -> None:
        """Bring the pair to where the action is wanted."""
        lab, job = self.lab, self.job
        for server in lab.servers.values():
            self._make_slow(server)
        lab.wait_settled()
        if job in {SYNC, SYNC_BAD}:
            master = lab.primary.etc / "shared/master.conf"
            text = master.read_text()
            new = text.replace("10.0.0.200", "10.0.0.180") if job is SYNC else text.replace("10.0.0.", "10.9.0.")
            assert new != text
            master.write_text(new)
        elif job in {PARTNER_DOWN, START}:
            lab.secondary.kill()
            lab.wait_states(primary="communications-interrupted", secondary=None, timeout=10)
        elif job is TAKE_BACK:
            lab.secondary.set_local_state(8)
            lab.wait_states(primary="partner-down", secondary="shutdown", timeout=10)
            lab.primary.set_local_state(8)
            lab.wait_states(primary="shutdown", secondary="shutdown", timeout=10)
        elif job is RESCUE:
            lab.primary.set_local_state(8)
            lab.wait_states(primary="shutdown", secondary="partner-down", timeout=10)
            lab.secondary.kill()

    @staticmethod
    def _make_slow(server: Server) -> None:
        script = server.etc / "lab/slowly"
        script.write_text(_SLOWLY)
        script.chmod(0o755)
        config = server.ssh_etc / "sshd_config"
        config.write_text(config.read_text() + "ForceCommand /etc/dhcp/lab/slowly\n")
        server.restart_sshd()

    def to_do(self) -> bool:
        """Whether the pair, as the lab's own eyes see it, is neither as it was wanted nor healthy again."""
        states = self.lab.states()
        if self.job in {SYNC, SYNC_BAD}:
            return (self.lab.secondary.etc / RECORD).exists()
        if states == {"primary": "normal", "secondary": "normal"}:
            return False
        mine, other = states["primary"], states["secondary"]
        wanted = {
            PARTNER_DOWN: mine == "partner-down",
            SHUTDOWN: mine == "partner-down" and not self.lab.secondary.is_running(),
            HAND_OVER: (mine, other) == ("partner-down", "shutdown"),
            TAKE_BACK: False,
            START: self.lab.secondary.is_running(),
            RESCUE: mine == "communications-interrupted",
        }
        return not wanted[self.job]

    def confirmed(self) -> None:
        """Right before the confirmation: from now on the steps that would be too short last."""
        cell, step_is = self.cell, (self.job, self.cell.step)
        if step_is in {(HAND_OVER, 1), (SHUTDOWN, 1)} and cell.at is not At.END:
            self.lab.cut("primary", "secondary", port=520)
        for server, text in self._restarts.items():
            (server.etc / "restart-dhcpd").write_text(text.replace("\n", f"\nsleep {RESTART_SECONDS}\n", 1))

    def begun(self) -> None:
        """The run has begun: now commands are slow, too."""
        for server in self._restarts:
            self._delay(server).write_text(f"{COMMAND_SECONDS}\n")

    def left(self) -> threading.Timer:
        """It was left: a cut link comes back in a moment."""
        healing = threading.Timer(CUT_SECONDS, self.lab.heal)
        healing.start()
        return healing

    def quick_again(self) -> None:
        """The machines are as they were, for the way on."""
        for server, text in self._restarts.items():
            (server.etc / "restart-dhcpd").write_text(text)
            self._delay(server).unlink(missing_ok=True)

    @staticmethod
    def _delay(server: Server) -> Path:
        return server.etc / "lab/delay"
