"""Every command of the console, once: bindings, key bar, and later palette, help and README come from this table.

Capitals act, lower-case letters look.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from dhcptui.model.guards import Action


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a key does."""

    name: str
    """The binding's id; what a user remaps."""
    key: str
    """Textual's name of the default key."""
    label: str
    """In the key bar; short."""
    help: str
    """One sentence."""
    target: str
    """The action method it runs."""
    action: Action | None = None
    """Set for the commands that act on a server."""
    short: str = ""
    """The label where there is little room; empty: the same."""
    in_bar: bool = True

    @property
    def acting(self) -> bool:
        """Whether it changes anything on a server; such a command does not exist in read-only mode."""
        return self.action is not None

    @property
    def shown_key(self) -> str:
        """The key as people write it."""
        return {"escape": "esc", "shift+tab": "shift+tab"}.get(self.key, self.key)

    def labels(self, action: Action | None) -> tuple[str, str]:
        """Long and short label, for what the key means at the moment."""
        own = self.label, self.short or self.label
        return INSTEAD.get(action, own) if action else own

    def binding(self) -> Binding:
        """The binding of this command."""
        return Binding(self.key, self.target, self.label, show=False, id=self.name, tooltip=self.help)


INSTEAD: dict[Action, tuple[str, str]] = {Action.TAKE_BACK: ("take back", "back")}
"""Labels of an action that shares the key of another one."""

COMMANDS: tuple[Command, ...] = (
    Command(
        "act.sync-restart", "R", "sync+restart", "Copy the shared configuration, test it, and restart both servers one after the other.",
        "act('sync-restart')", Action.SYNC_RESTART, "sync",
    ),
    Command(
        "act.partner-down", "P", "partner-down", "Tell the surviving server that its partner is down for good, so that it takes over.",
        "act('partner-down')", Action.PARTNER_DOWN,
    ),
    Command(
        "act.shutdown", "S", "shutdown", "Stop one server cleanly: its partner takes over at once.",
        "act('shutdown')", Action.SHUTDOWN, "stop",
    ),
    Command(
        "act.hand-over", "H", "hand over", "Let the partner serve every client while dhcpd keeps running; on a server that has handed over: take back.",
        "act('hand-over')", Action.HAND_OVER, "hand",
    ),
    Command(
        "act.start", "U", "bring up", "Start dhcpd on a server where it does not run.",
        "act('start')", Action.START, "start",
    ),
    Command(
        "act.rescue", "X", "rescue", "Make the only living server serve again, when it answers nobody because of what it recorded.",
        "act('rescue')", Action.RESCUE,
    ),
    Command("look.next-pane", "tab", "pane", "Go to the next pane.", "pane(1)"),
    Command("look.previous-pane", "shift+tab", "pane", "Go to the previous pane.", "pane(-1)", in_bar=False),
    Command("look.pause", "space", "pause", "Hold both logs still; press again to follow.", "pause"),
    Command("look.audit", "a", "audit log", "Show every command and write of this console, live; press again for the logs.", "audit", short="log"),
    Command("look.back", "escape", "back", "Leave the prompt, or the audit log.", "back", in_bar=False),
    Command("quit", "q", "quit", "Leave the console; nothing changes on the servers.", "leave"),
)  # fmt: skip

LOOKING = tuple(command for command in COMMANDS if not command.acting)
ACTING = tuple(command for command in COMMANDS if command.acting)


def available(read_only: bool) -> tuple[Command, ...]:
    """The commands that exist in this session."""
    return LOOKING if read_only else COMMANDS
