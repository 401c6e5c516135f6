"""One server's log pane with its folder: lines in, folded rows on screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dhcptui.model.loglines import NO_CLOCK, Folder, LineKind, LogLine
from dhcptui.model.snapshot import Channel, Link, Role
from dhcptui.ui.commands import Commands
from dhcptui.ui.widgets.finding_pane import FindingPane


class LogView(FindingPane):
    """A `FindingPane` that knows whose log it shows and says why it is empty."""

    def __init__(self, role: Role, server: str, peer: str, *, ascii_only: bool, commands: Commands) -> None:
        # The header names the relationship; repeated on each line it would push the states out of view.
        super().__init__(
            id=f"log-{role.value}", drop=f"failover peer {peer}: ", ascii_only=ascii_only, commands=commands
        )
        self.role = role
        self._folder = Folder()
        self.caption = f"log {server}"
        self.border_title = Content(self.caption)

    def add(self, lines: Sequence[LogLine], dropped: int = 0) -> None:
        """Append a batch; lines that were lost on the way are named."""
        if dropped:
            words = f"{dropped} lines left out: they came faster than this terminal reads"
            lines = [LogLine(None, NO_CLOCK, words, None, LineKind.WARNING), *lines]
        self.append([self._folder.add(line) for line in lines])

    def tell(self, channel: Channel) -> None:
        """Say why there are no lines, while there are none."""
        words = {Link.CONNECTING: "contacting the server", Link.OK: "no lines yet", Link.OFF: "no log"}
        self.hint = words.get(channel.link, channel.detail or "the log cannot be read")

    def hold(self, still: bool) -> None:
        """Pause or follow."""
        if still:
            self.pause()
        else:
            self.resume()
