"""Look at a pair once: what `dhcptui status` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from dhcptui.act.audit import AuditError, AuditLog
from dhcptui.act.interrupted_runs import look_back
from dhcptui.assess.loading import may_load
from dhcptui.assess.peers import peers_read
from dhcptui.assess.visibility import Visibility, assess
from dhcptui.config.loading import PairSettings
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import Channel, Link, PairSnapshot, ProcessSighting, ServerView
from dhcptui.watch.clocks import moment
from dhcptui.watch.machine import Machines
from dhcptui.watch.pair import PairEngine

LOOK_SECONDS = 6.0
"""At most; a healthy pair takes a fraction of a second."""
LOG_SECONDS = 2.0
"""So long is waited for a look at the logs, where all else is known: nothing is judged by it."""
GREETING_SECONDS = 2.0
"""A dhcpd whose process is seen and whose OMAPI says nothing for this long is not waited for any longer."""


async def look(
    settings: PairSettings, seconds: float = LOOK_SECONDS, machines: Machines | None = None
) -> tuple[PairSnapshot, Moment]:
    """A snapshot in which each server was reached, or is known not to answer, and the moment it was taken."""
    async with looking(settings, seconds, machines) as engine:
        await engine.until(lambda snapshot, now: all(map(_log_looked_at, snapshot.servers)), LOG_SECONDS)
        now = moment()
        return _given_up(engine.snapshot, now), now


@asynccontextmanager
async def looking(
    settings: PairSettings, seconds: float = LOOK_SECONDS, machines: Machines | None = None
) -> AsyncIterator[PairEngine]:
    """An engine that has looked at each server as far as it can be seen, and goes on watching inside the block.

    `machines`: of several pairs that are looked at together.
    """
    engine = PairEngine(settings, follow_log=False, machines=machines)
    with suppress(AuditError):
        left, dismissed = look_back(AuditLog(), settings.name)
        engine.left_behind(left)
        engine.dismissed(dismissed)
    began = moment().mono
    watching = asyncio.create_task(engine.run())
    try:
        waiting = asyncio.create_task(_read(engine, began, seconds, settings))
        await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        waiting.cancel()
        yield engine
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _read(engine: PairEngine, began: float, seconds: float, settings: PairSettings) -> None:
    """Wait until all is settled, `seconds` at most; a login that is under way still is waited for as long as it may take."""

    def read(snapshot: PairSnapshot, now: Moment) -> bool:
        return all(settled(view, now, began) for view in snapshot.servers)

    def logged_in(snapshot: PairSnapshot, now: Moment) -> bool:
        return all(view.ssh.link is not Link.CONNECTING for view in snapshot.servers)

    if await engine.until(read, seconds) or logged_in(engine.snapshot, moment()):
        return
    login = max(server.login_timeout for server in (settings.primary, settings.secondary))
    if await engine.until(logged_in, max(0.0, login - seconds + GREETING_SECONDS)):
        await engine.until(read, seconds)


def _log_looked_at(view: ServerView) -> bool:
    """Whether its log was looked at, or cannot be."""
    return view.log.link is not Link.CONNECTING or not view.ssh.ok


def settled(view: ServerView, now: Moment, began: float) -> bool:
    """Whether waiting longer could teach anything about this server."""
    if view.ssh.link is Link.CONNECTING:
        return False
    if not view.ssh.ok:
        return view.omapi.link is not Link.CONNECTING or now.mono - max(began, view.ssh.since) > GREETING_SECONDS
    seen = view.process.value if view.process else None
    if seen is None and not view.process_note:
        return False
    if view.omapi.ok:
        return _asked(view, seen)
    if view.omapi.link is Link.FAILED or (seen and seen.stopped):
        if may_load(view) and not (view.work and view.work.value.judged):
            return False
        return view.recorded is not None or bool(view.recorded_note)
    return now.mono - max(began, view.ssh.since) > GREETING_SECONDS


def _asked(view: ServerView, seen: ProcessSighting | None) -> bool:
    """Whether a dhcpd that answers has been asked all that it is asked once."""
    if seen and seen.lone and not seen.refuted:
        return False  # a second look tells who answers there
    read = view.other_peers is not None and peers_read(view, 0.0) and view.pools is not None
    return read or bool(view.pools_note or view.configuration_note)


def _given_up(snapshot: PairSnapshot, now: Moment) -> PairSnapshot:
    """The same, where a dhcpd that could be asked and has not answered in its time counts as one that does not."""
    for view in snapshot.servers:
        tried = view.omapi.link is Link.CONNECTING and view.ssh.link is not Link.CONNECTING
        if tried and assess(view, now).visibility is Visibility.UNSEEN:
            failed = Channel(Link.FAILED, f"no answer over OMAPI for {GREETING_SECONDS:g} s", since=view.ssh.since)
            snapshot = snapshot.with_view(replace(view, omapi=failed))
    return snapshot
