"""More than one operator, and consoles that go away: locks, the lock-out marker, the audit log, interrupted runs."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dhcptui.act.audit import AuditLog, Operator
from dhcptui.act.interrupted_runs import look_back
from dhcptui.act.plan import Outcome, Progress, StepState
from dhcptui.config.loading import load
from dhcptui.engine.headless import Headless
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.servers.ssh import commands, lock_files
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server
from tests.lab.test_status import dhcptui
from tests.terminal import ENTER, Terminal

pytestmark = pytest.mark.lab
P, S = Role.PRIMARY, Role.SECONDARY
ROOT = Path(__file__).parents[2]
MOVE = "I move from communications-interrupted to partner-down"
SHORT_LOCKS = (
    "import sys; from dhcptui.servers.ssh import lock_files; lock_files.LOCK_SECONDS = 4;"
    "from dhcptui.cli.main import main; sys.exit(main(sys.argv[1:], last=True))"
)


@contextmanager
def console(lab: Lab) -> Iterator[Terminal]:
    """The real program at the operator's place, both servers normal; its locks last 4 s."""
    argv = lab.operator_argv(sys.executable, "-c", SHORT_LOCKS, "--config", str(lab.write_config()))
    lab.wait_settled()
    with Terminal(argv, env={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", 10)
        yield terminal


def confirm_shutdown(terminal: Terminal) -> None:
    """S on dhcp2, typed out, up to Enter."""
    terminal.send("S")
    terminal.until(r"1 dhcp1\s+2 dhcp2", 5)
    terminal.send("2")
    terminal.until(r"Type dhcp2 and press Enter", 5)
    terminal.send("dhcp2")
    terminal.until(r"dhcp2\s*\n|▸ dhcp2", 5)


def records() -> list[dict[str, Any]]:
    """The whole audit log."""
    return list(AuditLog().records())


def find(**wanted: Any) -> list[dict[str, Any]]:
    """The records with these fields."""
    return [each for each in records() if all(each.get(name) == value for name, value in wanted.items())]


def until(holds: Callable[[], object], timeout: float, what: str) -> None:
    """Wait for something in the world."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}\n{json.dumps(records(), indent=1)[-3000:]}"
        time.sleep(0.02)


def mark(server: Server, name: str) -> Path:
    """Where a mark of a server lies."""
    return server.lib / name


def ended(driver: Driver, timeout: float) -> Progress:
    """Wait for the end of the action; returns its result."""
    driver.until(
        lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING, timeout, "the end"
    )
    return driver.progress[-1][1]


BOB = lock_files.LockRequest(lock_files.new_token(), "bob", "ws9", "office", "sync-restart", lock_files.Told("foo"))


def foreign_lock(server: Server, *, breaks: bool = False) -> None:
    """Somebody else takes the lock of this server, by the lock's own protocol; `breaks`: from whoever holds it."""
    place = "/var/lib/dhcp"
    if breaks:
        token = json.loads(mark(server, commands.LOCK).read_text())["token"]
        server.run(*commands.release_lock(place, token).argv)
    server.run(*commands.take_lock(place, BOB.token, BOB.body("3 of 6: copy"), 60).argv)


def crashed(lab: Lab, *drivers: Driver) -> None:
    """dhcp2 is dead, and everybody knows."""
    lab.secondary.kill()
    for driver in drivers:
        driver.until_words("communications-interrupted", "dhcpd not running", 5)


def test_the_log_of_a_partner_down(lab: Lab) -> None:
    """Begin, for each write its intent before its outcome, end; the marker comes, and goes when both are normal."""
    with driving(lab) as driver:
        driver.settled()
        crashed(lab, driver)
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome is Outcome.VERIFIED, told
        assert told.off_script == ()
        run = records()
        assert {each["run"] for each in run} == {run[0]["run"]}
        assert [run[0]["event"], run[-1]["event"]] == ["begin", "end"]
        assert run[0]["states"]["dhcp1"]["state"] == "communications-interrupted"
        assert run[-1]["states"]["dhcp1"]["state"] == "partner-down"
        acts = [each for each in run if each.get("what") == "act"]
        assert [each["event"] for each in acts] == ["intent", "outcome"] * (len(acts) // 2)
        assert acts[0]["text"].endswith('open failover-state "foo", set local-state = 4 (partner-down)')
        assert acts[1]["text"] == "dhcp1 answered partner-down"
        assert not mark(lab.primary, commands.LOCK).exists()

        lockout = json.loads(mark(lab.primary, commands.lockout_name("foo")).read_text())
        assert lockout["server"] == "dhcp2"
        assert not mark(lab.secondary, commands.lockout_name("foo")).exists()

        def seen() -> bool:
            view = driver.engine.snapshot().primary
            return view.lock_files is not None and view.lock_files.value.lockout is not None

        driver.until(seen, 5, "the lock-out")
        lab.secondary.start()
        driver.until_words("normal", "normal", 60)
        until(lambda: not mark(lab.primary, commands.lockout_name("foo")).exists(), 10, "the lock-out cleared")
        driver.until(lambda: not seen(), 5, "no lock-out")
        assert [each["event"] for each in find(action="clear lock-out")][:1] == ["intent"]
        assert lab.settings.key_name  # the lab has a key, and its secret is nowhere in the log
        assert lab.key is not None
        assert lab.key.secret not in AuditLog().path.read_text()


def test_two_consoles_at_the_same_moment(lab: Lab) -> None:
    """Both confirm at once: one is verified, the other is refused; dhcpd saw one write."""
    with driving(lab) as one, driving(lab) as two:
        one.settled()
        two.settled()
        crashed(lab, one, two)
        plans = [(each, each.plan(Action.PARTNER_DOWN, P)) for each in (one, two)]
        for each, plan in plans:
            each.engine.run(plan, plan.confirm_text)
        for each, _ in plans:
            ended(each, 10)
        ends = [each.progress[-1][1] for each, _ in plans]
        assert sorted(end.outcome.value for end in ends) == ["refused", "verified"]
        why = next(end.result for end in ends if end.outcome is Outcome.REFUSED)
        # Where the first has already ended, the guards say it when they are asked again under the lock.
        assert f"{Operator.here().text} runs partner-down (" in why or "dhcp1 reads partner-down" in why
        assert lab.primary.log_text().count(MOVE) == 1


def test_each_hands_over_the_other_server(lab: Lab) -> None:
    """Both confirm a hand-over at once, of different servers: only one happens, or nobody would serve."""
    with driving(lab) as one, driving(lab) as two:
        one.settled()
        two.settled()
        lab.wait_settled()
        plans = [(one, one.plan(Action.HAND_OVER, P)), (two, two.plan(Action.HAND_OVER, S))]
        for each, plan in plans:
            each.engine.run(plan, plan.confirm_text)
        outcomes = sorted(ended(each, 20).outcome.value for each, _ in plans)
        assert outcomes == ["refused", "verified"]
        assert sorted(lab.states().values()) == ["partner-down", "shutdown"]


def test_the_second_console_is_told_who_does_what(lab: Lab) -> None:
    """While one shuts dhcp2 down, the other's plan is refused with owner, host, action and step."""
    with driving(lab) as one, driving(lab) as two:
        one.settled()
        two.settled()
        lab.wait_settled()
        plan = one.plan(Action.SHUTDOWN, S)
        one.engine.run(plan, plan.confirm_text)
        until(lambda: find(event="intent", step=3, what="act"), 10, "the last step")
        two.until(
            lambda: (
                f"{Operator.here().text} runs shutdown (3 of 3: dhcp2's dhcpd stops)"
                in " ".join(two.plan(Action.TAKE_BACK, S).ruling.reasons)
            ),
            5,
            "the lock, with its step",
        )
        told = two.run(Action.TAKE_BACK, S)
        assert told.outcome is Outcome.REFUSED
        assert "runs shutdown (3 of 3: dhcp2's dhcpd stops)" in told.result
        mine = one.plan(Action.TAKE_BACK, S)
        assert "runs shutdown" not in " ".join(mine.ruling.reasons)
        one.until(lambda: one.progress[-1][1].outcome is Outcome.VERIFIED, 40, "the shutdown")
        two.until(lambda: two.engine.snapshot().primary.lock_files.value.lock is None, 5, "the lock gone")  # type: ignore[union-attr]


def test_a_lock_nobody_saw_yet_and_breaking_it(lab: Lab) -> None:
    """Taken between two probes: refused by the server itself. It can be broken by typing its owner, and only so."""
    with driving(lab) as driver:
        driver.settled()
        crashed(lab, driver)
        plan = driver.plan(Action.PARTNER_DOWN, P)
        foreign_lock(lab.primary)
        driver.engine.run(plan, plan.confirm_text)
        told = ended(driver, 10)
        assert told.outcome is Outcome.REFUSED
        assert told.result == "bob on ws9 runs sync-restart (3 of 6: copy) on dhcp1."
        assert MOVE not in lab.primary.log_text()
        driver.until(lambda: not driver.plan(Action.PARTNER_DOWN, P).allowed, 5, "the lock")
        refused = driver.engine.break_lock(P, "dhcp1").result(5)
        assert not refused.done
        assert "'bob@ws9'" in refused.text
        assert mark(lab.primary, commands.LOCK).exists()
        assert driver.engine.break_lock(P, "bob@ws9").result(5).done
        assert not mark(lab.primary, commands.LOCK).exists()
        assert find(action="break-lock", event="outcome")[-1]["ok"] is True
        driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 5, "the lock gone")
        assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED


def test_a_lock_that_was_broken_does_not_refuse_what_comes_after(lab: Lab) -> None:
    """`do --break-lock`: what is refused or run right after it is judged by marks that were read after it."""
    lab.wait_settled()
    lab.write_config()
    with lab.inside(), Headless(load(lab.dir / "config.toml").pair(None)) as console:
        for _ in range(5):
            foreign_lock(lab.primary)
            lock_seen(console)
            assert [answer.done for answer in console.break_lock("bob@ws9")] == [True, False]
            reasons = [reason for plan in console.plans(Action.HAND_OVER, [P]) for reason in plan.ruling.reasons]
            assert not reasons


def lock_seen(console: Headless) -> None:
    """Wait until the lock was read."""
    assert wait_for(lambda: bool((seen := console.engine.snapshot().primary.lock_files) and seen.value.lock))


def wait_for(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether it came in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_run_whose_lock_was_broken_starts_no_further_step(lab: Lab) -> None:
    """Step 2 ends, step 3 never begins, however lately the lock was broken; the result says who has it now."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = driver.plan(Action.SHUTDOWN, S)
        lab.cut("primary", "secondary", port=520)  # step 2 waits for the survivor, which does not hear of it
        driver.engine.run(plan, plan.confirm_text)
        until(lambda: find(event="intent", step=2, what="act"), 5, "the first write")
        foreign_lock(lab.primary, breaks=True)
        lab.heal()
        told = ended(driver, 10)
        assert told.outcome is Outcome.INTERRUPTED
        assert "Interrupted after step 2 of 3. The lock on dhcp1 is no longer ours: now bob on ws9" in told.result
        assert [each.state for each in told.steps] == [StepState.DONE, StepState.DONE, StepState.SKIPPED]
        assert not find(step=3)
        assert lab.secondary.is_running()


def test_no_audit_log_no_action(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log cannot be written nothing is written to a server, not even a lock."""
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    with driving(lab) as driver:
        driver.settled()
        crashed(lab, driver)
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome is Outcome.REFUSED
        assert told.result.startswith("cannot write the audit log /dev/null/dhcptui/audit.jsonl: ")
        assert lab.primary.local_state() == "communications-interrupted"
        assert not mark(lab.primary, commands.LOCK).exists()


def test_off_script_is_told(lab: Lab) -> None:
    """Somebody else writes to the survivor while dhcp2 stops: the result lists the transition nobody planned."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = driver.plan(Action.SHUTDOWN, S)
        driver.engine.run(plan, plan.confirm_text)
        until(lambda: find(event="outcome", step=3, what="act"), 10, "the second write")
        lab.primary.set_local_state(6)
        told = ended(driver, 40)
        assert told.outcome is Outcome.FAILED
        assert "dhcp1: partner-down -> recover" in told.off_script
        assert "dhcp1: partner-down -> recover" in find(event="end")[-1]["off_script"]


def no_lock(driver: Driver) -> bool:
    """Whether no lock lies on the servers that can be looked at."""
    return not any(view.lock_files and view.lock_files.value.lock for view in driver.engine.snapshot().servers)


def test_a_console_killed_in_the_middle(lab: Lab) -> None:
    """kill -9 in step 3: the next console says so until dhcpd is gone, takes the expired lock away, and may act."""
    with console(lab) as terminal:
        confirm_shutdown(terminal)
        terminal.send(ENTER)
        until(lambda: find(event="outcome", step=3, what="act"), 10, "the second write")
        until(lambda: '"3 of 3' in mark(lab.primary, commands.LOCK).read_text(), 2, "the step in the lock")
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait(5)
        killed = time.monotonic()
        with driving(lab) as driver:
            driver.until(lambda: driver.engine.interrupted() is not None, 5, "the interrupted run")
            found = driver.engine.interrupted()
            assert found is not None
            assert (found.action, found.acting, found.step, found.steps) == ("shutdown", "dhcp2", 2, 3)
            driver.until(lambda: driver.engine.snapshot().primary.lock_files is not None, 5, "the marks")
            lock = driver.engine.snapshot().primary.lock_files.value.lock  # type: ignore[union-attr]
            assert lock is not None
            assert (lock.action, lock.step) == ("shutdown", "3 of 3: dhcp2's dhcpd stops")
            driver.until_words("partner-down", "dhcpd not running", 30)
            driver.until(lambda: driver.plan(Action.START, S).allowed, 10, "the lock expired")
            assert time.monotonic() - killed > 3
            # dhcp2 is stopped and dhcp1 in partner-down: what the run was for has come to be.
            driver.until(lambda: driver.engine.interrupted() is None, 5, "the run is settled")
            driver.until(lambda: no_lock(driver), 10, "the notice is gone too")
            assert not any(mark(server, commands.LOCK).exists() for server in lab.servers.values())
            assert find(run=found.run, event="end")[-1]["outcome"] == "settled"
            removed = find(action="clear up", event="intent")
            assert removed
            assert all(each["epoch"] >= lock.expires - 1 for each in removed)
            assert driver.run(Action.START, S).outcome is Outcome.VERIFIED
        assert look_back(AuditLog(), "office")[0] is None


def test_hang_up_between_two_steps(lab: Lab) -> None:
    """SIGHUP and a closed terminal while step 2 runs: it ends, step 3 never starts, the log is complete."""
    with console(lab) as terminal:
        confirm_shutdown(terminal)
        lab.cut("primary", "secondary", port=520)  # step 2 waits for the survivor, which does not hear of it
        try:
            terminal.send(ENTER)
            until(lambda: find(event="intent", step=2, what="act"), 4, "the first write")
            os.kill(terminal.process.pid, signal.SIGHUP)
            # Whichever is noticed first is told as the reason: let it be the signal. Its answer is to write no more.
            stderr = Path(f"/proc/{terminal.process.pid}/fd/2")
            until(lambda: str(stderr.readlink()) == os.devnull, 3, "the signal noticed")
            terminal.hang_up()
            time.sleep(0.5)
            assert terminal.process.poll() is None
        finally:
            lab.heal()
        terminal.exit_code(10)
        lab.wait_states(primary="partner-down", secondary="shutdown", timeout=5)
        assert find(event="outcome", step=2, what="step")[-1]["ok"] is True
        assert not find(step=3)
        end = records()[-1]
        assert (end["event"], end["outcome"]) == ("end", "interrupted")
        assert end["text"] == "Interrupted after step 2 of 3 (hang-up)."
        assert end["states"]["dhcp2"]["state"] == "shutdown"
        left = json.loads(mark(lab.secondary, commands.LOCK).read_text())
        assert left["step"] == "Interrupted after step 2 of 3 (hang-up)."
        assert (left["peer"], left["acting"], left["done"], left["steps"]) == ("foo", "secondary", 2, 3)
        assert left["expires"] <= time.time()
        with driving(lab) as driver:
            driver.until(lambda: driver.engine.interrupted() is not None, 5, "the interrupted run")
            driver.until_words("partner-down", "shutdown")
            assert driver.run(Action.TAKE_BACK, S).outcome is Outcome.VERIFIED
        assert not mark(lab.secondary, commands.LOCK).exists()


def test_an_interrupted_run_is_dismissed(lab: Lab) -> None:
    """dhcp2 has handed over and still runs: told until somebody says that it needs no more attention."""
    with console(lab) as terminal:
        confirm_shutdown(terminal)
        lab.cut("primary", "secondary", port=520)  # step 2 waits for the survivor, which does not hear of it
        try:
            terminal.send(ENTER)
            until(lambda: find(event="intent", step=2, what="act"), 4, "the first write")
            os.kill(terminal.process.pid, signal.SIGTERM)
        finally:
            lab.heal()
        terminal.exit_code(10)
    with driving(lab) as driver:
        driver.until_words("partner-down", "shutdown")
        driver.until(lambda: driver.engine.interrupted() is not None, 5, "the interrupted run")
        servers = driver.engine.snapshot
        driver.until(lambda: all(v.lock_files and v.lock_files.value.lock for v in servers().servers), 5, "its notices")
        assert driver.engine.dismiss_interrupted().result(20).done
        driver.until(lambda: driver.engine.interrupted() is None, 5, "told no more")
        driver.until(lambda: no_lock(driver), 10, "the notice is gone too")
        assert look_back(AuditLog(), "office")[0] is None


def test_a_stalled_terminal_does_not_stall_the_action(lab: Lab) -> None:
    """Nobody reads the terminal for 10 s and its buffer is full: the steps keep their times, the log is complete."""
    with console(lab) as terminal, ExitStack() as stack:
        confirm_shutdown(terminal)
        stack.enter_context(terminal.stalled())
        began = time.monotonic()
        # Each repaint is kilobytes; the terminal takes 4096 bytes or less. No more than that: Textual queues 30 writes.
        for turn in range(12):
            terminal.resize(110 + turn, 40)
            time.sleep(0.05)
            if (full := terminal.unread()) >= 4000:
                break
        terminal.send(ENTER)
        until(records, 10, "the run")
        until(lambda: find(event="outcome", step=3, what="act"), 3, "the second write")
        assert full >= 4000
        until(lambda: not lab.secondary.is_running(), 40, "dhcpd gone")
        gone = time.time()
        time.sleep(max(0.0, began + 10 - time.monotonic()))
        assert terminal.unread() >= full
        until(lambda: find(event="end"), 3, "the end")
        run = records()
        times = {(each["step"], each["event"], each.get("what")): each["epoch"] for each in run}
        start = run[0]["epoch"]
        assert times[2, "outcome", "step"] - start < 1.5
        assert times[3, "outcome", "act"] - start < 2.0
        assert times[3, "outcome", "step"] - gone < 1.0
        assert (run[-1]["event"], run[-1]["outcome"]) == ("end", "verified")
        stack.close()
        terminal.until(r"VERIFIED", 10)


def confirm_sync(terminal: Terminal) -> None:
    """R, typed out, up to Enter."""
    terminal.send("R")
    terminal.until(r"Type office and press Enter", 15)
    terminal.send("office")
    terminal.until(r"▸ office", 5)


def restart_step() -> int:
    """The number of the step under way that restarts dhcp2; 0 before it begins."""
    acts = [each for each in find(event="intent", what="act") if "/etc/dhcp/restart-dhcpd" in each["text"]]
    return int(acts[0]["step"]) if acts else 0


def slow_restart(server: Server) -> None:
    """A restart that takes two seconds longer."""
    script = server.etc / "restart-dhcpd"
    text = script.read_text()
    script.write_text(text.replace("#!/bin/sh\n", "#!/bin/sh\nsleep 2\n", 1))


def test_hang_up_during_sync_restart(lab: Lab) -> None:
    """The terminal goes while dhcp2 restarts: that step is seen through, dhcp1 is not touched, the log is complete."""
    slow_restart(lab.secondary)
    pids = lab.primary.pid(), lab.secondary.pid()
    with console(lab) as terminal:
        confirm_sync(terminal)
        terminal.send(ENTER)
        until(restart_step, 20, "the restart of dhcp2")
        os.kill(terminal.process.pid, signal.SIGHUP)
        terminal.hang_up()
        terminal.exit_code(40)
    step = restart_step()
    assert find(event="outcome", step=step, what="step")[-1]["ok"] is True
    assert not find(step=step + 1)
    assert (records()[-1]["event"], records()[-1]["outcome"]) == ("end", "interrupted")
    assert lab.primary.pid() == pids[0]
    assert lab.secondary.pid() != pids[1]
    lab.wait_states(timeout=10)


def test_a_stalled_terminal_during_sync_restart(lab: Lab) -> None:
    """Nobody reads the terminal for 10 s: both servers are restarted in their usual time, the log is complete."""
    with console(lab) as terminal, ExitStack() as stack:
        confirm_sync(terminal)
        stack.enter_context(terminal.stalled())
        for turn in range(12):
            terminal.resize(110 + turn, 40)
            time.sleep(0.05)
            if terminal.unread() >= 4000:
                break
        assert terminal.unread() >= 4000
        began = time.monotonic()
        terminal.send(ENTER)
        until(lambda: find(event="end"), 20, "the end")
        took = time.monotonic() - began
        run = records()
        assert (run[-1]["event"], run[-1]["outcome"]) == ("end", "verified")
        assert took < 10, f"{took:.1f} s"  # 2 to 4 s with a terminal that reads
        steps = [each["step"] for each in run if each["event"] == "outcome" and each.get("what") == "step"]
        assert steps == list(range(1, len(steps) + 1))
        time.sleep(max(0.0, began + 10 - time.monotonic()))
        stack.close()
        terminal.until(r"VERIFIED", 10)


@pytest.mark.parametrize("command", ["plan", "do"])
def test_a_refusal_on_the_command_line_says_why_first(lab: Lab, command: str) -> None:
    """The reason before all else, then the option that helps; `do` has no script in it, which only `plan` promises."""
    lab.wait_settled()
    lab.write_config()
    foreign_lock(lab.primary)
    line = [command, "shutdown", "office", "--server", "dhcp2", *(["--confirm", "dhcp2"] if command == "do" else [])]
    done = dhcptui(lab, *line, "--config", str(lab.dir / "config.toml"))
    said = (done.stdout if command == "plan" else done.stderr).splitlines()
    assert done.returncode == 1
    assert said[0] == "Refused: bob on ws9 runs sync-restart (3 of 6: copy)"
    assert said[1].startswith("  `do` with --break-lock bob@ws9 removes the lock, if that console is gone; it ends in ")
    assert said[2].startswith("shutdown on dhcp2: ")
    assert ("Steps" in said) is (command == "plan")
