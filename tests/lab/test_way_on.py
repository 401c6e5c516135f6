"""kill -9 in the midst of an action, and what another person on another machine may do from there, by plan and by key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dhcptui.act.audit import AuditLog
from dhcptui.act.plan import Outcome
from dhcptui.assess.verdict import derive
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.servers.ssh import commands
from dhcptui.watch.clocks import moment
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.lab.test_sync_restart import (
    RECORD,
    allowed,
    both_normal,
    carry_out,
    contents,
    killed_console,
    leftovers,
    shared,
    widen,
)
from tests.terminal import Terminal

pytestmark = [pytest.mark.lab, pytest.mark.second_try("locks expire within seconds")]
P, S = Role.PRIMARY, Role.SECONDARY
ROOT = Path(__file__).parents[2]
LOCKS = (
    "import sys; from dhcptui.servers.ssh import lock_files; lock_files.LOCK_SECONDS = 3;"
    "from dhcptui.cli.main import main; sys.exit(main(sys.argv[1:], last=True))"
)
"""The program with locks that expire within seconds."""


@contextmanager
def killed(lab: Lab, home: Path, *words: str, at: Callable[[str], bool]) -> Iterator[None]:
    """`dhcptui do ...` of somebody else, killed with -9 as soon as a text of its audit log says so."""
    argv = lab.operator_argv(sys.executable, "-c", LOCKS, "--config", str(lab.write_config()), "do", *words)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    log = AuditLog(home / "state/dhcptui/audit.jsonl")
    program = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 90
    try:
        while not any(at(f"{each['event']} {each.get('what', '')} {each['text']}") for each in log.records()):
            assert program.poll() is None, program.communicate()[0]
            assert time.monotonic() < deadline, [each["text"] for each in log.records()]
            time.sleep(0.005)
    finally:
        program.kill()
        program.communicate()
    yield


def refused_files(lab: Lab) -> None:
    """New files that pass `dhcpd -t`, and with which dhcpd does not start: no interface has that subnet."""
    master = shared(lab.primary) / "master.conf"
    master.write_text(master.read_text().replace("10.0.0.", "10.9.0."))


def words(driver: Driver) -> str:
    """Headline and advice as they are now."""
    verdict = derive(driver.engine.snapshot(), moment())
    return f"{verdict.headline} / {verdict.advice}"


def test_both_ways_lead_out_of_a_server_that_is_down_because_of_the_run(lab: Lab, tmp_path: Path) -> None:
    """Killed after dhcpd had refused the new files: R and its rollback are both open, and the rollback is verified."""
    old = contents(lab.secondary)
    refused_files(lab)
    lab.wait_settled()
    restarts = commands.restart("/etc/dhcp/restart-dhcpd").line
    with killed(
        lab, tmp_path, "sync-restart", "office", "--confirm", "office",
        at=lambda said: said == f"intent act {restarts}" and not lab.secondary.is_running(),
    ):  # fmt: skip
        pass
    with driving(lab) as driver:
        driver.until(lambda: not lab.secondary.is_running(), 30, "dhcp2 down")
        driver.until(lambda: "stopped half-way" in words(driver), 60, "the interrupted run in the headline")
        driver.until(lambda: "goes on with it or rolls it back" in words(driver), 30, "the way on")
        assert allowed(driver).headline.startswith("Resume the run")
        plan = allowed(driver, "rollback")
        assert plan.headline.endswith("and restarts.")
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert contents(lab.secondary) == old
        assert RECORD not in leftovers(lab.secondary)
        both_normal(lab)


def test_a_rollback_that_was_cut_off_goes_on(lab: Lab, tmp_path: Path) -> None:
    """Killed after the old directory was back and before dhcpd was started with it: only the rollback goes on."""
    old = contents(lab.secondary)
    refused_files(lab)
    lab.wait_settled()
    swapped: list[bool] = []

    def back(said: str) -> bool:
        swapped.append("rejected-shared" in said and said.startswith("intent act"))
        with suppress(FileNotFoundError):  # in the midst of the swap there is no such directory
            return any(swapped) and contents(lab.secondary) == old and not lab.secondary.is_running()
        return False

    with killed(lab, tmp_path, "sync-restart", "office", "--confirm", "office", at=back):
        pass
    with driving(lab) as driver:
        plan = allowed(driver, "rollback")
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert contents(lab.secondary) == old
        both_normal(lab)


def test_a_rescue_goes_on_with_dhcpd_down(lab: Lab, tmp_path: Path) -> None:
    """Killed right after the stop: nobody serves, and X goes on from there to a server that does."""
    lab.wait_settled()
    lab.primary.set_local_state(8)
    lab.wait_states("shutdown", "partner-down")
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until(lambda: driver.plan(Action.RESCUE, P).allowed, 30, "a rescue that may be run")
    with killed(
        lab, tmp_path, "rescue", "office", "--server", "dhcp1", "--confirm", "dhcp1",
        at=lambda said: said.startswith("intent step stop dhcpd") and not lab.primary.is_running(),
    ):  # fmt: skip
        pass
    with driving(lab) as driver:
        driver.until(lambda: not lab.primary.is_running(), 30, "dhcp1 down")
        driver.until(lambda: "goes on with the rescue that" in words(driver), 60, "the way on")
        driver.until(lambda: driver.plan(Action.RESCUE, P).allowed, 30, "a rescue that may go on")
        told = driver.run(Action.RESCUE, P)
        assert told.outcome is Outcome.VERIFIED, told
        assert lab.primary.local_state() == "communications-interrupted"


def test_only_the_marker_is_left_to_do(lab: Lab, tmp_path: Path) -> None:
    """Killed between the state and its marker: P leaves the marker, and the MCLT wait does not start anew."""
    lab.wait_settled()
    lab.secondary.kill()
    lab.wait_states("communications-interrupted", None)
    with killed(
        lab, tmp_path, "partner-down", "office", "--server", "dhcp1", "--confirm", "dhcp2",
        at=lambda said: said == "outcome act dhcp1 answered partner-down",
    ):  # fmt: skip
        pass
    stos = lab.primary.state().local_stos
    marker = lab.primary.lib / commands.lockout_name("foo")
    if marker.exists():  # it was quicker than the kill
        return
    with driving(lab) as driver:
        driver.until(lambda: "leaves the marker that" in words(driver), 60, "the way on")
        driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 30, "a plan that may be run")
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome is Outcome.VERIFIED, told
        assert marker.exists()
        assert lab.primary.state().local_stos == stos


def test_a_dhcpd_that_was_told_to_exit_is_waited_for(lab: Lab, tmp_path: Path) -> None:
    """Killed while dhcpd exits, as it takes it ten seconds and more: the next console says that, and nothing else."""
    lab.wait_settled()
    with killed(
        lab, tmp_path, "shutdown", "office", "--server", "dhcp2", "--confirm", "dhcp2",
        at=lambda said: said == "outcome act sent, connection closed",
    ):  # fmt: skip
        pass
    said: list[str] = []
    with driving(lab) as driver:
        driver.until(lambda: driver.words()[0] == "partner-down", 30, "dhcp1 in partner-down")

        def over() -> bool:
            exits = lab.secondary.is_running()  # asked first: what is said of an exit may outlive it, not precede it
            if exits and all(view.lock_files and view.process for view in driver.engine.snapshot().servers):
                said.append(derive(driver.engine.snapshot(), moment()).advice)
            return driver.word(S) == "dhcpd not running"

        driver.until(over, 60, "dhcp2 down")
        driver.until(lambda: "brings dhcp2 up" in words(driver), 15, "the usual advice afterwards")
    rest = [each for each in said if "runs shutdown" not in each]  # the lock of the killed console counts for a moment
    assert rest, said
    assert {each for each in rest if "been told to exit, which takes it up to about 17 s" not in each} == set()


def test_a_dismissal_holds_where_a_server_was_not_read_yet(lab: Lab) -> None:
    """dhcp2 is out of reach when the run is dismissed: its notice is neither told nor left when it is back."""
    lab.wait_settled()
    lab.secondary.set_local_state(8)
    lab.wait_states("partner-down", "shutdown")
    lock = {
        "token": "b" * 32, "owner": "anna", "host": "ops9", "pair": "office", "action": "take-back", "peer": "foo",
        "run": "r77", "acting": "secondary", "variant": "", "done": 1, "steps": 2, "step": "left", "since": 1, "expires": 2,
    }  # fmt: skip
    notices = [server.lib / commands.LOCK for server in lab.servers.values()]
    for notice in notices:
        notice.write_text(json.dumps(lock, separators=(",", ":")) + "\n")
    lab.cut("op", "secondary")
    with driving(lab) as driver:
        driver.until(lambda: driver.engine.interrupted() is not None, 30, "the interrupted run")
        assert driver.engine.snapshot().secondary.lock_files is None
        assert driver.engine.dismiss_interrupted().result(20).done
        told: list[str] = []

        def read() -> bool:
            if (run := driver.engine.interrupted()) is not None:
                told.append(run.run)
            return driver.engine.snapshot().secondary.lock_files is not None and not any(
                each.exists() for each in notices
            )

        driver.until(lambda: driver.engine.interrupted() is None, 10, "told no more")
        lab.heal()
        driver.until(read, 60, "both notices gone")
        assert told == []


def test_r_right_after_the_start_tells_what_was_left_once_it_is_read(lab: Lab) -> None:
    """Pressed at the first frame, after a sync-restart was killed: nothing is said of files that were not read yet."""
    widen(lab.primary)
    lab.wait_settled()
    killed_console(lab, "restart dhcp2")
    for server in lab.servers.values():  # as a person breaks it
        (server.lib / commands.LOCK).unlink(missing_ok=True)
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.write_config()))
    frames: list[str] = []

    def offered(terminal: Terminal) -> bool:
        frames.append(" ".join(terminal.text().split()))
        return "What is to become of the interrupted run?" in frames[-1] and "began: restart dhcp1." in frames[-1]

    with Terminal(argv, columns=120, rows=40, env={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.until(r"dhcp1.*primary", 20)
        terminal.send("R")
        terminal.until(lambda: offered(terminal), 40)
        assert "gets its old /etc/dhcp/shared again and restarts." in frames[-1]
        for frame in frames:
            assert "Copy /etc/dhcp/shared" not in frame
            assert "had not been restarted yet" not in frame
        terminal.send("2")
        terminal.until(r"Type office and press Enter", 20)
        assert terminal.shows("Roll back the run that")
