"""Operations: one value, and what is made of it for a screen, a script, the audit log and a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.act.actions import make_plan
from dhcptui.act.actions.base import Context, OtherThanConfirmed
from dhcptui.act.audit import AuditLog, AuditRun, Operator
from dhcptui.act.operations import OmapiShutdown, OmapiWrite, Operation, Run, Wait, as_json, as_line, as_omshell
from dhcptui.act.plan import PlannedStep
from dhcptui.assess.comparison import Comparison
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.servers.omapi.objects import SettableState
from dhcptui.servers.ssh.commands import Command
from dhcptui.watch.pair import PairEngine
from tests.unit.making import NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
WRITE = OmapiWrite("foo", SettableState.PARTNER_DOWN)
RESCUE = Run(Command(("/bin/sh", "-c", "text $1", "sh", "PID", "x"), sudo=True), "stops it", ("PID",), "a record")
SETTINGS = PairSettings(
    "office", "foo", ServerSettings(P, "dhcp1", "dhcp1", sudo=True), ServerSettings(Q, "dhcp2", "dhcp2")
)


def context(operation: Operation) -> Context:
    """The hands of a step on dhcp1 that was confirmed with this operation."""
    record = AuditRun(AuditLog(), "office", "rescue", 1, "dhcp1")
    planned = PlannedStep("do it", P, "dhcp1", operation, "done")
    return Context(PairEngine(SETTINGS), planned, P, record, Operator("alice", "ws1", ""))


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (WRITE, 'OMAPI dhcp1: open failover-state "foo", set local-state = 4 (partner-down)'),
        (OmapiShutdown(), "OMAPI dhcp1: open control, set state = 2; close the connection"),
        (Run(Command(("a", "b c"))), "a 'b c'"),
        (RESCUE, "sudo -n /bin/sh -c 'text $1' sh PID x  <- a record"),
        (Wait("it is gone"), ""),
    ],
)
def test_the_line(operation: Operation, line: str) -> None:
    """As plans, errors and the audit log have it."""
    assert as_line(operation, "dhcp1") == line


def test_omshell() -> None:
    """What dhcpd's own client is told, the connection first."""
    assert as_omshell(WRITE)[3:] == ["new failover-state", 'set name = "foo"', "open", "set local-state = 4", "update"]
    assert as_omshell(OmapiShutdown())[3:] == ["new control", "open", "set state = 2", "update"]


def test_json() -> None:
    """Each kind by its name, with its parts and no English to be parsed."""
    assert as_json(WRITE) == {"kind": "omapi-write", "peer": "foo", "local_state": 4, "state": "partner-down"}
    assert as_json(OmapiShutdown()) == {"kind": "omapi-shutdown", "control_state": 2}
    assert as_json(Wait("it is gone")) == {"kind": "wait", "condition": "it is gone"}
    assert as_json(RESCUE) == {
        "kind": "run",
        "argv": ["/bin/sh", "-c", "text $1", "sh", "PID", "x"],
        "sudo": True,
        "summary": "stops it",
        "open_words": ["PID"],
        "input": "a record",
    }


def test_open_words_may_differ_and_nothing_else() -> None:
    """Neither the script, nor another word, nor their number, nor who runs it."""
    filled = Command(("/bin/sh", "-c", "text $1", "sh", "123", "x"))
    assert context(RESCUE).planned_command(filled) == filled.as_root()
    for other in (
        ("/bin/sh", "-c", "text $2", "sh", "123", "x"),
        ("/bin/sh", "-c", "text $1", "sh", "123", "y"),
        ("/bin/sh", "-c", "text $1", "sh", "123"),
        ("/bin/sh", "-c", "text $1", "sh", "123", "x", "y"),
    ):
        with pytest.raises(OtherThanConfirmed):
            context(RESCUE).planned_command(Command(other))
    assert not RESCUE.admits(filled)
    with pytest.raises(OtherThanConfirmed):
        context(Run(filled)).planned_command(filled)  # which was shown without sudo


@pytest.mark.parametrize("operation", [WRITE, OmapiShutdown(), RESCUE, Wait("x")])
async def test_a_step_does_nothing_that_its_plan_does_not_show(operation: Operation) -> None:
    """Whatever its code wants: another kind of operation is a fault, and nothing is written down or sent."""
    hands = context(operation)
    if not isinstance(operation, OmapiWrite):
        with pytest.raises(OtherThanConfirmed):
            await hands.write_planned()
    with pytest.raises(OtherThanConfirmed):
        await hands.write_fallback()
    if not isinstance(operation, OmapiShutdown):
        with pytest.raises(OtherThanConfirmed):
            await hands.shut_down_planned()
    if not isinstance(operation, Run):
        with pytest.raises(OtherThanConfirmed):
            hands.planned_command()
    assert not hands.record.has_acted
    assert not hands.record.log.path.exists()


@pytest.mark.parametrize("action", Action)
def test_every_step_says_what_it_is(action: Action) -> None:
    """A script has a summary, whoever waits says for what, and only an operation has a line."""
    same = Comparison("dhcp1", "dhcp2", NOW.mono, 4, source_digest="5f" * 32, target_digest="60" * 32)
    for step in make_plan(action, P, SETTINGS, pair(live(P), live(Q)), NOW, comparison=same).steps:
        match step.operation:
            case Run(command, summary):
                assert bool(summary) == (command.argv[0] == "/bin/sh")
                assert command.sudo is SETTINGS[step.role].sudo
            case Wait(condition):
                assert condition == step.verified_by
            case OmapiWrite(peer, _):
                assert peer == SETTINGS.peer
        assert SETTINGS[step.role].name == step.where


@pytest.mark.parametrize(("action", "text"), [(Action.SHUTDOWN, "office dhcp1"), (Action.SYNC_RESTART, "office")])
def test_in_production_the_pair_is_typed_too(action: Action, text: str) -> None:
    """On top of the server's name; where the pair's name is the confirmation, once."""
    snapshot = pair(live(P), live(Q))
    assert make_plan(action, P, replace(SETTINGS, production=True), snapshot, NOW).confirm_text == text
    assert make_plan(action, P, SETTINGS, snapshot, NOW).confirm_text == text.removeprefix("office ")
