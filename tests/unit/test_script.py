"""A plan as a script: what it says, and what it does not run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.act.actions import make_plan
from dhcptui.act.operations import Run
from dhcptui.act.plan import Plan, PlannedStep
from dhcptui.act.script import plan_as_script
from dhcptui.assess.comparison import Comparison
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.engine.plan_report import plan_json, plan_text
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.servers.ssh.commands import Command, script
from dhcptui.ui.render.plan import steps
from dhcptui.ui.style import UNICODE
from tests.unit.making import NOW, down, live, pair

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
HEALTHY = pair(live(P), live(Q))
ONE_DOWN = pair(live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q))


def server(role: Role, name: str) -> ServerSettings:
    """Settings with a restart command that has a quote in it."""
    return ServerSettings(role, name, name, restart=("sh", "-c", "echo 'up'"))


SETTINGS = PairSettings("office", "foo", server(P, "dhcp1"), server(Q, "dhcp2"))


def plan(action: Action, snapshot: PairSnapshot = HEALTHY, acting: Role = P) -> Plan:
    """A real plan."""
    same = Comparison("dhcp1", "dhcp2", NOW.mono, 4, source_digest="5f" * 32, target_digest="5f" * 32)
    return make_plan(action, acting, SETTINGS, snapshot, NOW, comparison=same)


def runnable(script: str) -> list[str]:
    """The lines a shell would not skip as comments."""
    return [line for line in script.splitlines() if line and not line.startswith("#")]


def test_omapi_writes_become_omshell() -> None:
    """Each write is a here-document for omshell on the server that acts."""
    script = plan_as_script(plan(Action.SHUTDOWN))
    assert (
        """ssh dhcp1 omshell <<'END'
server 127.0.0.1
port 7911
connect
new failover-state
set name = "foo"
open
set local-state = 8
update
END"""
        in script
    )
    assert "new control\nopen\nset state = 2\nupdate\nEND" in script


def test_warnings_stand_first() -> None:
    """Whoever opens the script reads what it may cost before the first command."""
    first = plan_as_script(plan(Action.PARTNER_DOWN, ONE_DOWN)).split("\n(\n")[0]
    assert "# WARNING: If dhcp2 is alive, both servers will stop serving (potential-conflict)." in first
    assert all(line.startswith("#") for line in first.splitlines())


def test_each_step_waits_for_a_person() -> None:
    """A shell verifies nothing: two servers must not be restarted one right after the other."""
    for action in (Action.SYNC_RESTART, Action.SHUTDOWN):
        lines = runnable(plan_as_script(plan(action)))
        acts = [at for at, line in enumerate(lines) if line.startswith("ssh ")]
        assert acts
        assert all(lines[at - 1].startswith("go_on ") for at in acts)


def test_what_a_line_cannot_say_is_left_to_a_person() -> None:
    """Commands that want input, or values known only then, are shown and not run."""
    allowed = plan(Action.START, ONE_DOWN, Q)
    for run in (
        Run(Command(("kill", "-TERM", "PID")), open_words=("PID",)),
        Run(Command(("tee", "x")), input_text="text"),
        Run(script("cat >> x")),
        Run(script("cat >> x").as_root()),
        Run(Command(("a\nb",))),
    ):
        step = PlannedStep("do it", Q, "dhcp2", run, "done\nrm -rf /")
        lines = runnable(plan_as_script(replace(allowed, steps=(step,))))
        assert not [line for line in lines if "ssh" in line or "rm -rf" in line]
        assert [line for line in lines if line.startswith("go_on '1 do it (dhcp2): look, or do it by hand'")]


@pytest.mark.parametrize("action", Action)
def test_a_script_comes_with_a_short_line_and_stays_in_full(action: Action) -> None:
    """On screen a person reads a line; the plan's text, its JSON and the copied script hold every word of the script."""
    made = plan(action)
    paper, machine = plan_text(made), plan_json(made)
    shown = [each.content.plain for each in steps(made, UNICODE)]
    for step, told in zip(made.steps, machine["steps"], strict=True):
        assert bool(step.brief) == ("/bin/sh -c" in step.command)
        assert step.command in paper
        assert step.verified_by in paper
        assert (told["command"], told["verified_by"]) == (step.command, step.verified_by)
        assert "\n" not in step.brief + step.until
    assert not any("/bin/sh" in line or "printf" in line for line in shown)
