"""A handful of faults through the real program in a terminal: what stands on the screen, and that it leaves nothing."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.faults import census, log, ssh
from tests.lab.faults.row import Deed
from tests.lab.faults.scene import Scene
from tests.lab.pair import Lab
from tests.terminal import Terminal

pytestmark = [pytest.mark.lab, pytest.mark.second_try("each fault must be on the screen within ten seconds")]
ROOT = Path(__file__).parents[3]
WELL = r"both servers serve(?! from| \w*but)"
LIVE = r"(omapi +\d+ ms\s+ssh ok\s+log live.*){2}"
SUSPENDED_SECONDS = 30.0


@contextmanager
def console(lab: Lab, *before: str, **config: Any) -> Iterator[Terminal]:
    """The program at the operator's place; `before` is what it is started through."""
    argv = [*before, sys.executable, "-m", "dhcptui", "--config", str(lab.write_config(**config))]
    with Terminal(lab.operator_argv(*argv), columns=200, rows=60, env={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.until(WELL, 30)
        terminal.until(LIVE, 10)
        yield terminal


def held(process: int) -> dict[str, int]:
    """How many descriptors and threads the program has."""
    place = Path(f"/proc/{process}")
    return {what: len(list((place / what).iterdir())) for what in ("fd", "task")}


def at_most(process: int, before: Mapping[str, int], timeout: float = 15) -> None:
    """Wait until it holds no more than before; helper threads of its pool do not count."""
    deadline = time.monotonic() + timeout
    while (now := held(process))["fd"] > before["fd"] or now["task"] > before["task"] + 6:
        assert time.monotonic() < deadline, f"{before} before the fault, {now} after it"
        time.sleep(0.1)


ROWS: dict[str, tuple[Deed, Deed, str, str]] = {
    "dhcpd killed": (
        lambda s: s.secondary.kill(),
        lambda s: s.secondary.start(),
        r"dhcp1 serves from its own half, short leases; dhcp2 is down",
        r"dhcpd not running",
    ),
    "network cut": (
        lambda s: s.lab.cut("operator", "secondary"),
        lambda s: s.lab.heal(),
        r"dhcp1 serves.*dhcp2 ",
        r"nothing heard over SSH for 6 s",
    ),
    "host key changed": (
        ssh.other_host_key,
        ssh.host_key_as_before,
        r"dhcp1 serves.*dhcp2 (is unreachable|cannot be reached)",
        r"shows another host key",
    ),
    "log replaced by a directory": (log.directory, log.file_again, WELL, r"log: tail: .*untailable"),
}


def test_on_the_screen(lab: Lab) -> None:
    """Each is said in headline and panel, is gone from the screen by itself, and leaves nothing in the program."""
    lab.wait_settled()
    scene = Scene(lab)
    servers = census.quiet(scene)
    with console(lab) as terminal:
        program = terminal.process.pid
        before = held(program)
        for name, (cause, cure, headline, panel) in ROWS.items():
            cause(scene)
            try:
                terminal.until(headline, 10)
                terminal.until(panel, 12)
                assert not terminal.shows(LIVE), name
            finally:
                cure(scene)
            scene.log_mark_both()
            terminal.until(WELL, 30)
            terminal.until(LIVE, 30)
            assert not terminal.shows(panel), name
            at_most(program, before)
        terminal.send("q")
        assert terminal.exit_code() == 0
    assert not census.left_over(scene, servers, 20)


def test_console_machine_suspended(lab: Lab) -> None:
    """SIGSTOP for 30 s; meanwhile dhcp2 dies. Awake again the console takes nothing old for the present."""
    lab.wait_settled()
    with console(lab) as terminal:
        before = held(terminal.process.pid)
        os.killpg(terminal.process.pid, signal.SIGSTOP)
        lab.secondary.kill()
        time.sleep(SUSPENDED_SECONDS)
        os.killpg(terminal.process.pid, signal.SIGCONT)
        # measured 0.3 s; the frame of before stands until the first new one
        terminal.until(lambda: not terminal.shows(WELL), 2)
        terminal.until(r"dhcp2 is down", 5)
        lab.secondary.start()
        terminal.until(WELL, 20)
        terminal.until(LIVE, 20)
        at_most(terminal.process.pid, before)


def test_name_stops_resolving(lab: Lab) -> None:
    """dhcp2 by name: while the session lives nobody asks for it; once it is lost the screen names the resolver."""
    lab.wait_settled()
    hosts, resolver = lab.dir / "hosts", lab.dir / "resolv.conf"
    known = lab.dir / "known_hosts"
    name = "second.example"
    hosts.write_text(f"127.0.0.1 localhost\n10.0.0.20 {name}\n")
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    known.write_text(known.read_text() + known.read_text().splitlines()[1].replace("10.0.0.20", name) + "\n")
    script = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'
    own_names = ("unshare", "--mount", "sh", "-c", script, "sh", str(hosts), str(resolver))
    with console(lab, *own_names, secondary={"host": name}) as terminal:
        before = held(terminal.process.pid)
        hosts.write_text("127.0.0.1 localhost\n")
        lab.secondary.restart_sshd()
        terminal.until(r"dhcp1 serves.*dhcp2 (is unreachable|cannot be reached)", 15)
        terminal.until(r"cannot reach root@second\.example:22: (Temporary failure|Name or service)", 10)
        hosts.write_text(f"127.0.0.1 localhost\n10.0.0.20 {name}\n")
        terminal.until(WELL, 30)
        terminal.until(LIVE, 10)
        at_most(terminal.process.pid, before)
