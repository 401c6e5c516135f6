"""The prompt of an action: plan, evidence, typed confirmation, steps, outcome. Never a modal: the panels stay live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from dhcptui.act.plan import Outcome, Plan, Progress
from dhcptui.act.script import plan_as_script
from dhcptui.assess.delayed_start import AT_ONCE, CANCEL
from dhcptui.assess.interrupted import LEFT_TO_ROLL_BACK, ROLLBACK, sync_record
from dhcptui.engine.api import Console
from dhcptui.model.action import Action
from dhcptui.model.commands import shown
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.ui.keymap import Commands, bind
from dhcptui.ui.line import Line, say
from dhcptui.ui.panes.plan_view import PlanView
from dhcptui.ui.panes.progress_view import ProgressView
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render.ask import ask, copied, not_that, wanted
from dhcptui.ui.render.keys import key_list
from dhcptui.ui.render.plan import short
from dhcptui.ui.style import ACCENT, MUTED, WARNING, Glyphs, ascii_only, text
from dhcptui.ui.typed_ahead import TypedAhead


class Stage(Enum):
    """Where a prompt is."""

    CLOSED = "closed"
    CHOOSING = "choosing"
    READING = "reading"
    RUNNING = "running"
    ENDED = "ended"


QUIET_SECONDS = 1.5
"""After so long without a key, what is typed belongs no more to a text that was begun before the plan was refused."""
GATHER_SECONDS = 10.0
"""How long after opening a change may be no more than what `prepare` has learned."""


def _asks_the_same(old: Plan, new: Plan) -> bool:
    """Whether nothing that a person must have read differs."""
    return old.same_as(new) and old.allowed == new.allowed and old.ruling.sentence == new.ruling.sentence


class Prompt(Vertical, can_focus=True):
    """Takes the place of the logs while an action is considered or under way."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "choose(0)", show=False, id="prompt.first"),
        Binding("2", "choose(1)", show=False, id="prompt.second"),
        Binding("up", "scroll_body(-1)", show=False, id="prompt.up"),
        Binding("down", "scroll_body(1)", show=False, id="prompt.down"),
        Binding("pageup", "scroll_body(-8)", show=False, id="prompt.page_up"),
        Binding("pagedown", "scroll_body(8)", show=False, id="prompt.page_down"),
    ]

    class Moved(Message):
        """The prompt has gone to another stage."""

    def __init__(self, console: Console, clock: Callable[[], Moment], *, glyphs: Glyphs, commands: Commands) -> None:
        super().__init__(id="prompt")
        self._engine, self._clock, self._glyphs = console, clock, glyphs
        self._commands = commands
        bind(self, commands, "prompt")
        self._back = self._commands.key("look.back").replace("esc", "Esc")
        self.stage = Stage.CLOSED
        self.plan: Plan | None = None
        self._choices: tuple[Plan, ...] = ()
        self._wanted: tuple[Action, Sequence[Role]] | None = None
        """What was opened, as long as it may turn out that there is more to choose from."""
        self._confirmed = ""
        """The confirmation that was typed, while the sentence is still wanted."""
        self._opened = 0.0
        self._prepared: tuple[Action, Role] | None = None
        self._changed = False
        self._warned = False
        self._typed_at = -1e9
        """When the text last changed, by the clock of the screen."""
        self._ahead = TypedAhead()

    def compose(self) -> ComposeResult:
        """Both views, the hint, and the line to type in; what is not needed is hidden."""
        yield PlanView(glyphs=self._glyphs)
        yield ProgressView(glyphs=self._glyphs, commands=self._commands)
        yield Row(glyphs=self._glyphs, id="prompt-hint")
        entry = Input(id="prompt-input", compact=True, select_on_focus=False)
        entry.cursor_blink = False
        with Horizontal(id="prompt-entry", classes="entry"):
            yield Row(glyphs=self._glyphs, id="prompt-mark")
            yield entry

    def on_mount(self) -> None:
        """Say when there is more to read than fits."""
        self.query_one("#prompt-mark", Row).show(say((self._glyphs.run, f"bold {ACCENT}")))
        for view in self.query(VerticalScroll):
            self.watch(view, "scroll_y", self._mark_more, init=False)

    def on_resize(self) -> None:
        """What fitted may fit no more."""
        self.call_after_refresh(self._mark_more)

    # -- opening and leaving

    def open(self, action: Action, roles: Sequence[Role]) -> None:
        """Show the plan of `action`; with several roles, ask first which server acts."""
        self.query_one(PlanView).scroll_home(animate=False)
        self._changed = False
        self._wanted = action, roles
        self._prepared = None
        if len(roles) == 1:  # first: what was gathered for an earlier prompt must not stand in this one
            self._prepare(action, roles[0])
        plans = self._ways(action, roles)
        if len(plans) > 1:
            self._offer(plans)
        else:
            self._read(action, roles[0], plans[0].variant)

    def _ways(self, action: Action, roles: Sequence[Role]) -> tuple[Plan, ...]:
        """Each plan that may be meant, as it is now."""
        plans = [self._engine.plan(action, role, variant) for role in roles for variant in self._variants(action, role)]
        # Where a start is scheduled, that can be taken off as well as run at once.
        plans += [self._engine.plan(action, each.acting, CANCEL) for each in plans if each.variant == AT_ONCE]
        return tuple(plans)

    def _offer(self, plans: tuple[Plan, ...]) -> None:
        """Ask which of them is meant."""
        self._choices = plans
        self._clear()
        self._enter(Stage.CHOOSING)
        self.take_focus()

    def _variants(self, action: Action, role: Role) -> tuple[str, ...]:
        """An interrupted sync-restart is resumed or rolled back, where it has left something to roll back."""
        if action is not Action.SYNC_RESTART:
            return ("",)
        record = sync_record(self._engine.snapshot(), self._clock())
        findings = self._engine.plan(action, role, ROLLBACK).ruling.findings
        left = any(each.asked == LEFT_TO_ROLL_BACK and each.ok for each in findings)
        return ("", ROLLBACK) if left or (record and record.stamp) else ("",)

    def _choose_anew(self) -> bool:
        """Offer what there is to choose from as it is known now; whether that is asked for.

        Neither what an interrupted run has left nor the comparison of the directories is known when a prompt opens.
        """
        if self._wanted is None or self.stage not in {Stage.CHOOSING, Stage.READING}:
            return False
        action, roles = self._wanted
        if self.stage is Stage.READING and action is not Action.SYNC_RESTART:
            return False
        plans = self._ways(action, roles)
        if len(plans) == 1:
            if self.stage is Stage.CHOOSING:
                self._read(action, roles[0], plans[0].variant)
            return False
        if self.stage is Stage.READING:
            self._void()
            self._offer(plans)
        elif [each.headline for each in plans] != [each.headline for each in self._choices]:
            self._choices = plans
            self._show_choices()
        return True

    def leave(self) -> None:
        """Close, unless a step is under way: it goes on, and so does the view of it."""
        if self.stage is Stage.RUNNING:
            self._hint(
                say(
                    ("The action goes on; a step cannot be taken back half-way. ", WARNING),
                    ("Its outcome will stand here.", MUTED),
                )
            )
            return
        self.plan = None
        self._enter(Stage.CLOSED)

    @property
    def is_open(self) -> bool:
        """Whether an action is considered, under way or just ended."""
        return self.stage is not Stage.CLOSED

    @property
    def busy(self) -> bool:
        """Whether an action is under way."""
        return self.stage is Stage.RUNNING

    def may_quit(self) -> bool:
        """Whether the console may be left; while an action runs only when asked twice."""
        if not self.busy or self._warned:
            return True
        self._warned = True
        self._hint(
            say(
                (
                    f"An action is running; it goes on. {self._commands.leaving} again leaves after the current step.",
                    WARNING,
                )
            )
        )
        return False

    def keys(self) -> Content:
        """What keys do while the prompt is open, for the key bar."""
        typing = self.collects
        key = self._commands.key
        keys_of_copy = self._commands.keys("prompt.copy")
        # A letter belongs to whoever types; another way works there too.
        fitting = [each for each in keys_of_copy if len(each) > 1] if typing else keys_of_copy
        copy = [(shown(each), "copy as script") for each in fitting[:1]]
        back, audit, leave = (key("look.back"), "leave"), (key("look.audit"), "audit log"), (key("quit"), "quit")
        keys = {
            Stage.CHOOSING: [("1 2", "choose"), back],
            Stage.READING: [("enter", "run"), back, *copy] if self._may_run else [back, *copy],
            Stage.RUNNING: [audit, (key("look.help"), "help"), leave],
            Stage.ENDED: [back, *copy, audit, leave],
        }.get(self.stage, [])
        return key_list([*keys, ("PgUp PgDn", "scroll")])

    # -- choosing and reading

    @property
    def _may_run(self) -> bool:
        return self.stage is Stage.READING and self.plan is not None and self.plan.allowed

    @property
    def collects(self) -> bool:
        """Whether letters belong to a text: from the first one on, whether or not the plan stands already."""
        if self.stage is Stage.CHOOSING or self._may_run:
            return True
        if self.stage is not Stage.READING or self.plan is None:
            return False
        return self.plan.ruling.pending or self._clock().mono - self._typed_at < QUIET_SECONDS

    def take(self, event: events.Key) -> bool:
        """Take a key that nobody has taken: it was on its way to something else when the prompt opened."""
        if event.key == "enter":
            self._ahead.entered_at = event.time
        if not (self.display and self.collects and event.is_printable and event.character):
            return False
        self._entry.insert_text_at_cursor(event.character)
        return True

    def action_choose(self, index: int) -> None:
        """Take one of the offered servers."""
        if self.stage is Stage.CHOOSING and index < len(self._choices):
            chosen = self._choices[index]
            self._wanted = None
            self._read(chosen.action, chosen.acting, chosen.variant)

    def _read(self, action: Action, role: Role, variant: str = "") -> None:
        if self._prepared != (action, role) or self._clock().mono - self._opened > GATHER_SECONDS:
            self._prepare(action, role)
        self.plan = self._engine.plan(action, role, variant)
        self._void()
        self._typed_at, self._ahead.begun = -1e9, False
        self._enter(Stage.READING)
        self._present()

    def _prepare(self, action: Action, role: Role) -> None:
        """Gather anew what the plan wants to know."""
        self._engine.prepare(action, role)
        self._prepared = action, role
        self._opened = self._clock().mono

    def _void(self) -> None:
        """What was typed counts no more."""
        self._confirmed = ""
        self._clear()

    def _clear(self) -> None:
        with self.prevent(Input.Changed):
            self._entry.value = ""

    def _present(self) -> None:
        """Show the plan as it is now, and ask for the text only where it may be run."""
        plan = self.plan
        if plan is None:
            return
        self._caption(
            f"{plan.action.value} {self._glyphs.dot} {plan.pair if plan.confirm_text == plan.pair else plan.acting_name}"
        )
        self.set_class(not plan.allowed, "-refused")
        self.query_one(PlanView).show(plan)
        self._settle_entry()
        self._ask(plan)
        self._ahead.painted_at = None
        self.call_after_refresh(self._painted)
        self.call_after_refresh(self._mark_more)

    def _settle_entry(self) -> None:
        """The line to type in is there while something may be typed."""
        collects = self.collects
        if not collects:
            self._clear()
        self._offer_entry(collects)
        self.take_focus()

    def _painted(self) -> None:
        if self._may_run:
            self._ahead.painted()

    def take_focus(self) -> None:
        """Keys go to the line to type in, where there is one."""
        target = self._entry if self.collects else self
        if self.display and self.is_attached and self.screen.focused is not target:
            self.screen.set_focus(target)  # now: `focus` would do it after the keys that have come already

    def _ask(self, plan: Plan) -> None:
        self._hint(ask(plan, self._glyphs, confirmed=bool(self._confirmed), changed=self._changed, back=self._back))

    def reconsider(self) -> None:
        """Make the plan anew; where it differs, what was typed is void."""
        if self._choose_anew() or self.stage is not Stage.READING or self.plan is None:
            return
        if self.collects is not self.query_one("#prompt-entry").display:
            self._settle_entry()
        old, self.plan = self.plan, self._engine.plan(self.plan.action, self.plan.acting, self.plan.variant)
        if _asks_the_same(old, self.plan):
            self.query_one(PlanView).show(self.plan)
            return
        # What is learned right after opening (the diff, the way to the partner) is news only to who has typed already.
        begun = bool(self._entry.value or self._confirmed)
        gathering = self._clock().mono - self._opened < GATHER_SECONDS
        if old.ruling.pending and self.plan.allowed and not self._confirmed:
            self._ahead.begun |= begun  # nothing was read that is different now
        else:
            self._changed = self._changed or begun or not gathering
            self._void()
        self._present()
        self.post_message(self.Moved())

    @on(Input.Changed)
    def _typing(self) -> None:
        """Whoever types again has read again; a key that came before the text was voided does not count."""
        if self._entry.value:
            self._typed_at = self._clock().mono
        if self.stage is Stage.CHOOSING:
            if self._entry.value in {str(number) for number in range(1, len(self._choices) + 1)}:
                self.action_choose(int(self._entry.value) - 1)
            return
        if self.plan is not None and self._ahead.painted_at is None and self._entry.value:
            self._ahead.begun = True
        if self.plan is not None and self.stage is Stage.READING and self._entry.value:
            self._changed = False
            self._ask(self.plan)

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        """Run, if what was typed is exactly what was asked for, and the plan is still the one that was read."""
        event.stop()
        if self.stage is Stage.CHOOSING:
            self._choose_by_name(event.value)
            return
        self.reconsider()
        plan = self.plan
        if plan is None or self.stage is not Stage.READING or not plan.allowed or self._changed:
            return
        if self._ahead.unread:
            self._hint(say(("Nothing was run. ", WARNING), "Read the plan, then press Enter."))
            return
        if event.value != wanted(plan, confirmed=bool(self._confirmed)):
            self._hint(not_that(plan, confirmed=bool(self._confirmed), back=self._back))
            return
        if plan.ruling.sentence and not self._confirmed:
            self._confirmed = event.value
            self._clear()
            self._ask(plan)
            return
        await self._run(plan, self._confirmed or event.value, plan.ruling.sentence)

    def _choose_by_name(self, name: str) -> None:
        """A server's name chooses it where only one choice bears it; it confirms nothing."""
        found = [index for index, plan in enumerate(self._choices) if plan.acting_name == name]
        if len(found) == 1:
            self.action_choose(found[0])

    async def _run(self, plan: Plan, typed: str, sentence: str) -> None:
        self._void()
        self._enter(Stage.RUNNING)
        self.focus()
        await self.query_one(ProgressView).begin(plan, self._clock())
        self._hint(say(("Running. Every step is verified before the next one begins.", MUTED)))
        self._engine.run(plan, typed, sentence)

    async def action_command(self, name: str) -> None:
        """Run a command of the table."""
        await self._commands.handler(name).run(self)

    def action_copy(self) -> None:
        """Copy the plan as a script (OSC 52)."""
        if self.plan is not None and self.stage is not Stage.CHOOSING:
            script = plan_as_script(self.plan)
            self.app.copy_to_clipboard(script)
            self._hint(copied(script))

    # -- running

    def progress(self, progress: Progress) -> None:
        """The action moved on or ended."""
        if self.stage not in {Stage.RUNNING, Stage.ENDED}:
            return
        self.query_one(ProgressView).show(progress, self._clock())
        if progress.outcome is not Outcome.RUNNING and self.stage is Stage.RUNNING:
            self._enter(Stage.ENDED)
            self._hint(say((f"{self._back} to leave", MUTED)))
        self.call_after_refresh(self._mark_more)

    def tick(self) -> None:
        """Let the running step's time go on."""
        if self.busy:
            self.query_one(ProgressView).tick(self._clock())

    # -- small things

    @property
    def _entry(self) -> Input:
        return self.query_one("#prompt-input", Input)

    @property
    def _view(self) -> VerticalScroll:
        return self.query_one(ProgressView if self.stage in {Stage.RUNNING, Stage.ENDED} else PlanView)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self._warned = False
        self.post_message(self.Moved())
        self.query_one(PlanView).display = stage in {Stage.CHOOSING, Stage.READING}
        self.query_one(ProgressView).display = stage in {Stage.RUNNING, Stage.ENDED}
        self._offer_entry(self.collects)
        if stage is Stage.CHOOSING:
            self._show_choices()

    def _show_choices(self) -> None:
        self._caption(self._choices[0].action.value)
        self.query_one(PlanView).offer(self._choices)
        offered = "   ".join(f"{number} {short(plan)}" for number, plan in enumerate(self._choices, 1))
        self._hint(say((offered, f"bold {ACCENT}"), (f"   {self._back} to leave", MUTED)))

    def _offer_entry(self, shown: bool) -> None:
        self.query_one("#prompt-entry").display = shown

    def _hint(self, line: Line) -> None:
        self.query_one("#prompt-hint", Row).show(line)

    def _caption(self, words: str) -> None:
        content = text((words, "bold"))
        self.border_title = ascii_only(content) if self._glyphs.ascii else content

    def action_scroll_body(self, rows: int) -> None:
        """Scroll the plan or the steps."""
        self._view.scroll_relative(y=rows, animate=False)

    def _mark_more(self) -> None:
        view = self._view
        words = (
            "more below: PgDn"
            if view.max_scroll_y > view.scroll_offset.y
            else "more above: PgUp"
            if view.scroll_offset.y
            else ""
        )
        if (self.border_subtitle or "") != words:
            self.border_subtitle = text((words, WARNING))
