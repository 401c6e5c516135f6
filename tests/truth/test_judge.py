"""The judge can fail: for each of its aspects a record that is right, and one that is wrong in that aspect only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dhcptui.model.role import Role
from tests.truth.judge import ASPECTS, judge
from tests.truth.record import LockRequest, Move, Newcomer, Reading, Record, Said, Stretch, Tick

P, Q = Role.PRIMARY, Role.SECONDARY
END = 40.0
DOWN = (10.0, 20.0)
"""The secondary is down."""


def _ticks(gone: tuple[float, float] | None, of: Sequence[Role]) -> list[Tick]:
    found = []
    for number in range(int(END * 4) + 1):
        at = number / 4
        out = set(of) if gone and gone[0] <= at < gone[1] else set()
        found.append(Tick(at, frozenset(set(Role) - out)))
    return found


def _readings(gone: tuple[float, float] | None) -> list[Reading]:
    return [
        Reading(number / 4, None if gone and gone[0] <= number / 4 < gone[1] else "normal")
        for number in range(int(END * 4) + 1)
    ]


def _claim(at: float, *, both: bool, since: float | None = None) -> LockRequest:
    one = Said(P, True, "normal" if both else "communications-interrupted", 0.5)
    two = Said(Q, both, "normal" if both else None, 0.5)
    words = "both servers serve" if both else "dhcp1 serves from its own half"
    return LockRequest(at, at, "ok" if both else "warning", words, (one, two), since)


def good() -> Record:
    """The secondary down for ten seconds, and everybody tells it as it was."""
    alone = [
        Reading(each.at, "communications-interrupted" if DOWN[0] <= each.at < DOWN[1] else "normal")
        for each in _readings(None)
    ]
    return Record(
        ticks=_ticks(DOWN, [Q]),
        newcomers=[Newcomer(float(at), True) for at in range(0, 40, 3)],
        readings={P: alone, Q: _readings(DOWN)},
        claims=[_claim(5, both=True, since=1), _claim(15, both=False), _claim(30, both=True, since=20.5)],
        stretches=[
            Stretch(0, 10, {P: True, Q: True}),
            Stretch(10, 20, {P: True, Q: False}),
            Stretch(20, 40, {P: True, Q: True}),
        ],
        window=(0, 40),
        served_seconds=40.0,
        moves=[Move(10.2, P, "communications-interrupted", "timeline"), Move(20.1, P, "normal", "timeline")],
    )


def test_what_is_right_passes() -> None:
    """No aspect finds anything."""
    assert judge(good()) == {}


def _with(claims: list[LockRequest] | None = None, **more: object) -> Record:
    record = good()
    if claims is not None:
        record.claims = claims
    for name, value in more.items():
        setattr(record, name, value)
    return record


def _first(claim: LockRequest, **more: object) -> LockRequest:
    return replace(claim, servers=(replace(claim.servers[0], **more), claim.servers[1]))  # type: ignore[arg-type]


NOBODY = _with(ticks=_ticks((10, 30), [P, Q]), stretches=[], moves=[], newcomers=[], readings={})
WRONG: list[tuple[str, Record]] = [
    ("serving", _with([_first(_claim(15, both=False), serves=False)])),
    ("serving", _with([replace(_claim(15, both=False), servers=_claim(15, both=True).servers[1:], level="warning")])),
    ("headline", _with([replace(_claim(15, both=False), headline="Both servers serve")])),
    ("headline", _with([replace(_claim(15, both=False), headline="nobody serves: both are down")])),
    ("fine", _with([replace(_claim(15, both=False), level="ok")])),
    ("fine", _with([_claim(30, both=True)], newcomers=[Newcomer(float(at), at < 15) for at in range(0, 40, 3)])),
    ("kept", _with([_claim(30, both=True)], newcomers=[Newcomer(float(at), True, at < 15) for at in range(0, 40, 3)])),
    ("silence", replace(NOBODY, claims=[LockRequest(25, 25, "warning", "dhcp1 is busy", ())])),
    ("state", _with([_first(_claim(5, both=True), state="recover")])),
    ("since", _with([_claim(30, both=True, since=1)])),
    ("report", _with(stretches=[Stretch(0, 40, {P: True, Q: True})])),
    ("report", _with(stretches=[Stretch(0, 40, {P: None, Q: False})])),
    ("report_sum", _with(served_seconds=60.0)),
    ("report_sum", _with(stretches=[Stretch(0, 5, {P: True, Q: True}), Stretch(10, 40, {P: True, Q: None})])),
    ("timeline", _with(moves=[Move(20.1, P, "normal", "timeline")])),
    ("invented", _with(moves=[*good().moves, Move(30, P, "partner-down", "timeline")])),
]


@pytest.mark.parametrize(
    ("aspect", "record"), WRONG, ids=[f"{name}-{number}" for number, (name, _) in enumerate(WRONG)]
)
def test_what_is_wrong_is_found(aspect: str, record: Record) -> None:
    """By its own aspect."""
    assert aspect in judge(record)


def test_every_aspect_can_fail() -> None:
    """None is without a record that it refuses."""
    assert {aspect for aspect, _ in WRONG} == set(ASPECTS)


def test_the_stated_age_excuses_and_no_more() -> None:
    """Right a moment ago by its own word, and wrong for longer than that."""
    told = _first(_claim(12, both=True), serves=True)
    young = replace(told, servers=(Said(Q, True, None, 0.5),), level="warning", headline="")
    old = replace(young, servers=(Said(Q, True, None, 2.5),))
    assert "serving" in judge(_with([young]))
    assert judge(_with([old])) == {}


def test_a_slow_machine_is_not_a_lie() -> None:
    """What this machine was late is added."""
    young = LockRequest(12, 12, "warning", "", (Said(Q, True, None, 0.5),))
    assert judge(_with([young], slack=1.5)) == {}


def test_not_known_is_no_lie() -> None:
    """It may be said at any time."""
    unknown = LockRequest(15, 15, "unknown", "not known", tuple(Said(role, None, None, 0.0) for role in Role))
    assert judge(_with([unknown], stretches=[Stretch(0, 40, {P: None, Q: None})])) == {}


def test_a_state_that_passes_at_once_is_seen_by_the_log_alone() -> None:
    """Conflict resolution takes milliseconds."""
    burst = [Move(30.0, P, "partner-down", "timeline"), Move(30.1, P, "normal", "timeline")]
    assert judge(_with(moves=[*good().moves, *burst])) == {}


def test_what_was_not_watched_is_not_judged() -> None:
    """At the edges of a record nobody looked."""
    assert judge(_with([LockRequest(39.9, 39.9, "warning", "", (Said(Q, False, None, 0.1),))])) == {}


def test_where_clients_were_not_watched_nothing_is_judged() -> None:
    """Ticks with late answers are left out: whoever speaks of that time is not held against what came after it."""
    record = good()
    late = replace(
        record, claims=[_claim(20.3, both=False)], ticks=[t for t in record.ticks if not 18.5 <= t.at < 20.0]
    )
    assert judge(late) == {}
    lied = replace(late, claims=[_claim(22.6, both=False)])
    assert "serving" in judge(lied)
