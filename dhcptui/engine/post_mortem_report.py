"""An incident as Markdown for a post-mortem, and as JSON. Nothing from outside gets to be markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dhcptui.assess.history.post_mortem import Incident, ServerPart
from dhcptui.assess.history.service import Span
from dhcptui.assess.history.timeline import Event
from dhcptui.logs.lines import LogRow
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.words import iso, span

SCHEMA = 1
CELL = 200
"""Characters of a command in a table."""
OFF_SECONDS = 1.0
"""From this offset on a server's times are also given on the console's clock."""
_WORDS = {"both": "both servers", "one": "one server only", "nobody": "nobody", "unknown": "not known"}
_SPECIAL = re.compile(r"([\\`*_\[\]#|<>~])")


def escape(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table."""
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))


def fenced(lines: Iterable[str]) -> list[str]:
    """Lines in a block that none of them can end."""
    body = list(lines)
    longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *body, fence]


def stamp(epoch: float) -> str:
    """A moment in UTC to the second, cut as log lines are cut."""
    return datetime.fromtimestamp(int(epoch // 1), UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A duration to the second: "<1 s", "42 s", "3 min 05 s", "2 h 04 min"."""
    if seconds < 1:
        return "<1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def as_markdown(incident: Incident) -> str:
    """The whole report."""
    one, two = incident.servers
    parts = [
        [f"# Incident report: {escape(incident.pair)}{_not_known(incident)}", ""],
        [
            f"Failover peer {escape(incident.peer)}: {escape(one.name)} (primary), {escape(two.name)} (secondary).",
            f"From {stamp(incident.since)} to {stamp(incident.until)} UTC ({span(incident.until - incident.since)}).",
            "",
        ],
        _now(incident),
        _served(incident),
        _timeline(incident),
        _actions(incident),
        _pools(incident),
        ["## Log lines", ""],
        *(_log(part) for part in incident.servers),
        _obtained(incident),
    ]
    return "\n".join(line for part in parts for line in part)


def _not_known(incident: Incident) -> str:
    """For the first line: whose log was not read."""
    if not incident.unread:
        return ""
    reasons = "; ".join(f"the log of {escape(name)} was not read ({escape(why)})" for name, why in incident.unread)
    return f" - NOT KNOWN: {reasons}. What that server did is not known, but where a console saw it"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows), ""]


def _now(incident: Incident) -> list[str]:
    lines = ["## Now", "", f"**{incident.level.upper()}: {escape(incident.headline)}**", ""]
    lines += [f"- {escape(part.name)}: {escape(part.now)}" for part in incident.servers]
    return [*lines, "", f"What now: {escape(incident.advice)}", ""]


def _served(incident: Incident) -> list[str]:
    lines = ["## Who served clients", ""]
    rows = [(words, duration(incident.seconds(word))) for word, words in _WORDS.items() if incident.seconds(word) > 0]
    lines += _table(("served by", "time"), rows)
    spans = _joined(incident, [each for each in incident.spans if each.word != "both"])
    short = sum(1 for each in spans if each.seconds < 1)
    spans = [each for each in spans if each.seconds >= 1]
    if spans:
        lines += _table(
            ("from (UTC)", "to (UTC)", "time", "served by"),
            [(stamp(each.begin), stamp(each.end), duration(each.seconds), _who(incident, each)) for each in spans],
        )
    if short:
        lines += [
            f"{short} time{'' if short == 1 else 's'} of less than a second {'is' if short == 1 else 'are'} left out.",
            "",
        ]
    if not spans and not short:
        lines += ["Both servers served all the time, as far as their states tell.", ""]
    return lines


def _joined(incident: Incident, spans: Sequence[Span]) -> list[Span]:
    """Spans that read alike and touch, as one."""
    found: list[Span] = []
    for each in spans:
        if found and found[-1].end == each.begin and _who(incident, found[-1]) == _who(incident, each):
            found[-1] = replace(found[-1], end=each.end)
        else:
            found.append(each)
    return found


def _who(incident: Incident, each: Span) -> str:
    names = [incident.name(role) for role in Role]
    if each.word == "unknown":
        pairs = zip(names, (each.primary, each.secondary), strict=True)
        return "not known: " + ", ".join(f"{name} {_yes(value)}" for name, value in pairs)
    return " and ".join(n for n, s in zip(names, (each.primary, each.secondary), strict=True) if s) or "nobody"


def _yes(value: bool | None) -> str:
    return {True: "served", False: "did not serve", None: "unknown"}[value]


def _timeline(incident: Incident) -> list[str]:
    skewed = {part.role: part.clock_offset_seconds or 0.0 for part in incident.servers}
    wide = any(abs(offset) >= OFF_SECONDS for offset in skewed.values())
    head = ["time (UTC)", "server", "what", "told by"]
    lines = ["## Timeline", ""]
    if wide:
        head.insert(1, "on the console's clock")
        lines += ["A server's clock is off: the first column is what its log says.", ""]
    if not incident.events:
        return [*lines, "Nothing happened.", ""]
    rows = []
    for event in incident.events:
        row = [stamp(event.stamp), incident.name(event.role) or "pair", _what(event), _told(event)]
        if wide:
            row.insert(1, stamp(event.at))
        rows.append(row)
    return [*lines, *_table(head, rows)]


