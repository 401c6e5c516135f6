"""What `dhcptui status` prints: JSON of schema 1, or a few lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.delayed_start import said as said_of_start
from dhcptui.assess.delayed_start import scheduled
from dhcptui.assess.evidence import planted_words
from dhcptui.assess.interrupted import lock_held
from dhcptui.assess.peers import judge
from dhcptui.assess.since import state_since
from dhcptui.assess.verdict import Level, Verdict, recover_wait_ends
from dhcptui.assess.visibility import ServerAssessment, unread
from dhcptui.model.audit import Interrupted
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import Channel, Link, PairSnapshot, RecordedState, ServerView
from dhcptui.model.words import day_clock, iso, span, timer

SCHEMA = 1
EXIT_CODES = {Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2, Level.UNKNOWN: 3}


def as_json(looked: Iterable[tuple[PairSnapshot, Verdict]], now: Moment) -> dict[str, Any]:
    """The document of `status --json`; the shape is a contract. Times are each server's own, in UTC."""
    return {
        "schema": SCHEMA,
        "pairs": [
            {
                "pair": snapshot.pair,
                "peer": snapshot.peer,
                "level": verdict.level.value,
                "headline": verdict.headline,
                "serving": list(verdict.serving),
                "contradictions": [each.text for each in verdict.contradictions],
                "interrupted": _interrupted(verdict.interrupted),
                "acting": _acting(snapshot, now),
                "servers": {
                    each.view.role.value: _server(each, snapshot, now) for each in (verdict.primary, verdict.secondary)
                },
            }
            for snapshot, verdict in looked
        ],
    }


def _server(each: ServerAssessment, snapshot: PairSnapshot, now: Moment) -> dict[str, Any]:
    view = each.view
    status = each.status if each.live else None
    return {
        "name": view.name,
        "state": status.local_state.word if status else None,
        "since": iso(state_since(each)) if status else None,
        "partner_state": status.partner_state.word if status else None,
        "partner_since": iso(status.partner_stos) if status else None,
        "mclt_seconds": status.mclt_seconds if status else None,
        "unacked_updates": status.unacked_updates if status else None,
        "recover_wait_ends": iso(recover_wait_ends(view, snapshot[view.role.other])) if status else None,
        "clock_offset_seconds": round(view.clock.value.seconds, 3) if view.clock else None,
        "omapi": health(view.omapi),
        "ssh": health(view.ssh),
        "log": health(view.log),
        "age_seconds": round(each.age_seconds, 1) if each.age_seconds is not None else None,
        "pools": [
            {
                "network": pool.network or None,
                "total": pool.total,
                "free": pool.free,
                "backup": pool.backup,
                "pools": list(pool.pools),
            }
            for pool in (view.pools.value if view.pools else ())
        ],
        "other_peers": _others(each, snapshot, now),
        "delayed_start": _delayed_start(view),
    }


def _delayed_start(view: ServerView) -> dict[str, Any] | None:
    """A start that the server's own timer will run; null where none is scheduled, as far as its files could be read."""
    start = scheduled(view)
    if start is None:
        return None
    return {
        "by": start.by,
        "earliest": iso(start.earliest),
        "latest": iso(start.latest),
        "job": start.job,
        "job_found": start.there,
    }


def _acting(snapshot: PairSnapshot, now: Moment) -> dict[str, Any] | None:
    """Who holds a lock of the pair; null where nobody does, as far as it can be seen."""
    held = lock_held(snapshot, now)
    if held is None:
        return None
    view, lock = held
    return {
        "action": lock.action,
        "by": f"{lock.owner}@{lock.host}",
        "step": lock.step,
        "on": view.name,
        "until": iso(lock.expires),
    }


def _interrupted(run: Interrupted | None) -> dict[str, Any] | None:
    """An action that stopped half-way; null where there is none."""
    if run is None:
        return None
    return {
        "action": run.action,
        "server": run.acting or None,
        "step": run.step,
        "steps": run.steps,
        "at": iso(run.at) if run.at else None,
        "by": run.by,
        "last": run.last,
    }


def _others(each: ServerAssessment, snapshot: PairSnapshot, now: Moment) -> list[dict[str, Any]] | None:
    """The other relationships of its dhcpd; None where its dhcpd.conf was not read."""
    if each.view.other_peers is None:
        return None
    found = judge(assess_pair(snapshot, now), each.view.role)
    return [{"peer": one.name, "state": one.state.word if one.state else None} for one in found]


