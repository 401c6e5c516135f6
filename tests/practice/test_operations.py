"""What was confirmed is what runs: each step's own act, as the audit log has it, is the one that the plan had shown."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import Any

from dhcptui.act.audit import ACT, AuditLog
from dhcptui.act.operations import OmapiWrite
from dhcptui.act.plan import Outcome, Plan
from dhcptui.engine.plan_report import plan_json
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.servers.omapi.objects import SettableState
from tests.lab.driving import Driver
from tests.lab.test_sync_restart import allowed, carry_out
from tests.practice.pair import WatchedPair
from tests.soak.tap import changes

from .test_actions import widen

P, S = Role.PRIMARY, Role.SECONDARY


def was_shown(step: dict[str, Any], text: str) -> bool:
    """Whether an act is the one that a step of `plan --json` names; words that it declares open may differ."""
    shown = clean(step["command"].partition("  <- ")[0], 100_000)
    text = re.sub(r" \(with \d+ bytes of input\)$", "", text)
    if text.endswith("…"):  # a long script, of which the log holds the beginning
        return shown.startswith(text[:-1])
    words, done = shlex.split(shown), shlex.split(text)
    still_open = [clean(word) for word in step.get("operation", {}).get("open_words", [])]
    return len(words) == len(done) and all(
        one == other or one in still_open for one, other in zip(words, done, strict=True)
    )


def run(driver: Driver, plan: Plan) -> None:
    """Run a plan to its end, and hold each step's acts against what it had shown."""
    told = carry_out(driver, plan)
    assert told.outcome is Outcome.VERIFIED, told
    begin = [record for record in AuditLog().records() if record["event"] == "begin"][-1]
    acts = [
        record
        for record in AuditLog().records()
        if (record["run"], record["event"], record.get("what")) == (begin["run"], "intent", ACT)
    ]
    for number, step in enumerate(plan_json(plan)["steps"], 1):
        done = [act["text"] for act in acts if (act["step"], act["server"]) == (number, step["where"])]
        if step["command"]:
            assert any(was_shown(step, text) for text in done), (step, done)
        else:
            looks = [act["text"] for act in acts if act["step"] == number]
            assert not any(map(changes, looks)), f"{step['title']} was said to wait only"


def act(driver: Driver, action: Action, acting: Role) -> None:
    """The same, of the plan as it is now."""
    driver.until_read(action, acting)
    run(driver, driver.plan(action, acting))


def test_writes_stops_and_starts(driver: Driver) -> None:
    """Hand-over, take-back, a clean stop, and a start."""
    act(driver, Action.HAND_OVER, P)
    act(driver, Action.TAKE_BACK, P)
    act(driver, Action.SHUTDOWN, S)
    act(driver, Action.START, S)


def test_partner_down_and_its_marker(pair: WatchedPair, driver: Driver) -> None:
    """The write, and the marker whose text names whoever sits here."""
    pair.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 10)
    act(driver, Action.PARTNER_DOWN, P)


def test_a_rescue(pair: WatchedPair, driver: Driver) -> None:
    """A backup's name and a process number are known only then; all else is as it was shown."""
    act(driver, Action.HAND_OVER, P)
    pair.secondary.kill()
    driver.until_words("shutdown", "dhcpd not running", 10)
    act(driver, Action.RESCUE, P)


def test_a_sync_restart(pair: WatchedPair, driver: Driver) -> None:
    """Reading, staging, swapping, testing, restarting, clearing up."""
    widen(pair.primary)
    run(driver, allowed(driver))


def test_a_plan_that_was_changed_on_its_way_is_refused(pair: WatchedPair, driver: Driver) -> None:
    """Another write than the one that the engine would show: nothing of it is done."""
    plan = driver.plan(Action.HAND_OVER, P)
    other = replace(plan.steps[1], operation=OmapiWrite("foo", SettableState.PARTNER_DOWN))
    told = carry_out(driver, replace(plan, steps=(plan.steps[0], other)))
    assert (told.outcome, told.next) == (Outcome.REFUSED, ("Nothing was written.",))
    assert pair.states() == {"primary": "normal", "secondary": "normal"}
