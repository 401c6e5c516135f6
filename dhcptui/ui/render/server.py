"""One server's panel, row by row: what it says of itself, what it saw of its partner, how we reach it, its pools."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap

from textual.content import Content

from dhcptui.assess.loading import loading, loading_words
from dhcptui.assess.since import state_since
from dhcptui.assess.timesync import ClockLevel, level_of
from dhcptui.assess.visibility import ServerAssessment, Visibility, unread
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import Channel, Link, ServerView
from dhcptui.model.states import FailoverState, Severity
from dhcptui.model.words import age, day_clock, span
from dhcptui.ui.forecast_cache import Prospects
from dhcptui.ui.hysteresis import Hysteresis, Middle, duration, milliseconds
from dhcptui.ui.line import Line, line, say
from dhcptui.ui.render.network import CLOCK_STYLES, signed
from dhcptui.ui.render.pools import pool_rows
from dhcptui.ui.style import (
    ACCENT,
    CRITICAL,
    GOOD,
    MUTED,
    PLAIN,
    SEVERITY_STYLES,
    WARNING,
    Glyphs,
    Part,
    text,
)

_S = FailoverState
_SINCE_WIDTH = 26
_FAR = {ClockLevel.CRITICAL, ClockLevel.REFUSED}


@dataclass(slots=True)
class Memory:
    """Numbers of one panel that hold still between frames."""

    round_trips: Middle = field(default_factory=Middle)
    round_trip: Hysteresis = field(default_factory=lambda: Hysteresis(times=3.0))
    clock: Hysteresis = field(default_factory=lambda: Hysteresis(by=0.08))


def caption(view: ServerView, glyphs: Glyphs) -> Content:
    """The panel's title."""
    return text((view.name, "bold"), (f" {glyphs.dot} {view.role.value} {glyphs.dot} {view.host}", MUTED))


def severity(me: ServerAssessment) -> Severity:
    """How much this server deserves the eye."""
    if me.silenced:
        return Severity.CRITICAL
    if me.state is not None:
        return me.state.info.severity
    return Severity.NOTICE if me.visibility is Visibility.UNSEEN else Severity.CRITICAL


def panel(
    me: ServerAssessment,
    partner: ServerAssessment,
    now: Moment,
    memory: Memory,
    glyphs: Glyphs,
    *,
    rows: int,
    width: int,
    compact: bool,
    prospects: Prospects,
) -> list[Line]:
    """Exactly `rows` lines."""
    head = [
        _state(me, now, glyphs),
        _partner(me, partner, now, glyphs, compact=compact),
        _links(me, memory, glyphs, compact=compact),
    ]
    troubles = _troubles(me.view, width, advise=not compact)
    clock = _clock(me, partner, memory, glyphs)

    def pools(room: int) -> list[Line]:
        return pool_rows(me, partner, prospects, now, glyphs=glyphs, rows=room)

    if compact:
        far = [clock] if clock_level(me.view, partner.view) in _FAR else []
        return _filled(head, troubles or far or pools(1) or [clock], rows)
    if not (troubles and me.view.clock is None):  # never read: the reason needs the room more
        head.append(clock)
    return _filled(head, [*troubles, *pools(rows - len(head) - len(troubles))], rows)


def _filled(head: list[Line], tail: list[Line], rows: int) -> list[Line]:
    return [*head, *tail, *[say("")] * rows][:rows]


def _state(me: ServerAssessment, now: Moment, glyphs: Glyphs) -> Line:
    style = f"bold {SEVERITY_STYLES[severity(me)]}"
    if me.state is None:
        return _absent(me, style, glyphs)
    word = me.state.word
    words = text((f"{glyphs.state(me.state)} {word}", style))
    if me.silenced:
        return line(
            text(words, (", but answers nobody", style)), text((f"{glyphs.bad} answers nobody ({word})", style))
        )
    status = me.status
    if status is None or me.state in {_S.STARTUP, _S.RECOVER_WAIT}:  # dhcpd does not stamp these two
        return line(words)
    here, at = me.view.server_time(now), state_since(me)
    if at is None:  # its clock was set back
        return line((words, text(("since not known".ljust(_SINCE_WIDTH), MUTED))), words)
    long = f"{span(here - at)}"
    since = f"since {day_clock(at, here)}, {long}"
    return line(
        (words, text((since.ljust(_SINCE_WIDTH), MUTED))),
        (words, text((since, MUTED))),
        (words, text((long, MUTED))),
        words,
    )


