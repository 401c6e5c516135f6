"""One pair of the engine behind the `Console` interface: watched and acted on from the engine's loop, not the screen's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from dhcptui.act.audit import AuditContext, AuditError, AuditLog, Operator
from dhcptui.act.interrupted_runs import dismiss, look_back, recent_records
from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Outcome, Plan, Progress, StepReport
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.forecast import PoolForecast, PoolMismatch, forecasts, mismatches
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.assess.history.timeline import Event, from_audit
from dhcptui.assess.interrupted import interrupted_run
from dhcptui.config.loading import PairSettings
from dhcptui.engine.api import Listener
from dhcptui.engine.faults import keep
from dhcptui.engine.loop import STOP_SECONDS, EngineLoop
from dhcptui.model.action import Action
from dhcptui.model.audit import Answer, AuditEntry, Interrupted
from dhcptui.model.leases import LookUp
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.setup.configuration_check import ConfigurationCheck, check_configuration, not_checked
from dhcptui.watch.clocks import moment
from dhcptui.watch.first import first_snapshot

if TYPE_CHECKING:
    from dhcptui.engine.sightings import Sightings
    from dhcptui.watch.pair import PairEngine

# What acts is loaded when it is asked for, as what watches is: see EngineLoop.pair_engine.
T = TypeVar("T")


class PairConsole:
    """One of the pairs on an engine's loop. One action at a time."""

    def __init__(
        self,
        settings: PairSettings,
        home: EngineLoop,
        *,
        departure: Departure | None = None,
        tidy: bool = True,
        patience: float = 0.0,
    ) -> None:
        """`departure`: the wish to leave, where several pairs share it. `tidy`: take away the markers of a partner-down
        once both servers are normal. `patience`: see AuditContext."""
        self._settings = settings
        self._home = home
        self._tidy = tidy and not settings.read_only
        self._departure = departure or Departure()
        self._desk = AuditContext(AuditLog(), Operator.here(), self._audited, self._departure, patience)
        self._cut_short: Progress | None = None
        self._ended_leaving: tuple[Progress, ...] = ()
        self._untold: Exception | None = None
        self._snapshot = first_snapshot(settings)
        self._listener: Listener | None = None
        self._engine: PairEngine | None = None
        self._seen: Sightings | None = None
        self._watching: Future[None] | None = None
        self._stopping = asyncio.Event()
        self._actions: set[Future[None]] = set()
        self._progress: Progress | None = None
        self._acting: Plan | None = None
        self._comparing: Future[None] | None = None
        self._to_prepare = False

    @property
    def settings(self) -> PairSettings:
        """What the configuration says of this pair."""
        return self._settings

    @property
    def read_only(self) -> bool:
        """Whether acting is off for this pair."""
        return self._settings.read_only

    @property
    def failure(self) -> BaseException | None:
        """What ended the engine, or this pair's part of it, if anything unexpected did."""
        if self._home.failure is not None or self._watching is None or not self._watching.done():
            return self._home.failure
        return None if self._watching.cancelled() else self._watching.exception()

    @property
    def _running(self) -> PairEngine | None:
        """What watches this pair; None before it does, and once it does no more."""
        watching = self._watching is not None and not self._watching.done()
        return self._engine if watching and self._home.alive else None

    @property
    def departure(self) -> Departure:
        """The wish to leave."""
        return self._departure

    def start(self, listener: Listener) -> None:
        """Begin watching."""
        self._listener = listener
        self._home.start()
        self._watching = self._home.submit(self._watch())

    def leave(self, reason: str) -> None:
        """No further step begins. From any thread or signal handler; nothing is waited for."""
        self._departure.leave(reason)

    @property
    def acting(self) -> Progress | None:
        """The action under way, as it was told last."""
        return self._progress if any(not each.done() for each in self._actions.copy()) else None

    @property
    def cut_short(self) -> Progress | None:
        """The result of the action that ended early because somebody left; None where none did."""
        return self._cut_short

    @property
    def ended_leaving(self) -> tuple[Progress, ...]:
        """The result of the action that ended, well or not, after somebody had asked to leave; empty where none did."""
        return self._ended_leaving

    def stop(self) -> None:
        """End watching after the step under way, and start no further one; closes every connection."""
        self.leave("the console was closed")
        if (watching := self.finish()) is not None:
            wait([watching], STOP_SECONDS)

    def finish(self) -> Future[None] | None:
        """Wait for the step under way, and let the watching end: done once it has. None: nothing is watched."""
        wait(list(self._actions))
        self._home.call(self._stopping.set)
        return self._watching if self._home.alive else None

    def snapshot(self) -> PairSnapshot:
        """The newest snapshot."""
        return self._snapshot

    def plan(self, action: Action, acting: Role, variant: str = "") -> Plan:
        """The plan of an action on the newest snapshot. No I/O. `variant`: "rollback" of a sync-restart."""
        from dhcptui.act.actions import make_plan

        comparison = self._engine.comparison if self._engine else None
        return make_plan(
            action, acting, self._settings, self._snapshot, moment(), comparison=comparison, variant=variant
        )

    def prepare(self, action: Action, acting: Role) -> None:
        """Gather what the plan of this action wants to know besides, in the background: the diff of a sync-restart."""
        del acting
        engine = self._engine
        if action is not Action.SYNC_RESTART or self._acting is not None:
            return
        if engine is None:  # the engine has just been started: as soon as it is there
            self._to_prepare = True
            return
        # What was read for an earlier plan is not shown for this one, not even for a moment.
        engine.comparison = None
        if self._comparing is not None:
            self._comparing.cancel()
        self._comparing = self._home.submit(self._compare(engine))

    @staticmethod
    async def _compare(engine: PairEngine) -> None:
        from dhcptui.act.sync.compare import compare

        engine.compared(await compare(engine))

    def forecasts(self) -> tuple[PoolForecast, ...]:
        """How long the addresses last, per pool and serving server."""
        samples = self._engine.history.samples if self._engine else {}
        return forecasts(self._snapshot, samples, moment())

    def mismatches(self) -> tuple[PoolMismatch, ...]:
        """Pools whose counters differ between two servers in normal."""
        samples = self._engine.history.samples if self._engine else {}
        return mismatches(self._snapshot, samples, moment())

    def low_waters(self) -> tuple[PoolLow, ...]:
        """The fewest addresses each server had left in each pool while it was watched."""
        return self._engine.history.low_waters(self._snapshot, moment()) if self._engine else ()

    def timeline(self) -> tuple[Event, ...]:
        """What happened, oldest first."""
        return self._engine.history.events if self._engine else ()

    def look_up(self, text: str) -> Future[LookUp]:
        """Ask both servers for a lease, in the background."""
        from dhcptui.engine.lease_look_up import look_up, no_look_up

        if (engine := self._running) is None:
            return _answered(no_look_up(text, "the engine is not running"))
        return self._home.submit(look_up(engine, text))

    def check_configuration(self) -> Future[ConfigurationCheck]:
        """Read and lint both servers' dhcpd.conf, in the background."""
        if self._running is None:
            return _answered(not_checked("The engine is not running."))
        return self._home.submit(check_configuration(self._settings))

    def probe_links(self) -> None:
        """Look at the ways between the servers now, in the background."""
        if (engine := self._running) is not None:
            self._home.call(engine.probe_links)

    def interrupted(self) -> Interrupted | None:
        """An action on this pair that stopped half-way, here or on another machine, and left something to do."""
        return interrupted_run(assess_pair(self._snapshot, moment()))

    def dismiss_interrupted(self) -> Future[Answer]:
        """Somebody has seen to it: it is not reported again, and its expired locks go. The answer says what happened."""
        if (engine := self._running) is None:
            return _answered(Answer(False, "Refused: the engine is not running."))
        return self._home.submit(self._dismiss(engine))

    async def _dismiss(self, engine: PairEngine) -> Answer:
        run = self.interrupted()
        if run is None:
            return Answer(False, "There is no interrupted run.")
        if self._settings.read_only:
            return Answer(False, f"Refused: pair {self._settings.name} is read-only.")
        try:
            dismiss(self._desk.log, run, self._desk.who)
        except AuditError as error:
            return Answer(False, f"Refused: {error}")
        from dhcptui.act.locks import clear_left

        engine.dismissed(frozenset({run.run} - {""}))
        if engine.snapshot.left and engine.snapshot.left.run == run.run:
            engine.left_behind(None)
        await clear_left(engine, run, self._desk)
        return Answer(True, f"{run.action} on {run.acting} is dismissed; the audit log says so.")

    def break_lock(self, role: Role, typed: str) -> Future[Answer]:
        """Remove somebody's lock; `typed` is its owner@host. The answer says what happened."""
        from dhcptui.act.locks import break_lock

        if (engine := self._running) is None:
            return _answered(Answer(False, "Refused: the engine is not running."))
        return self._home.submit(break_lock(engine, role, typed, self._desk))

    def run(self, plan: Plan, typed: str, sentence: str = "") -> None:
        """Run a confirmed plan on the engine's thread; progress comes by the listener."""
        from dhcptui.act import runner

        if self._listener is None:
            return
        if (engine := self._running) is None:
            self._moved(runner.refused(plan, "the engine is not running."))
            return
        self._progress = Progress(plan, tuple(StepReport() for _ in plan.steps))
        future = self._home.submit(self._act(engine, plan, typed, sentence))
        self._actions.add(future)
        future.add_done_callback(self._actions.discard)

    async def _act(self, engine: PairEngine, plan: Plan, typed: str, sentence: str) -> None:
        from dhcptui.act import runner

        if self._acting is not None:
            self._moved(runner.refused(plan, f"{self._acting.action.value} is still running."))
            return
        self._acting = plan
        try:
            result = await runner.run(engine, plan, typed, sentence, self._moved, desk=self._desk)
            self._cut_short = result if result.outcome is Outcome.INTERRUPTED else None
            self._ended_leaving = (result,) if self._departure.reason else ()
        finally:
            self._acting = None
            self._look_back()

    async def _watch(self) -> None:
        from dhcptui.act.locks import tidy
        from dhcptui.engine.sightings import Sightings

        if self._home.failure is not None:
            return
        self._seen = Sightings(self._settings)
        self._engine = self._home.pair_engine(self._settings, self._changed, self._logged)
        if self._to_prepare:
            self.prepare(Action.SYNC_RESTART, self._settings.sync_from)
        self._look_back()
        self._recall()
        watching = asyncio.create_task(self._engine.run())
        tidying = asyncio.create_task(tidy(self._engine, self._desk)) if self._tidy else None
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        watching.cancel()
        if tidying is not None:
            tidying.cancel()
        results = await asyncio.gather(watching, return_exceptions=True)
        self._seen.close()
        if isinstance(results[0], Exception):
            raise results[0]

    def _look_back(self) -> None:
        with suppress(AuditError):
            left, dismissed = look_back(self._desk.log, self._settings.name)
            if self._engine is not None:
                self._engine.dismissed(dismissed)
            if self._engine is not None and (left or self._engine.snapshot.left):
                self._engine.left_behind(left)

    def _names(self) -> dict[str, Role]:
        return {self._settings[role].name: role for role in Role}

    def _recall(self) -> None:
        """What was done on this pair from here, into the timeline."""
        if self._engine is None:
            return
        with suppress(AuditError):
            entries = recent_records(self._desk.log, self._settings.name)
            self._engine.history.add([note for each, who in entries if (note := from_audit(each, self._names(), who))])

    def _audited(self, entry: AuditEntry) -> None:
        if self._engine is not None and (note := from_audit(entry, self._names(), self._desk.who.user)):
            self._engine.history.add([note])
        if self._listener is not None:
            self._tell(self._listener.on_audit, entry)

    def _moved(self, progress: Progress) -> None:
        self._progress = progress
        if self._listener is not None:
            self._tell(self._listener.on_progress, progress)

    def _tell(self, tell: Callable[..., None], *news: object) -> None:
        """Showing is never on the path of acting: what cannot be shown is dropped, and its first fault is kept."""
        try:
            tell(*news)
        except Exception as fault:
            if self._untold is None:
                self._untold = fault
                keep(fault)

    def _changed(self, snapshot: PairSnapshot) -> None:
        self._snapshot = snapshot
        if self._seen is not None:
            self._seen.looked(snapshot, moment())
        if self._listener is not None:
            self._tell(self._listener.on_snapshot, snapshot)

    def _logged(self, role: Role, lines: Sequence[LogLine]) -> None:
        if self._listener is not None:
            self._tell(self._listener.on_log, role, lines)


def _answered(answer: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(answer)
    return future
