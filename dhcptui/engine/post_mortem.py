"""Gather an incident: both logs, both lease files, the audit log, and one look at the pair. No console needs to run."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from dhcptui.act.audit import AuditError, AuditLog, hide, known_secrets
from dhcptui.act.interrupted_runs import recent_records
from dhcptui.assess.history.post_mortem import (
    Act,
    ActionRun,
    Incident,
    PoolLow,
    ServerPart,
    coverage,
    lowest,
    relevant_rows,
)
from dhcptui.assess.history.service import SILENCE_SECONDS, Present, Sighting, Witnesses, serving_spans
from dhcptui.assess.history.timeline import Event, Note, Source, from_audit, from_lines, from_record, merge
from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.config.loading import PairSettings
from dhcptui.engine.read_once import looking
from dhcptui.engine.sightings import of_role, recall
from dhcptui.engine.status_report import recorded_words
from dhcptui.logs.clock_lines import doubts
from dhcptui.logs.lease_file import FailoverRecord
from dhcptui.logs.lines import parse_lines
from dhcptui.logs.zone import UTC_ZONE, zone_of
from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.words import span
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.lease_records import failover_records, log_before
from dhcptui.servers.ssh.tail import LogSource
from dhcptui.watch.clocks import moment
from dhcptui.watch.history import STEADY_SECONDS
from dhcptui.watch.machine import Machines
from dhcptui.watch.pair import PairEngine

LOOK_SECONDS = 8.0
LOG_LINES = 20_000
"""Lines of one log, client traffic left out."""
_LIMITS = (
    "A server that is killed writes no last word: from its last sign of life to its next start it is down where its"
    " partner, or a console, saw that, and not known where nobody did.",
    "Serving means: its state lets it answer. Whether clients could reach it is not in any log.",
    "Clock offsets are those of now; a clock that was set meanwhile makes older times differ.",
    "The audit log is that of this machine; what was done from elsewhere is not in it.",
)


@dataclass(slots=True)
class _Past:
    """What one server had written down."""

    lines: Sequence[LogLine] = ()
    doubts: Sequence[str] = ()
    """For each line why its time is not to be relied on; empty: it is."""
    unread: str = "it was not read"
    """Why nothing is known from its log; empty: it was read."""
    records: tuple[FailoverRecord, ...] = ()
    notes: tuple[str, ...] = ()


async def investigate(
    settings: PairSettings,
    since: float,
    log: AuditLog | None = None,
    seconds: float = LOOK_SECONDS,
    machines: Machines | None = None,
) -> Incident:
    """The incident since `since` (epoch seconds), looked at for `seconds` at most. What cannot be read is in its notes."""
    async with looking(settings, seconds, machines) as engine:
        pasts = dict(zip(Role, await asyncio.gather(*(_past(engine, role, since) for role in Role)), strict=True))
        return _build(settings, engine.snapshot, moment(), since, pasts, log=log or AuditLog())


async def _past(engine: PairEngine, role: Role, since: float) -> _Past:
    watcher, past = engine.watchers[role], _Past()
    name, secrets = watcher.settings.name, known_secrets(engine.settings)
    try:
        answer = await watcher.quick(commands.time_zone())
        zone = zone_of(answer.stdout.decode("ascii", "replace").splitlines(), time.time())
        if zone is None and watcher.settings.log.startswith("file:"):
            past.notes += (
                f"{name}: `date` there tells no offset from UTC: log times that carry none are read as UTC.",
            )
        raw = await log_before(watcher.session, LogSource.parse(watcher.settings.log), since - 86400, LOG_LINES)
        now = time.time()
        _take_log(past, name, [_hidden(line, secrets) for line in parse_lines(raw, now, zone or UTC_ZONE)])
    except RemoteError as error:
        past.unread = clean(f"{error}", 400)
    try:
        past.records = await failover_records(watcher.session, watcher.settings.leases, engine.settings.peer)
    except RemoteError as error:
        past.notes += (clean(f"{name}: the lease file could not be read: {error}", 400),)
    return past


def _take_log(past: _Past, name: str, lines: Sequence[LogLine]) -> None:
    """The lines of a log, unless nothing can be known from them."""
    notable = [line for line in lines if line.stamp is not None and line.kind is not LineKind.OTHER]
    mute = sum(1 for line in lines if line.stamp is None and line.text.strip())
    past.unread = (
        "" if notable else "no line of dhcpd with a time this console can read is in it" if lines else "it is empty"
    )
    past.lines = lines if notable else ()
    if notable and mute:
        past.notes += (
            f"{name}: {mute} line{'' if mute == 1 else 's'} of its log cannot be read: what they tell is not known.",
        )


def _hidden(line: LogLine, secrets: Sequence[str]) -> LogLine:
    """dhcpd quotes a line of its configuration that it does not like."""
    text = hide(line.text, secrets)
    return line if text == line.text else line._replace(text=text, fold_key=None)


def _build(
    settings: PairSettings, seen: PairSnapshot, now: Moment, since: float, pasts: dict[Role, _Past], *, log: AuditLog
) -> Incident:
    verdict = derive(seen, now)
    offsets = {view.role: view.clock.value.seconds for view in seen.servers if view.clock}
    for role, past in pasts.items():
        view = seen[role]
        past.doubts = doubts([line.stamp for line in past.lines], view.server_time(now) if view.clock else None)
    notes = [note for role, past in pasts.items() for note in (*past.notes, *_clock_notes(settings[role].name, past))]
    entries: list[tuple[AuditEntry, str]] = []
    names = {settings[role].name: role for role in Role}
    try:
        entries = recent_records(log, settings.name, since)
    except AuditError as error:
        notes.append(clean(str(error), 300))
    events = [note for entry, who in entries if (note := from_audit(entry, names, who))]
    for role, past in pasts.items():
        events += _told_by(role, past, settings.peer, _mclt(seen))
    one, two = (_part(verdict[role], pasts[role], since, now) for role in Role)
    parts = (one, two)
    sightings: tuple[Sighting, ...] = ()
    try:
        sightings = recall(settings, since)
    except AuditError as error:
        notes.append(clean(str(error), 300))
    spans = serving_spans(
        {role: _witnesses(verdict[role], pasts[role], of_role(sightings, role), now) for role in Role},
        settings.peer,
        begin=since,
        end=now.wall,
    )
    notes += _seen_notes(settings, sightings, since, now)
    return Incident(
        settings.name,
        settings.peer,
        since,
        now.wall,
        verdict.level.value,
        verdict.headline,
        verdict.advice_in_commands(settings.name),
        parts,
        tuple(event for event in merge(events, offsets, partial(_doubt, pasts)) if _ends_since(event, since)),
        _actions(entries),
        spans,
        _lows(seen, pasts, since, now),
        (*notes, *coverage(parts, since, offsets), *_LIMITS),
        tuple((settings[role].name, past.unread) for role, past in pasts.items() if past.unread),
    )


def _told_by(role: Role, past: _Past, peer: str, mclt: int) -> list[Note]:
    """What a server's log and lease file tell."""
    records = [note for record in past.records for note in from_record(role, record, mclt)]
    return [*from_lines(role, past.lines, peer), *records]


