"""The incidents one can rehearse on the practice pair: what happens, what is right to do, and who mends the rest."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.sentence import Sentence

if TYPE_CHECKING:
    from dhcptui.practice.pair import PracticePair

SKEW_SECONDS = 90.0
"""More than the 60 s that dhcpd tolerates when two servers connect."""
RUSH = 70
"""Clients that arrive at once: more than one server's half of the practice pool."""
RESTART_SECONDS = 12.0
"""How long somebody's careless script leaves both dhcpd stopped."""
CLOCK_WRONG_SECONDS = 45.0
LINK_GONE_SECONDS = 105.0
"""Long enough that both have missed each other (max-response-delay, 60 s) and one has looked at it for a while."""
PATIENCE_SECONDS = 600.0
"""After that a drill that waits for the operator goes on without."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action that the operator ran to its end during a drill."""

    action: Action
    server: str
    outcome: Outcome
    at: float
    """Epoch seconds."""


Mends = Callable[["PracticePair", float], bool]
"""Whether somebody else mends the fault now. Given the seconds since it happened, as dhcpd's fixed timers count them:
a practice pair that runs ten times as fast waits a tenth."""
Judge = Callable[[Sequence[Deed]], Sentence]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One drill. `strike` makes the fault, `mend` takes away what no console can."""

    name: str
    title: str
    happened: str
    """What happened, in words; told only when asked."""
    right: Sentence
    """What was right to do, and why."""
    strike: Callable[[PracticePair], None]
    judge: Judge
    """One sentence on what was done."""
    mended_when: Mends = lambda _pair, _seconds: True
    mend: Callable[[PracticePair], None] = lambda _pair: None


def _done(deeds: Sequence[Deed], action: Action) -> bool:
    return any(deed.action is action and deed.outcome is Outcome.VERIFIED for deed in deeds)


def _hands_off(deeds: Sequence[Deed]) -> Sentence:
    """For incidents that nobody can act upon."""
    acts = ", ".join(sorted({deed.action.value for deed in deeds if deed.outcome is not Outcome.REFUSED}))
    if acts:
        return (f"None of that was needed ({acts}): waiting would have done.",)
    return ("You changed nothing on the servers. That was right.",)


def _brought_up(deeds: Sequence[Deed]) -> Sentence:
    started, declared = _done(deeds, Action.START), _done(deeds, Action.PARTNER_DOWN)
    if declared and started:
        return (
            "You declared it down, and brought it up later. It worked; bringing it up at once would have been quicker.",
        )
    if declared:
        return "You declared it down, but it could have been started: ", Action.START, "."
    if started:
        return ("You brought it up. That was right.",)
    return "Nobody brought dhcp2 up: ", Action.START, " does that."


def _took_over(deeds: Sequence[Deed]) -> Sentence:
    if _done(deeds, Action.PARTNER_DOWN):
        return ("You set partner-down on dhcp1. That was right: now it may use the other half.",)
    return (
        "Nobody set partner-down (", Action.PARTNER_DOWN, ") on dhcp1: its half ran dry while the other half lay idle.",
    )  # fmt: skip


def _waited_or_helped(deeds: Sequence[Deed]) -> Sentence:
    if _done(deeds, Action.START):
        return ("You started dhcpd yourself. That was quicker than waiting, and did no harm.",)
    return _hands_off(deeds)


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


def _stop_both(pair: PracticePair) -> None:
    for server in (pair.primary, pair.secondary):
        server.terminate()


def _start_both(pair: PracticePair) -> None:
    for server in (pair.primary, pair.secondary):
        if not server.is_running():
            server.start()


def _after(seconds: float) -> Mends:
    return lambda _pair, passed: passed >= seconds


def _when_taken_over(pair: PracticePair, passed: float) -> bool:
    """The host comes back once dhcp1 may give out the whole pool, or when nobody has done anything for long."""
    if passed >= PATIENCE_SECONDS:
        return True
    if pair.primary.local_state() != "partner-down":
        return False
    state = pair.primary.state()
    return pair.primary.now() >= state.local_stos + state.mclt + 5


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "secondary-crashes",
        "The secondary crashes",
        "dhcpd on dhcp2 was killed. dhcp1 went to communications-interrupted and served on, from its own half of the pool.",
        (
            "see whether dhcpd can be started again, and start it: ",
            Action.START,
            ". Partner-down is for a server that stays away.",
        ),
        _crash,
        _brought_up,
    ),
    Scenario(
        "link-cut",
        "The link between the two is cut",
        "Nothing passed between dhcp1 and dhcp2 any more. Both kept serving, each from its own half, until somebody mended the link.",
        (
            "have the network mended. Both serve, so nobody is to be declared down: after that both would give out the same addresses.",
        ),
        _cut,
        _hands_off,
        _after(LINK_GONE_SECONDS),
        lambda pair: pair.heal(),
    ),
    Scenario(
        "wrong-clock",
        "A clock is 90 s off at boot",
        "dhcp2 was restarted with its clock 90 s ahead. dhcpd refuses a partner whose clock is more than 60 s away, so the two did not meet until somebody set the clock.",
        ("set the clock (NTP). The two then meet by themselves. A restart of dhcpd or partner-down does not help.",),
        _wrong_clock,
        _hands_off,
        _after(CLOCK_WRONG_SECONDS),
        _right_clock,
    ),
    Scenario(
        "pool-runs-dry",
        "The pool runs dry",
        "The host of dhcp2 was gone, and many new clients came at once. dhcp1 gave out its half; the other half lay idle.",
        (
            "make sure that the host is really off, then ",
            Action.PARTNER_DOWN,
            " on dhcp1. One MCLT later it may use the other half too.",
        ),
        _host_gone,
        _took_over,
        _when_taken_over,
        _host_back,
    ),
    Scenario(
        "empty-lease-file",
        "A rebuilt server comes back with an empty lease file",
        "dhcp2 was started with an empty lease file. It fetched everything from dhcp1 and waited out the MCLT before it served again.",
        ("wait. dhcp1 serves everybody meanwhile; a state written now would only make the wait longer.",),
        _rebuild,
        _hands_off,
    ),
    Scenario(
        "both-restarted",
        "Someone else restarted both",
        "Somebody's script stopped both dhcpd, and started both again some seconds later. Meanwhile nobody answered clients.",
        (
            "wait, or start them: ",
            Action.START,
            ". Then find out who did it: ",
            Action.SYNC_RESTART,
            " restarts one after the other, so that one always serves.",
        ),
        _stop_both,
        _waited_or_helped,
        _after(RESTART_SECONDS),
        _start_both,
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
