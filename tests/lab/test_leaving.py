"""The ways of leaving that once half-did an action, each as it was met. The matrix of all of them: tests/leaving."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.lab.pair import Lab
from tests.leaving import judge
from tests.leaving.cells import SHUTDOWN, SYNC, SYNC_BAD, At, Cell, Job
from tests.leaving.play import play
from tests.leaving.programs import ROOT, AuditContext, Console, Do
from tests.leaving.scene import Scene, contents
from tests.leaving.ways import leave

pytestmark = pytest.mark.lab
RESTART_DHCP2 = 7
"""The step of a sync-restart that restarts dhcp2."""


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Two servers, both normal; mclt 6 s."""
    with Lab(mclt=6, key_algorithm="hmac-sha256") as running:
        running.wait_states()
        yield running


@contextmanager
def at_work(
    lab: Lab, job: Job, kind: type[Console] | type[Do], way: str, moment: tuple[int, At]
) -> Iterator[Console | Do]:
    """A program in the midst of a step, with the machine slow enough to be left there."""
    step, at = moment
    cell = Cell(0, 0, job, "console" if kind is Console else "do", way, step, at, roll_back=True)
    scene = Scene(lab, cell)
    scene.prepare()
    desk = AuditContext(lab)
    with ExitStack() as stack:
        program = kind(desk, cell, stack)
        program.confirm()
        scene.confirmed()
        program.go()
        desk.trail.until(lambda: desk.trail.find(event="begin"), 40, "the run", program.alive)
        scene.begun()
        desk.trail.reach(cell, program.alive)
        stack.callback(scene.left().join)
        yield program


def ended(program: Console | Do, seconds: float = 60) -> dict[str, object]:
    """Wait for the program's end; the last line of its audit log."""
    trail = program.desk.trail
    assert program.wait_left(seconds), f"it has not ended within {seconds} s{trail}\nit said: {program.said()!r}"
    assert trail.end is not None, (
        f"no end in the audit log; exit code {program.exit}{trail}\nit said: {program.said()!r}"
    )
    return trail.end


@pytest.mark.parametrize("turn", range(5))
def test_hang_up_in_step_1_of_a_clean_shutdown(lab: Lab, turn: int) -> None:
    """The line is lost, then SIGHUP and a closed terminal: the hand-over ends, dhcpd is not told to stop. It was a matter of luck."""
    with at_work(lab, SHUTDOWN, Console, "lost line", (2, At.MIDDLE)) as program:
        leave(program, "lost line")
        end = ended(program)
        assert not program.desk.trail.find(step=3), f"turn {turn}: step 3 began{program.desk.trail}"
    assert end["outcome"] == "interrupted"
    assert str(end["text"]).startswith("Interrupted after step 2 of 3 (")
    assert program.exit == 2
    assert lab.secondary.is_running()
    lab.wait_states(primary="partner-down", secondary="shutdown", timeout=5)


@pytest.mark.parametrize("step", [1, RESTART_DHCP2 - 1])
def test_a_terminal_that_falls_silent(lab: Lab, step: int) -> None:
    """It reads on but tells no more where its cursor is: q twice, and no step more begins, least of all a restart."""
    pid = lab.primary.pid()
    way = "falls silent, q twice"
    with at_work(lab, SYNC, Console, way, (step, At.MIDDLE)) as program:
        leave(program, way)
        end = ended(program)
        assert not program.desk.trail.find(step=step + 1), f"the next step began{program.desk.trail}"
    assert end["outcome"] == "interrupted"
    assert program.exit == 2
    assert lab.primary.pid() == pid


def shell(desk: AuditContext, line: str) -> subprocess.CompletedProcess[str]:
    """A shell line at the operator's place, in which DO stands for `dhcptui do sync-restart`."""
    do = shlex.join(desk.argv("do", "sync-restart", "office", "--confirm", "office"))
    argv = desk.lab.operator_argv("bash", "-o", "pipefail", "-c", line.replace("DO", do))
    env = {**os.environ, **desk.env}
    try:
        return subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"it has not ended within a minute{desk.trail}\nit said: {error.stderr!r}") from error


@pytest.mark.parametrize("line", ["DO | head -1", "DO >/dev/full", "DO >/dev/full 2>&1"])
def test_do_that_nobody_can_read(lab: Lab, line: str) -> None:
    """The reader of the first line goes, or nothing can be written: the run ends after its step, and lets go."""
    scene = Scene(lab, Cell(0, 0, SYNC, "do", "closed pipe", 1, At.END, roll_back=True))
    scene.prepare()
    scene.begun()
    pids = lab.primary.pid(), lab.secondary.pid()
    desk = AuditContext(lab)
    done = shell(desk, line)
    assert desk.trail.end is not None, f"no end in the audit log{desk.trail}\nit said: {done.stderr}"
    assert desk.trail.end["outcome"] == "interrupted"
    assert not desk.trail.find(step=4), f"it went on{desk.trail}"
    assert judge.locks_let_go(lab) == []
    assert judge.complaints(done.stderr) == []
    assert done.returncode == 2
    assert (lab.primary.pid(), lab.secondary.pid()) == pids


