"""The audit log: on disk before the act, whole lines only, nobody else's to read, no secret in it."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.act import audit
from dhcptui.act.audit import AuditError, AuditLog, AuditRun, Operator
from dhcptui.act.interrupted_runs import dismiss, look_back
from dhcptui.act.operations import Run
from dhcptui.act.plan import Outcome, Plan, PlannedStep
from dhcptui.assess.guards import rule
from dhcptui.cli.main import main
from dhcptui.config.loading import ConfigError
from dhcptui.engine.audit_report import parse_since
from dhcptui.model.action import Action
from dhcptui.model.audit import AuditEvent
from dhcptui.model.role import Role
from dhcptui.servers.ssh.commands import Command
from tests.unit.making import NOW, live, pair
from tests.unit.test_cli import CONFIG

WHO = Operator("alice", "ws1", "192.0.2.7")
PLANTED = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="


def plan(action: Action = Action.SHUTDOWN) -> Plan:
    """A plan of two steps."""
    runs = [Run(Command(("command", str(n)))) for n in (1, 2)]
    steps = tuple(PlannedStep(f"step {n}", Role.SECONDARY, "dhcp2", run, "seen") for n, run in enumerate(runs, 1))
    ruling = rule(action, Role.SECONDARY, pair(live(Role.PRIMARY), live(Role.SECONDARY)), NOW)
    return Plan(action, "office", Role.SECONDARY, "dhcp2", "dhcp1", "Stop dhcp2.", steps, ruling, "dhcp2")


def run_log(log: AuditLog, action: str = "shutdown", *known: str) -> AuditRun:
    """One run's hand on the log."""
    return AuditRun(log, "office", action, 2, "dhcp2", known=tuple(known))


def begun(log: AuditLog, *, gone: bool, action: Action = Action.SHUTDOWN, done: int = 1) -> AuditRun:
    """A run that verified `done` steps and is in the next one; written by us, or by a process that is gone."""
    run = run_log(log, action.value)
    run.begin(plan(action), "dhcp2", "", replace(WHO, host=Operator.here().host), {})
    for number in range(1, done + 1):
        run.begin_step(number, f"step {number}", "dhcp2")
        run.outcome("dhcp2", f"seen {number}", True, audit.STEP)
    run.begin_step(done + 1, f"step {done + 1}", "dhcp2")
    run.intent("dhcp2", "set local-state = 8")
    if gone:
        lines = [json.loads(line) for line in log.path.read_text().splitlines()]
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        for line in lines:
            if line["event"] == "begin" and line["run"] == run.run:
                line["pid"] = ended.pid
        log.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """A log that is not there yet."""
    return AuditLog(tmp_path / "state" / "dhcptui" / "audit.jsonl")