def _absent(me: ServerAssessment, style: str, glyphs: Glyphs) -> Line:
    """The state row of a server that does not tell its state now."""
    process = me.view.process
    match me.visibility:
        case Visibility.DOWN:
            return line(text((f"{glyphs.bad} dhcpd not running", style)))
        case Visibility.UNREACHABLE:
            return line(text((f"{glyphs.bad} unreachable", style)))
        case Visibility.UNSEEN:
            return line(text((f"{glyphs.wait} contacting", style)))
    if process and process.value.stopped:
        return line(text((f"{glyphs.unknown} dhcpd is stopped (suspended)", style)))
    if loading(me):
        long, short = f"reads its lease file, {loading_words(me)}", "reads its leases"
        return line(text((f"{glyphs.wait} dhcpd {long}", style)), text((f"{glyphs.wait} {short}", style)))
    if process and process.value.running and me.view.omapi.link is Link.FAILED:
        return line(
            text((f"{glyphs.unknown} dhcpd runs, but OMAPI does not answer", style)),
            text((f"{glyphs.unknown} runs, no OMAPI", style)),
        )
    silent_for = f" for {age(me.age_seconds)}" if me.age_seconds is not None else ""
    return line(text((f"{glyphs.unknown} no answer{silent_for}", style)))


def _partner(me: ServerAssessment, partner: ServerAssessment, now: Moment, glyphs: Glyphs, *, compact: bool) -> Line:
    status = me.status
    if not me.live and (past := _recorded(me, now)):
        return past
    if status is None:
        return say(("state never read", MUTED))
    seen = status.partner_state.word
    if not me.live:
        old = f"was {status.local_state.word}, read {age(me.age_seconds or 0)} ago"
        return line(
            text((f"{old}; saw partner as {seen}", MUTED)),
            text((old, MUTED)),
            text((f"was {status.local_state.word} {age(me.age_seconds or 0)} ago", MUTED)),
        )
    if contradicted(me, partner) and partner.state:
        name, word = partner.view.name, partner.state.word
        return line(
            text(("partner seen as ", MUTED), seen, (f"  {glyphs.bad} but {name} says {word}", WARNING)),
            text(("sees ", MUTED), seen, (f" {glyphs.bad} {name} says {word}", WARNING)),
            text(("sees ", MUTED), seen, (f" {glyphs.bad} says {word}", WARNING)),
        )
    if gone := _not_there(me, partner):
        return line(
            text(("partner seen as ", MUTED), seen, (f"  {glyphs.bad} but {partner.view.name}: {gone}", WARNING)),
            text(("sees ", MUTED), seen, (f" {glyphs.bad} {gone}", WARNING)),
            text(("sees ", MUTED), seen, (f" {glyphs.bad}", WARNING)),
        )
    style = PLAIN if status.partner_state is _S.NORMAL else SEVERITY_STYLES[status.partner_state.info.severity]
    words = text(("partner seen as ", MUTED), (seen, style))
    if compact:
        return line((words, _unacked(status, me.live)), words, text(("sees ", MUTED), (seen, style)))
    here = me.view.server_time(now)
    since = text((f"since {day_clock(status.partner_stos, here)}".ljust(_SINCE_WIDTH), MUTED))
    return line((words, since), words) if status.partner_stos else line(words)


def _not_there(me: ServerAssessment, partner: ServerAssessment) -> str:
    """Why what this server recorded of its partner is the past: it reads a running state of a dhcpd that does not run."""
    status = me.status
    if status is None or not me.live or partner.visibility is not Visibility.DOWN:
        return ""
    return partner.visibility.value if status.partner_state in _RUNS else ""


def _recorded(me: ServerAssessment, now: Moment) -> Line | None:
    """What a server that tells no state has written down, where that is newer than what was read of it."""
    seen = me.view.recorded
    if seen is None:
        return None
    found, here = seen.value, me.view.server_time(now)
    if me.age_seconds is not None and (found.written is None or here - found.written > me.age_seconds):
        return None
    old = f", {span(here - found.written)} ago" if found.written is not None else ""
    sentence = f"was {found.state.word} ({found.source}{old})"
    partner = f"; saw partner as {found.partner_state.word}" if found.partner_state else ""
    return line(
        text((sentence + partner, MUTED)), text((sentence, MUTED)), text((f"was {found.state.word}{old}", MUTED))
    )


_RUNS = frozenset({_S.NORMAL, _S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN})
"""What a partner is recorded as while it serves; of one that ended cleanly the record says shutdown."""


def contradicted(me: ServerAssessment, partner: ServerAssessment) -> bool:
    """Whether what this server recorded of its partner differs from what the partner says of itself now.

    Startup is left out: a starting dhcpd never tells its partner.
    """
    return bool(
        me.live
        and me.status
        and partner.state not in {None, _S.STARTUP}
        and me.status.partner_state is not partner.state
    )


