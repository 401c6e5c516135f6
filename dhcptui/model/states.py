"""The failover states of dhcpd: one table.

Words and numbers are dhcpd's own (4.4.3 `includes/failover.h`, `server/failover.c`; the state machine is
draft-ietf-dhc-failover-12). The numbers of 3.0.x differ from those of 4.x: 1 was partner-down there and is startup
today, which is why scripts of that time quietly stopped working.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a state deserves the eye. The ui maps it to a colour; word and glyph carry it without one."""

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
    severity: Severity
    serves: bool
    """Answers clients, unless the partner's recorded state forbids it (see `serves`)."""
    meaning: str
    """What the server does."""
    serving: str
    """Who answers clients while one server is in it and all is as it should be."""


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


_S, _T = FailoverState, Severity
_TABLE: dict[FailoverState, StateInfo] = {
    _S(row.word): row
    for row in (
        StateInfo(
            "unknown-state", 0, 0, "?", "?", _T.CRITICAL, False,
            "never told; treat as broken", "nobody can say",
        ),
        StateInfo(
            "startup", 1, 10, "◌", "~", _T.NOTICE, False,
            "just started, looks for its partner (15 s)", "its partner, if that one serves",
        ),
        StateInfo(
            "normal", 2, 2, "●", "*", _T.GOOD, True,
            "in contact, shares the clients with its partner", "both servers",
        ),
        StateInfo(
            "communications-interrupted", 3, 3, "◐", "%", _T.WARNING, True,
            "serves everyone from its own half, short leases (MCLT)", "it does; its partner too, if it lives",
        ),
        StateInfo(
            "partner-down", 4, 1, "◆", "#", _T.WARNING, True,
            "serves everyone, takes over all leases", "it alone",
        ),
        StateInfo(
            "potential-conflict", 5, 5, "✖", "X", _T.CRITICAL, False,
            "sorts out conflicts, serves nobody", "nobody, for a moment",
        ),
        StateInfo(
            "recover", 6, 6, "↻", "<", _T.NOTICE, False,
            "fetches the lease database, serves nobody", "its partner alone",
        ),
        StateInfo(
            "paused", 7, 9, "‖", "=", _T.CRITICAL, False,
            "serves nobody until somebody acts", "its partner, from its own half",
        ),
        StateInfo(
            "shutdown", 8, 8, "○", "o", _T.NOTICE, False,
            "handed over to its partner, serves nobody", "its partner alone",
        ),
        StateInfo(
            "recover-done", 9, 7, "↻", "<", _T.NOTICE, False,
            "in sync again, waits for its partner", "its partner alone",
        ),
        StateInfo(
            "resolution-interrupted", 10, 4, "✖", "X", _T.CRITICAL, False,
            "lost its partner while sorting out conflicts, serves nobody", "nobody",
        ),
        StateInfo(
            "conflict-done", 11, None, "✖", "X", _T.CRITICAL, False,
            "conflicts resolved, serves nobody yet", "nobody, for a moment",
        ),
        StateInfo(
            "recover-wait", 254, 11, "◔", "w", _T.NOTICE, False,
            "in sync, waits out the MCLT, serves nobody", "its partner alone",
        ),
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

LEADS_TO: dict[FailoverState, frozenset[FailoverState]] = {
    _S.UNKNOWN: frozenset({_S.RESOLUTION_INTERRUPTED}),
    # The state saved on disk, or where the partner's message or the end of the 15 s takes that one.
    _S.STARTUP: frozenset(_S) - {_S.UNKNOWN, _S.STARTUP},
    _S.NORMAL: frozenset({_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN, _S.POTENTIAL_CONFLICT, _S.SHUTDOWN}),
    _S.COMMUNICATIONS_INTERRUPTED: frozenset({_S.NORMAL, _S.PARTNER_DOWN, _S.POTENTIAL_CONFLICT}),
    _S.PARTNER_DOWN: frozenset({_S.NORMAL, _S.POTENTIAL_CONFLICT}),
    _S.POTENTIAL_CONFLICT: frozenset(
        {_S.CONFLICT_DONE, _S.NORMAL, _S.RESOLUTION_INTERRUPTED, _S.RECOVER, _S.PARTNER_DOWN, _S.SHUTDOWN}
    ),
    _S.RECOVER: frozenset({_S.RECOVER_WAIT, _S.RECOVER_DONE, _S.PARTNER_DOWN, _S.POTENTIAL_CONFLICT}),
    _S.PAUSED: frozenset(),
    _S.SHUTDOWN: frozenset({_S.RECOVER}),
    _S.RECOVER_DONE: frozenset({_S.NORMAL, _S.PARTNER_DOWN}),
    _S.RESOLUTION_INTERRUPTED: frozenset({_S.POTENTIAL_CONFLICT, _S.PARTNER_DOWN}),
    _S.CONFLICT_DONE: frozenset({_S.NORMAL, _S.SHUTDOWN}),
    _S.RECOVER_WAIT: frozenset({_S.RECOVER_DONE}),
}
"""State -> where a server that runs goes from there by itself: by its partner's word, the link, or a timer.

failover.c:1530-1653, 2024-2441, 5828-5876 of 4.4.3, which follow draft-ietf-dhc-failover-12. Starting again (to startup)
and what an operator writes are left out. From shutdown dhcpd goes to recover as it exits.
"""


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
