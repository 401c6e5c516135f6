"""Look up a lease: a line to type in, and below it what both servers say. Asked in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from dhcptui.model.leases import LeaseAnswer, LeaseView, LookUp, Outcome
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.words import day_clock, joined
from dhcptui.ui.line import say
from dhcptui.ui.panes.reading import Reading
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render.table import table
from dhcptui.ui.style import ACCENT, CRITICAL, GOOD, MUTED, WARNING, Glyphs, Paragraph, Part, text
from dhcptui.ui.views.view import SCROLL, Key, View, ViewHost

LONGEST_QUESTION = 255


class LeasePane(Vertical, can_focus=False):
    """In the place of the logs; the pair stays in view. The last answer stays until the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "lines(-1)", show=False),
        Binding("down", "lines(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, ask: Callable[[str], None], *, glyphs: Glyphs) -> None:
        super().__init__(id="lease")
        self._ask, self._glyphs = ask, glyphs
        self.border_title = Content("lease look-up")

    def compose(self) -> ComposeResult:
        """The line, and the answer."""
        with Horizontal(classes="entry"):
            yield Row(glyphs=self._glyphs, id="lease-mark")
            entry = Input(id="lease-input", compact=True, max_length=LONGEST_QUESTION)
            entry.cursor_blink = False
            yield entry
        answer = Reading(glyphs=self._glyphs, id="lease-answer")
        answer.can_focus = False
        yield answer

    def on_mount(self) -> None:
        """The mark before the line."""
        self.query_one("#lease-mark", Row).show(say((self._glyphs.run, f"bold {ACCENT}")))

    def open(self) -> None:
        """Ready for typing; what was asked last stands there, and the first key replaces it."""
        # At once: `focus` would leave it to the next turn, and a letter typed before that is a key of the screen.
        self.screen.set_focus(self.query_one(Input))

    @property
    def shown(self) -> str:
        """The answer's text, unwrapped."""
        return self._reading.shown

    @property
    def _reading(self) -> Reading:
        return self.query_one(Reading)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if question := event.value.strip():
            self._ask(question)

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Another answer, from its beginning."""
        self._reading.renew(paragraphs, from_start=True)

    def action_lines(self, rows: int) -> None:
        """Scroll the answer."""
        self._reading.action_lines(rows)

    def action_page(self, pages: int) -> None:
        """Scroll the answer by pages."""
        self._reading.action_page(pages)


class LookUpView(View):
    """Asks both servers, and shows the answer to the newest question only."""

    command = "look.lease"

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self._asking: tuple[str, Future[LookUp]] | None = None
        self._found: LookUp | None = None
        self.widget: LeasePane = LeasePane(self._ask, glyphs=self.session.glyphs)

    def open(self) -> None:
        """With the last answer."""
        self._show()
        self.widget.open()

    def keys(self) -> list[Key]:
        """Enter asks."""
        return [self.key("look.back", "back"), ("enter", "ask"), SCROLL]

    def _ask(self, question: str) -> None:
        future = self.session.engine.look_up(question)
        self._asking = (question, future)
        self._show()
        self.host.when_done(future, self._answered)

    def _answered(self, future: Future[LookUp]) -> None:
        if self._asking is None or self._asking[1] is not future:
            return
        self._asking = None
        if not future.cancelled():
            self._found = future.result()
        self._show()

    def _show(self) -> None:
        asking = self._asking[0] if self._asking else ""
        self.widget.show(lease_page(self._found, asking, self.session.snapshot, self.session.glyphs))


TIMES = ("starts", "ends", "tstp", "tsfp", "atsfp", "cltt")
"""dhcpd's own names; each server's, by its own clock."""
LEAST = 18
OUTCOMES = {Outcome.FOUND: GOOD, Outcome.SEVERAL: WARNING, Outcome.NOT_FOUND: WARNING, Outcome.NO_ANSWER: CRITICAL}
MEANINGS = {
    "tstp": "told the partner: until then",
    "tsfp": "told by the partner: until then",
    "atsfp": "the tsfp it acknowledged",
    "cltt": "the client was last heard",
}
HINT = "An address (10.0.0.117), a hardware address (02:00:5e:10:00:01) or a host name, then Enter."


def lease_page(found: LookUp | None, asking: str, snapshot: PairSnapshot, glyphs: Glyphs) -> list[Paragraph]:
    """What to type, that it is being asked, or the answer."""
    if asking:
        names = joined(view.name for view in snapshot.servers)
        return [Paragraph(text((f"{glyphs.wait} asking {names} for {clean(asking, 120)}", ACCENT)), 2, 2)]
    if found is None:
        return [Paragraph(text((HINT, MUTED)))]
    return _answer(found, snapshot, glyphs)


def _answer(found: LookUp, snapshot: PairSnapshot, glyphs: Glyphs) -> list[Paragraph]:
    if found.note:
        return [Paragraph(text((f"{glyphs.bad} ", WARNING), (found.note, "bold")), 2, 2)]
    answers = {role: found.answers[role] for role in Role}
    wrong = [each for each in found.differences if each.wrong]
    paragraphs = [Paragraph(text((found.question, "bold"))), *_verdict(found, answers, snapshot, glyphs)]
    names = [text(""), *(text((f"{view.name} ({view.role.value})", MUTED)) for view in snapshot.servers), text("")]
    outcomes = [text(("answer", MUTED)), *(_outcome(each, glyphs) for each in answers.values()), text("")]
    marked = {each.attribute for each in wrong}
    rows = [names, outcomes, *_rows([each.lease for each in answers.values()], found.at, marked, glyphs)]
    paragraphs += table(rows, widths=(17, LEAST, LEAST)) if any(each.lease for each in answers.values()) else []
    for role, each in answers.items():
        if each.note:
            paragraphs.append(Paragraph(text(f"{snapshot[role].name}: ", (each.note, OUTCOMES[each.outcome])), 2, 2))
    if found.also:
        words = f"The same client also had, or was offered: {', '.join(found.also)}"
        paragraphs.append(Paragraph(text((words, MUTED)), 2, 2))
    return paragraphs


def _verdict(
    found: LookUp, answers: dict[Role, LeaseAnswer], snapshot: PairSnapshot, glyphs: Glyphs
) -> list[Paragraph]:
    """The servers agree, or what is wrong; nothing where only one answered."""
    if all(each.lease is None for each in answers.values()):
        if all(each.outcome is Outcome.NOT_FOUND for each in answers.values()):
            return [Paragraph(text((f"{glyphs.bad} Neither server has such a lease.", WARNING)), 2, 2)]
        return [Paragraph(text((f"{glyphs.bad} No server answered.", CRITICAL)), 2, 2)]
    if any(each.lease is None for each in answers.values()):
        without = joined(snapshot[role].name for role, each in answers.items() if each.lease is None)
        return [Paragraph(text((f"{glyphs.warn} Nothing to compare: {without} gave no lease.", WARNING)), 2, 2)]
    wrong = [each for each in found.differences if each.wrong]
    if not wrong:
        return [Paragraph(text((f"{glyphs.ok} Both servers agree.", GOOD)), 2, 2)]
    return [
        Paragraph(text((f"{glyphs.bad} They disagree on {each.attribute}: ", f"bold {WARNING}"), each.meaning), 2, 2)
        for each in wrong
    ]


def _outcome(answer: LeaseAnswer, glyphs: Glyphs) -> Content:
    mark = glyphs.ok if answer.outcome is Outcome.FOUND else glyphs.bad
    return text((f"{mark} {answer.outcome.value}", OUTCOMES[answer.outcome]))


def _rows(leases: list[LeaseView | None], at: float, marked: set[str], glyphs: Glyphs) -> list[list[Content]]:
    """A row for every attribute that a server has; `marked`: those the two disagree on."""
    words_of: dict[str, Callable[[LeaseView], str]] = {
        "address": lambda lease: lease.address,
        "binding state": lambda lease: lease.binding_state,
        **{name: partial(_time_of, name, at) for name in TIMES[:2]},
        "hardware address": lambda lease: lease.hardware_address,
        "client identifier": lambda lease: lease.client_identifier,
        "host name": lambda lease: lease.client_hostname,
        **{name: partial(_time_of, name, at) for name in TIMES[2:]},
        "flags": lambda lease: " ".join(lease.flags),
    }
    texts = {name: [tell(lease) if lease else "" for lease in leases] for name, tell in words_of.items()}
    return [
        [_label(name, name in marked, glyphs), *(_cell(words, name in marked) for words in both), _meaning(name)]
        for name, both in texts.items()
        if any(both)
    ]


def _label(name: str, wrong: bool, glyphs: Glyphs) -> Content:
    return text((name, WARNING if wrong else MUTED), (f" {glyphs.bad}" if wrong else "", WARNING))


def _cell(words: str, wrong: bool) -> Content:
    part: Part = (clean(words, 60) or "-", WARNING if wrong else "" if words else MUTED)
    return text(part)


def _meaning(name: str) -> Content:
    return text((MEANINGS.get(name, ""), MUTED))


def _time_of(name: str, now: float, lease: LeaseView) -> str:
    epoch: int | None = getattr(lease, name)
    return "" if epoch is None else day_clock(epoch, now)
