"""The timeline as lines of a log: what happened to which server, how long after what came before, who told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from dhcptui.assess.history.timeline import Event, EventKind, Source
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.explanation import explain
from dhcptui.logs.lexicon import TARGET_INCIDENT
from dhcptui.model.log_line import LineKind, LogLine, Mover, Transition
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.model.words import clock, day_clock, joined, span

OFF_SECONDS = 1.0
"""From this offset on the time of the server's own log is told too."""
GAP = len("+12d 04h")
NOBODY = "pair"
_KINDS = {
    EventKind.START: LineKind.STATE,
    EventKind.LINK: LineKind.ROUTINE,
    EventKind.END: LineKind.ERROR,
    EventKind.FAILED: LineKind.WARNING,
    EventKind.ACTION: LineKind.LINK,
}
_WEIGHTS = {Weight.WARNING: LineKind.WARNING, Weight.CRITICAL: LineKind.ERROR}
_ACTION = "an operator ran this from a dhcptui on this machine; the command log has every step of this console"


def gap(seconds: float) -> str:
    """How long after the event before it: "+0.4 s", "+44 s", "+12 min", "+3d 04h"; at most eight cells."""
    if seconds < 10:
        return f"+{max(0.0, seconds):.1f} s"
    return f"+{int(seconds)} s" if seconds < 120 else f"+{span(seconds, '')}"


def known(events: Sequence[Event], now: float, unread: Sequence[str] = ()) -> tuple[str, str]:
    """How far back the timeline goes, and from which sources it knows. `unread`: servers whose log is not read now."""
    sources = {source for event in events for source in event.sources}
    words = ", ".join(source.value for source in Source if source in sources)
    parts = [f"known from: {words}"] if words else []
    parts += [f"not read: the log of {joined(unread)}"] if unread else []
    return f"timeline since {day_clock(events[0].at, now)}" if events else "timeline", "; ".join(parts)


def lines(events: Sequence[Event], names: Mapping[Role, str], peer: str, now: float) -> list[LogLine]:
    """A line per event, oldest first, and one where another day begins. `now`: epoch seconds of the console."""
    width = max((len(name) for name in (*names.values(), NOBODY)), default=0)
    shown: list[LogLine] = []
    day = _day(now) if events and _day(events[0].at) == _day(now) else ""
    before: float | None = None
    moved: dict[Role | None, Event] = {}
    for event in events:
        if (today := _day(event.at)) != day:
            shown.append(_new_day(event.at))
            day = today
        name = names.get(event.role, NOBODY) if event.role else NOBODY
        words = [
            (gap(event.at - before) if before is not None else "").rjust(GAP),
            name.ljust(width),
            _what(event, moved.get(event.role) if event.kind is EventKind.MOVE else None),
        ]
        before = event.at
        if event.kind is EventKind.MOVE:
            moved[event.role] = event
        # Most stamps are whole seconds: a few hundredths of offset must not show them a second earlier.
        at = event.at if _off(event) else event.stamp
        shown.append(_judged(event, peer)._replace(stamp=event.at, clock=clock(at), text=" ".join(words), server=name))
    return shown


def _what(event: Event, before: Event | None) -> str:
    """The event in words, with what can be said of its time and its source."""
    more = []
    state = before.to_state if before is not None and before.at < event.at else None
    if before is not None and state is not None and event.from_state in {None, state}:
        more.append(f"after {_lasted(event.at - before.at)} in {state.word}")
    if event.count > 1:
        more.append(f"{event.count} times" + (f" until {clock(event.until)}" if event.until is not None else ""))
    if not event.exact:
        more.append("seen then; it may have begun earlier")
    if event.doubt:
        more.append(event.doubt)
    if _off(event):
        more.append(f"by the server's clock {clock(event.stamp)}")
    more.append("from " + ", ".join(source.value for source in event.sources))
    return f"{event.words} ({'; '.join(more)})"


def _off(event: Event) -> bool:
    """Whether the clock of the server that told it is too far off to be shown as it is."""
    return abs(event.stamp - event.at) >= OFF_SECONDS


def _lasted(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 120 else span(seconds)


def _judged(event: Event, peer: str) -> LogLine:
    """A line that can be explained like one of a log."""
    if event.kind is EventKind.MOVE and event.to_state is not None:
        return _move(event, event.to_state, peer)
    if event.kind is EventKind.ACTION:
        return LogLine(None, "", "", None, LineKind.LINK, None, _ACTION)
    kind = _KINDS.get(event.kind, LineKind.STATE)
    return event.line._replace(kind=kind, pid=None, fold_key=None) if event.line else LogLine(None, "", "", None, kind)


def _move(event: Event, state: FailoverState, peer: str) -> LogLine:
    move = Transition(Mover.ME, peer, event.from_state or FailoverState.UNKNOWN, state)
    line = LogLine(None, "", "", None, LineKind.STATE, TARGET_INCIDENT.get(state), "", move)
    weight = explain(line).weight
    return line._replace(kind=_WEIGHTS.get(weight, LineKind.STATE) if weight else LineKind.STATE)


def _new_day(at: float) -> LogLine:
    when = datetime.fromtimestamp(at, UTC)
    words = f"what stands below happened on {when:%-d %b %Y} (UTC)"
    return LogLine(at, f"{when:%-d %b}".ljust(len("HH:MM:SS")), "", None, LineKind.OTHER, None, words)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
