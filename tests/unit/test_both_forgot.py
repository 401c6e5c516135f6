"""Both servers without their leases, told from a first start, from a clean one, and from two losses one after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.incidents.crossed_names import Crossed, mismatch
from dhcptui.assess.verdict import Level, derive
from dhcptui.logs.lines import parse
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import Emptied
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.watch.taken import Taken
from tests.unit.making import NOW, live, pair
from tests.unit.test_incident_signs import hold, ids, said

P, Q = Role.PRIMARY, Role.SECONDARY
Line = tuple[float, str]


def moves(*pairs: tuple[float, str, str]) -> list[Line]:
    """State changes as a log tells them."""
    return [(ago, f"failover peer foo: I move from {one} to {two}") for ago, one, two in pairs]


BEFORE = moves((500, "communications-interrupted", "normal"))
FRESH = moves((60, "recover", "startup"), (59, "startup", "recover"), (58, "recover-done", "normal"))
FRESH_LONG = moves((600, "recover", "startup"), (599, "startup", "recover"), (598, "recover-done", "normal"))
STOPPED = moves((90, "shutdown", "recover"))


def server(
    role: Role,
    *lines: Line,
    given: int = 0,
    kept: int | None = None,
    forgot: int = 0,
    fell: tuple[float, float] = (95, 50),
) -> ServerView:
    """A server that is normal now. `fell`: how long ago its counters told of leases last, and of none first."""
    last, first = (NOW.mono - ago for ago in fell)
    view = said(replace(live(role, stos=int(NOW.wall) - 58), given_before=given, kept_at_start=kept), *lines)
    return replace(view, forgot=Seen(Emptied(forgot, last), first)) if forgot else view


@pytest.mark.parametrize(
    "one",
    [
        server(P, *BEFORE, *FRESH),
        server(P, *FRESH, given=20, kept=0),
        server(P, *STOPPED, *FRESH, forgot=20),
    ],
    ids=["by its last state", "by its log", "by its counters"],
)
def test_what_tells_it(one: ServerView) -> None:
    """Any of three witnesses: a warning with a headline, and none of the incidents that look like it."""
    snapshot = pair(one, server(Q, *BEFORE, *FRESH))
    hold(snapshot)
    verdict = derive(snapshot, NOW)
    assert verdict.level is Level.WARNING
    assert (
        verdict.headline
        == "both servers serve, but both have lost their leases: addresses in use may be given out again"
    )
    assert {each.id for each in verdict.incidents} == {"I-26"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (server(P, *FRESH), server(Q, *FRESH)),
        (server(P, *STOPPED, *FRESH, given=20, kept=25), server(Q, *STOPPED, *FRESH, given=20, kept=25)),
        (server(P, *FRESH, given=20, kept=20), server(Q, *FRESH, given=20, kept=20)),
        (server(P, *FRESH, given=20), server(Q, *FRESH, given=20)),
        (server(P, *FRESH, forgot=2, fell=(20, 15)), server(Q, *FRESH, forgot=2, fell=(20, 15))),
        (server(P, *FRESH_LONG, forgot=2, fell=(900, 15)), server(Q, *FRESH_LONG, forgot=2, fell=(900, 15))),
        (server(P, *BEFORE, *FRESH), server(Q, *BEFORE)),
        (
            server(P, *BEFORE, *moves((400, "recover", "startup"), (380, "recover-done", "normal"))),
            server(Q, *BEFORE, *FRESH),
        ),
    ],
    ids=[
        "first start",
        "clean start",
        "log from the middle",
        "what it kept is not known",
        "given out after the start and run out",
        "counted long after the start",
        "one of them",
        "one after the other",
    ],
)
def test_what_it_is_not(one: ServerView, two: ServerView) -> None:
    """Leases that are there, or that the partner had kept."""
    assert "I-26" not in ids(pair(one, two))


STARTED = "Server starting service."


def test_what_a_log_saw_given_out_before_a_start() -> None:
    """Counted at the start line; a second start right behind it does not forget the count."""
    taken = Taken()
    prefix = "Nov 22 11:33:05 dhcp1 dhcpd[1]: "
    acks = [f"DHCPACK on 10.0.0.{number} to 00:16:3e:00:00:{number:02x} via eth0" for number in range(9)]
    taken.add(parse(prefix + text, NOW.wall) for text in [*acks, STARTED, STARTED])
    assert (taken.before, taken.holders) == (9, None)


def test_what_a_start_kept_of_the_lease_file() -> None:
    """By the words of the process that starts; those of the hourly rewriting of the one before it are none of it."""
    taken = Taken()
    assert taken.kept is None
    for pid, text, kept in (
        (1, "Wrote 9 leases to leases file.", None),
        (2, "Wrote 0 leases to leases file.", None),
        (2, STARTED, 0),
        (2, "Wrote 7 leases to leases file.", 0),
        (3, STARTED, None),
    ):
        taken.add([parse(f"Nov 22 11:33:05 dhcp1 dhcpd[{pid}]: {text}", NOW.wall)])
        assert taken.kept == kept


def test_a_refusal_names_two_relationships() -> None:
    """Ours by the addresses, and the one that the partner named."""
    prefix = "Nov 22 11:33:05 dhcp1 dhcpd[1]: Failover CONNECT from opt1: "
    refusal = parse(prefix + "remote failover relationship name opt2 does not match", NOW.wall)
    assert mismatch(refusal) == Crossed("opt1", "opt2")
    assert mismatch(parse(prefix + "time offset too large", NOW.wall)) is None