def test_only_its_owner_reads_it(log: AuditLog) -> None:
    """Directory 0700, file 0600, whatever the umask; a file that was opened up is closed again."""
    old = os.umask(0)
    try:
        run_log(log).intent("dhcp2", "x")
    finally:
        os.umask(old)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700
    log.path.chmod(0o644)
    run_log(log).intent("dhcp2", "y")
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_the_intent_is_on_disk_before_the_act(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """When `intent` returns, the line was written and then synced; so it was for begin and end."""
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        if stat.S_ISREG(os.fstat(file).st_mode):
            synced.append(log.path.read_text().splitlines()[-1])

    monkeypatch.setattr(os, "fsync", fsync)
    run = run_log(log)
    run.begin(plan(), "dhcp2", "", WHO, {})
    run.begin_step(1, "hand over", "dhcp2")
    run.intent("dhcp2", "set local-state = 8")
    assert json.loads(synced[-1])["text"] == "set local-state = 8"
    run.outcome("dhcp2", "dhcp2 answered shutdown", True)
    run.end(Outcome.VERIFIED, "done", {})
    assert [json.loads(line)["event"] for line in synced] == ["begin", "intent", "end"]
    assert [record["event"] for record in log.records()] == ["begin", "intent", "intent", "outcome", "end"]


def test_begin_holds_who_where_and_what_was_known(log: AuditLog) -> None:
    """Who, from where, pid, the plan with its findings, the texts typed, both states."""
    run_log(log).begin(plan(), "dhcp2", "I know", WHO, {"dhcp1": {"state": "normal"}})
    (record,) = log.records()
    assert (record["who"], record["from"]) == ("alice", {"host": "ws1", "ssh_client": "192.0.2.7"})
    assert record["pid"] == os.getpid()
    assert (record["typed"], record["sentence"]) == ("dhcp2", "I know")
    assert record["states"] == {"dhcp1": {"state": "normal"}}
    assert [step["command"] for step in record["plan"]["steps"]] == ["command 1", "command 2"]
    assert all(finding["observed"] for finding in record["plan"]["findings"])
    assert record["at"].endswith("Z")


def test_a_torn_line_is_left_out(log: AuditLog) -> None:
    """A console that died in the middle of a line spoils that line only, not the next one."""
    run_log(log).intent("dhcp2", "first")
    with log.path.open("ab") as file:
        file.write(b'{"at": "2026-11-22T10:00:00Z", "epo')
    run_log(log).intent("dhcp2", "second")
    with log.path.open("ab") as file:
        file.write(b'\xff\xfe\n[1]\n{"event": "begin"}\n{"torn')
    assert [record["text"] for record in log.records()] == ["first", "second"]


def test_no_secret_gets_in(log: AuditLog) -> None:
    """Neither a known secret nor one in a line that dhcpd complains about, wherever it stands in a record."""
    run = run_log(log, "shutdown", PLANTED)
    run.begin(replace(plan(), headline=f"x {PLANTED}"), PLANTED, f"a{PLANTED}b", WHO, {"dhcp1": {"state": PLANTED}})
    run.intent("dhcp2", f"{'x' * 3990}{PLANTED}")
    run.outcome("dhcp2", 'dhcpd.conf line 3: semicolon expected. secret "bm90LWtub3duLXRvLXVz"; ^', False)
    text = log.path.read_text()
    assert PLANTED[:8] not in text
    assert "bm90" not in text
    assert text.count("[not shown]") >= 5


def test_hostile_text_is_cleaned(log: AuditLog) -> None:
    """Control sequences and line ends from outside do not reach the file or the listener."""
    told: list[str] = []
    run = AuditRun(log, "office", "shutdown", 2, "dhcp2", lambda entry: told.append(entry.text))
    run.outcome("dhcp2", "bad\x1b[2J\nname\u202e", False)
    assert "\x1b" not in told[0]
    assert "\n" not in told[0]
    assert len(log.path.read_text().splitlines()) == 1
    assert "\\u001b" not in log.path.read_text()


def test_what_cannot_be_written(log: AuditLog) -> None:
    """A full or forbidden log stops the first act of a step; a step that has begun is carried to its end."""
    log.path.parent.mkdir(parents=True)
    log.path.symlink_to("/dev/full")
    run = run_log(log)
    with pytest.raises(AuditError, match=r"cannot write the audit log .*audit\.jsonl"):
        run.begin(plan(), "dhcp2", "", WHO, {})
    with pytest.raises(AuditError):
        run.intent("dhcp2", "set local-state = 8")
    run.acted = True
    run.intent("dhcp2", "set local-state = 6")
    assert "cannot write" in run.trouble


@pytest.mark.parametrize("done", [0, 1])
def test_a_run_whose_console_died(log: AuditLog, done: int) -> None:
    """A begin without an end by a process that is gone: how far it was, and what it did last."""
    run = begun(log, gone=True, done=done)
    found = look_back(log, "office")[0]
    assert found is not None
    assert (found.run, found.action, found.acting, found.step, found.steps) == (run.run, "shutdown", "dhcp2", done, 2)
    assert (found.by, found.last) == ("alice", "set local-state = 8")
    assert look_back(log, "home")[0] is None
    assert look_back(log, "office")[1] == frozenset()
    dismiss(log, found, WHO)
    assert look_back(log, "office") == (None, frozenset({found.run}))
    assert look_back(log, "other")[1] == frozenset()
    assert look_back(log, "office")[0] is None


def test_a_run_that_still_goes_on_is_not_interrupted(log: AuditLog) -> None:
    """Our own, another console's on this machine, and one of another machine that we know nothing of."""
    begun(log, gone=False)
    assert look_back(log, "office")[0] is None
    log.path.write_text(log.path.read_text().replace(Operator.here().host, "elsewhere"))
    assert look_back(log, "office")[0] is None


def test_a_run_that_did_nothing_is_not_interrupted(log: AuditLog) -> None:
    """It died, or was stopped, before its first step."""
    run = run_log(log)
    run.begin(plan(), "dhcp2", "", WHO, {})
    run.end(Outcome.INTERRUPTED, "Interrupted before step 1.", {})
    assert look_back(log, "office")[0] is None


def test_a_stopped_run_is_interrupted_until_a_good_one(log: AuditLog) -> None:
    """An end that says so counts even while its console lives; a verified run of the same action settles it."""
    begun(log, gone=False).end(Outcome.INTERRUPTED, "Interrupted after step 1 of 2.", {})
    assert look_back(log, "office")[0] is not None
    begun(log, gone=False, action=Action.HAND_OVER).end(Outcome.VERIFIED, "", {})
    begun(log, gone=False).end(Outcome.FAILED, "", {})
    assert look_back(log, "office")[0] is not None
    begun(log, gone=False).end(Outcome.VERIFIED, "", {})
    assert look_back(log, "office")[0] is None


def test_another_boot_means_dead(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart of the machine the pid may be anybody's."""
    begun(log, gone=False)
    monkeypatch.setattr(audit, "_boot", lambda: "another")
    assert look_back(log, "office")[0] is not None


def test_since() -> None:
    """A duration back from now, or a time in UTC."""
    assert parse_since("2h", 1_000_010_000.0) == 1_000_002_800.0
    now = 1_795_341_600.0
    assert parse_since("2026-11-22T10:00", now) == now
    assert parse_since("2026-11-22T12:00+02:00", now + 60) == now
    assert parse_since("0s", now) == now


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-22T12:00", "is in the future: it is 2026-11-22T10:00 now, in UTC"),
        ("2026-11-22T10:00-02:00", "is in the future"),
        ("2027-11-22", "is in the future"),
        ("9999-12-31T23:59", "is in the future"),
        ("1969-12-31T10:00", "is before all records"),
        ("0001-01-01T00:00+14:00", "is before all records"),
        ("999999w", "is before all records"),
    ],
)
def test_a_time_that_nothing_can_be_told_since(text: str, why: str) -> None:
    """Local time that is read as UTC, or a wrong year: a report on no time at all would say that all was well."""
    with pytest.raises(ConfigError, match=re.escape(f"--since {text!r} {why}")):
        parse_since(text, 1_795_341_600.0)


