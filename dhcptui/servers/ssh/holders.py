"""Look at who holds a dhcpd's resources on a server, through one long-lived shell, and read the answer."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from dhcptui.conf.failover import is_address
from dhcptui.model.sanitize import is_number
from dhcptui.model.snapshot import ProcessSighting, Resource
from dhcptui.servers.ssh import holder_commands as commands
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.ours import (
    DhcpdProcess,
    Listening,
    Look,
    Place,
    is_lease_file,
    judge,
)
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.sockets import ANYWHERE, from_hex

TICKS_PER_SECOND = 100
"""Of /proc/PID/stat, on every architecture in use."""
WALK_SECONDS = 1.0
"""Between two looks into every process, while nobody is known to hold all that is ours."""
WHOLE_SECONDS = 30.0
"""And while somebody is."""
_ELAPSED = re.compile(r"(?:(?:(\d{1,6})-)?(\d{1,4}):)?(\d{1,4}):(\d{1,4})")
_PS = re.compile(r"\s*(\d{1,10})\s+(\d{1,10})\s+(\S+)\s+(\S+)\s+(\S+(?:\s+\S+){4})\s+(\S+)\s*(.*)")
_LINK = re.compile(r"/proc/(self|\d{1,10})/(exe|ns/net|ns/mnt) -> (.*)")
_END = re.compile(r"(.+)[:.](\d{1,5}|\*)")
_OCTAL = re.compile(r"[0-7]{1,12}")
_WRITES = 0o3
"""O_WRONLY | O_RDWR of a descriptor's flags."""
Rows = dict[str, list[str]]


class Holders:
    """Looks through one shell, as cheaply as what is known allows; make a new one with each shell."""

    def __init__(self, shell: RemoteShell, system: str) -> None:
        self._shell, self.system = shell, system
        self._pids: tuple[int, ...] = ()
        self._walked_at = -1e9
        self._nobody: ProcessSighting | None = None
        """What the last look into every process said, where nobody holds anything."""

    @classmethod
    async def open(cls, shell: RemoteShell) -> Holders:
        """Learn what kind of system it is and teach the shell how to look there. Raises what `RemoteShell.ask` raises."""
        answer = await shell.ask(commands.system_name().line)
        system = answer.lines[0].strip() if answer.lines else ""
        await shell.define(commands.holders_function(system))
        return cls(shell, system)

    async def look(self, place: Place | None, walk: int = 1) -> tuple[Look, float]:
        """Look, and when that was asked (mono seconds). Without a place: for DHCP servers of any kind.

        Raises RemoteError where there is no process table, and what `RemoteShell.ask` raises.
        """
        leases, ports = (place.leases, place.ports) if place else ("", ())
        answer = await self._shell.ask(commands.holders(self.system, leases, ports, self._pids, walk).line)
        look = parse(answer.lines, place)
        if not any(line.startswith("K ") for line in answer.lines):
            answered = answer.lines[-1] if answer.lines else "no output"
            raise RemoteError(f"the processes of {self._shell.session.target} cannot be looked at: {answered}")
        return look, answer.started_mono

    async def sight(self, place: Place) -> tuple[ProcessSighting, float]:
        """What is to be said of our dhcpd, and how old that is (mono seconds). Raises as `look` does."""
        since = time.monotonic() - self._walked_at
        walk = 2 if since > WHOLE_SECONDS else 1 if since > WALK_SECONDS else 0
        look, at = await self.look(place, walk)
        if look.hasty and self._nobody and not judge(look, place).running and all(it.pids for it in look.sockets):
            # Nobody among those known; what is to be said of all others is what the last walk said, and as old as that.
            return self._nobody, self._walked_at
        if look.hasty:
            look, at = await self.look(place)
        sighting = judge(look, place)
        if look.walked:
            self._walked_at = at
        self._nobody = sighting if look.walked and not sighting.running else None
        self._pids = sighting.pids
        return sighting, at


def parse(lines: Iterable[str], place: Place | None) -> Look:
    """What the lines of `commands.holders` say; anything else among them is passed over."""
    rows: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line[1:2] in {" ", ""}:
            rows[line[:1]].append(line[2:])
    kind = rows["K"][0] if rows["K"] else ""
    return {"Linux": _linux, "FreeBSD": _freebsd}.get(kind, _names_only)(rows, place)


# --- Linux ---


