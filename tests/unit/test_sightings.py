"""What a console saw is kept, is read again by a later report, and is in nobody's way."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.act.audit import AuditError
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.engine.sightings import Sightings, of_role, recall, seen_path
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from tests.unit.making import NOW, down, live

P, Q = Role.PRIMARY, Role.SECONDARY
OFFICE = PairSettings("office", "foo", ServerSettings(P, "dhcp1", "10.0.0.10"), ServerSettings(Q, "dhcp2", "10.0.0.20"))
Told = list[tuple[float, float, bool | None, bool]]


def at(view: ServerView, after: float) -> ServerView:
    """The same, read `after` seconds later."""
    status = Seen(view.status.value, view.status.at + after) if view.status and view.omapi.ok else view.status
    process = Seen(view.process.value, view.process.at + after) if view.process else None
    return replace(view, status=status, process=process)


def looked(seen: Sightings, one: ServerView, two: ServerView, after: float) -> None:
    """A snapshot that came so long after NOW."""
    pair = PairSnapshot("office", "foo", at(one, after), at(two, after))
    seen.looked(pair, Moment(NOW.wall + after, NOW.mono + after))


def told(role: Role, settings: PairSettings = OFFICE, since: float = 0.0) -> Told:
    """(begin, end, serves, gone), in seconds from NOW."""
    return [
        (round(each.begin - NOW.wall, 1), round(each.end - NOW.wall, 1), each.serves, each.gone)
        for each in of_role(recall(settings, since), role)
    ]


def test_a_sighting_lasts_while_the_same_is_seen() -> None:
    """From the first look to the last that said so; between two sayings nothing is claimed."""
    seen = Sightings(OFFICE)
    for second in range(5):
        looked(seen, live(P), live(Q), second)
    for second in range(5, 9):
        looked(seen, live(P), down(Q), second)
    assert told(P) == [(-0.1, -0.1, True, False)], "what lasts is written once a minute"
    seen.close()
    assert told(P) == [(-0.1, 7.9, True, False)]
    assert told(Q) == [(-0.1, 3.9, True, False), (4.5, 7.5, False, True)]
    assert stat.S_IMODE(seen_path().stat().st_mode) == 0o600


def test_two_looks_far_apart_are_two_sightings() -> None:
    """A console that was held, or a machine that slept, saw nothing meanwhile."""
    seen = Sightings(OFFICE)
    looked(seen, live(P), live(Q), 0)
    looked(seen, live(P), live(Q), 3600)
    seen.close()
    assert told(P) == [(-0.1, -0.1, True, False), (3599.9, 3599.9, True, False)]


def test_a_console_that_dies_leaves_its_last_minute() -> None:
    """Once a minute it is written down how long it lasts."""
    seen = Sightings(OFFICE)
    for second in range(0, 125, 2):
        looked(seen, live(P), live(Q), second)
    ((begin, end, *_),) = told(P)
    assert begin == -0.1
    assert 119 <= end <= 124


def test_only_this_pairs_servers_count() -> None:
    """Another pair, another peer, another host of that name; torn and foreign lines are passed over."""
    seen = Sightings(OFFICE)
    looked(seen, live(P), live(Q), 0)
    seen.close()
    with seen_path().open("ab") as file:
        file.write(b'{"role": "primary", "begin": 1e999, "epoch": 5}\n[]\n7\n\xff\n{"role": "pri')
    assert len(told(P)) == 1
    assert told(P, replace(OFFICE, name="other")) == []
    assert told(P, replace(OFFICE, peer="bar")) == []
    assert told(P, replace(OFFICE, primary=replace(OFFICE.primary, host="10.9.9.9"))) == []
    assert told(P, since=NOW.wall + 1) == []


def test_a_disk_that_takes_nothing_is_in_nobodys_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The console goes on; the report is told why there is nothing."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    seen = Sightings(OFFICE)
    looked(seen, live(P), live(Q), 0)
    seen.close()
    with pytest.raises(AuditError, match=r"seen\.jsonl"):
        recall(OFFICE, 0.0)
