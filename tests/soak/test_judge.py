"""The judge itself: each invariant can be broken, and is then told; what is excused is excused for its own reason only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dhcptui.model.role import Role
from dhcptui.servers.ssh.commands import Command
from tests.soak import judge, judge_audit
from tests.soak.history import CONSOLE, NOT_RUNNING, STRANGER, Act, Fault, History, LockRequest, Sample, Server, Truth
from tests.soak.tap import changes, sent

P, Q = Role.PRIMARY, Role.SECONDARY
GONE = Server()
LINE = '/bin/sh -c \'mv -- "$1" "$2"\' sh /etc/a /etc/b'


def server(state: str) -> Server:
    """A dhcpd in a state; what serves is not told apart further."""
    return Server(state, state in {"normal", "partner-down", "communications-interrupted"}, True)


def history(*states: tuple[float, str, str]) -> History:
    """(moment, primary's state, secondary's state): an empty word is a dhcpd that does not run."""
    truths = [Truth(at, {P: server(a) if a else GONE, Q: server(b) if b else GONE}) for at, a, b in states]
    return History(truths=truths)


def line(at: float, event: str, **more: Any) -> dict[str, Any]:
    """A line of the audit log."""
    plain = {"run": "r1", "pair": "foo", "action": "hand-over", "step": 1, "steps": 1, "server": "dhcp1", "text": ""}
    return {"at": "", "epoch": at, "event": event, "ok": None, **plain, **more}


def told(law: judge.Judge, happened: History) -> list[str]:
    """Everything a law has to say."""
    return list(law(happened, 0.0, 1000.0))


HANDED_OVER = ((0.0, "normal", "normal"), (10.01, "shutdown", "normal"), (10.02, "shutdown", "partner-down"))
PUT_OUT = ((0.0, "normal", ""), (10.0, "shutdown", ""))


def test_a_hand_over_that_is_followed() -> None:
    """Somebody serves all the while."""
    happened = history(*HANDED_OVER)
    happened.acts.append(Act(10.0, P, CONSOLE, "local-state", "8"))
    assert not told(judge.service, happened)


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (None, True),
        (Fault(8.5, 8.6, "dhcpd killed", Q, darkens=True), False),
        (Fault(3.0, 3.1, "dhcpd killed", Q, darkens=True), True),
        (Fault(9.5, 9.6, "log rotated", Q), True),
    ],
)
def test_the_last_light_is_put_out(fault: Fault | None, broken: bool) -> None:
    """A console's write that leaves nobody serving: excused only by what darkened the pair too lately to be known."""
    happened = history(*PUT_OUT)
    happened.acts.append(Act(10.0, P, CONSOLE, "local-state", "8"))
    happened.faults.extend([fault] if fault else [])
    assert bool(told(judge.service, happened)) is broken


def test_somebody_else_puts_the_last_light_out() -> None:
    """Not our act."""
    happened = history(*PUT_OUT)
    happened.acts.append(Act(10.0, P, STRANGER, "local-state", "8"))
    assert not told(judge.service, happened)


@pytest.mark.parametrize(
    ("warnings", "broken"),
    [([], True), (["both go through potential-conflict, and for a moment nobody is served."], False)],
)
def test_a_start_that_is_announced_to_darken(warnings: list[str], broken: bool) -> None:
    """Both served alone: when they meet they serve nobody, and the plan has to say so."""
    happened = history((0.0, "partner-down", ""), (10.1, "potential-conflict", "potential-conflict"))
    happened.acts.append(Act(10.0, Q, CONSOLE, "run", "restart-dhcpd"))
    plan = {"confirm": "dhcp2", "sentence": "", "warnings": warnings}
    happened.audit.append(line(9.0, "begin", action="start", server="dhcp2", plan=plan))
    assert bool(told(judge.service, happened)) is broken


@pytest.mark.parametrize(
    ("partner", "sentence", "fault", "broken"),
    [
        ("", "", None, False),
        ("communications-interrupted", "", None, True),
        ("communications-interrupted", "I know that dhcp2 is off", None, False),
        ("startup", "", Fault(8.0, 8.2, "dhcpd started", Q, lights=True), False),
        ("startup", "", Fault(8.0, 8.2, "clock set", Q), True),
    ],
)
def test_partner_down_beside_a_living_partner(partner: str, sentence: str, fault: Fault | None, broken: bool) -> None:
    """A write of 4 while the partner runs wants an oath, or a partner that has only just begun."""
    happened = history((0.0, "communications-interrupted", partner))
    happened.acts.append(Act(10.0, P, CONSOLE, "local-state", "4"))
    happened.faults.extend([fault] if fault else [])
    write = 'OMAPI dhcp1: open failover-state "foo", set local-state = 4 (partner-down)'
    happened.audit += [line(9.0, "begin", sentence=sentence), line(9.9, "intent", text=write)]
    assert bool(told(judge.conflicts, happened)) is broken