@pytest.mark.parametrize("command", [["audit"], ["report", "office"]], ids=["audit", "report"])
def test_commands_refuse_a_time_to_come(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the two that take --since, as it refuses other wrong words, and before anything is asked of a server."""
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    for since in ("9999-01-01", "0001-01-01", "yesterday"):
        assert main(["--config", str(config), *command, "--since", since]) == 1
        assert f"--since '{since}'" in capsys.readouterr().err


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`dhcptui audit` says so when there is nothing; prints lines, or records with --json; names a bad --since."""
    assert main(["audit"]) == 0
    assert "nothing is written" in capsys.readouterr().out
    run = AuditRun(AuditLog(), "office", "shutdown", 2, "dhcp2")
    run.begin_step(1, "hand over", "dhcp2")
    run.outcome("dhcp2", "dhcp2 reads shutdown", True)
    assert main(["audit", "--since", "1h"]) == 0
    assert "shutdown 1/2  ok   did   dhcp2: dhcp2 reads shutdown" in capsys.readouterr().out
    assert main(["audit", "--json"]) == 0
    assert [json.loads(each)["event"] for each in capsys.readouterr().out.splitlines()] == ["intent", "outcome"]
    assert main(["audit", "--since", "yesterday"]) == 1
    assert "2026-11-22T10:00" in capsys.readouterr().err


def test_events_are_known() -> None:
    """A line of an event we do not know is left out rather than guessed."""
    assert audit.entry({"event": "later"}) is None
    assert {each.value for each in AuditEvent} == {"begin", "intent", "outcome", "end"}