def _linux(rows: Rows, place: Place | None) -> Look:
    """By /proc. What is denied to the account, and what hidepid hides, is unseen."""
    denied = {int(row) for row in rows["D"] if is_number(row.strip())}
    processes = tuple(_linux_processes(rows, denied))
    names = {place.leases if place else "", *rows["R"]} - {""}
    away = {process.pid for process in processes if process.elsewhere}
    claims, writers, readers = _descriptors(rows["F"], place, away, names)
    sockets = []
    for row in rows["S"]:
        if (found := _linux_socket(row.split(), place)) is not None:
            socket, inode = found
            sockets.append(replace(socket, pids=tuple(sorted(claims.get(inode, ())))))
    blind = sum(int(row) for row in rows["N"][:1] if is_number(row.strip()))
    unseen = _lease_unseen(rows, place, all_seen="I" in rows)
    if not rows["N"] or not rows["W"]:
        unseen.append("the look at its processes was not finished")
    if blind:
        unseen.append(
            f"what {blind} {'process holds' if blind == 1 else 'processes hold'} may not be seen by this account"
        )
    walk = rows["W"][0] if rows["W"] else ""
    return Look(
        processes,
        frozenset(writers),
        frozenset(readers),
        tuple(sockets),
        _owners(rows["L"]),
        "read" in rows["S"],
        tuple(unseen),
        walked=walk == "all",
        hasty=walk == "no",
    )


def _descriptors(
    rows: Sequence[str], place: Place | None, away: set[int], names: set[str]
) -> tuple[dict[str, set[int]], set[int], set[int]]:
    """Socket inode -> who holds it; who has the lease file open for writing; who for reading.

    The file itself counts wherever its holder lives; its name only where names mean the same as for us.
    """
    claims: dict[str, set[int]] = defaultdict(set)
    writers: set[int] = set()
    readers: set[int] = set()
    for row in rows:
        words = row.split(" ", 4)
        if len(words) >= 3 and words[1] == "S" and is_number(words[0]):
            claims[words[2].strip()].add(int(words[0]))
        elif len(words) == 5 and words[1] == "L" and is_number(words[0]) and place:
            named = int(words[0]) not in away and any(is_lease_file(words[4], name) for name in names)
            if words[2] != "same" and not named:
                continue
            written = _OCTAL.fullmatch(words[3]) is not None and int(words[3], 8) & _WRITES
            (writers if written else readers).add(int(words[0]))
    return claims, writers, readers


def _linux_socket(words: list[str], place: Place | None) -> tuple[Listening, str] | None:
    """`tcp 0A00000A:0208 UID INODE`."""
    if len(words) != 4 or ":" not in words[1]:
        return None
    address, _, port = words[1].rpartition(":")
    try:
        where, number = from_hex(address), int(port, 16)
    except ValueError:
        return None
    what = _what(words[0], where, number, place)
    return (Listening(what, number, (), int(words[2]) if is_number(words[2]) else None), words[3]) if what else None


def _what(protocol: str, address: str, port: int, place: Place | None) -> Resource | None:
    """Which of our ports that is; None: none."""
    if protocol.startswith("udp"):
        return Resource.DHCP_PORT if port == commands.DHCP_PORT else None
    if place is None or not protocol.startswith("tcp"):
        return None
    if port == place.omapi_port:
        return Resource.OMAPI_PORT
    anywhere = not is_address(place.failover_address) or address in {"*", place.failover_address}
    return Resource.FAILOVER_PORT if port == place.failover_port and anywhere else None


def _linux_processes(rows: Rows, denied: set[int]) -> list[DhcpdProcess]:
    links: dict[tuple[str, str], str] = {}
    for row in rows["E"]:
        if match := _LINK.search(row):
            links[match[1], match[2]] = match[3]
    args = {pid: text.rstrip() for pid, _, text in (row.partition(" ") for row in rows["A"])}
    users = {pid: text.split() for pid, _, text in (row.partition(" ") for row in rows["V"])}
    up = float(rows["U"][0]) if rows["U"] and re.fullmatch(r"[\d.]+", rows["U"][0]) else None
    found = []
    for row in rows["T"]:
        pid, _, line = row.partition(" ")
        head, _, tail = line.rpartition(") ")
        words = tail.split()
        if not is_number(pid) or len(words) < 20 or words[0] in {"Z", "X"} or not is_number(words[19]):
            continue
        user = users.get(pid, [])
        elsewhere = "inner" in user or any(
            links.get((pid, what), links.get(("self", what))) != links.get(("self", what))
            for what in ("ns/net", "ns/mnt")
        )
        found.append(
            DhcpdProcess(
                int(pid),
                words[0],
                args.get(pid, ""),
                int(up - int(words[19]) / TICKS_PER_SECOND) if up is not None else None,
                head.partition("(")[2],
                links.get((pid, "exe"), ""),
                int(user[0]) if user and is_number(user[0]) else None,
                words[19],
                elsewhere,
                int(pid) in denied,
            )
        )
    return found