def _ends_since(event: Event, since: float) -> bool:
    return event.at >= since or (event.until or 0.0) >= since


def _doubt(pasts: dict[Role, _Past], note: Note) -> str:
    if note.source not in {Source.LOG, Source.PARTNER_LOG} or note.teller is None:
        return ""
    return pasts[note.teller].doubts[note.place]


def _clock_notes(name: str, past: _Past) -> list[str]:
    """How many lines of a log have a time that is not to be relied on."""
    counts = Counter(why for why in past.doubts if why)
    return [f"{name}: {count} line{'' if count == 1 else 's'} of its log: {why}." for why, count in counts.items()]


def _seen_notes(settings: PairSettings, sightings: Sequence[Sighting], since: float, now: Moment) -> list[str]:
    """How much of the time a console on this machine has watched."""
    notes = []
    for role in Role:
        mine = [(max(since, seen.begin), min(now.wall, seen.end)) for seen in of_role(sightings, role)]
        if (watched := sum(max(0.0, end - begin) for begin, end in mine)) >= 1:
            notes.append(f"A console on this machine saw {settings[role].name} for {span(watched)} of this time.")
    return notes


def _witnesses(each: ServerAssessment, past: _Past, sightings: Sequence[Sighting], now: Moment) -> Witnesses:
    """All that is known of one server."""
    view, status = each.view, each.status
    offset = view.clock.value.seconds if view.clock else 0.0
    process = view.process
    age = process.value.age_seconds if process else None
    return Witnesses(
        None if past.unread else [line for line, why in zip(past.lines, past.doubts, strict=True) if not why],
        # Milliseconds are noise here: without them the times are those of the logs.
        offset if abs(offset) >= STEADY_SECONDS else 0.0,
        past.records,
        sightings,
        Present(
            each.serving,
            each.state,
            status.partner_state if status and each.live else None,
            now.wall - process.age(now) - age if process and age is not None else None,
        ),
        float(status.max_response_delay_seconds) if status and status.max_response_delay_seconds else SILENCE_SECONDS,
    )


