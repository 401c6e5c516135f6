"""The verdict over the whole product of states and standings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from dhcptui.model.guards import Action, rule
from dhcptui.model.snapshot import Role, Seen, ServerView
from dhcptui.model.standing import Standing, stand
from dhcptui.model.states import FailoverState
from dhcptui.model.verdict import Level, derive, worst
from tests.unit.making import FAILED, NOW, down, gone, hung, live, never, pair

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
KINDS: list[Callable[[Role], ServerView]] = [
    *(lambda role, local=local, heard=heard: live(role, local, heard) for local in S for heard in (S.NORMAL, S.PARTNER_DOWN)),
    down, hung, gone, never,
]  # fmt: skip


def test_every_combination_gets_a_verdict() -> None:
    """Total: each pair of standings has a level, a sentence and an advice, and claims no service that is not there."""
    for one, two in itertools.product(KINDS, KINDS):
        snapshot = pair(one(P), two(Q))
        verdict = derive(snapshot, NOW)
        assert verdict.headline
        assert verdict.advice
        assert "None" not in verdict.headline + verdict.advice
        if verdict.level is Level.OK:
            assert verdict.serving == ("dhcp1", "dhcp2")
        if not verdict.serving:
            assert verdict.level in {Level.CRITICAL, Level.UNKNOWN}


def test_advice_never_names_a_refused_action() -> None:
    """An advice to press a key is given only where the guards allow it."""
    for one, two in itertools.product(KINDS, KINDS):
        snapshot = pair(one(P), two(Q))
        advice = derive(snapshot, NOW).advice
        for role, name, other in ((P, "dhcp1", "dhcp2"), (Q, "dhcp2", "dhcp1")):
            for words, action in (
                (f"P on {name}", Action.PARTNER_DOWN),
                (f"U brings {name} up", Action.START),
                (f"makes {name} serve again", Action.RESCUE),
                (f"has handed over to {other}", Action.TAKE_BACK),
            ):
                if words in advice and (action is not Action.TAKE_BACK or name in advice.partition(" has")[0]):
                    assert rule(action, role, snapshot, NOW).allowed, advice


def test_healthy() -> None:
    """Both normal is ok, since the later of the two."""
    verdict = derive(pair(live(P, stos=1_794_990_000), live(Q, stos=1_794_990_007, offset=2.0)), NOW)
    assert verdict.level is Level.OK
    assert verdict.headline == "both servers serve"
    assert verdict.since == 1_794_990_005.0


@pytest.mark.parametrize(
    ("one", "two", "level", "words"),
    [
        (live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q), Level.WARNING, "dhcp1 serves from its own half"),
        (live(P, S.PARTNER_DOWN), down(Q), Level.WARNING, "dhcp1 serves alone; dhcp2 is down"),
        (live(P, S.PARTNER_DOWN, S.SHUTDOWN), live(Q, S.SHUTDOWN, S.PARTNER_DOWN), Level.WARNING, "has handed over"),
        (live(P, S.PARTNER_DOWN), live(Q, S.PARTNER_DOWN), Level.CRITICAL, "both servers read partner-down"),
        (live(P, S.PARTNER_DOWN), live(Q, S.NORMAL), Level.CRITICAL, "given out twice"),
        (live(P, S.POTENTIAL_CONFLICT), live(Q, S.POTENTIAL_CONFLICT), Level.CRITICAL, "resolving conflicts"),
        (live(P, S.PARTNER_DOWN, S.PARTNER_DOWN), down(Q), Level.CRITICAL, "answers nobody"),
        (live(P), hung(Q), Level.WARNING, "is stopped (dhcpd process suspended)"),
        (live(P), gone(Q), Level.WARNING, "cannot be reached"),
        (down(P), down(Q), Level.CRITICAL, "nobody serves"),
        (hung(P), hung(Q), Level.CRITICAL, "nobody serves"),
        (gone(P), gone(Q), Level.UNKNOWN, "nothing is known"),
        (never(P), never(Q), Level.UNKNOWN, "contacting"),
        (
            live(P, S.COMMUNICATIONS_INTERRUPTED), live(Q, S.COMMUNICATIONS_INTERRUPTED),
            Level.WARNING, "out of contact",
        ),
    ],
)  # fmt: skip
def test_headlines(one: ServerView, two: ServerView, level: Level, words: str) -> None:
    """The cases an engineer meets, in words."""
    verdict = derive(pair(one, two), NOW)
    assert (verdict.level, words in verdict.headline) == (level, True), verdict.headline


def test_recover_wait_ends_by_the_servers_own_clock() -> None:
    """The countdown is local-stos + mclt on the server's clock, whatever the console's says."""
    waiting = live(Q, S.RECOVER_WAIT, S.PARTNER_DOWN, stos=1_795_000_000 - 1790 + 90, offset=90.0)
    (count,) = (each for each in derive(pair(live(P, S.PARTNER_DOWN, S.RECOVER, stos=1), waiting), NOW).countdowns)
    assert count.server == "dhcp2"
    assert count.ends == 1_795_000_100
    assert count.remaining_seconds == pytest.approx(10.0)
    assert count.clock_known


def test_recover_wait_of_a_secondary_that_never_met_its_primary() -> None:
    """A secondary reads mclt 0 until its first CONNECT: the primary's value counts."""
    waiting = live(Q, S.RECOVER_WAIT, mclt=0, stos=1_794_999_000)
    counts = derive(pair(live(P, S.PARTNER_DOWN, stos=1), waiting), NOW).countdowns
    assert [count.remaining_seconds for count in counts] == [pytest.approx(800.0)]