def health(channel: Channel) -> str:
    """A way to a server in one string: "ok", or what is wrong with it."""
    if channel.link is Link.OK:
        return "ok"
    if channel.link is Link.CONNECTING:
        return "no answer yet"
    return channel.detail or channel.link.value


def recorded_words(recorded: RecordedState, server_now: float) -> str:
    """What a server wrote down of its state, with source and age: "its lease file says normal since 11:33:05 UTC (12 min)"."""
    since = f" since {day_clock(recorded.since, server_now)} UTC" if recorded.since else ""
    old = f" ({span(server_now - recorded.written)} ago)" if recorded.written else ""
    return f"its {recorded.source} said {recorded.state.word}{since}{old}: the past, OMAPI would tell the present"


def interrupted_words(run: Interrupted, now: Moment) -> str:
    """`shutdown on dhcp2 by anna@ops1, 03:12:44 UTC, after step 1 of 2: dhcp2 hands over`."""
    where = f" on {run.acting}" if run.acting else ""
    when = f", {day_clock(run.at, now.wall)} UTC" if run.at else ""
    step = f", after step {run.step} of {run.steps}" if run.steps else ""
    return f"{run.action}{where} by {run.by}{when}{step}: {run.last}"


def as_text(snapshot: PairSnapshot, verdict: Verdict, now: Moment) -> str:
    """The verdict and both servers, for a person."""
    lines = [f"{snapshot.pair} · {snapshot.peer}: {verdict.level.value.upper()}: {verdict.headline}"]
    lines += [f"  they contradict each other: {each.text}" for each in verdict.contradictions]
    if held := lock_held(snapshot, now):
        view, lock = held
        lines.append(
            f"  at work, or just gone: {lock.owner}@{lock.host} runs {lock.action} ({lock.step}), as the lock on {view.name} says"
        )
    if verdict.interrupted is not None:
        lines.append(f"  stopped half-way: {interrupted_words(verdict.interrupted, now)}")
    for each in (verdict.primary, verdict.secondary):
        view = each.view
        head = f"  {view.name} ({view.role.value}, {view.host}): "
        if each.live and each.status:
            status = each.status
            at = state_since(each)
            since = (
                f"since {day_clock(at, now.wall)} UTC ({span(view.server_time(now) - at)})" if at else "since not known"
            )
            lines.append(f"{head}{status.local_state.word}, {since}, sees its partner as {status.partner_state.word}")
            if each.silenced:
                lines.append("    answers nobody: it recorded its partner as " + status.partner_state.word)
        else:
            lines.append(head + each.visibility.value)
            if view.recorded:
                lines.append("    " + recorded_words(view.recorded.value, view.server_time(now)))
        lines += _ways(view)
        lines += [f"    {what}: {note}" for what, note in unread(view)]
        if planted := planted_words(view):
            lines.append(f"    {planted}")
        if delayed := said_of_start(view, now):
            take_off = f"dhcptui do start {snapshot.pair} --server {view.name} --cancel --confirm {view.name}"
            lines.append(f"    {delayed}; to cancel it: {take_off}")
        lines += _peers_and_pools(snapshot, view, now)
    lines += [f"  {each.what} {timer(each.remaining_seconds)}" for each in verdict.countdowns]
    lines.append(f"  What now: {verdict.advice_in_commands(snapshot.pair)}")
    return "\n".join(lines)


def _ways(view: ServerView) -> Iterator[str]:
    """Lines on the ways to a server that do not work, and what to do about them."""
    for name, channel in (("omapi", view.omapi), (view.host_word, view.ssh), ("log", view.log)):
        if not channel.ok and not (channel is view.log and not view.ssh.ok):
            yield f"    {name}: {health(channel)}"
            if channel.advice:
                yield f"    {channel.advice}"


def _peers_and_pools(snapshot: PairSnapshot, view: ServerView, now: Moment) -> Iterator[str]:
    """Lines on a server's other relationships, and on its pools."""
    for one in judge(assess_pair(snapshot, now), view.role):
        yield f"    also failover peer {one.peer.label}: {one.state.word if one.state else f'not known ({one.why})'}"
    if view.pools_note and not view.pools and view.ssh.ok:
        yield f"    {view.pools_note}"
    elif view.pools is None and view.omapi.ok:
        yield "    pools: not known (the counters were not read yet)"
    for pool in view.pools.value if view.pools else ():
        yield f"    pool {pool.network}: free {pool.free}, backup {pool.backup}, used {pool.used} of {pool.total}"
