"""Which process on a server is the dhcpd of our relationship: by what it holds, then by its words and its account.

Pure. A name proves nothing: a dhcpd can be called anything, and anything can be called dhcpd. What counts is who holds
our lease file open for writing and who listens on our OMAPI and failover ports. A process that holds nothing yet may be
a dhcpd that is starting: there name, words and account decide, and it only ever keeps us from acting.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from dhcptui.model.snapshot import Holding, ProcessSighting, Resource
from dhcptui.model.words import joined

STARTING_SECONDS = 10.0
"""A process of dhcpd's name that holds nothing and names no file of ours is none of ours after this."""
_R = Resource
_LISTENS = {_R.OMAPI_PORT, _R.FAILOVER_PORT}
_NOT_ALONE = {_R.LEASE_FILE, _R.LEASE_FILE_READ, _R.FAILOVER_PORT}
"""Who holds one of these is not somebody who only sits on the OMAPI port."""


@dataclass(frozen=True, slots=True)
class DhcpdProcess:
    """One process. `stat` is ps's state letters, `args` its command line as one text; None or empty: not known."""

    pid: int
    stat: str = ""
    args: str = ""
    elapsed_seconds: int | None = None
    name: str = ""
    program: str = ""
    uid: int | None = None
    born: str = ""
    """When it was started, in whatever form the system tells it: another process of that number has another one."""
    elsewhere: bool = False
    """It lives in another jail, or namespace (network, files, processes), than the account that looks."""
    hidden: bool = False
    """What it holds may not be seen."""

    @property
    def is_stopped(self) -> bool:
        """Whether a signal or a debugger holds it: it exists, keeps its sockets, and answers nobody."""
        return self.stat[:1] in {"T", "t"}

    def argument(self, option: str) -> str:
        """What follows an option such as `-cf` on its command line; empty where it is not there."""
        words = self.args.split()
        return next((value for word, value in pairwise(words) if word == option), "")

    @property
    def root(self) -> str:
        """The directory of its `-chroot`; empty: none."""
        root = self.argument("-chroot").rstrip("/")
        return root if root.startswith("/") else ""

    def file(self, option: str) -> str:
        """The same for a file, as it is seen from outside a `-chroot`."""
        return self.outside(self.argument(option))

    def outside(self, path: str) -> str:
        """An absolute path of its own as it is seen from outside a `-chroot`; empty for any other."""
        return posixpath.normpath(self.root + path) if path.startswith("/") else ""

    @property
    def is_named_so(self) -> bool:
        """Whether it is called dhcpd, or something like it."""
        called = (self.name, self.program, *self.args.split()[:1])
        return any("dhcpd" in word.rpartition("/")[2] for word in called)

    @property
    def serves_v4(self) -> bool:
        """Whether its words leave that open: not `-6`, and no test of a file (`-t`, `-T`)."""
        return not {"-6", "-t", "-T"} & set(self.args.split())

    def __str__(self) -> str:
        where = ", in a jail or container" if self.elsewhere else ""
        return f"pid {self.pid}{where} ({' '.join(self.args.split()[:8]) or self.name or '?'})"


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens on one of our ports."""

    what: Resource
    port: int
    pids: tuple[int, ...] = ()
    """Who holds it, as far as that could be seen."""
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a server brought."""

    processes: tuple[DhcpdProcess, ...] = ()
    writers: frozenset[int] = frozenset()
    """Who has our lease file open for writing."""
    readers: frozenset[int] = frozenset()
    """Who has it open, but only reads."""
    sockets: tuple[Listening, ...] = ()
    owners: frozenset[int] = frozenset({0})
    """Accounts that a dhcpd of ours may run as: root's, and the one to whom the lease file belongs."""
    ports_seen: bool = True
    """Whether the sockets could be read at all."""
    unseen: tuple[str, ...] = ()
    """Why somebody may hold the lease file all the same; empty: everybody was looked into."""
    walked: bool = True
    """Whether every process was looked into."""
    hasty: bool = False
    """That was needed, and not done."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is ours on a server."""

    leases: str
    conf: str
    omapi_port: int
    failover_port: int
    failover_address: str = ""
    """Empty or a name: any address may be it."""

    @property
    def ports(self) -> tuple[int, int]:
        """The TCP ports on which our dhcpd listens."""
        return self.omapi_port, self.failover_port