def _links(me: ServerAssessment, memory: Memory, glyphs: Glyphs, *, compact: bool) -> Line:
    view = me.view
    parts: list[Part] = []
    trip = view.omapi.round_trip_seconds
    speed = milliseconds(memory.round_trip(memory.round_trips(trip))) if view.omapi.ok and trip is not None else "ok"
    host = view.host_word, view.ssh, "local" if view.local else "ok"
    for word, channel, fine in (("omapi", view.omapi, speed), host, ("log", view.log, "live")):
        alone = channel.ok and word == fine  # "local": one word for what is always so
        parts += [*(() if alone else ((f"{word} ", MUTED),)), _channel(channel, fine, glyphs), "  "]
    left = text(*parts[:-1])
    if compact or not me.status:
        return line(left)
    return line(
        (left, _unacked(me.status, me.live).pad_right(_SINCE_WIDTH - 13)), (left, _unacked(me.status, me.live)), left
    )


def _unacked(status: FailoverStatus, live: bool) -> Content:
    count, limit = status.unacked_updates, status.max_unacked_updates
    style = MUTED if not live else WARNING if limit and count >= limit else PLAIN
    return text(("unacked ", MUTED), (f"{count}/{limit}".ljust(5), style))


def _channel(channel: Channel, fine: str, glyphs: Glyphs) -> Content:
    match channel.link:
        case Link.OK:
            return text((fine, GOOD if fine in {"ok", "live", "local"} else PLAIN))
        case Link.CONNECTING:
            return text((glyphs.wait.ljust(2), ACCENT))
        case Link.FAILED:
            return text((glyphs.bad.ljust(2), CRITICAL))
    return text(("off", MUTED))


def clock_level(me: ServerView, partner: ServerView) -> ClockLevel:
    """How much this server's clock deserves the eye: of two that are apart, the one farther from the console's."""
    if me.clock is None:
        return ClockLevel.UNKNOWN
    own = me.clock.value.seconds
    alone = ClockLevel.OK if level_of(own) is ClockLevel.OK else ClockLevel.WARNING
    if partner.clock is None:
        return level_of(own)
    theirs = partner.clock.value.seconds
    between = level_of(own - theirs)
    return alone if between is ClockLevel.OK or abs(own) < abs(theirs) else between


def _clock(me: ServerAssessment, partner: ServerAssessment, memory: Memory, glyphs: Glyphs) -> Line:
    level = clock_level(me.view, partner.view)
    if (old := _old_clock(me, memory)) is not None:
        return old
    if me.view.clock is None:
        left = text(("clock ", MUTED), ("cannot be read" if me.view.clock_note else "not read yet", MUTED))
        row = left
    else:
        offset = signed(memory.clock(me.view.clock.value.seconds))
        style = PLAIN if level is ClockLevel.OK else CLOCK_STYLES[level]
        mark = {ClockLevel.WARNING: f" {glyphs.warn}"}.get(level, f" {glyphs.bad}" if level in _FAR else "")
        words = {
            ClockLevel.CRITICAL: f" far from {partner.view.name}'s",
            ClockLevel.REFUSED: " above 60 s: dhcpd will refuse the link",
        }.get(level, "")
        left = text(("clock ", MUTED), (offset + mark, style))
        row = text(left, (words, style))
    mclt = me.status.mclt_seconds if me.status else 0
    right = text(("mclt ", MUTED), (duration(mclt).ljust(_SINCE_WIDTH - 5), PLAIN if me.live else MUTED))
    return (
        line((row, right), row, (left, right), left)
        if mclt and level in _FAR
        else (line((left, right), left) if mclt else line(row, left))
    )


def _old_clock(me: ServerAssessment, memory: Memory) -> Line | None:
    """The offset of a server that cannot be reached any more: it was read then, and looks like that."""
    seen = me.view.clock
    if seen is None or me.view.ssh.link is not Link.FAILED:
        return None
    offset = signed(memory.clock(seen.value.seconds))
    return line(
        text(("clock ", MUTED), (f"was {offset}, not read since the way to it failed", MUTED)),
        text(("clock ", MUTED), (f"was {offset}", MUTED)),
    )


def _troubles(view: ServerView, width: int, *, advise: bool) -> list[Line]:
    """Why a way to the server does not work, and what to do; wrapped, unless there is but one row."""
    found: list[Line] = []
    ways = [
        (word, channel.detail, channel.advice)
        for word, channel in ((view.host_word, view.ssh), ("omapi", view.omapi), ("log", view.log))
        if channel.link is Link.FAILED and channel.detail
    ]
    for word, detail, remedy in (*ways, *((word, reason, "") for word, reason in unread(view))):
        indent = len(word) + 2
        details = (wrap(detail, max(16, width - indent)) if advise else []) or [detail]
        advice = wrap(remedy, max(16, width - indent)) if advise else []
        found.append(say((f"{word}: ", MUTED), (details[0], WARNING)))
        found += [say((" " * indent + more, WARNING)) for more in details[1:]]
        found += [say((" " * indent + more, MUTED)) for more in advice]
    return found
