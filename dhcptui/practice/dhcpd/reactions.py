"""The tables of the failover state machine (server/failover.c:1655-1744, 2024-2441 of 4.4.3-P1)."""

from __future__ import annotations

from dhcptui.model.states import CONFLICT, FailoverState

S = FailoverState

NOT_RESPONDING = {
    S.UNKNOWN: " (my state unknown)",
    S.STARTUP: " (startup)",
    S.RESOLUTION_INTERRUPTED: " (resolving conflicts)",
    S.POTENTIAL_CONFLICT: " (resolving conflicts)",
    S.CONFLICT_DONE: " (resolving conflicts)",
    S.RECOVER: " (recovering)",
    S.SHUTDOWN: " (shut down)",
    S.PAUSED: " (paused)",
    S.RECOVER_WAIT: " (recover wait)",
    S.RECOVER_DONE: " (recover done)",
}
"""What follows "not responding" in the log line of a client that gets no answer."""

REPEATS_COUNT = frozenset(
    {S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED, S.RESOLUTION_INTERRUPTED, S.RECOVER, S.CONFLICT_DONE}
)
"""States in which the partner's state is acted upon although it is the one already known."""

FATAL_WHILE_CONFLICT_DONE = frozenset(S) - {S.NORMAL, S.SHUTDOWN, S.POTENTIAL_CONFLICT, S.RESOLUTION_INTERRUPTED}
"""A partner that says this ends a dhcpd in conflict-done."""

REACTIONS: dict[S, dict[S, S]] = {
    S.NORMAL: {
        S.PARTNER_DOWN: S.POTENTIAL_CONFLICT,
        **dict.fromkeys(CONFLICT, S.SHUTDOWN),
        S.RECOVER: S.PARTNER_DOWN,
        S.SHUTDOWN: S.PARTNER_DOWN,
        S.PAUSED: S.COMMUNICATIONS_INTERRUPTED,
    },
    S.COMMUNICATIONS_INTERRUPTED: {
        **dict.fromkeys((S.NORMAL, S.COMMUNICATIONS_INTERRUPTED, S.RECOVER_DONE, S.RECOVER_WAIT), S.NORMAL),
        **dict.fromkeys((S.PARTNER_DOWN, *CONFLICT), S.POTENTIAL_CONFLICT),
        S.RECOVER: S.PARTNER_DOWN,
        S.SHUTDOWN: S.PARTNER_DOWN,
    },
    S.PARTNER_DOWN: {
        S.RECOVER_DONE: S.NORMAL,
        **dict.fromkeys(
            (S.NORMAL, S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED, *CONFLICT),
            S.POTENTIAL_CONFLICT,
        ),
    },
    S.RECOVER: {
        **dict.fromkeys((S.NORMAL, *CONFLICT), S.POTENTIAL_CONFLICT),
        S.SHUTDOWN: S.PARTNER_DOWN,
    },
    S.RECOVER_DONE: {S.NORMAL: S.NORMAL, S.RECOVER_DONE: S.NORMAL, S.SHUTDOWN: S.PARTNER_DOWN},
    S.POTENTIAL_CONFLICT: {S.NORMAL: S.SHUTDOWN, S.RECOVER: S.RECOVER, S.SHUTDOWN: S.PARTNER_DOWN},
    S.CONFLICT_DONE: {S.NORMAL: S.NORMAL, S.SHUTDOWN: S.SHUTDOWN},
    S.RESOLUTION_INTERRUPTED: {
        **dict.fromkeys(
            (S.NORMAL, S.RECOVER, S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED, S.RECOVER_DONE, S.RECOVER_WAIT),
            S.POTENTIAL_CONFLICT,
        ),
        **dict.fromkeys(CONFLICT, S.POTENTIAL_CONFLICT),
        S.SHUTDOWN: S.PARTNER_DOWN,
    },
}
"""My state (in startup: the one from before) -> the state the partner says it is in -> where I move. Else I stay."""
