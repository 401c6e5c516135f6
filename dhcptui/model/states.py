"""The failover states of dhcpd: one table.

Words and numbers are dhcpd's own (4.4.3 `includes/failover.h`, `server/failover.c`; the state machine is
draft-ietf-dhc-failover-12). The numbers of 3.0.x differ from those of 4.x: 1 was partner-down there and is startup
today, which is why scripts of that time quietly stopped working.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """How much a state deserves the eye. The ui maps a tone to a colour; word and glyph carry it without one."""

    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class StateInfo:
    """One row of the table: what a state is called, how it travels and what it means for clients."""

    word: str
    number: int
    """On the wire of dhcpd 4.x."""
    number_3_0: int | None
    """On the wire of dhcpd 3.0.x, for reading only."""
    glyph: str
    ascii_glyph: str
    tone: Tone
    serves: bool
    """Answers clients, unless the partner's recorded state forbids it (see `serves`)."""
    moving: bool
    """Ends by itself when all goes well: worth polling fast."""
    meaning: str


class FailoverState(Enum):
    """A failover state; the value is dhcpd's word, the same in log, lease file and `status --json`."""

    UNKNOWN = "unknown-state"
    STARTUP = "startup"
    NORMAL = "normal"
    COMMUNICATIONS_INTERRUPTED = "communications-interrupted"
    PARTNER_DOWN = "partner-down"
    POTENTIAL_CONFLICT = "potential-conflict"
    RECOVER = "recover"
    PAUSED = "paused"
    SHUTDOWN = "shutdown"
    RECOVER_DONE = "recover-done"
    RESOLUTION_INTERRUPTED = "resolution-interrupted"
    CONFLICT_DONE = "conflict-done"
    RECOVER_WAIT = "recover-wait"

    @property
    def info(self) -> StateInfo:
        """The state's row of the table."""
        return _TABLE[self]

    @property
    def word(self) -> str:
        """dhcpd's own word."""
        return self.value

    @property
    def number(self) -> int:
        """The 4.x wire number."""
        return _TABLE[self].number


_S, _T = FailoverState, Tone
_TABLE: dict[FailoverState, StateInfo] = {
    _S(row.word): row
    for row in (
        StateInfo("unknown-state", 0, 0, "?", "?", _T.CRITICAL, False, False, "never told; treat as broken"),
        StateInfo("startup", 1, 10, "◌", "~", _T.NOTICE, False, True, "just started, looks for its partner (15 s)"),
        StateInfo("normal", 2, 2, "●", "*", _T.GOOD, True, False, "in contact, shares the clients with its partner"),
        StateInfo(
            "communications-interrupted", 3, 3, "◐", "%", _T.WARNING, True, False,
            "serves everyone from its own half, short leases (MCLT)",
        ),
        StateInfo("partner-down", 4, 1, "◆", "#", _T.WARNING, True, False, "serves everyone, takes over all leases"),
        StateInfo("potential-conflict", 5, 5, "✖", "X", _T.CRITICAL, False, True, "sorts out conflicts, serves nobody"),
        StateInfo("recover", 6, 6, "↻", "<", _T.NOTICE, False, True, "fetches the lease database, serves nobody"),
        StateInfo("paused", 7, 9, "‖", "=", _T.CRITICAL, False, False, "serves nobody until somebody acts"),
        StateInfo("shutdown", 8, 8, "○", "o", _T.NOTICE, False, False, "handed over to its partner, serves nobody"),
        StateInfo("recover-done", 9, 7, "↻", "<", _T.NOTICE, False, True, "in sync again, waits for its partner"),
        StateInfo(
            "resolution-interrupted", 10, 4, "✖", "X", _T.CRITICAL, False, False,
            "lost its partner while sorting out conflicts, serves nobody",
        ),
        StateInfo("conflict-done", 11, None, "✖", "X", _T.CRITICAL, False, True, "conflicts resolved, serves nobody yet"),
        StateInfo("recover-wait", 254, 11, "◔", "w", _T.NOTICE, False, True, "in sync, waits out the MCLT, serves nobody"),
    )
}  # fmt: skip
_BY_NUMBER = {row.number: state for state, row in _TABLE.items()}
_BY_NUMBER_3_0 = {row.number_3_0: state for state, row in _TABLE.items() if row.number_3_0 is not None}

SERVING = frozenset(state for state, row in _TABLE.items() if row.serves)
"""States in which dhcpd answers clients, as far as its own state goes."""

CONFLICT = frozenset({_S.POTENTIAL_CONFLICT, _S.RESOLUTION_INTERRUPTED, _S.CONFLICT_DONE})
"""States of conflict resolution: nobody is served, and any state written makes it worse."""

REBUILDING = frozenset({_S.RECOVER, _S.RECOVER_WAIT, _S.RECOVER_DONE})
"""States of a server that comes back and does not serve yet."""

SILENCING = CONFLICT | {_S.PARTNER_DOWN}
"""Recorded partner states that keep a server from answering, whatever its own state (failover.c:1720-1741)."""


def from_wire(number: int, *, version_3_0: bool = False) -> FailoverState:
    """The state behind a wire number; a number that dhcpd does not define reads as `unknown-state`."""
    return (_BY_NUMBER_3_0 if version_3_0 else _BY_NUMBER).get(number, FailoverState.UNKNOWN)


def from_word(word: str) -> FailoverState:
    """The state behind dhcpd's word (log, lease file); an unknown word reads as `unknown-state`."""
    try:
        return FailoverState(word)
    except ValueError:
        return FailoverState.UNKNOWN


def serves(local: FailoverState, partner: FailoverState) -> bool:
    """Whether a server answers clients: derived from its own two attributes, as failover.c:1655-1744 does.

    `partner` is the state this server has *recorded* of its partner. A recorded partner-down silences even a server
    that reads partner-down itself; no OMAPI write changes that (seen on a real pair).
    """
    return local in SERVING and partner not in SILENCING