def _what(event: Event) -> str:
    more = f" ({event.count} times, until {stamp(event.until)[11:]})" if event.until is not None else ""
    sentence = event.words + more + ("" if event.exact else " (seen then; it may have begun earlier)")
    return sentence + (f" ({event.doubt})" if event.doubt else "")


def _told(event: Event) -> str:
    return ", ".join(source.value for source in event.sources)


def _actions(incident: Incident) -> list[str]:
    lines = ["## Actions", ""]
    if not incident.actions:
        return [*lines, "None from this machine.", ""]
    for run in incident.actions:
        who = f" by {escape(run.who)}" if run.who else ""
        lines += [
            f"### {stamp(run.at)} {escape(run.action)} on {escape(run.server)}{who}",
            "",
            escape(run.headline),
            "",
        ]
        rows = [
            (
                stamp(act.at)[11:],
                act.server,
                clean(act.text, CELL),
                {True: "ok", False: "FAILED", None: "?"}[act.ok],
                act.outcome,
            )
            for act in run.acts
        ]
        lines += _table(("time", "server", "write or command", "", "observed"), rows) if rows else []
        lines += [f"Outcome: {escape(run.outcome) if run.outcome else 'it never came to its end'}", ""]
    return lines


def _pools(incident: Incident) -> list[str]:
    lines = ["## Pools: the fewest addresses left", ""]
    if not incident.pool_lows:
        return [*lines, "Not known: no counter could be read, and no balance line is in the logs.", ""]
    rows = [
        (low.network, low.server, f"{low.free + low.backup} of {low.total}", str(low.free), str(low.backup), stamp(low.at), low.source)
        for low in incident.pool_lows
    ]  # fmt: skip
    lines += _table(("pool", "on", "left", "free", "backup", "at (UTC)", "source"), rows)
    return [
        *lines,
        "dhcpd writes balance lines only in normal and up to an hour apart: it may have been fewer between.",
        "",
    ]


def _log(part: ServerPart) -> list[str]:
    lines = [f"### {escape(part.name)}", ""]
    if not part.rows:
        return [*lines, "No transition and no problem.", ""]
    lines += fenced(_row(row) for row in part.rows)
    if part.rows_left_out:
        lines += ["", f"{part.rows_left_out} rows from the middle are left out."]
    return [*lines, ""]


def _row(row: LogRow) -> str:
    more = f"  {row.summary}" if row.count > 1 else ""
    return f"{stamp(row.line.stamp or 0)}  {row.line.text}{more}"


def _obtained(incident: Incident) -> list[str]:
    lines = ["## How this was obtained", ""]
    for part in incident.servers:
        offset = part.clock_offset_seconds
        clock = "its clock could not be read" if offset is None else f"clock {offset:+.1f} s against this machine"
        begins = f"log read from {stamp(part.log_begins)} on" if part.log_begins else "no log"
        lines.append(f"- {escape(part.name)}: {begins}; lease file; OMAPI; {clock}")
    lines.append("- Times are UTC by each server's own clock, as in its log; actions by the clock of this machine.")
    return [*lines, *(f"- {escape(note)}" for note in incident.notes), ""]


def as_json(incident: Incident) -> dict[str, Any]:
    """The same for scripts, schema 1: times ISO 8601 in UTC, durations in seconds."""
    return {
        "schema": SCHEMA,
        "pair": incident.pair,
        "peer": incident.peer,
        "since": iso(incident.since),
        "until": iso(incident.until),
        "level": incident.level,
        "headline": incident.headline,
        "unread": [{"server": name, "why": why} for name, why in incident.unread],
        "served_seconds": {word: round(incident.seconds(word), 1) for word in _WORDS},
        "spans": [
            {"begin": iso(each.begin), "end": iso(each.end), "primary": each.primary, "secondary": each.secondary}
            for each in incident.spans
        ],
        "timeline": [
            {
                "time": iso(int(event.stamp // 1)),
                "console_time": iso(int(event.at // 1)),
                "server": incident.name(event.role) or None,
                "kind": event.kind.value,
                "state": event.to_state.word if event.to_state else None,
                "text": event.words,
                "sources": [source.value for source in event.sources],
                "exact": event.exact,
                "doubt": event.doubt or None,
                "count": event.count,
            }
            for event in incident.events
        ],
        "actions": [
            {
                "time": iso(int(run.at)),
                "who": run.who or None,
                "action": run.action,
                "server": run.server,
                "outcome": run.outcome or None,
                "ok": run.ok,
            }
            for run in incident.actions
        ],
        "pool_lows": [
            {
                "network": low.network,
                "server": low.server,
                "total": low.total,
                "free": low.free,
                "backup": low.backup,
                "time": iso(int(low.at)),
                "source": low.source,
            }
            for low in incident.pool_lows
        ],
        "notes": list(incident.notes),
    }
