"""The last row: what every key does now, and why a refused one does not."""

from __future__ import annotations

from dhcptui.ui.line import Line, line
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render.keys import key_bar, key_list
from dhcptui.ui.screens.logs import LogController
from dhcptui.ui.screens.view_switcher import ViewSwitcher
from dhcptui.ui.session import Session
from dhcptui.ui.views.view import SCROLL, Key, Lines

LESS = {"line", "pause", "quit"}
"""Words in the key bar of a log that go first where there is little room."""


class KeyBar:
    """Asks what is open for its keys."""

    def __init__(self, session: Session, row: Row, switcher: ViewSwitcher, logs: LogController, prompt: Prompt) -> None:
        self._session, self._row = session, row
        self._switcher, self._logs, self._prompt = switcher, logs, prompt

    def show(self) -> None:
        """The keys of what is open now."""
        self._row.show(self._keys())

    def _keys(self) -> Line:
        logs, current, key = self._logs, self._switcher.current, self._session.commands.key
        back = (key("look.back"), "back")
        if logs.is_finding and logs.is_asking_only:
            return line(key_list([("enter", "show only these"), back]))
        if logs.is_finding:
            other = (key("look.next-pane"), "other log")
            return line(key_list([("enter up", "older"), ("down", "newer"), other, SCROLL, back]))
        if isinstance(current, Lines) or logs.is_explaining:
            keys = self._line_keys(back, pauses=not isinstance(current, Lines) or current.pauses)
            return line(key_list(keys), key_list([each for each in keys if each[1] not in LESS]), key_list(keys[:5]))
        if current is not None:
            return line(key_list(current.keys()))
        if self._prompt.is_open:
            return line(self._prompt.keys())
        commands, rulings = self._session.commands.all, self._session.rulings()
        return line(key_bar(commands, rulings, self._session.glyphs, self._row.content_size.width))

    def _line_keys(self, back: Key, *, pauses: bool) -> list[Key]:
        """The keys of a log that fills the place below the panels, or of an explained line."""
        key, explaining = self._session.commands.key, self._logs.is_explaining
        explain = (key("look.explain"), "no more" if explaining else "explain")
        problem = (f"{key('look.next-problem')} {key('look.previous-problem')}", "problem")
        more = [] if explaining else [(key("look.find"), "find")]
        more += [(key("look.pause"), "pause"), (key("look.filter"), "filter")] if pauses else []
        return [back, ("up down", "line"), explain, problem, (key("look.copy"), "copy"), *more, (key("quit"), "quit")]
