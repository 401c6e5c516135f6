"""dhcpd's lease file: written as server/db.c does, read back as far as a practice dhcpd needs it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState, from_word
from dhcptui.practice.dhcpd.leases import Binding, Lease

HEADER = """# The format of this file is documented in the dhcpd.leases(5) manual page.
# This lease file was written by isc-dhcp-4.4.3-P1

# authoring-byte-order entry is generated, DO NOT DELETE
authoring-byte-order little-endian;

"""
_TIMES = ("starts", "ends", "tstp", "tsfp", "atsfp", "cltt")
_BLOCK = re.compile(r'^(lease|failover peer) ("?)([^"\s]+)\2(?: state)? \{(.*?)^\}', re.MULTILINE | re.DOTALL)
_STATEMENT = re.compile(r'\s*((?:[^";]|"[^"]*")*);')
_DATE = re.compile(r"(?:\d )?(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)|epoch (\d+)")


def date(moment: int) -> str:
    """A time as dhcpd writes it: weekday with 0 for Sunday, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%w %Y/%m/%d %H:%M:%S")


def _moment(text: str, default: int) -> int:
    found = _DATE.search(text)
    if not found:
        return default
    if found[7]:
        return int(found[7])
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())


def lease_text(lease: Lease) -> str:
    """One lease (db.c, write_lease)."""
    lines = [f"lease {lease.address} {{"]
    lines += [f"  {name} {date(moment)};" for name in _TIMES if (moment := getattr(lease, name))]
    lines.append(f"  binding state {lease.binding.word};")
    if lease.next_binding is not lease.binding:
        lines.append(f"  next binding state {lease.next_binding.word};")
    if lease.rewind is not lease.binding:
        lines.append(f"  rewind binding state {lease.rewind.word};")
    if lease.mac:
        lines.append(f"  hardware ethernet {lease.mac};")
    if lease.hostname:
        lines.append(f'  client-hostname "{lease.hostname}";')
    return "\n".join(lines) + "\n}\n"


def state_text(
    peer: str,
    mine: tuple[FailoverState, int],
    partner: tuple[FailoverState, int],
    mclt: int | None,
) -> str:
    """One failover record (db.c, write_failover_state); mclt on a secondary only."""
    last = "" if mclt is None else f"  mclt {mclt};\n"
    return (
        f'\nfailover peer "{peer}" state {{\n'
        f"  my state {mine[0].word} at {date(mine[1])};\n"
        f"  partner state {partner[0].word} at {date(partner[1])};\n{last}}}\n"
    )


class LeaseFile:
    """The open file of a running dhcpd."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def rewrite(self, records: Iterable[str]) -> None:
        """Replace the file by rename, the old one stays beside it as dhcpd.leases~. Raises OSError."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text(HEADER + "".join(records))
        backup = self._path.with_name(f"{self._path.name}~")
        backup.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            os.link(self._path, backup)
        fresh.replace(self._path)
        self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND)

    def append(self, text: str) -> bool:
        """Whether it could be written; a torn record is not left behind."""
        if self._handle is None:
            return False
        try:
            before = os.fstat(self._handle).st_size
            if os.write(self._handle, text.encode()) == len(text.encode()):
                return True
            os.ftruncate(self._handle, before)
        except OSError:
            return False
        return False

    def close(self) -> None:
        """May be called twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Record:
    """What a lease file tells of one relationship: the last record wins."""

    def __init__(self, statements: list[str], now: int) -> None:
        self.state, self.stos = FailoverState.UNKNOWN, now
        self.partner_state, self.partner_stos = FailoverState.UNKNOWN, now
        self.mclt: int | None = None
        for statement in statements:
            words = statement.split()
            if words[:2] == ["my", "state"]:
                self.state, self.stos = from_word(words[2]), _moment(statement, now)
            elif words[:2] == ["partner", "state"]:
                self.partner_state, self.partner_stos = from_word(words[2]), _moment(statement, now)
            elif words[:1] == ["mclt"]:
                self.mclt = int(words[1])


def read(text: str, leases: dict[str, Lease], peers: dict[str, Role], now: int) -> Iterator[tuple[str, Record | int]]:
    """Put the leases of a file into place; yields each failover record, or the line of one that names no known peer."""
    for found in _BLOCK.finditer(text):
        statements = [each.strip() for each in _STATEMENT.findall(found[4]) if each.strip()]
        if found[1] == "lease":
            if (lease := leases.get(found[3])) is not None:
                _fill(lease, statements)
        elif found[3] in peers:
            yield found[3], Record(statements, now)
        else:
            yield found[3], text.count("\n", 0, found.start()) + 1


def _fill(lease: Lease, statements: list[str]) -> None:
    for name in _TIMES:
        setattr(lease, name, 0)
    lease.mac = lease.hostname = ""
    states: dict[str, Binding] = {}
    for statement in statements:
        words = statement.split()
        if words[0] in _TIMES:
            setattr(lease, words[0], _moment(statement, 0))
        elif words[-3:-1] == ["binding", "state"]:
            states[words[0]] = Binding[words[-1].upper()]
        elif words[0] == "hardware":
            lease.mac = words[2]
        elif words[0] == "client-hostname":
            lease.hostname = statement.split('"')[1]
    lease.binding = lease.desired = states.get("binding", Binding.FREE)
    lease.next_binding = states.get("next", lease.binding)
    lease.rewind = states.get("rewind", lease.binding)
