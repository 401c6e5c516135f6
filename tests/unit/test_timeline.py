"""Notes from many sources become one timeline, and both logs become the answer to who served when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.model.leasefile import FailoverRecord
from dhcptui.model.loglines import LogLine, parse
from dhcptui.model.serving import Span, serving_spans
from dhcptui.model.snapshot import Role
from dhcptui.model.states import FailoverState
from dhcptui.model.timeline import EventKind, Note, Source, from_audit, from_line, from_record, from_status, merge
from tests.unit.making import status

S, P, Q = FailoverState, Role.PRIMARY, Role.SECONDARY
T = 1_795_000_000.0


def line(after: float, text: str, pid: int = 26) -> LogLine:
    """One line of dhcpd's log, `after` seconds from T."""
    return parse(f"{T + after:.6f} dhcp1 dhcpd[{pid}]: {text}", T)


def move(after: float, old: str, new: str, who: str = "I move", pid: int = 26) -> LogLine:
    """A transition."""
    return line(after, f"failover peer foo: {who} from {old} to {new}", pid)


def notes(role: Role, *lines: LogLine) -> list[Note]:
    """Their notes."""
    return [note for each in lines if (note := from_line(role, each, "foo"))]


def record(state: FailoverState, at: float, mclt: int | None = None) -> FailoverRecord:
    """A failover record; the lease file has whole seconds."""
    return FailoverRecord(state, float(int(at)), S.NORMAL, float(int(at)), mclt)


def test_one_transition_told_by_four_sources_is_one_event() -> None:
    """Own log, partner's log, lease file and OMAPI; the time is that of the own log."""
    seen = [
        *notes(P, move(0.75, "normal", "communications-interrupted")),
        *notes(Q, move(0.80, "normal", "communications-interrupted", "peer moves")),
        *from_record(P, record(S.COMMUNICATIONS_INTERRUPTED, T)),
        from_status(P, status(P, S.COMMUNICATIONS_INTERRUPTED, stos=int(T)), T + 9),
    ]
    for order in (seen, seen[::-1]):
        (event,) = merge(order, {})
        assert event.sources == (Source.LOG, Source.PARTNER_LOG, Source.LEASE_FILE, Source.OMAPI)
        assert (event.stamp, event.role, event.from_state) == (T + 0.75, P, S.NORMAL)


def test_two_transitions_in_one_second_stay_two() -> None:
    """The same log twice is one; the same state reached twice is two."""
    lines = [move(0.1, "normal", "communications-interrupted"), move(0.5, "communications-interrupted", "normal")]
    lines += [move(0.9, "normal", "communications-interrupted")]
    assert len(merge([*notes(P, *lines), *notes(P, *lines)], {})) == 3


def test_clock_offsets_bring_both_logs_onto_one_clock() -> None:
    """The secondary's clock is 40 s ahead: what it heard is still the primary's own move."""
    seen = [
        *notes(P, move(0, "normal", "shutdown")),
        *notes(Q, move(40.01, "normal", "shutdown", "peer moves"), move(40.02, "normal", "partner-down")),
    ]
    one, two = merge(seen, {Q: 40.0})
    assert one.sources == (Source.LOG, Source.PARTNER_LOG)
    assert two.at == pytest.approx(T + 0.02)
    assert two.stamp == T + 40.02


def test_what_a_returning_server_hears_late_is_no_new_event() -> None:
    """After the link is back the partner tells the state it has been in for minutes."""
    seen = [
        *notes(P, move(0, "normal", "communications-interrupted"), move(300.1, "communications-interrupted", "normal")),
        *notes(Q, move(300, "normal", "communications-interrupted", "peer moves")),
    ]
    first, second = merge(seen, {})
    assert (first.at, first.sources) == (T, (Source.LOG, Source.PARTNER_LOG))
    assert second.to_state is S.NORMAL


def test_without_its_log_a_server_is_known_by_its_partner() -> None:
    """The partner's word is taken where there is no other."""
    (event,) = merge(notes(P, move(0, "normal", "recover", "peer moves")), {})
    assert (event.role, event.sources, event.teller) == (Q, (Source.PARTNER_LOG,), P)


def test_backdated_recover_is_the_move_of_the_log() -> None:
    """Leaving shutdown dhcpd writes recover with a time mclt in the past."""
    seen = [*notes(P, move(0, "shutdown", "recover")), *from_record(P, record(S.RECOVER, T - 60), 60)]
    seen += [from_status(P, status(P, S.RECOVER, stos=int(T) - 60, mclt=60), T + 1)]
    (event,) = merge(seen, {})
    assert event.at == T
    (only,) = merge(seen[1:2], {})
    assert not only.exact


def test_startup_and_recover_wait_have_the_time_of_the_look() -> None:
    """Their local-stos is that of the state before."""
    note = from_status(P, status(P, S.RECOVER_WAIT, stos=int(T) - 500), T + 3)
    assert (note.stamp, note.exact) == (T + 3, False)
    (event,) = merge([note, *notes(P, move(0, "recover", "recover-wait"))], {})
    assert (event.at, event.exact) == (T, True)
    assert from_record(P, record(S.RECOVER_WAIT, T)) == ()


def test_refused_connections_are_folded() -> None:
    """A refusal every 5 s is one event with a count."""
    text = "Failover CONNECT to foo rejected: Connection rejected, time mismatch too great."
    (event,) = merge(notes(P, *(line(5.0 * n, text) for n in range(100))), {})
    assert (event.kind, event.count, event.at, event.until) == (EventKind.LINK, 100, T, T + 495)


