"""Runs a plan: step by step, each verified, told as it goes. Stops at the first step that does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dhcptui.config import ConfigError
from dhcptui.engine.actions import SCRIPTS, make_plan
from dhcptui.engine.actions.base import Context, StepFailed
from dhcptui.engine.pair import PairEngine, moment
from dhcptui.model.plan import Outcome, Plan, Progress, StepReport, StepState
from dhcptui.model.sanitize import clean
from dhcptui.omapi.errors import OmapiError
from dhcptui.remote.errors import RemoteError


def refused(plan: Plan, why: str) -> Progress:
    """The result of a plan that was not run."""
    return Progress(
        plan, tuple(StepReport() for _ in plan.steps), Outcome.REFUSED, clean(why, 1000), "Nothing was written."
    )


async def run(engine: PairEngine, plan: Plan, typed: str, sentence: str, tell: Callable[[Progress], None]) -> Progress:
    """Run a confirmed plan. Refused, with nothing written, unless it still holds and `typed` is its confirm text."""
    reports = [StepReport() for _ in plan.steps]

    def progress(outcome: Outcome, result: str = "", next_: str = "") -> Progress:
        told = Progress(plan, tuple(reports), outcome, clean(result, 1000), clean(next_, 500))
        tell(told)
        return told

    refusal = _refusal(engine, plan, typed, sentence)
    if refusal:
        told = refused(plan, refusal)
        tell(told)
        return told
    script = SCRIPTS[plan.action](engine.settings, plan.acting)
    context = Context(engine, plan.acting)
    began = moment().mono
    async with engine.attention():
        for index, step in enumerate(script.steps):
            reports[index] = StepReport(StepState.RUNNING, started_seconds=moment().mono - began)
            progress(Outcome.RUNNING)
            try:
                observed = await step.run(context)
            except (StepFailed, OmapiError, RemoteError, ConfigError) as error:
                reports[index] = _ended(reports[index], StepState.FAILED, str(error), moment().mono - began)
                for later in range(index + 1, len(reports)):
                    reports[later] = StepReport(StepState.SKIPPED)
                next_ = getattr(error, "next", "") or getattr(error, "advice", "") or "Look at the states above."
                return progress(Outcome.FAILED, f"Stopped at step {index + 1} of {len(reports)}: {error}", next_)
            reports[index] = _ended(reports[index], StepState.DONE, observed, moment().mono - began)
        return progress(Outcome.VERIFIED, script.result, script.next)


def _refusal(engine: PairEngine, plan: Plan, typed: str, sentence: str) -> str:
    if engine.settings.read_only:
        return f"Refused: pair {engine.settings.name} is read-only."
    if typed != plan.confirm_text:
        return f"Refused: the confirmation must be exactly {plan.confirm_text!r}."
    newest = make_plan(plan.action, plan.acting, engine.settings, engine.snapshot, moment())
    if not newest.allowed:
        return "Refused: " + "; ".join(newest.ruling.reasons)
    if not newest.same_as(plan):
        return "Refused: the situation has changed since the plan was made."
    if sentence != newest.ruling.sentence:
        return f"Refused: without proof this must be typed too: {newest.ruling.sentence!r}."
    return ""


def _ended(report: StepReport, state: StepState, detail: str, at: float) -> StepReport:
    return replace(report, state=state, detail=clean(detail, 500), ended_seconds=at)
