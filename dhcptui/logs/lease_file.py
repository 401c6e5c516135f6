"""Failover records of dhcpd's lease file, as text in and values out.

    failover peer "foo" state {
      my state normal at 4 2026/08/20 11:52:11;
      partner state normal at 4 2026/08/20 11:52:11;
      mclt 1800;
    }

The last whole record of a peer counts (db.c:766). dhcpd writes one at every change of either state, and the time in it is
local-stos: it says when the state began, not when the record was written. The file never says startup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from dhcptui.model.states import FailoverState, from_word

_STATE = re.compile(r"^[ \t]*(my|partner) state ([a-z-]+)(?: at ([^;]+))?\s*;", re.MULTILINE)
_MCLT = re.compile(r"^[ \t]*mclt (\d{1,9})\s*;", re.MULTILINE)
_DATE = re.compile(r"[0-6] (\d{4})/(\d\d?)/(\d\d?) (\d\d?):(\d\d):(\d\d)(?: (-?\d{1,5}))?")
_EPOCH = re.compile(r"epoch (\d{1,11})")


@dataclass(frozen=True, slots=True)
class FailoverRecord:
    """One record. Times are epoch seconds of the server's clock; None where the file has none (`never`, no date)."""

    my_state: FailoverState
    my_since: float | None
    partner_state: FailoverState | None
    partner_since: float | None
    mclt_seconds: int | None

    @property
    def written(self) -> float | None:
        """The newest time in it: it was not written before that."""
        times = [at for at in (self.my_since, self.partner_since) if at is not None]
        return max(times, default=None)


def first_line(peer: str) -> str:
    """How a record of this peer begins in the file."""
    return f'failover peer "{peer}" state {{'


def parse_records(text: str, peer: str) -> tuple[FailoverRecord, ...]:
    """Every whole record of `peer` in a piece of a lease file, in its order; torn ones are left out."""
    records = []
    for block in text.split(first_line(peer))[1:]:
        body, end, _ = block.partition("}")
        states = {who: (word, at) for who, word, at in _STATE.findall(body)}
        if not end or "my" not in states:
            continue
        mclt = _MCLT.search(body)
        mine, theirs = states["my"], states.get("partner")
        records.append(
            FailoverRecord(
                from_word(mine[0]),
                parse_date(mine[1]),
                from_word(theirs[0]) if theirs else None,
                parse_date(theirs[1]) if theirs else None,
                int(mclt[1]) if mclt else None,
            )
        )
    return tuple(records)


def parse_date(text: str) -> float | None:
    """A date of the lease file in epoch seconds: UTC, or `epoch N` (with `db-time-format local`); None for `never`."""
    text = text.strip()
    if epoch := _EPOCH.match(text):
        return float(epoch[1])
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return at - int(match[7] or 0)
