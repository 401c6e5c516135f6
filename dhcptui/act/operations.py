"""What a step of a plan does: one of four frozen values. What is shown, written down and run is made from the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dhcptui.config.loading import ServerSettings
from dhcptui.model.failover import CONTROL_SHUTDOWN

if TYPE_CHECKING:  # a plan is shown in the first frame, which waits for no server's room
    from dhcptui.servers.omapi.objects import SettableState
    from dhcptui.servers.ssh.commands import Command

SHELL = "/bin/sh"
"""The program of a command that is a script."""


@dataclass(frozen=True, slots=True)
class OmapiWrite:
    """Open the failover-state of a relationship, by dhcpd's name of it, and set its local-state."""

    peer: str
    state: SettableState


@dataclass(frozen=True, slots=True)
class OmapiShutdown:
    """Set the state of dhcpd's control object, upon which it exits once the connection is closed."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run one command line on the server."""

    command: Command
    """With sudo, where the server wants it."""
    summary: str = ""
    """The same in a few words, for the screen; not empty for a script."""
    open_words: tuple[str, ...] = ()
    """Words of the command that are known only when it runs, as they stand in it until then."""
    input_text: str = ""
    """What it reads from stdin, in one line, where a person must know that."""

    def admits(self, command: Command) -> bool:
        """Whether a command is this one: with the same words, but for those that are open."""
        planned, wanted = self.command.argv, command.argv
        return (
            len(planned) == len(wanted)
            and (self.command.sudo, self.command.daemon) == (command.sudo, command.daemon)
            and all(mine == other or mine in self.open_words for mine, other in zip(planned, wanted, strict=True))
        )

    @property
    def by_hand(self) -> bool:
        """Whether a person cannot run its line as it stands: a script, open words, or something to be put into it."""
        return self.command.argv[0] == SHELL or bool(self.open_words or self.input_text) or "\n" in self.command.line


@dataclass(frozen=True, slots=True)
class Wait:
    """Change nothing: look until the condition holds, or fail."""

    condition: str


Operation = OmapiWrite | OmapiShutdown | Run | Wait


def run_on(server: ServerSettings, command: Command, summary: str = "", *open_words: str, input_text: str = "") -> Run:
    """A command as it runs on that server."""
    return Run(command.as_root(server.sudo), summary, open_words, input_text)


def as_line(operation: Operation, where: str) -> str:
    """An operation on the server of that name as plans, the audit log and errors show it; empty for one that only waits."""
    match operation:
        case OmapiWrite(peer, state):
            number, word = state.value.number, state.value.word
            return f'OMAPI {where}: open failover-state "{peer}", set local-state = {number} ({word})'
        case OmapiShutdown():
            return f"OMAPI {where}: open control, set state = {CONTROL_SHUTDOWN}; close the connection"
        case Run(command, input_text=text):
            return command.line + (f"  <- {text}" if text else "")
        case Wait():
            return ""


def as_omshell(operation: OmapiWrite | OmapiShutdown) -> list[str]:
    """What omshell is told on the server itself, line by line."""
    server = ["server 127.0.0.1", "port 7911", "connect"]
    if isinstance(operation, OmapiShutdown):
        return [*server, "new control", "open", f"set state = {CONTROL_SHUTDOWN}", "update"]
    write = f"set local-state = {operation.state.value.number}"
    return [*server, "new failover-state", f'set name = "{operation.peer}"', "open", write, "update"]


def as_json(operation: Operation) -> Mapping[str, Any]:
    """An operation for scripts."""
    match operation:
        case OmapiWrite(peer, state):
            return {"kind": "omapi-write", "peer": peer, "local_state": state.value.number, "state": state.value.word}
        case OmapiShutdown():
            return {"kind": "omapi-shutdown", "control_state": CONTROL_SHUTDOWN}
        case Run(command, summary, open_words, text):
            return {
                "kind": "run",
                "argv": list(command.argv),
                "sudo": command.sudo,
                "summary": summary or None,
                "open_words": list(open_words),
                "input": text or None,
            }
        case Wait(condition):
            return {"kind": "wait", "condition": condition}