@pytest.mark.parametrize(("state", "broken"), [("recover-wait", True), ("partner-down", False)])
def test_verified_while_nobody_serves(state: str, broken: bool) -> None:
    """A good end in the dark."""
    happened = history((0.0, "startup", ""), (8.0, state, ""))
    happened.audit.append(line(10.0, "end", outcome="verified", text="done"))
    assert bool(told(judge.verified, happened)) is broken


WRITE = Act(10.0, P, CONSOLE, "local-state", "8")
INTENT = 'OMAPI dhcp1: open failover-state "foo", set local-state = 8 (shutdown)'


@pytest.mark.parametrize(
    ("act", "intent", "broken"),
    [
        (WRITE, {"text": INTENT}, False),
        (WRITE, {"text": INTENT, "server": "dhcp2"}, True),
        (WRITE, {"text": INTENT, "epoch": 10.5}, True),
        (WRITE, {"text": INTENT, "event": "outcome"}, True),
        (WRITE, {"text": INTENT.replace("8", "6")}, True),
        (Act(10.0, P, CONSOLE, "local-state", "7"), {"text": INTENT.replace("8", "7")}, True),
        (Act(10.0, P, CONSOLE, "control", "2"), {"text": "OMAPI dhcp1: open control, set state = 2; close"}, False),
        (Act(10.0, P, CONSOLE, "lease ends", "0"), {"text": INTENT}, True),
        (Act(10.0, P, STRANGER, "local-state", "7"), {"text": ""}, False),
        (Act(10.0, P, CONSOLE, "line", LINE), {"text": LINE}, False),
        (Act(10.0, P, CONSOLE, "line", LINE), {"text": LINE + " (with 12 bytes of input)"}, False),
        (Act(10.0, P, CONSOLE, "line", LINE), {"text": LINE.replace("/etc/b", "/etc/c")}, True),
    ],
)
def test_a_write_outside_a_plan(act: Act, intent: Mapping[str, Any], broken: bool) -> None:
    """What reaches a server was announced, for that server, before it, with that value, and may be written at all."""
    happened = history((0.0, "normal", "normal"))
    happened.acts.append(act)
    happened.audit.append(line(9.9, "intent") | dict(intent))
    assert bool(told(judge.writes, happened)) is broken


def test_one_intent_pays_for_one_write() -> None:
    """A second write of the same state needs its own."""
    happened = history((0.0, "normal", "normal"))
    happened.acts += [WRITE, Act(10.5, P, CONSOLE, "local-state", "8")]
    happened.audit.append(line(9.9, "intent", text=INTENT))
    assert len(told(judge.writes, happened)) == 1


def test_a_lock_belongs_to_a_run() -> None:
    """The lock may be touched between its announcement and the end of the run."""
    act = Act(10.0, P, CONSOLE, "line", "/bin/sh -c 'until e=$(mkdir \"$l.busy\" 2>&1)'")
    happened = history((0.0, "normal", "normal"))
    happened.acts.append(act)
    assert told(judge.writes, happened)
    happened.audit.append(line(9.0, "intent", what="lock"))
    assert not told(judge.writes, happened)
    happened.audit.append(line(9.5, "end"))
    assert not told(judge.writes, happened)
    happened.acts[0] = replace(act, at=60.0)
    assert told(judge.writes, happened)


@pytest.mark.parametrize(
    ("claim", "broken"),
    [
        (LockRequest(10.0, 9.0, P, "console", "normal", True), False),
        (LockRequest(10.0, 9.8, P, "console", "normal", True), True),
        (LockRequest(10.0, 9.8, P, "console", "startup", True), False),
        (LockRequest(10.0, 9.8, Q, "console", NOT_RUNNING, True), False),
        (LockRequest(10.0, 9.8, P, "console", NOT_RUNNING, True), True),
    ],
)
def test_a_claim_that_is_not_so(claim: LockRequest, broken: bool) -> None:
    """An old state with a young age, a dhcpd that is said to be gone."""
    happened = history((0.0, "normal", ""), (9.5, "startup", ""))
    happened.claims.append(claim)
    assert bool(told(judge.claims, happened)) is broken


