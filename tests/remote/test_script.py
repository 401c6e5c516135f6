"""The script of a plan, and its words, read by a real shell."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from dhcptui.act.operations import Run
from dhcptui.act.plan import PlannedStep
from dhcptui.act.script import plan_as_script
from dhcptui.model.action import Action
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.servers.ssh.commands import Command
from tests.unit.making import down, live, pair
from tests.unit.test_script import HEALTHY, ONE_DOWN, P, Q, S, plan, runnable


def test_commands_go_through_ssh_as_one_word() -> None:
    """A command with quotes arrives as it is shown."""
    script = plan_as_script(plan(Action.START, ONE_DOWN, Q))
    [step] = [step for step in plan(Action.START, ONE_DOWN, Q).steps if step.command]
    [line] = [line for line in runnable(script) if line.startswith("ssh ")]
    printed = subprocess.run(
        ["sh", "-c", f'ssh() {{ printf %s "$2"; }}; {line}'], capture_output=True, text=True, check=True
    )
    assert printed.stdout == step.command


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("snapshot", [HEALTHY, ONE_DOWN, pair(live(P, S.SHUTDOWN, S.PARTNER_DOWN), down(Q))])
def test_every_script_is_one_that_a_shell_can_read(action: Action, snapshot: PairSnapshot) -> None:
    """sh -n accepts it; a refused plan holds no command at all."""
    made = plan(action, snapshot)
    script = plan_as_script(made)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    if not made.allowed:
        assert runnable(script) == []


def test_names_are_words() -> None:
    """A server's label is quoted wherever a shell sees it, and ends no comment."""
    step = PlannedStep("x", Q, "a; reboot\nreboot", Run(Command(("systemctl", "restart", "x"))), "")
    script = plan_as_script(replace(plan(Action.START, ONE_DOWN, Q), steps=(step,)))
    printed = subprocess.run(
        ["sh", "-c", script.replace("</dev/tty", "</dev/null").replace("read -r _", ":").replace("ssh ", "echo ")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "reboot systemctl restart x" in printed.stdout
