"""An incident as values: everything a report tells. Times are epoch seconds; see each field for whose clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dhcptui.assess.history.service import Span
from dhcptui.assess.history.timeline import Event
from dhcptui.logs.lines import Folder, LogRow
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.messages import POOL_COUNTS
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean

RELEVANT = frozenset({LineKind.STATE, LineKind.LINK, LineKind.WARNING, LineKind.ERROR, LineKind.FATAL})
MOST_ROWS = 150
"""Folded log rows of one server; the first and the last of more are kept."""


@dataclass(frozen=True, slots=True)
class Act:
    """One write or command of an action, and what came of it; `ok` None: its outcome is not in the audit log."""

    at: float
    server: str
    text: str
    outcome: str
    ok: bool | None


@dataclass(frozen=True, slots=True)
class ActionRun:
    """One action of an operator, from the audit log. Times by the console's clock."""

    at: float
    who: str
    action: str
    server: str
    headline: str
    acts: tuple[Act, ...]
    outcome: str
    """Empty: it never came to its end."""
    ok: bool | None


@dataclass(frozen=True, slots=True)
class PoolLow:
    """The fewest addresses that were left of a pool, as far as the sources tell. `at` by the clock of `server`."""

    network: str
    server: str
    total: int
    free: int
    backup: int
    at: float
    source: str


@dataclass(frozen=True, slots=True)
class ServerPart:
    """What one server brought to the report."""

    name: str
    role: Role
    now: str
    """What is known of it at the end, in words."""
    clock_offset_seconds: float | None
    rows: tuple[LogRow, ...]
    rows_left_out: int
    log_begins: float | None
    """Stamp of the first line that was read; None: no log."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A report's content. `since`, `until`, `events` and `spans` are by the console's clock."""

    pair: str
    peer: str
    since: float
    until: float
    level: str
    headline: str
    advice: str
    servers: tuple[ServerPart, ServerPart]
    events: tuple[Event, ...]
    actions: tuple[ActionRun, ...]
    spans: tuple[Span, ...]
    pool_lows: tuple[PoolLow, ...]
    notes: tuple[str, ...]
    """What could not be read, or cannot be known."""
    unread: tuple[tuple[str, str], ...] = ()
    """Servers whose log was not read, and why: nothing is known of what they did."""

    def name(self, role: Role | None) -> str:
        """A server's label; "" for the pair."""
        return next((part.name for part in self.servers if part.role is role), "")

    def seconds(self, word: str) -> float:
        """How long it was so: `both`, `one`, `nobody`, `unknown` served."""
        return sum(span.seconds for span in self.spans if span.word == word)


def relevant_rows(lines: Sequence[LogLine], since: float) -> tuple[tuple[LogRow, ...], int]:
    """The lines that matter since `since` (the server's clock), repeats folded; and how many rows were left out."""
    rows: list[LogRow] = []
    folder = Folder()
    for line in lines:
        if line.stamp is None or line.stamp < since or line.kind not in RELEVANT:
            continue
        row, back = folder.add(line)
        if back:
            rows[-back] = row
        else:
            rows.append(row)
    out = max(0, len(rows) - MOST_ROWS)
    if out:
        rows = [*rows[: MOST_ROWS // 2], *rows[-(MOST_ROWS - MOST_ROWS // 2) :]]
    return tuple(rows), out


def lowest(name: str, lines: Sequence[LogLine], since: float) -> tuple[PoolLow, ...]:
    """The low water of each pool in dhcpd's balance lines: they are printed only in normal, up to an hour apart."""
    low: dict[str, PoolLow] = {}
    for line in lines:
        if line.stamp is None or line.stamp < since or line.message not in POOL_COUNTS:
            continue
        network = clean(line.slot("net"), 60)
        total, free, backup = (int(line.slot(name)) for name in ("total", "free", "backup"))
        best = low.get(network)
        if best is None or free + backup < best.free + best.backup:
            low[network] = PoolLow(network, name, total, free, backup, line.stamp, "balance line in the log")
    return tuple(low.values())


def coverage(servers: Sequence[ServerPart], since: float, offsets: Mapping[Role, float]) -> list[str]:
    """What the logs do not reach."""
    notes = []
    for part in servers:
        if part.log_begins is None:
            notes.append(
                f"No log line of {part.name} could be read: its part of the timeline is what its partner told."
            )
        elif part.log_begins - offsets.get(part.role, 0.0) > since + 1:
            notes.append(f"The log of {part.name} begins later than this report; what was before is not in it.")
    return notes
