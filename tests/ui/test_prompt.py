"""The prompt of an action: evidence, typed confirmation, steps, outcome."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot
from textual.widgets import Input

from dhcptui.act.plan import Outcome, StepState
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import LockFiles
from dhcptui.model.states import FailoverState
from dhcptui.model.sync_record import SyncRecord
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.panes.plan_view import PlanView
from dhcptui.ui.panes.prompt import Stage
from dhcptui.ui.panes.text_sheet import Sheet
from tests.ui.feed import MONO, SAME, WALL, ScriptedConsole, healthy, one_down, pair, recovering, server, status
from tests.ui.test_main_screen import panel, picture, row, screen
from tests.ui.waiting import until

P, Q = Role.PRIMARY, Role.SECONDARY


def entry(app: DhcptuiApp) -> Input:
    """Where the confirmation is typed."""
    return app.screen.query_one("#prompt-input", Input)


async def confirm(pilot: Pilot[None], text: str) -> None:
    """Type and press Enter."""
    await pilot.press(*text, "enter")
    await pilot.pause()


async def test_refusal_names_the_reasons() -> None:
    """P while both serve: refused, with the evidence, and nothing to type into."""
    async with screen(healthy(), (80, 24)) as (app, pilot, console):
        await pilot.press("P")
        await pilot.pause()
        shown = app.screen.query_one(PlanView).shown
        assert shown.startswith("Refused")
        assert "dhcp2 answers and reads normal" in shown
        assert not entry(app).parent.display  # type: ignore[union-attr]
        await pilot.press("enter", "escape")
        assert not app.main.prompt.display
        assert console.ran == []


async def test_plan_shows_commands_and_evidence() -> None:
    """Before anything is typed: exact writes, each precondition with its witness, the warnings; the panels stay."""
    async with screen(one_down()) as (app, pilot, _console):
        await pilot.press("P")
        await pilot.pause()
        shown = picture(app)
        assert 'open failover-state "foo"' in shown
        assert "✓ dhcp2's dhcpd is proven gone" in shown
        assert "processes and sockets of dhcp2" in shown
        assert "▲ If dhcp2 is alive, both servers will stop serving" in shown
        assert "dhcpd not running" in panel(app, Q)
        assert "Type dhcp2 and press Enter to run, Esc to leave" in row(app, "prompt-hint")


async def test_nothing_but_the_exact_text_runs() -> None:
    """Empty, wrong, padded or differently cased text does nothing but say what is expected."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P")
        for wrong in ("", "dhcp1", "Dhcp2"):
            entry(app).value = ""
            await confirm(pilot, wrong)
            assert console.ran == []
            assert "Expected exactly dhcp2" in row(app, "prompt-hint")
        entry(app).value = "dhcp2 "
        await pilot.press("enter")
        assert console.ran == []
        entry(app).value = ""
        await confirm(pilot, "dhcp2")
        [(plan, typed)] = console.ran
        assert (plan.action, plan.acting, typed) == (Action.PARTNER_DOWN, P, "dhcp2")


async def test_a_changed_plan_voids_what_was_typed() -> None:
    """dhcp2 comes back while the name is being typed: the text is gone, the plan refused, the reason on top."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P", *"dhcp2")
        assert entry(app).value == "dhcp2"
        console.show(healthy())
        await pilot.pause()
        assert entry(app).value == ""
        assert "The situation changed; read again." in row(app, "prompt-hint")
        assert app.screen.query_one(PlanView).shown.startswith("Refused")
        await pilot.press("enter")
        console.show(one_down())
        await pilot.pause()
        await pilot.press("enter")
        assert console.ran == []


async def test_a_new_age_voids_nothing() -> None:
    """The same plan on newer evidence leaves the typed text alone."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P", *"dhc")
        console.clock.forward(1)
        console.show(one_down(MONO + 1))
        await pilot.pause()
        assert entry(app).value == "dhc"


async def test_traffic_voids_nothing() -> None:
    """Updates under way, 0 -> 3 -> 0, while somebody types: nothing is wiped, and it runs."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("S", "1", *"dhc")
        for waiting in (3, 0):
            for view in healthy().servers:
                seen = Seen(status(view.role, FailoverState.NORMAL, FailoverState.NORMAL, unacked=waiting), MONO)
                console.show(console.snapshot().with_view(replace(view, status=seen, queue_moved=MONO)))
            await pilot.pause()
            assert entry(app).value == "dhc"
            assert "The situation changed" not in row(app, "prompt-hint")
        await pilot.press("p", "1", "enter")
        await pilot.pause()
        assert [(plan.action, typed) for plan, typed in console.ran] == [(Action.SHUTDOWN, "dhcp1")]


async def test_a_change_nobody_told_of_is_caught_at_enter() -> None:
    """The plan is made anew at Enter: time alone can make evidence too old."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P", *"dhcp2")
        console.clock.forward(30)
        await pilot.press("enter")
        await pilot.pause()
        assert console.ran == []
        assert "The situation changed" in row(app, "prompt-hint")