def named(process: DhcpdProcess, place: Place) -> bool | None:
    """Whether its words name our lease file (or else our configuration); False: another one's; None: neither is named."""
    if process.argument("-lf"):
        # Meant inside a chroot: the file of that name outside is not its.
        return place.leases == (process.file("-lf") if process.root else process.argument("-lf"))
    if process.root and not place.leases.startswith(process.root + "/"):
        return False
    if process.argument("-cf"):
        # Read before the chroot is entered, or inside it, by who built it; or inside it as a copy.
        return place.conf in {process.file("-cf"), process.argument("-cf")}
    return None


@dataclass
class _Judge:
    look: Look
    place: Place
    holds: dict[int, list[Holding]] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    other_leases: str = ""

    def ours(self) -> Iterator[DhcpdProcess]:
        for process in self.look.processes:
            holds, words = self.holds.get(process.pid, []), named(process, self.place)
            kinds, what = {each.what for each in holds}, joined(map(str, holds))
            if _R.LEASE_FILE in kinds:
                yield process
            elif kinds & _LISTENS:
                if words is False:
                    if process.root and _R.OMAPI_PORT in kinds:
                        self.other_leases = f"pid {process.pid}{_which(process)}"
                    self.held.append(f"{what}: {process}, which has another lease file{_which(process)}")
                elif words is None and self.is_stranger(process):
                    self.held.append(f"{what}: {process}, which is no dhcpd of ours by its words or account")
                else:
                    yield process
            elif self.may_start(process, words, reads=_R.LEASE_FILE_READ in kinds):
                yield process

    def is_stranger(self, process: DhcpdProcess) -> bool:
        """Neither called dhcpd nor of an account that ours may have; whoever holds the lease file is ours all the same."""
        account = process.uid is None or process.uid in self.look.owners
        return not process.is_named_so or not account

    def may_start(self, process: DhcpdProcess, words: bool | None, *, reads: bool) -> bool:
        """Whether it is a dhcpd of ours that holds nothing yet (it reads its files), or may not be looked into."""
        if not (process.is_named_so and process.serves_v4) or words is False or process.elsewhere:
            return False
        if process.uid is not None and process.uid not in self.look.owners:
            return False
        young = process.elapsed_seconds is not None and process.elapsed_seconds < STARTING_SECONDS
        return reads or words is True or young or (process.hidden and bool(self.unclaimed))

    @property
    def unclaimed(self) -> list[Listening]:
        """Ports of ours that somebody holds who cannot be seen."""
        return [each for each in self.look.sockets if each.what in _LISTENS and not each.pids]


def _which(process: DhcpdProcess) -> str:
    """Its lease file, or where that lies, where a chroot makes it another one than its words say."""
    return f" ({process.file('-lf') or f'inside its chroot {process.root}'})" if process.root else ""


def judge(look: Look, place: Place) -> ProcessSighting:
    """What a look says of our dhcpd."""
    it = _Judge(look, place, _holdings(look), [], list(look.unseen))
    ours = tuple(sorted(it.ours(), key=lambda process: process.pid))
    hidden = any(process.hidden for process in ours)
    holds = [each for process in ours for each in it.holds.get(process.pid, [])]
    unclaimed = [Holding(each.what, each.port) for each in it.unclaimed]
    if hidden:
        holds += unclaimed
    else:
        it.held += [f"{port}: somebody who cannot be seen" for port in unclaimed]
    if not ours and _unseen_listener(look):
        it.unseen.append("somebody listens on port 67, and who cannot be seen")
    lone = _lone(look, it, ours)
    roots = [process.root for process in ours if process.root]
    conf_roots = [root for process in ours if (root := _conf_root(process, place))]
    return ProcessSighting(
        tuple(process.pid for process in ours),
        bool(ours) and all(process.is_stopped for process in ours),
        tuple(process.born for process in ours),
        tuple(dict.fromkeys(holds)),
        tuple(dict.fromkeys(it.held)),
        tuple(dict.fromkeys(it.unseen)),
        _others(look, ours),
        look.ports_seen,
        _youngest(ours),
        bool(unclaimed) and not hidden,
        lone,
        chroot=(roots or [""])[0],
        conf_root=(conf_roots or [""])[0],
        other_leases=it.other_leases,
    )