def until_down(lab: Lab) -> None:
    """dhcp2's dhcpd has read the new files, and is gone."""
    deadline = time.monotonic() + 10
    while lab.secondary.is_running():
        assert time.monotonic() < deadline, "dhcp2 still runs"
        time.sleep(0.02)


def test_do_is_ended_while_dhcpd_refuses_the_new_files(lab: Lab) -> None:
    """SIGTERM during the restart of dhcp2: what belongs to that step is its roll-back, and it happens."""
    old = contents(lab.secondary)
    with at_work(lab, SYNC_BAD, Do, "SIGTERM", (RESTART_DHCP2, At.MIDDLE)) as program:
        until_down(lab)
        leave(program, "SIGTERM")
        end = ended(program)
    assert end["outcome"] == "failed"
    assert "Its old directory is back and it runs with it again" in str(end["text"])
    assert program.exit == 2
    assert contents(lab.secondary) == old
    assert lab.states() == {"primary": "normal", "secondary": "normal"}


def test_a_console_killed_while_dhcpd_refuses_the_new_files() -> None:
    """kill -9 at the same place: dhcp2 is down because of this run, and the next person is led out of it."""
    play(Cell(0, 0, SYNC_BAD, "do", "SIGKILL", RESTART_DHCP2, At.MIDDLE, roll_back=True))


def heard(program: Do, words: str, seconds: float) -> float:
    """Wait until it has said something; the seconds it took."""
    began = time.monotonic()
    while words not in b"".join(program._heard).decode("utf-8", "replace"):
        assert time.monotonic() - began < seconds, f"not said within {seconds} s: {words!r}; it said {program._heard!r}"
        time.sleep(0.02)
    return time.monotonic() - began


def test_ctrl_c_of_do_is_answered_at_once(lab: Lab) -> None:
    """The first says that the step ends first, the second what would be left half done, the third abandons it."""
    with at_work(lab, SHUTDOWN, Do, "SIGINT three times", (3, At.MIDDLE)) as program:
        assert isinstance(program, Do)
        pid, trail = program.desk.program_pid(), program.desk.trail
        os.kill(pid, signal.SIGINT)
        heard(program, "ends first", 2)
        os.kill(pid, signal.SIGINT)
        heard(program, "half done", 2)
        assert program.alive()
        assert not trail.find(event="outcome", what="step", step=3)
        os.kill(pid, signal.SIGINT)
        end = ended(program, 8)
        assert program.exit == 130
        assert not trail.find(event="outcome", what="step", step=3, ok=True)
        assert judge.complaints(program.said()) == []
    assert end["outcome"] == "interrupted"
    assert judge.locks_let_go(lab) == []


@pytest.mark.parametrize("way", ["SIGINT", "SIGINT twice"])
def test_ctrl_c_of_do_waits_for_the_step(lab: Lab, way: str) -> None:
    """Once or twice: dhcp2's restart ends, dhcp1's does not begin, and nothing of asyncio's own is said."""
    with at_work(lab, SYNC, Do, way, (RESTART_DHCP2, At.MIDDLE)) as program:
        leave(program, way)
        end = ended(program)
        assert judge.complaints(program.said()) == []
        assert program.exit == 130
        assert not program.desk.trail.find(step=RESTART_DHCP2 + 1)
    assert end["outcome"] == "interrupted"
    lab.wait_states(timeout=10)


@pytest.mark.parametrize(("kind", "way"), [(Console, "SIGINT"), (Console, "q twice"), (Do, "SIGINT")])
def test_the_last_step_ends_and_says_how(lab: Lab, kind: type[Console] | type[Do], way: str) -> None:
    """Left in the last step: it ends, all is done, and whoever left reads the result and what comes next, in commands."""
    with at_work(lab, SHUTDOWN, kind, way, (3, At.MIDDLE)) as program:
        leave(program, way)
        end = ended(program)
        said = " ".join(program.said().split())
    assert end["outcome"] == "verified"
    begin = "dhcptui: shutdown: VERIFIED: " if kind is Console else "VERIFIED: "
    assert f"{begin}dhcp2 is stopped, dhcp1 serves every client" in said
    assert "To bring dhcp2 back: `dhcptui do start office --server dhcp2`, or" in said