async def start(pilot: Pilot[None], console: ScriptedConsole) -> None:
    """Run partner-down."""
    await pilot.press("P")
    await confirm(pilot, "dhcp2")
    console.report(StepState.DONE, StepState.RUNNING, details=["no dhcpd on dhcp2"])
    await pilot.pause()


async def test_steps_and_outcome() -> None:
    """Each step shows state and time; Esc does not stop it; the outcome says what is so and what to do next."""
    async with screen(one_down()) as (app, pilot, console):
        await start(pilot, console)
        shown = picture(app)
        assert "✓ 1 look at dhcp2 once more" in shown
        assert "no dhcpd on dhcp2" in shown
        assert "▸ 2 put dhcp1 into partner-down" in shown
        console.clock.forward(3.2)
        app.main.prompt.tick()
        await pilot.pause()
        assert "3.2 s" in picture(app)
        await pilot.press("escape")
        assert app.main.prompt.stage is Stage.RUNNING
        assert "The action goes on" in row(app, "prompt-hint")
        console.report(
            StepState.DONE,
            StepState.DONE,
            outcome=Outcome.VERIFIED,
            result="dhcp1 serves alone.",
            then="Leave dhcp2 off.",
        )
        await pilot.pause()
        assert "VERIFIED" in app.screen.query_one("#outcome", Sheet).shown
        assert "Next: Leave dhcp2 off." in app.screen.query_one("#outcome", Sheet).shown
        await pilot.press("escape")
        assert not app.main.prompt.display


async def test_failure_is_told_as_such() -> None:
    """A failed step is marked by word and glyph, later ones as skipped."""
    async with screen(one_down()) as (app, pilot, console):
        await start(pilot, console)
        console.report(StepState.FAILED, StepState.SKIPPED, outcome=Outcome.FAILED, result="dhcp2 answers again.")
        await pilot.pause()
        shown = picture(app)
        assert "✗ FAILED" in shown
        assert "✗ 1 look at dhcp2" in shown
        assert "skipped" in shown


async def test_q_asks_twice_while_an_action_runs() -> None:
    """The first q says that the action goes on; the second one leaves."""
    async with screen(one_down()) as (app, pilot, console):
        await start(pilot, console)
        await pilot.press("q")
        await pilot.pause()
        assert app.is_running
        assert "An action is running; it goes on" in row(app, "prompt-hint")
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_shutdown_asks_which_server() -> None:
    """Both may be shut down: a number chooses, and that server's plan is shown."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("S")
        assert app.main.prompt.stage is Stage.CHOOSING
        assert row(app, "prompt-hint").startswith("1 dhcp1   2 dhcp2")
        await pilot.press("2")
        assert "Stop dhcp2 cleanly: dhcp1 takes over every client of foo first" in app.screen.query_one(PlanView).shown
        await confirm(pilot, "dhcp2")
        assert [(plan.acting, typed) for plan, typed in console.ran] == [(Q, "dhcp2")]


async def test_sync_restart_wants_the_pairs_name() -> None:
    """R acts on both servers: the pair's name confirms it."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("R")
        assert "Type office" in row(app, "prompt-hint")
        await confirm(pilot, "office")
        assert console.ran[0][0].action is Action.SYNC_RESTART


async def test_the_refused_survivor_is_the_live_server() -> None:
    """P in recover-wait: refused for the server that serves, because its partner is there."""
    served_by_secondary = pair(
        server(P, FailoverState.RECOVER_WAIT, FailoverState.PARTNER_DOWN),
        server(Q, FailoverState.PARTNER_DOWN, FailoverState.RECOVER_WAIT),
    )
    for snapshot, acting in ((recovering(), P), (served_by_secondary, Q)):
        async with screen(snapshot) as (app, pilot, _console):
            await pilot.press("P")
            assert app.main.prompt.plan is not None
            assert app.main.prompt.plan.acting is acting
            assert "answers and reads recover-wait" in app.screen.query_one(PlanView).shown