def _mclt(seen: PairSnapshot) -> int:
    return max((view.status.value.mclt_seconds for view in seen.servers if view.status), default=0)


def _part(each: ServerAssessment, past: _Past, since: float, now: Moment) -> ServerPart:
    view = each.view
    words = each.state.word if each.state else each.visibility.value
    if each.state is None and view.recorded:
        words += f"; {recorded_words(view.recorded.value, view.server_time(now))}"
    offset = view.clock.value.seconds if view.clock else None
    lines = [
        line._replace(text=f"{line.text}  ({why})", fold_key=None) if why else line
        for line, why in zip(past.lines, past.doubts, strict=True)
    ]
    rows, left_out = relevant_rows(lines, since + (offset or 0.0))
    first = next(
        (line.stamp for line, why in zip(past.lines, past.doubts, strict=True) if line.stamp and not why), None
    )
    return ServerPart(view.name, view.role, words, offset, rows, left_out, first)


def _lows(seen: PairSnapshot, pasts: dict[Role, _Past], since: float, now: Moment) -> tuple[PoolLow, ...]:
    """The lowest of each pool on each server, from the log and from now."""
    found: dict[tuple[str, str], PoolLow] = {}
    for role, past in pasts.items():
        view = seen[role]
        offset = view.clock.value.seconds if view.clock else 0.0
        lows = list(lowest(view.name, past.lines, since + offset))
        if view.pools and view.omapi.ok:
            lows += [
                PoolLow(
                    each.network, view.name, each.total, each.free, each.backup, view.server_time(now), "OMAPI, now"
                )
                for each in view.pools.value
            ]
        for low in lows:
            best = found.get((low.network, low.server))
            if best is None or low.free + low.backup < best.free + best.backup:
                found[low.network, low.server] = low
    return tuple(sorted(found.values(), key=lambda low: (low.network, low.server)))


def _actions(entries: Sequence[tuple[AuditEntry, str]]) -> tuple[ActionRun, ...]:
    """Runs in the order of their beginning, each with its acts."""
    runs: dict[str, ActionRun] = {}
    open_acts: dict[str, list[Act]] = {}
    for entry, who in entries:
        if entry.event is AuditEvent.BEGIN:
            runs[entry.run] = ActionRun(entry.at, who, entry.action, entry.server, entry.text, (), "", None)
            open_acts[entry.run] = []
        elif entry.run not in runs:
            continue
        elif entry.event is AuditEvent.END:
            runs[entry.run] = replace(runs[entry.run], outcome=entry.text, ok=entry.ok)
        elif entry.event is AuditEvent.INTENT:
            open_acts[entry.run].append(Act(entry.at, entry.server, entry.text, "", None))
        else:
            acts = open_acts[entry.run]
            for index in range(len(acts) - 1, -1, -1):
                if acts[index].ok is None and acts[index].server == entry.server:
                    acts[index] = replace(acts[index], outcome=entry.text, ok=entry.ok)
                    break
    return tuple(replace(run, acts=tuple(open_acts[name])) for name, run in runs.items())