def test_something_grows() -> None:
    """More than the limit of what is held."""
    happened = History(samples=[Sample(1.0, {"tasks of follower": 40}), Sample(2.0, {"tasks of follower": 400})])
    assert len(told(judge.growth, happened)) == 1


PLAN = {"confirm": "dhcp1", "sentence": ""}
GOOD = [
    line(1.0, "begin", step=0, typed="dhcp1", sentence="", plan=PLAN, pid=7),
    line(1.1, "intent", what="step"),
    line(1.2, "intent", what="act", text=INTENT),
    line(1.3, "outcome", what="act", ok=True),
    line(1.4, "outcome", what="step", ok=True),
    line(1.5, "end", step=0, ok=True, outcome="verified"),
]


def without(number: int) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """A log with one line missing."""
    return lambda log: log[:number] + log[number + 1 :]


@pytest.mark.parametrize(
    ("spoilt", "broken"),
    [
        (lambda log: log, False),
        (without(0), True),
        (without(2), True),
        (without(3), True),
        (without(5), True),
        (lambda log: [log[0] | {"typed": "dhcp2"}, *log[1:]], True),
        (lambda log: [log[0] | {"plan": PLAN | {"sentence": "I know that dhcp2 is off"}}, *log[1:]], True),
        (lambda log: [*log, log[2]], True),
    ],
)
def test_an_audit_log_with_a_gap(spoilt: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], broken: bool) -> None:
    """Begin, intent, outcome and end, each in its place, and the right words typed."""
    assert bool(list(judge_audit.runs(History(audit=spoilt(GOOD)), 1000.0))) is broken


def test_a_killed_console_leaves_no_end() -> None:
    """That is no gap."""
    assert not list(judge_audit.runs(History(audit=GOOD[:3], killed={7}), 1000.0))


@pytest.mark.parametrize(
    ("data", "mode", "broken"),
    [
        (json.dumps(GOOD[0]) + "\n", 0o600, False),
        (json.dumps(GOOD[0]) + "\n", 0o644, True),
        ('{"at": \n', 0o600, True),
        ("[1]\n", 0o600, True),
        (json.dumps(GOOD[0] | {"text": "c2VjcmV0"}) + "\n", 0o600, True),
    ],
)
def test_a_file_that_is_not_as_it_should_be(tmp_path: Path, data: str, mode: int, broken: bool) -> None:
    """Its mode, its lines, its secrets."""
    path = tmp_path / "audit.jsonl"
    path.write_text(data)
    path.chmod(mode)
    found: Iterator[str] = judge_audit.Reader(path, ["c2VjcmV0"]).read(History())
    assert bool(list(found)) is broken


@pytest.mark.parametrize("words", [("tail", "-F", "/var/log/ö!'\\\n$"), ("/bin/sh", "-c", "kill -9 1\n", "sh")])
def test_what_is_sent_is_read_as_it_was_meant(words: tuple[str, ...]) -> None:
    """Whatever the way in which it passes the login shell."""
    command = Command(words)
    assert sent(command.wire) == command.line


@pytest.mark.parametrize(
    ("command", "changing"),
    [
        ("tail -n 10 -F -- /var/log/dhcpd.log", False),
        ("ps -A -ww -o pid=", False),
        ("/bin/sh -c 'ping -c 1 -W 1 \"$1\" >/dev/null 2>&1' sh 10.0.0.20", False),
        ("/bin/sh -c 'fstat | awk \"NR > 1 && \\$3 == p { f = 1 }\"' sh", False),
        ("/bin/sh -c 'echo x > 1' sh", True),
        ("kill -TERM 100", True),
        ("/etc/dhcp/restart-dhcpd", True),
        ("tar -C /etc -xpf -", True),
        ('/bin/sh -c \'test -f "$1" && cat >> "$1"\' sh /var/lib/dhcp/dhcpd.leases', True),
        ("sudo -n kill -TERM 100", True),
        ("never-heard-of", True),
    ],
)
def test_what_changes_a_server(command: str, changing: bool) -> None:
    """Whatever is not plainly a look."""
    assert changes(command) is changing