def _owners(rows: Sequence[str]) -> frozenset[int]:
    """root, and to whom the lease file and its directory belong: `INODE MODE LINKS UID GID ...`."""
    return frozenset({0, *(int(words[3]) for row in rows if len(words := row.split()) > 4 and is_number(words[3]))})


def _lease_unseen(rows: Rows, place: Place | None, *, all_seen: bool) -> list[str]:
    """Why somebody may have the lease file open all the same."""
    unseen = []
    if not all_seen:
        unseen.append("the account sees only its own processes (hidepid, or the like)")
    if place and not any(row.split()[1:2] and row.split()[1].startswith("-") for row in rows["L"]):
        unseen.append(f"there is no file {place.leases}: check leases in the configuration")
    return unseen


# --- FreeBSD ---


def _freebsd(rows: Rows, place: Place | None) -> Look:
    """By sockstat, fstat and ps. fstat shows an ordinary account its own processes only, and says nothing of it."""
    root = "0" in rows["O"]
    processes = [each for row in rows["P"] if (each := _ps_with_jail(row))]
    sockets = [found for row in rows["S"] if (found := _sockstat(row.split(), place))]
    writers, readers = _fstat(rows["F"])
    unseen = _lease_unseen(rows, place, all_seen=any(each.pid == 1 for each in processes) or root)
    if not root:
        unseen.append("other accounts' processes may not be looked into by this account (it is not root)")
    elif place and "all" not in rows["W"]:
        unseen.append("fstat does not work there")
    dhcpd = [replace(each, hidden=not root) for each in processes if each.pid != 1]
    return Look(
        tuple(dhcpd),
        frozenset(writers),
        frozenset(readers),
        tuple(sockets),
        _owners(rows["L"]),
        "read" in rows["S"],
        tuple(unseen),
    )


def _sockstat(words: list[str], place: Place | None) -> Listening | None:
    """`dhcpd dhcpd 812 9 tcp4 10.0.0.10:520 *:*`; `?` where the owner may not be seen."""
    if len(words) < 7 or not (match := _END.fullmatch(words[5])) or not is_number(match[2]):
        return None
    address = "*" if match[1] in ANYWHERE else match[1]
    what = _what(words[4], address, int(match[2]), place)
    return Listening(what, int(match[2]), (int(words[2]),) if is_number(words[2]) else ()) if what else None


def _fstat(rows: Iterable[str]) -> tuple[set[int], set[int]]:
    """`dhcpd dhcpd 812 5 /var 12345 -rw-r--r-- 1234 w /var/db/dhcpd/dhcpd.leases`: who writes, who reads."""
    writers: set[int] = set()
    readers: set[int] = set()
    for row in rows:
        words = row.split()
        if len(words) >= 9 and is_number(words[2]):
            (writers if "w" in words[8] else readers).add(int(words[2]))
    return writers, readers


def _ps_with_jail(row: str) -> DhcpdProcess | None:
    """`PID JID` and the rest of `_ps`: 0 is the jail of the account that looks, or the host itself."""
    pid, jid, rest = (*row.split(None, 2), "", "", "")[:3]
    process = _ps(f"{pid} {rest}")
    return replace(process, elsewhere=jid != "0") if process else None


def _ps(row: str) -> DhcpdProcess | None:
    """`PID UID STAT ETIME LSTART(5 words) COMM ARGS`."""
    match = _PS.fullmatch(row)
    if match is None or match[3].startswith("Z"):
        return None
    pid, uid, stat, elapsed, born, name, args = match.groups()
    return DhcpdProcess(
        int(pid), stat, args.rstrip(), seconds(elapsed), name.rpartition("/")[2], "", int(uid), " ".join(born.split())
    )


def seconds(elapsed: str) -> int | None:
    """ps's `[[days-]hours:]minutes:seconds` in seconds."""
    match = _ELAPSED.fullmatch(elapsed)
    if match is None:
        return None
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


# --- anything else ---


def _names_only(rows: Rows, place: Place | None) -> Look:
    """By ps alone: names, and no proof of anything."""
    processes = [replace(each, hidden=True) for row in rows["P"] if (each := _ps(row)) and each.pid != 1]
    why = f"there is no way to see who holds files and ports on {rows['K'][0] if rows['K'] else 'this system'}"
    return Look(tuple(processes), owners=_owners(rows["L"]), ports_seen=False, unseen=(why,))
