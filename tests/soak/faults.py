"""Faults at random on a practice pair, each mended again by somebody else after a while."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.pair import PracticeError
from dhcptui.watch.clocks import mono
from tests.lab.omapi import OPEN, Key, NoAnswer, _Link
from tests.practice.pair import WatchedServer
from tests.soak.history import Fault
from tests.soak.tap import Tap

MOST_AT_ONCE = 3
BURST_SECONDS, QUIET_SECONDS, MEND_SECONDS = 2.0, (8.0, 16.0), (1.5, 7.0)
STRANGERS_WRITE = (4, 6, 7, 8)
SHUTDOWN, PAUSED, RECOVER = 8, 7, 6
FAR_CLOCK, NEAR_CLOCK = 90.0, 45.0
Mend = Callable[[], None]


@dataclass(frozen=True)
class Kind:
    """One kind of fault: `strike` a server, and get what mends it again (None: nothing to mend, or not by hand)."""

    name: str
    strike: Callable[[Faults, Role], Mend | None]
    darkens: bool = False
    lights: bool = False
    weight: int = 2


class Faults:
    """The generator. `run` until `stop`; then `mend_all`."""

    def __init__(self, tap: Tap, chance: random.Random) -> None:
        self.tap, self.pair, self.chance = tap, tap.pair, chance
        self._mends: list[tuple[float, str, Mend]] = []
        self._stop = threading.Event()
        self._written: set[Role] = set()
        self.conf = {role: machine.conf for role, machine in self.pair.machines.items()}
        self._good = {role: path.read_text() for role, path in self.conf.items()}

    def run(self) -> None:
        """Strike and mend until told to stop."""
        due = mono() + BURST_SECONDS
        while not self._stop.wait(0.1):
            for mend in [each for each in self._mends if each[0] <= mono()]:
                self._mends.remove(mend)
                self._mend(mend[1], mend[2])
            if mono() >= due and len(self._mends) < MOST_AT_ONCE:
                kind = self.chance.choices(KINDS, [each.weight for each in KINDS])[0]
                self.strike(kind, self.chance.choice(list(Role)))
                calm = self.chance.random() < 0.2
                due = mono() + (self.chance.uniform(*QUIET_SECONDS) if calm else self._soon())

    def _soon(self) -> float:
        return self.chance.expovariate(1 / BURST_SECONDS)

    def stop(self) -> None:
        """No more faults; what is broken stays so."""
        self._stop.set()

    def strike(self, kind: Kind, role: Role) -> None:
        """Now, and written down."""
        began = mono()
        mend = kind.strike(self, role)
        self._note(Fault(began, mono(), kind.name, role, kind.darkens, kind.lights))
        if mend is not None:
            self._mends.append((mono() + self.chance.uniform(*MEND_SECONDS), kind.name, mend))

    def _mend(self, name: str, mend: Mend) -> None:
        began = mono()
        mend()
        starts = name in STARTED_AGAIN
        self._note(Fault(began, mono(), f"mend: {name}", lights=starts))

    def _note(self, fault: Fault) -> None:
        self.tap.history.faults.append(fault)

    def mend_all(self) -> None:
        """Whole cables, true clocks, good files, nobody held, and nobody left where only a stranger would leave him."""
        for _, name, mend in self._mends:
            self._mend(name, mend)
        self._mends.clear()
        self.pair.heal()
        for role, server in self._servers():
            server.set_clock(0)
            server.resume()
            self.conf[role].write_text(self._good[role])

    def undo_strangers(self) -> None:
        """Whoever wrote a state that no restart ends writes another one: paused ends in recover."""
        for role, server in self._servers():
            if server.local_state() == "paused":
                self.write(role, RECOVER)

    def _servers(self) -> list[tuple[Role, WatchedServer]]:
        return [(role, self.pair.servers[role.value]) for role in Role]

    # -- hands -----------------------------------------------------------------------------------------------------

    def start(self, role: Role) -> None:
        """Start dhcpd where none runs; a broken configuration keeps it down."""
        with suppress(PracticeError):
            if not self.pair.servers[role.value].is_running():
                self.pair.servers[role.value].start()

    def write(self, role: Role, state: int) -> None:
        """Somebody with omshell."""
        settings, port = self.pair.settings, self.pair.servers[role.value].omapi_port
        key = Key(settings.key_name, settings.key_algorithm or "", settings.key_secret)
        with suppress(OSError, NoAnswer), socket.socket() as sock:
            sock.settimeout(1.0)
            sock.bind(("127.0.0.1", 0))
            self.tap.strangers.add(sock.getsockname()[1])
            sock.connect(("127.0.0.1", port))
            fields = {"name": settings.peer.encode(), "local-state": struct.pack("!I", state)}
            _Link(sock, key).call(OPEN, {"type": b"failover-state", "update": struct.pack("!I", 1)}, fields)
            self._written.add(role)


def _kill(faults: Faults, role: Role) -> Mend | None:
    faults.pair.servers[role.value].kill()
    return (lambda: faults.start(role)) if faults.chance.random() < 0.4 else None


def _restart(faults: Faults, role: Role) -> Mend | None:
    faults.pair.servers[role.value].kill()
    faults.start(role)
    return None


def _start(faults: Faults, role: Role) -> Mend | None:
    faults.start(role)
    return None


def _pause(faults: Faults, role: Role) -> Mend | None:
    faults.pair.servers[role.value].pause()
    return faults.pair.servers[role.value].resume


def _cut_partner(faults: Faults, role: Role) -> Mend | None:
    port = faults.chance.choice([None, faults.pair.settings.failover_port])
    faults.pair.cut(role.value, role.other.value, port, one_way=faults.chance.random() < 0.5)
    return faults.pair.heal


def _cut_console(faults: Faults, role: Role) -> Mend | None:
    ends = ["operator", role.value]
    faults.chance.shuffle(ends)
    faults.pair.cut(ends[0], ends[1], one_way=faults.chance.random() < 0.5)
    return faults.pair.heal


def _cut_off(faults: Faults, role: Role) -> Mend | None:
    """A host that nobody reaches."""
    faults.pair.cut("operator", role.value)
    faults.pair.cut(role.other.value, role.value)
    return faults.pair.heal


def _clock(faults: Faults, role: Role) -> Mend | None:
    server = faults.pair.servers[role.value]
    server.set_clock(faults.chance.uniform(-NEAR_CLOCK, NEAR_CLOCK))
    return lambda: server.set_clock(0)


def _clock_at_boot(faults: Faults, role: Role) -> Mend | None:
    server = faults.pair.servers[role.value]
    server.kill()
    server.set_clock(FAR_CLOCK)
    faults.start(role)
    return lambda: server.set_clock(0)


def _empty_leases(faults: Faults, role: Role) -> Mend | None:
    server = faults.pair.servers[role.value]
    server.kill()
    server.leases.write_text("")
    faults.start(role)
    return None


def _bad_conf(faults: Faults, role: Role) -> Mend | None:
    faults.conf[role].write_text(faults._good[role] + "subnet {\n")
    return lambda: _write(faults, role)


def _write(faults: Faults, role: Role) -> None:
    faults.conf[role].write_text(faults._good[role])


def _edit(faults: Faults, role: Role) -> Mend | None:
    """Somebody edits what a sync-restart copies."""
    master = faults.pair.machines[role].shared / "master.conf"
    master.write_text(master.read_text() + f"# {faults.chance.random()}\n")
    return None


def _stranger(faults: Faults, role: Role) -> Mend | None:
    state = faults.chance.choice(STRANGERS_WRITE)
    faults.write(role, state)
    return (lambda: faults.write(role, RECOVER)) if state == PAUSED else None


def _rotate(faults: Faults, role: Role) -> Mend | None:
    log = faults.pair.servers[role.value].log_file
    log.replace(log.with_suffix(".log.1"))
    log.touch()
    return None


def _truncate(faults: Faults, role: Role) -> Mend | None:
    faults.pair.servers[role.value].log_file.write_text("")
    return None


def _sshd(faults: Faults, role: Role) -> Mend | None:
    def restart() -> None:
        for connection in tuple(faults.tap.sshd[role].connections):
            connection.abort()

    faults.pair.run(restart)
    return None


def _drop_omapi(faults: Faults, role: Role) -> Mend | None:
    def drop() -> None:
        dhcpd = faults.pair.machines[role].dhcpd
        if isinstance(dhcpd, Dhcpd) and dhcpd._omapi is not None:
            for connection in tuple(dhcpd._omapi._connections):
                connection.abort()

    faults.pair.run(drop)
    return None


KINDS = (
    Kind("dhcpd killed", _kill, darkens=True, weight=10),
    Kind("dhcpd restarted", _restart, darkens=True, lights=True),
    Kind("dhcpd started", _start, lights=True),
    Kind("dhcpd paused", _pause, darkens=True, weight=4),
    Kind("partners cut", _cut_partner, weight=5),
    Kind("console cut off", _cut_console, weight=2),
    Kind("host cut off", _cut_off, weight=2),
    Kind("clock set", _clock),
    Kind("clock wrong at boot", _clock_at_boot, darkens=True, lights=True, weight=1),
    Kind("lease file emptied", _empty_leases, darkens=True, lights=True),
    Kind("configuration broken", _bad_conf),
    Kind("shared configuration edited", _edit, weight=1),
    Kind("state written by somebody else", _stranger, darkens=True, weight=3),
    Kind("log rotated", _rotate),
    Kind("log truncated", _truncate),
    Kind("sshd restarted", _sshd),
    Kind("OMAPI connections dropped", _drop_omapi),
)
BY_HAND = Kind("restarted by hand", _restart, darkens=True, lights=True)
"""No fault: somebody follows an advice that no key does."""
STARTED_AGAIN = {"dhcpd killed"}
"""Their mending starts a dhcpd."""