def test_take_over_counts_down_in_partner_down() -> None:
    """The partner's free addresses become usable at stos + mclt."""
    (count,) = derive(pair(live(P, S.PARTNER_DOWN, stos=1_794_999_000), down(Q)), NOW).countdowns
    assert "free addresses" in count.what
    assert count.remaining_seconds == pytest.approx(800.0)


def test_a_status_grows_old() -> None:
    """The same status is the present now and the past two seconds later: nothing else has to happen."""
    view = live(P)
    later = replace(NOW, mono=NOW.mono + 2)
    assert stand(view, NOW).standing is Standing.LIVE
    assert stand(view, later).standing is Standing.SILENT
    assert stand(view, later).state is None


def test_a_lost_connection_is_no_present() -> None:
    """A status from before the connection was lost is the past at once, however young."""
    view = replace(live(P), omapi=FAILED)
    assert stand(view, NOW).state is None


def test_an_old_look_at_the_process_table_proves_nothing() -> None:
    """dhcpd not seen a minute ago may run by now."""
    old = replace(down(Q), process=Seen(down(Q).process.value, NOW.mono - 60))  # type: ignore[union-attr]
    assert stand(old, NOW).standing is not Standing.DOWN


def test_worst_level_of_several_pairs() -> None:
    """A known outage outweighs not knowing."""
    assert worst([Level.OK, Level.CRITICAL, Level.UNKNOWN]) is Level.CRITICAL
    assert worst([Level.OK, Level.WARNING]) is Level.WARNING
    assert worst([]) is Level.UNKNOWN


def test_advice_names_the_key_that_is_bound() -> None:
    """The same sentence with another key for each action; without one, the default."""
    for one, two, key in (
        (live(P), live(Q), "use S (clean"),
        (live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q), "U brings dhcp2 up"),
        (live(P, S.PARTNER_DOWN, S.SHUTDOWN), live(Q, S.SHUTDOWN, S.PARTNER_DOWN), "H takes its clients back"),
    ):
        verdict = derive(pair(one, two), NOW)
        assert key in verdict.advice
        other = verdict.advise(lambda action: f"<{action.value}>")
        assert key not in other
        assert re.sub("<[a-z-]+>", "", other) == re.sub(r"\b[SUHPX]\b", "", verdict.advice)