async def test_more_than_fits_is_announced_and_can_be_read() -> None:
    """At 80x24 the plan is longer than its place: the border says so, PgDn scrolls while the entry keeps the focus."""
    async with screen(one_down(), (80, 24)) as (app, pilot, _console):
        await pilot.press("P")
        await until(pilot, lambda: "more below" in picture(app))
        for _ in range(3):
            await pilot.press("pagedown")
        await until(pilot, lambda: "local-state = 4" in picture(app))
        assert "more below" not in picture(app)
        assert app.screen.focused is entry(app)


async def test_more_than_fits_is_announced_after_a_resize_too() -> None:
    """A plan that fitted is longer than its place in a terminal that has become smaller."""
    async with screen(one_down(), (120, 40)) as (app, pilot, _console):
        await pilot.press("P")
        await until(pilot, lambda: "local-state = 4" in picture(app))
        assert "more below" not in picture(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "more below" in picture(app))


async def test_an_interrupted_run_is_gone_on_with_or_rolled_back() -> None:
    """R asks which; what was chosen stays chosen while the plan is made anew, and is what runs."""
    record = SyncRecord("r1", "0", "anna@ops1", "20260822T140000Z", ("copied", "restarting dhcp2"), WALL)
    there = replace(healthy().secondary, lock_files=Seen(LockFiles(sync=record), MONO))
    async with screen(pair(healthy().primary, there), (120, 40)) as (app, pilot, console):
        console.comparison = replace(SAME, record=record, source_digest="0", target_digest="0", backup_there=True)
        await pilot.press("R")
        await pilot.pause()
        asked = app.screen.query_one(PlanView).shown
        assert asked.startswith("What is to become of the interrupted run?")
        assert "1 Resume the run that anna@ops1 began" in asked
        assert "2 Roll back the run that anna@ops1 began" in asked
        await pilot.press("2")
        await pilot.pause()
        console.show(pair(healthy().primary, there))
        await pilot.pause()
        assert "Roll back the run that anna@ops1 began" in app.screen.query_one(PlanView).shown
        await confirm(pilot, "office")
        [(plan, typed)] = console.ran
        assert (plan.action, plan.variant, typed) == (Action.SYNC_RESTART, "rollback", "office")


async def test_what_an_interrupted_run_left_is_offered_once_it_is_read() -> None:
    """R within a second of the start: nothing is told of files that were not compared, and both ways turn up as they are."""
    record = SyncRecord("r1", "0", "anna@ops1", "20260822T140000Z", ("copied", "restarting dhcp2"), WALL)
    there = replace(healthy().secondary, lock_files=Seen(LockFiles(sync=record), MONO))
    compared = replace(SAME, record=record, source_digest="0", target_digest="0", backup_there=True)
    async with screen(healthy(), (120, 40)) as (app, pilot, console):
        console.comparison = None
        await pilot.press("R")
        await pilot.pause()
        first = app.screen.query_one(PlanView).shown.splitlines()[0]
        assert "being compared" in first
        assert "Copy" not in first
        await pilot.press(*"office")
        console.show(pair(healthy().primary, there))  # the record is read, the directories are not
        await pilot.pause()
        asked = app.screen.query_one(PlanView).shown
        assert asked.startswith("What is to become of the interrupted run?")
        assert "Copy" not in asked
        assert "had not been restarted" not in asked
        assert entry(app).value == ""
        console.comparison = compared
        console.show(pair(healthy().primary, there))
        await pilot.pause()
        asked = app.screen.query_one(PlanView).shown
        assert "1 Resume the run that anna@ops1 began: restart dhcp2, then dhcp1." in asked
        assert (
            "2 Roll back the run that anna@ops1 began: dhcp2 gets its old /etc/dhcp/shared again and restarts." in asked
        )
        await pilot.press("1")
        await confirm(pilot, "office")
        [(plan, _)] = console.ran
        assert plan.variant == ""


async def test_a_comparison_alone_offers_both_ways() -> None:
    """The directories were compared before the marks were read: what lies there is known all the same."""
    record = SyncRecord("r1", "0", "anna@ops1", "20260822T140000Z", ("copied",), WALL)
    async with screen(healthy(), (120, 40)) as (app, pilot, console):
        console.comparison = None
        await pilot.press("R")
        console.comparison = replace(SAME, record=record, source_digest="0", target_digest="0", backup_there=True)
        console.show(healthy())
        await pilot.pause()
        assert app.screen.query_one(PlanView).shown.startswith("What is to become of the interrupted run?")
        await pilot.press("2")
        await confirm(pilot, "office")
        assert [plan.variant for plan, _ in console.ran] == ["rollback"]