def _unseen_listener(look: Look) -> bool:
    """Whether somebody listens where dhcpd would, and nothing of them is seen."""
    return bool(look.unseen) and any(each.what is _R.DHCP_PORT and not each.pids for each in look.sockets)


def _conf_root(process: DhcpdProcess, place: Place) -> str:
    """The chroot in which a process has our dhcpd.conf, by its words; empty where they name it as it is seen from outside."""
    return process.root if place.conf == process.file("-cf") != process.argument("-cf") else ""


def _others(look: Look, ours: tuple[DhcpdProcess, ...]) -> tuple[str, ...]:
    """Each dhcpd that is not ours."""
    known = {process.pid for process in ours}
    return tuple(str(each) for each in look.processes if each.pid not in known and each.is_named_so)


def _youngest(ours: tuple[DhcpdProcess, ...]) -> int | None:
    """Seconds since the last of ours was started; None: not known."""
    return min((each.elapsed_seconds for each in ours if each.elapsed_seconds is not None), default=None)


def _lone(look: Look, it: _Judge, ours: tuple[DhcpdProcess, ...]) -> str:
    """Who holds the OMAPI port where nobody of ours holds more, or "nobody"; empty: one does, or not all was seen."""
    if look.unseen or not look.ports_seen or it.unclaimed:
        return ""
    for holds in it.holds.values():
        kinds = {each.what for each in holds}
        if kinds & _NOT_ALONE or (len(holds) > 1 and _R.OMAPI_PORT in kinds):
            return ""
    if any(not it.holds.get(process.pid) for process in ours):  # it may be starting
        return ""
    pids = {pid for each in look.sockets if each.what is _R.OMAPI_PORT for pid in each.pids}
    holders = [str(process) for process in look.processes if process.pid in pids]
    return joined(holders) or "nobody"


def _holdings(look: Look) -> dict[int, list[Holding]]:
    """What each process holds."""
    found: dict[int, list[Holding]] = {}
    for pids, what in ((look.writers, _R.LEASE_FILE), (look.readers - look.writers, _R.LEASE_FILE_READ)):
        for pid in sorted(pids):
            found.setdefault(pid, []).append(Holding(what))
    for each in look.sockets:
        for pid in each.pids:
            found.setdefault(pid, []).append(Holding(each.what, None if each.what is _R.DHCP_PORT else each.port))
    return found


def servers(look: Look) -> tuple[DhcpdProcess, ...]:
    """Every DHCP server for IPv4 of a host: who listens on port 67. Where owners may not be seen: whoever runs as they do."""
    known: set[int] = set()
    accounts: set[int | None] = set()
    for each in look.sockets:
        if each.what is _R.DHCP_PORT:
            known.update(each.pids)
            if not each.pids:
                accounts.add(each.uid)
    return tuple(process for process in look.processes if process.serves_v4 and _is_server(process, known, accounts))


def _is_server(process: DhcpdProcess, known: set[int], accounts: set[int | None]) -> bool:
    if process.pid in known:
        return process.is_named_so or bool(process.argument("-cf") or process.argument("-lf"))
    return process.hidden and process.is_named_so and not process.elsewhere and process.uid in accounts


_OWN_NAME = re.compile(r"(~|\.\d+)?( \(deleted\))?")


def is_lease_file(path: str, leases: str) -> bool:
    """Whether a descriptor's name is that of our lease file: dhcpd writes it anew under another name and renames it."""
    return path.startswith(leases) and _OWN_NAME.fullmatch(path[len(leases) :]) is not None
