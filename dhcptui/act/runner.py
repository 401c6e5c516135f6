"""Runs a plan: step by step, each verified, told as it goes. Stops at the first step that does not hold.

Nothing is written to a server before the audit log says that it will be. However somebody leaves, the step under way
ends, with its own roll-back where it has one, no further step begins, the log gets its end and the locks are given
back. Only a third Ctrl-C abandons a step in its midst, and the log says that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from dhcptui.act.actions import make_plan, make_script
from dhcptui.act.actions.base import PATIENCE_SECONDS, Context, Step, StepFailed
from dhcptui.act.audit import STEP, AuditContext, AuditError, AuditRun, known_secrets, states_of
from dhcptui.act.closing import closing
from dhcptui.act.locks import LockLost, Locks, clear_lockouts
from dhcptui.act.plan import Outcome, Plan, Progress, StepReport, StepState
from dhcptui.assess.peers import peers_read
from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import answers_since, assess
from dhcptui.config.loading import ConfigError
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import Look, Sentence, cleaned, sentence
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.servers.omapi.errors import OmapiError
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.watch.clocks import moment
from dhcptui.watch.pair import PairEngine

_LOOK: Sentence = ("Look at ", Look.BOTH_STATES, ".")
_NOTHING: Sentence = ("Nothing was written.",)
_ABANDON_SECONDS = 0.1
"""So often a step under way is asked whether it was abandoned."""
AGAIN_SECONDS = 3.0


def refused(plan: Plan, why: str) -> Progress:
    """The result of a plan that was not run; `why` is a sentence."""
    return Progress(plan, tuple(StepReport() for _ in plan.steps), Outcome.REFUSED, clean(why, 1000), _NOTHING)


async def run(
    engine: PairEngine,
    plan: Plan,
    typed: str,
    sentence: str,
    tell: Callable[[Progress], None],
    *,
    desk: AuditContext | None = None,
) -> Progress:
    """Run a confirmed plan. Refused, with nothing written, unless it still holds and `typed` is its confirm text."""
    refusal = _refusal(engine, plan, typed, sentence)
    result = (
        refused(plan, refusal)
        if refusal
        else await _Run(engine, plan, tell, desk or AuditContext()).go(typed, sentence)
    )
    tell(result)
    return result


class _Abandoned(Exception):
    """Whoever waited for the end of the step waits no longer."""


class _Run:
    """One run of a plan that may be run."""

    def __init__(self, engine: PairEngine, plan: Plan, tell: Callable[[Progress], None], desk: AuditContext) -> None:
        self.engine, self.plan, self.desk, self._tell = engine, plan, desk, tell
        self.script = make_script(plan.action, plan.acting, engine.settings, engine.comparison, plan.variant)
        self.reports = [StepReport() for _ in plan.steps]
        self.off_script: list[str] = []
        self.untouched = False
        """It failed, and all is as it was before it began."""
        self.began = moment().mono
        self.record = AuditRun(
            desk.log, plan.pair, plan.action.value, len(plan.steps), plan.acting_name, desk.told,
            known_secrets(engine.settings),
        )  # fmt: skip
        self.locks = Locks.of(engine, plan, desk.who, self.record)

    async def go(self, typed: str, sentence: str) -> Progress:
        """Write it down, lock, run, unlock; returns the result, not yet told."""
        try:
            result = await self._go(typed, sentence)
        except Exception as fault:  # a fault of ours must not leave a run without its end, nor its locks renewed
            result = self._progress(Outcome.FAILED, f"a fault in dhcptui: {type(fault).__name__}: {fault}", _LOOK)
        await self._finish(result)
        return self._with_trouble(result)

    async def _go(self, typed: str, sentence: str) -> Progress:
        result: Progress | None = None
        try:
            self.record.begin(self.plan, typed, sentence, self.desk.who, states_of(self.engine.snapshot, moment()))
            if holder := await self.locks.take(self._where(0)):
                result = refused(self.plan, f"{holder}.")
        except AuditError as error:
            result = refused(self.plan, f"{error}.")
        if result is None:
            self.engine.observers.add(self._observe)
            try:
                async with self.engine.attention():
                    refusal = await self._refused_now(typed, sentence)
                    result = refused(self.plan, refusal) if refusal else await self._steps()
            finally:
                self.engine.observers.discard(self._observe)
        return result

    async def _refused_now(self, typed: str, sentence: str) -> str:
        """Ask the guards again, now that nobody else may act: what they knew may be older than another's action."""
        if not await self._read_again():
            return "the servers could not be read again just now."
        return _refusal(self.engine, self.plan, typed, sentence)

    async def _read_again(self) -> bool:
        """Wait until every server that answers was read after this call; False when they were not."""
        start = moment().mono

        def read_again(snapshot: PairSnapshot, now: Moment) -> bool:
            # A survivor that answers slowly: its next answer is waited for, whatever its last one is worth by now.
            survivor = snapshot[self.plan.acting] if self.plan.action is Action.PARTNER_DOWN else None
            if survivor and survivor.omapi.ok and not answers_since(survivor, start, now):
                return False
            return not any(
                view.omapi.ok and assess(view, now).live and (view.status is None or view.status.at <= start)
                for view in snapshot.servers
            )

        return await self.engine.until(read_again, AGAIN_SECONDS)

    async def _steps(self) -> Progress:
        for index, step in enumerate(self.script.steps):
            context = self._context(index)
            try:
                await self.locks.hold(self._where(index), index)
            except LockLost as error:
                return self._interrupted(index, f". {error}.", (f"{error.next} ", *self._way_on(index)))
            if reason := self.desk.departure.reason:  # asked last: nothing is awaited between the answer and the step
                return self._interrupted(index, f" ({reason}).", self._way_on(index))
            failed = await self._step(context, index, step)
            if failed is not None:
                return failed
        return await self._verified()

    async def _verified(self) -> Progress:
        """The last words, from what is seen of the pair after the last step."""
        result, next_ = self.script.result, sentence(self.script.next)
        start = moment().mono
        # Of the other relationships, too, it tells what was seen after the last step.
        if self.script.afterwards is not None:
            await self.engine.until(
                lambda snapshot, now: all(
                    peers_read(view, start) for view in snapshot.servers if assess(view, now).live
                ),
                AGAIN_SECONDS,
            )
        if self.script.judged:
            await self._read_again()
            result, next_ = closing(self.plan, result, next_, derive(self.engine.snapshot, moment()))
        return self._progress(Outcome.VERIFIED, result + self.script.also(self._context(0)), next_)

    def _context(self, index: int) -> Context:
        """The hands of one step."""

        def tell(text: str) -> None:
            if self.reports[index].state is StepState.RUNNING:
                self.reports[index] = replace(self.reports[index], detail=clean(text, 500))
                self._tell(self._progress(Outcome.RUNNING))

        patience = self.desk.patience
        return Context(
            self.engine,
            self.plan.steps[index],
            self.plan.acting,
            self.record,
            self.desk.who,
            alive=self.locks.alive,
            tell=tell,
            patience=patience or PATIENCE_SECONDS,
            sworn=frozenset(self.plan.ruling.sentences),
        )

    async def _step(self, context: Context, index: int, step: Step) -> Progress | None:
        """Do and verify one step; the result of the run, if it ends here."""
        self.reports[index] = StepReport(StepState.RUNNING, started_seconds=moment().mono - self.began)
        self._tell(self._progress(Outcome.RUNNING))
        planned = self.plan.steps[index]
        try:
            self.record.begin_step(index + 1, planned.title, planned.where, carried=step.carried)
            observed = await self._unless_abandoned(step, context)
        except _Abandoned:
            return self._abandoned(index, planned.where)
        except (StepFailed, OmapiError, RemoteError, ConfigError, AuditError) as error:
            next_ = sentence(getattr(error, "next", "") or getattr(error, "advice", "")) or self._what_now()
            self.untouched = index == 0 and getattr(error, "untouched", False)
            return self._failed(index, planned.where, str(error), next_)
        except Exception as error:  # a fault of ours must not leave a run without its end
            return self._failed(index, planned.where, f"a fault in dhcptui: {type(error).__name__}: {error}", _LOOK)
        self.record.outcome(planned.where, observed, True, STEP)
        self._ended(index, StepState.DONE, observed)
        self._tell(self._progress(Outcome.RUNNING))  # now: a reader who is lost with this word must be missed in time
        return None

    def _what_now(self) -> Sentence:
        """What the console advises, as things are now."""
        return derive(self.engine.snapshot, moment()).advised or _LOOK

    async def _unless_abandoned(self, step: Step, context: Context) -> str:
        """What the step observed. Raises what it raises, and _Abandoned."""
        doing = asyncio.ensure_future(step.run(context))
        while not doing.done():
            await asyncio.wait({doing}, timeout=_ABANDON_SECONDS)
            if self.desk.departure.abandoned and not doing.done():
                doing.cancel()
                await asyncio.wait({doing}, timeout=_ABANDON_SECONDS)
                raise _Abandoned
        return doing.result()

    def _abandoned(self, index: int, server: str) -> Progress:
        title = self.plan.steps[index].title
        sentence = f"Abandoned in step {index + 1} of {len(self.reports)} ({title}): what it has done is not known."
        self.record.outcome(server, "abandoned in its midst", False, STEP)
        self._ended(index, StepState.FAILED, "abandoned in its midst")
        self._skip_from(index + 1)
        return self._progress(Outcome.INTERRUPTED, sentence, _LOOK)

    def _failed(self, index: int, server: str, error: str, next_: Sentence) -> Progress:
        self.record.outcome(server, error, False, STEP)
        self._ended(index, StepState.FAILED, error)
        self._skip_from(index + 1)
        return self._progress(Outcome.FAILED, f"Stopped at step {index + 1} of {len(self.reports)}: {error}", next_)

    def _interrupted(self, done: int, reason: str, next_: Sentence) -> Progress:
        self._skip_from(done)
        steps = len(self.reports)
        result = f"Interrupted after step {done} of {steps}{reason}" if done else f"Interrupted before step 1{reason}"
        return self._progress(Outcome.INTERRUPTED, result, next_)

    def _way_on(self, done: int) -> Sentence:
        """What to do after so many steps."""
        return sentence(self.script.if_interrupted) if done >= self.script.begins_at else _NOTHING

    async def _finish(self, result: Progress) -> None:
        """Locks away, last line written. A run that stopped half-way leaves its locks behind, expired, as a notice."""
        begun = any(each.state in {StepState.DONE, StepState.FAILED} for each in self.reports)
        half_way = (result.outcome is Outcome.INTERRUPTED and begun) or (
            result.outcome is Outcome.FAILED and self.record.has_acted and not self.untouched
        )
        await self.locks.release(result.result if half_way else "")
        if result.outcome is Outcome.VERIFIED:
            await clear_lockouts(self.engine, self.desk)
        self.record.end(result.outcome, result.result, states_of(self.engine.snapshot, moment()), self.off_script)

    def _with_trouble(self, result: Progress) -> Progress:
        """What a person should know besides: no lock, a gap in the audit log."""
        notes = [*self.locks.missing, *([self.record.trouble] if self.record.trouble else [])]
        if not notes or result.outcome is Outcome.REFUSED:
            return result
        return replace(result, next=(*result.next, clean(f" (Note: {'; '.join(notes)}.)", 500)))

    def _observe(self, old: ServerView, new: ServerView) -> None:
        if old.status is None or new.status is None or self.script.expects is None:
            return
        before, after = old.status.value.local_state, new.status.value.local_state
        if before is not after and (new.name, after.word) not in self.script.expects:
            self.off_script.append(f"{new.name}: {before.word} -> {after.word}")

    def _where(self, index: int) -> str:
        return f"{index + 1} of {len(self.plan.steps)}: {self.plan.steps[index].title}"

    def _ended(self, index: int, state: StepState, detail: str) -> None:
        self.reports[index] = replace(
            self.reports[index], state=state, detail=clean(detail, 500), ended_seconds=moment().mono - self.began
        )

    def _skip_from(self, index: int) -> None:
        for later in range(index, len(self.reports)):
            self.reports[later] = StepReport(StepState.SKIPPED)

    def _progress(self, outcome: Outcome, result: str = "", next_: Sentence = ()) -> Progress:
        return Progress(
            self.plan, tuple(self.reports), outcome, clean(result, 1000), cleaned(next_, 500), tuple(self.off_script)
        )


def _refusal(engine: PairEngine, plan: Plan, typed: str, sentence: str) -> str:
    if engine.settings.read_only:
        return f"pair {engine.settings.name} is read-only."
    if typed != plan.confirm_text:
        return f"the confirmation must be exactly {plan.confirm_text!r}."
    now = moment()
    newest = make_plan(
        plan.action, plan.acting, engine.settings, engine.snapshot, now,
        comparison=engine.comparison, variant=plan.variant,
    )  # fmt: skip
    if not newest.allowed:
        return "; ".join(newest.ruling.reasons)
    if not newest.same_as(plan):
        return "the situation has changed since the plan was made."
    if sentence != newest.ruling.sentence:
        return f"without proof this must be typed too: {newest.ruling.sentence!r}."
    return ""
