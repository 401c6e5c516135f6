"""All that the console says of a pair at one moment, in lines: what a fault's row is checked against."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import ServerAssessment, assess
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import PairSnapshot


def report(snapshot: PairSnapshot, now: Moment) -> str:
    """Level and headline, advice, incidents, then each server: its standing, its three ways, its values and notes."""
    verdict = derive(snapshot, now)
    lines = [f"{verdict.level.value}: {verdict.headline}", f"advice: {verdict.advice}"]
    lines += [f"incident {each.id}" for each in verdict.incidents]
    for view in snapshot.servers:
        lines += [f"{view.name} {said}" for said in _server(assess(view, now), now)]
    return "\n".join(lines)


def _server(each: ServerAssessment, now: Moment) -> Iterator[str]:
    view = each.view
    yield f"is {each.state.word if each.state else each.visibility.value}"
    if each.status is not None:
        yield f"sees {each.status.partner_state.word}" if each.live else f"was {each.status.local_state.word}"
    for way, channel in (("omapi", view.omapi), ("ssh", view.ssh), ("log", view.log)):
        yield " ".join(part for part in (way, channel.link.value, channel.detail, channel.advice) if part)
    if view.clock is not None and view.ssh.ok:
        yield f"clock {view.clock.value.seconds:+.0f}"
    if view.process is not None:
        held = " stopped" if view.process.value.stopped else ""
        yield f"process {len(view.process.value.pids)}{held}"
    if view.recorded is not None:
        yield f"recorded {view.recorded.value.state.word} by {view.recorded.value.source}"
    for what, note in (
        ("recorded", view.recorded_note),
        ("process", view.process_note),
        ("pools", view.pools_note),
    ):
        if note:
            yield f"{what} note: {note}"
