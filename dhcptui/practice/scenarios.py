"""The incidents one can rehearse on the practice pair: what happens, what is right to do, and who mends the rest."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dhcptui.model.guards import Action
from dhcptui.model.plan import Outcome

if TYPE_CHECKING:
    from dhcptui.practice.pair import PracticePair

SKEW_SECONDS = 90.0
"""More than the 60 s that dhcpd tolerates when two servers connect."""
RUSH = 70
"""Clients that arrive at once: more than one server's half of the practice pool."""
GONE_FOR_SECONDS = 45.0
"""How long a fault stays that somebody else mends (a cable, a clock, a switch)."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action that the operator ran to its end during a drill."""

    action: Action
    server: str
    outcome: Outcome
    at: float
    """Epoch seconds."""


Mends = Callable[["PracticePair", float], bool]
"""Whether somebody else mends the fault now; given the seconds since it happened."""
Judge = Callable[[Sequence[Deed]], str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One drill. `strike` makes the fault, `mend` takes away what no console can."""

    name: str
    title: str
    happened: str
    """What happened, in words; told only when asked."""
    right: str
    """What was right to do, and why."""
    strike: Callable[[PracticePair], None]
    judge: Judge
    """One sentence on what was done."""
    mended_when: Mends = lambda _pair, _seconds: True
    mend: Callable[[PracticePair], None] = lambda _pair: None


def _done(deeds: Sequence[Deed], action: Action) -> bool:
    return any(deed.action is action and deed.outcome is Outcome.VERIFIED for deed in deeds)


def _hands_off(deeds: Sequence[Deed]) -> str:
    """For incidents that nobody can act upon."""
    if not deeds:
        return "You changed nothing. That was right."
    acts = ", ".join(sorted({deed.action.value for deed in deeds}))
    return f"You ran {acts}. It was not needed: waiting would have done."


def _brought_up(deeds: Sequence[Deed]) -> str:
    if _done(deeds, Action.PARTNER_DOWN) and _done(deeds, Action.START):
        return "You declared it down, and then brought it up: it worked, but cost a resync and the MCLT wait. Bringing it up (U) alone was enough."
    if _done(deeds, Action.START):
        return "You brought it up. That was right."
    if _done(deeds, Action.PARTNER_DOWN):
        return "You declared it down, and it is still down. Look first whether it can be started (U)."
    return "You did not bring dhcp2 up: U does that."


def _took_over(deeds: Sequence[Deed]) -> str:
    if _done(deeds, Action.PARTNER_DOWN):
        return "You set partner-down on dhcp1. That was right: it is what lets it use the other half."
    return "You did not set partner-down (P) on dhcp1: its half ran dry while the other half lay idle."


def _crash(pair: PracticePair) -> None:
    pair.secondary.kill()


def _cut(pair: PracticePair) -> None:
    pair.cut("primary", "secondary")


def _wrong_clock(pair: PracticePair) -> None:
    pair.secondary.kill()
    pair.secondary.start(skew_seconds=SKEW_SECONDS)


def _right_clock(pair: PracticePair) -> None:
    pair.secondary.set_clock(0)


def _host_gone(pair: PracticePair) -> None:
    pair.cut("operator", "secondary")
    pair.cut("primary", "secondary")
    pair.secondary.kill()
    pair.clients.surge(RUSH)


def _host_back(pair: PracticePair) -> None:
    pair.heal()
    pair.secondary.start()


def _rebuild(pair: PracticePair) -> None:
    pair.secondary.kill()
    pair.secondary.leases.write_text("")
    pair.secondary.start()


def _both(pair: PracticePair) -> None:
    for server in (pair.primary, pair.secondary):
        server.terminate()
    for server in (pair.primary, pair.secondary):
        server.start()


def _after(seconds: float) -> Mends:
    return lambda _pair, passed: passed >= seconds


def _when_taken_over(pair: PracticePair, passed: float) -> bool:
    """The host comes back once dhcp1 has the whole pool, or when nobody does anything for ten minutes."""
    state = pair.primary.state()
    owns = state.local_state == "partner-down" and pair.primary.now() >= state.local_stos + state.mclt + 5
    return owns or passed > 600


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "secondary-crashes",
        "The secondary crashes",
        "dhcpd on dhcp2 was killed. dhcp1 went to communications-interrupted and served on, from its own half of the pool.",
        "Look whether dhcpd can be started again, and start it: U. Partner-down is for a server that stays away.",
        _crash,
        _brought_up,
    ),
    Scenario(
        "link-cut",
        "The link between the two is cut",
        "Nothing passed between dhcp1 and dhcp2 any more, while both kept serving, each from its own half. Then somebody mended the link.",
        "Have the network mended. Both serve, so there is nothing to declare down: with partner-down both would give out the same addresses.",
        _cut,
        _hands_off,
        _after(GONE_FOR_SECONDS),
        lambda pair: pair.heal(),
    ),
    Scenario(
        "wrong-clock",
        "A clock is 90 s off at boot",
        "dhcp2 was restarted with its clock 90 s ahead. dhcpd refuses a partner that is more than 60 s away, so the two never met. Then somebody set the clock.",
        "Set the clock (NTP). The link comes back by itself; restarting dhcpd or declaring anybody down does not help.",
        _wrong_clock,
        _hands_off,
        _after(GONE_FOR_SECONDS),
        _right_clock,
    ),
    Scenario(
        "pool-runs-dry",
        "The pool runs dry",
        "The host of dhcp2 was gone, and many new clients came at once. dhcp1 had given out its half; the other half lay idle on a dead server.",
        "Make sure that the host is really off, then P on dhcp1. The other half becomes usable one MCLT later.",
        _host_gone,
        _took_over,
        _when_taken_over,
        _host_back,
    ),
    Scenario(
        "empty-lease-file",
        "A rebuilt server comes back with an empty lease file",
        "dhcp2 was started without its lease file. It fetched everything from dhcp1 and waited out the MCLT before it served again.",
        "Wait. dhcp1 serves everybody meanwhile; writing a state would only make the wait longer.",
        _rebuild,
        _hands_off,
    ),
    Scenario(
        "both-restarted",
        "Someone else restarted both",
        "Both dhcpd were restarted in the same second. Until the two had met again nobody answered clients.",
        "Wait some seconds. And afterwards find out who did it: one after the other is what R does.",
        _both,
        _hands_off,
    ),
)
"""In the order of the menu."""


def named(name: str) -> str:
    """What is wrong with the name of a drill; empty when there is one of that name."""
    names = [each.name for each in SCENARIOS]
    if name in names:
        return ""
    near = difflib.get_close_matches(name, names, 1)
    return f"there is no drill {name!r}" + (
        f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"
    )


def scenario(name: str) -> Scenario | None:
    """The scenario of that name."""
    return next((each for each in SCENARIOS if each.name == name), None)
