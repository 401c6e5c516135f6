"""Notes from many sources become one timeline."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.assess.history.timeline import (
    EventKind,
    Note,
    Source,
    from_audit,
    from_line,
    from_lines,
    from_record,
    from_status,
    merge,
)
from dhcptui.logs.clock_lines import doubts
from dhcptui.logs.lease_file import FailoverRecord
from dhcptui.logs.lines import parse
from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ClockOffset
from dhcptui.model.states import FailoverState
from dhcptui.ui.render.timeline import lines as lines_of
from dhcptui.watch.history import History
from tests.unit.making import live, status

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


def test_a_refusal_that_names_us_instead_of_another_is_ours() -> None:
    """Names that are crossed: the refusal stands in the log of the other relationship."""
    text = "Failover CONNECT from bar: remote failover relationship name foo does not match"
    (event,) = merge(notes(P, line(0, text)), {})
    assert (event.kind, event.text) == (EventKind.LINK, text)


def test_an_event_has_its_line_to_be_explained_by() -> None:
    """Read once, whoever wrote it."""
    relayed = parse(f"{T:.6f} dhcp1 sh[7]: Can't bind to dhcp address: Address already in use", T)
    start = line(60, "Server starting service.")
    events = merge(notes(P, relayed, start), {})
    assert [each.line for each in events] == [relayed, start]
    shown = lines_of(events, {P: "dhcp1", Q: "dhcp2"}, "foo", T + 61)
    assert ["UDP port 67" in shown[0].meaning, shown[1].meaning] == [True, "dhcpd has started"]


def test_other_relationships_and_client_lines_are_no_events() -> None:
    """A server can have several peers; a client can call itself anything."""
    lines = [
        line(0, "failover peer bar: I move from normal to partner-down"),
        line(1, "DHCPACK on 10.0.0.9 to 02:00:00:00:00:01 (failover peer foo: I move from normal to recover) via eth0"),
        line(2, "failover peer foo: peer moves from normal to normal"),
        line(3, "peer foo2: disconnected"),
        line(4, "Failover CONNECT to foo2 rejected: Connection rejected, time mismatch too great."),
        line(5, "failover: disconnect: time offset too large"),
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


def test_moves_of_one_second_stand_in_the_order_of_the_log() -> None:
    """A syslog file has whole seconds: what is told there comes in its order, whoever asks."""
    words = ["normal", "startup", "recover", "recover-wait", "recover-done", "normal", "communications-interrupted"]
    lines = [
        parse(f"Nov 22 11:33:05 dhcp1 dhcpd[26]: failover peer foo: I move from {old} to {new}", T)
        for old, new in pairwise(words)
    ]
    told = from_lines(P, lines, "foo")
    for notes_ in (told, told[::-1]):
        assert [event.to_state.word for event in merge(notes_, {}) if event.to_state] == words[1:]


def test_a_console_keeps_that_order_across_batches_and_the_past() -> None:
    """What is followed comes in batches, and what was before comes last."""
    words = ["normal", "startup", "recover", "recover-wait", "recover-done", "normal"]
    lines = [
        parse(f"Nov 22 11:33:05 dhcp1 dhcpd[26]: failover peer foo: I move from {old} to {new}", T)
        for old, new in pairwise(words)
    ]
    history = History("foo")
    for each in lines[2:]:
        history.logged(P, [each], T)
    history.recalled(from_lines(P, lines, "foo", -len(lines)))
    assert [event.to_state.word for event in history.events if event.to_state] == words[1:]


def test_lines_behind_a_change_of_clock_or_zone_are_marked() -> None:
    """The server's zone went from +02:00 to UTC: what was before stands two hours too late, or is not known to stand right."""
    lines = [move(7100, "normal", "startup"), move(7200, "startup", "normal"), line(30, "peer foo: disconnected")]
    assert [bool(each) for each in doubts([each.stamp for each in lines], T + 40)] == [True, True, False]
    history = History("foo")
    history.logged(P, lines[:2], T)
    assert [event.doubt for event in history.events] == ["", ""], "the server's clock is not known yet"
    history.logged(P, lines[2:], T)
    assert [(event.kind, bool(event.doubt)) for event in history.events] == [
        (EventKind.LINK, False), (EventKind.MOVE, True), (EventKind.MOVE, True),
    ]  # fmt: skip
    past = History("foo")
    past.logged(P, lines[2:], T)
    past.recalled(from_lines(P, lines, "foo", -len(lines)))
    assert [bool(event.doubt) for event in past.events] == [False, True, True]


def test_lines_ahead_of_their_servers_clock_are_marked() -> None:
    """Nothing can have been written in an hour from now; a server whose clock is an hour ahead writes so, and is right."""
    lines = [move(3600, "normal", "communications-interrupted")]
    for offset, ahead in ((0.0, True), (3600.0, False)):
        assert [bool(each) for each in doubts([each.stamp for each in lines], T + offset)] == [ahead]
        history = History("foo")
        history.looked(replace(live(P), clock=Seen(ClockOffset(offset, 0.0), 0.0)), T)
        history.logged(P, lines, T)
        assert [bool(event.doubt) for event in history.events if event.stamp == T + 3600] == [ahead]