def test_other_relationships_and_client_lines_are_no_events() -> None:
    """A server can have several peers; a client can call itself anything."""
    lines = [
        line(0, "failover peer bar: I move from normal to partner-down"),
        line(1, "DHCPACK on 10.0.0.9 to 02:00:00:00:00:01 (failover peer foo: I move from normal to recover) via eth0"),
        line(2, "failover peer foo: peer moves from normal to normal"),
    ]
    assert notes(P, *lines) == []


def test_actions_stand_between_what_they_did() -> None:
    """Begin and end of a run, with who; its steps are not in the timeline."""

    def entry(event: AuditEvent, at: float, text: str) -> AuditEntry:
        return AuditEntry(T + at, "r1", event, "office", "partner-down", 0, 1, "dhcp1", text)

    entries = [
        entry(AuditEvent.BEGIN, -1, "declare"),
        entry(AuditEvent.INTENT, -0.5, "set"),
        entry(AuditEvent.END, 1, "ok"),
    ]
    told = [note for each in entries if (note := from_audit(each, {"dhcp1": P}, "alice"))]
    events = merge([*told, *notes(P, move(0, "communications-interrupted", "partner-down"))], {})
    assert [event.kind for event in events] == [EventKind.ACTION, EventKind.MOVE, EventKind.ACTION]
    assert events[0].text == "partner-down begun by alice: declare"


@given(st.lists(st.tuples(st.sampled_from(list(Role)), st.floats(0, 100), st.sampled_from(list(S)), st.booleans())))
def test_no_note_of_a_servers_own_log_is_lost(seen: list[tuple[Role, float, FailoverState, bool]]) -> None:
    """Whatever else is told, each own transition is one event, in order."""
    made = [
        note
        for role, after, state, own in seen
        for note in notes(role, move(after, "paused", state.word, "I move" if own else "peer moves"))
    ]
    events = merge(made, {Q: 7.0})
    own_notes = {note for note in made if note.source is Source.LOG}
    assert sum(1 for event in events if Source.LOG in event.sources) == len(own_notes)
    assert [event.at for event in events] == sorted(event.at for event in events)


# -- who served ------------------------------------------------------------------------------------------------------


def spans(
    one: Sequence[LogLine], two: Sequence[LogLine], end: float, present: Mapping[Role, bool | None]
) -> list[tuple[float, float, bool | None, bool | None]]:
    """(begin, end, primary, secondary), in seconds from T."""
    found = serving_spans({P: one, Q: two}, "foo", offsets={}, begin=T, end=T + end, present=present)
    assert found[0].begin == T
    assert found[-1].end == T + end
    assert all(a.end == b.begin for a, b in pairwise(found))
    return [(round(x.begin - T, 3), round(x.end - T, 3), x.primary, x.secondary) for x in found]


BOTH = {P: True, Q: True}


def test_a_quiet_time_is_as_it_is_now() -> None:
    """Logs without a change tell that nothing changed."""
    assert spans([], [], 100, BOTH) == [(0, 100, True, True)]
    assert spans([], [], 100, {P: True, Q: None}) == [(0, 100, True, None)]


def test_a_killed_server_is_dead_from_where_its_partner_noted_it() -> None:
    """Killed at 10, started at 60, normal at 62."""
    one = [
        line(-5, "failover peer foo: Both servers normal"),
        line(10, "peer foo: disconnected"),
        move(10, "normal", "communications-interrupted"),
        move(62, "communications-interrupted", "normal"),
    ]
    two = [
        move(-9, "recover-done", "normal", pid=30),
        move(60, "normal", "startup", pid=31),
        move(62, "startup", "normal", pid=31),
    ]
    assert spans(one, two, 100, BOTH) == [(0, 10, True, True), (10, 62, True, False), (62, 100, True, True)]


def test_a_killed_server_nobody_missed() -> None:
    """No word of the loss anywhere: between its last line and its next start nothing is known."""
    two = [
        move(-9, "recover-done", "normal", pid=30),
        line(20, "Wrote 9 leases to leases file.", 30),
        move(60, "normal", "startup", pid=31),
        move(62, "startup", "normal", pid=31),
    ]
    assert spans([], two, 100, BOTH) == [
        (0, 20, True, True), (20, 60, True, None), (60, 62, True, False), (62, 100, True, True),
    ]  # fmt: skip


def test_it_is_down_now() -> None:
    """The end of the log is not the end of the story: the process is gone."""
    two = [move(-9, "recover-done", "normal", pid=30)]
    one = [line(-20, "failover peer foo: Both servers normal"), line(40, "peer foo: disconnected")]
    assert spans(one, two, 100, {P: True, Q: False}) == [(0, 40, True, True), (40, 100, True, False)]


def test_recorded_partner_down_silences() -> None:
    """Drained, then the partner dies: partner-down on both sides of its own record serves nobody."""
    one = [
        move(-5, "recover-done", "normal"),
        move(-4, "recover-done", "normal", "peer moves"),
        move(10, "normal", "shutdown"),
        move(10, "normal", "partner-down", "peer moves"),
        move(50, "shutdown", "partner-down"),
    ]
    assert spans(one, [], 100, {P: False, Q: False})[-1] == (10, 100, False, False)


def test_a_configuration_test_is_not_the_server() -> None:
    """`dhcpd -t` writes into the same log with a pid of its own."""
    one = [move(-9, "recover-done", "normal", pid=30), line(30, "exiting.", 99), line(31, "DHCPACK", 30)]
    assert spans(one, [], 100, BOTH) == [(0, 100, True, True)]


def test_words_of_a_span() -> None:
    """A missing answer decides nothing."""
    words = {
        Span(0, 1, *each).word for each in ((True, True), (True, False), (False, False), (True, None), (None, False))
    }
    assert words == {"both", "one", "nobody", "unknown"}
    assert Span(0, 1, True, None).word == "unknown"
