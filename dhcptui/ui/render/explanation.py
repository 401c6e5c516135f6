"""A log line explained, and what it all looks like: paragraphs of plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dhcptui.assess.incidents.catalogue import Incident, Weight
from dhcptui.assess.incidents.explanation import explain
from dhcptui.assess.incidents.past import is_past, past_words
from dhcptui.assess.incidents.signs import Probable, Remedy
from dhcptui.model.action import Action
from dhcptui.model.log_line import LogLine
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.keymap import Commands
from dhcptui.ui.line import BLANK, Line, line
from dhcptui.ui.style import ACCENT, CRITICAL, MUTED, WARNING, Glyphs, Paragraph, text

HANG = 12
WEIGHTS = {Weight.NOTE: ACCENT, Weight.WARNING: WARNING, Weight.CRITICAL: CRITICAL}
_EMPTY = Paragraph(text(""))


def explanation(shown: LogLine) -> list[Paragraph]:
    """What a line means, what to do and where to look; what matters most stands first."""
    words = explain(shown)
    colour = WEIGHTS[words.weight] if words.weight else ""
    found = [Paragraph(text((clean(_sentence(words.meaning)), f"bold {colour}".strip())))]
    if words.serves:
        found.append(_labelled("who serves", words.serves))
    if words.incident is not None:
        found += [
            _labelled("seen in", f"{words.incident.title} ({words.incident.id})", "bold"),
            *_remedy(words.incident),
        ]
        found.append(_labelled("look at", _list(words.look)))
    return found


def _remedy(incident: Incident) -> list[Paragraph]:
    return [_labelled("do", incident.do), _labelled("avoid", incident.avoid, WARNING)]


def looks_like(incidents: Sequence[Probable], glyphs: Glyphs, key: str, *, notes: bool = True) -> Line:
    """One row on the main screen; blank where there is nothing to name. `notes`: also what only explains."""
    first = incidents[0] if incidents else None
    if first is None or (first.weight is Weight.NOTE and not notes):
        return BLANK
    colour = WEIGHTS[first.weight]
    # What has passed must not read like the present.
    words = text(("lately: " if is_past(first) else "looks like: ", MUTED), (first.title, f"bold {colour}"))
    more = text((f"  +{len(incidents) - 1}", MUTED)) if len(incidents) > 1 else text("")
    mark = text((f"{glyphs.warn if first.weight > Weight.NOTE else glyphs.dot} ", f"bold {colour}"))
    long = text("  (", (key, f"bold {ACCENT}"), (" for more)", MUTED))
    short = text(" (", (key, f"bold {ACCENT}"), ")")
    return line(text(mark, words, more, long), text(mark, words, more, short), text(mark, (first.title, colour), short))


def incident_view(incidents: Sequence[Probable], snapshot: PairSnapshot, commands: Commands) -> list[Paragraph]:
    """Every probable incident, the heaviest first: evidence, meaning, what to do, what not to do."""
    if not incidents:
        return [Paragraph(text("Nothing known is wrong. What the pair does now fits none of the known incidents."))]
    found: list[Paragraph] = []
    for each in incidents:
        found += [_EMPTY] if found else []
        over = is_past(each)
        style = MUTED if over else WEIGHTS[each.weight]
        found.append(Paragraph(text((each.title, f"bold {style}"), (f"  {each.id}", MUTED)), 0))
        if over:
            found.append(_labelled("was", past_words(each, snapshot)))
        found.append(_labelled("means", each.incident.means))
        for at, item in enumerate(each.evidence):
            found.append(_labelled("" if at else "evidence", clean(item.sentence)))
        if over:  # what helped then is no advice for now
            continue
        found += _remedy(each.incident)
        if each.remedies:
            found.append(_labelled("safe now", _remedies(each.remedies, snapshot, commands), "bold"))
        found.append(_labelled("look at", _list(each.incident.look)))
    return found


def _remedies(remedies: Iterable[Remedy], snapshot: PairSnapshot, commands: Commands) -> str:
    offered = []
    for each in remedies:
        where = "both servers" if each.action is Action.SYNC_RESTART else snapshot[each.acting].name
        named = f"{each.action.value} on {where}"
        offered.append(named if commands.read_only else f"{commands.acting_key(each.action)} ({named})")
    return ", or ".join(offered)


def _labelled(label: str, words: str, style: str = "") -> Paragraph:
    return Paragraph(text((label.ljust(HANG), MUTED), (words, style)), HANG, HANG)


def _list(phrases: Sequence[str]) -> str:
    return "; ".join(phrases)


def _sentence(words: str) -> str:
    words = words if words.startswith("dhcpd") else words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else f"{words}."
