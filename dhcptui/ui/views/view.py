"""What stands in the place of logs and prompt while it is open: its command, its widget, its keys, what it shows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import ClassVar, Protocol, TypeVar

from textual.widget import Widget

from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.ui.panes.finding_pane import FindingPane
from dhcptui.ui.panes.log_view import LogView
from dhcptui.ui.panes.reading import Reading
from dhcptui.ui.session import Session
from dhcptui.ui.style import Paragraph

Answer = TypeVar("Answer")
Key = tuple[str, str]
"""A key, or several, as people write them, and what they do; for the key bar."""
SCROLL: Key = ("PgUp PgDn", "scroll")


class ViewHost(Protocol):
    """What a view may ask of the screen it stands on."""

    @property
    def session(self) -> Session:
        """What is known, and what the operator has chosen."""

    @property
    def reading(self) -> Reading:
        """The sheet that all pages share."""

    def log_view(self, role: Role) -> LogView:
        """One server's log."""

    def refused(self, command: str) -> str:
        """Why a command does nothing at the moment; empty: it may run."""

    async def action_command(self, name: str) -> None:
        """Run a command, or say why it does nothing now."""

    def close_view(self) -> None:
        """Lead back to what the view hides."""

    def refresh_view(self) -> None:
        """Show at once what is known now."""

    def when_done(self, future: Future[Answer], tell: Callable[[Future[Answer]], None]) -> None:
        """Call `tell` on the screen's thread once an answer of the engine has come."""


class View(ABC):
    """Opened and closed by its command. It is made once; its widget, by default the shared sheet, is hidden meanwhile."""

    command: ClassVar[str]
    """The command's name in `model/commands.py`."""

    def __init__(self, host: ViewHost) -> None:
        self.host, self.session = host, host.session
        self.widget: Widget = host.reading

    def open(self) -> None:
        """Fill the widget; it stands there already."""
        self.renew()

    def renew(self) -> None:  # noqa: B027 - for those that follow
        """Show what is known now; called about once a second while it is open."""

    def keys(self) -> list[Key]:
        """What keys do while it is open, for the key bar."""
        return [self.key("look.back", "back"), SCROLL]

    def key(self, command: str, words: str) -> Key:
        """The user's own key of a command, for the key bar."""
        return self.session.commands.key(command), words

    def look_again(self) -> None:  # noqa: B027 - for those that can
        """Ask for news of what it shows, where there is more to ask than the next snapshot brings."""

    def refused(self) -> str:
        """Why there is nothing to open; empty: there is."""
        return ""


class Page(View):
    """Paragraphs to read, on the sheet that all pages share; the place that is read stays when they change."""

    title: ClassVar[str]
    again: ClassVar[str] = ""
    """What `look_again` is called in the key bar; empty: there is nothing to ask."""
    live: ClassVar[bool] = True
    """What it says changes with what is known."""

    @abstractmethod
    def paragraphs(self) -> Sequence[Paragraph]:
        """The whole text, from values; it waits for nothing."""

    def open(self) -> None:
        """From the beginning."""
        self.host.reading.open(self.title, self.paragraphs())

    def renew(self) -> None:
        """The same text as it is now."""
        if self.live:
            self.host.reading.renew(self.paragraphs())

    def keys(self) -> list[Key]:
        """Back, news, and scrolling."""
        middle = self.key("page.again", self.again) if self.again else ("q", "back")
        return [self.key("look.back", "back"), middle, SCROLL]


class Lines(View):
    """A log of its own: lines to select, find, explain and copy. The keys are those of every log."""

    pauses: ClassVar[bool] = True
    """It can be held still and filtered."""
    filtered: ClassVar[bool] = False
    """The filter of the two logs applies to it, too."""
    widget: FindingPane

    def add_lines(self, batches: Mapping[Role, Sequence[LogLine]]) -> None:
        """Lines of both servers have come."""
