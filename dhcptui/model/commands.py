"""Every command of the console, once: keys, key bar, palette, help and README come from this table.

Capitals act, lower-case letters look. A key is written as people write it: "R", "?", "f5", "ctrl+y", "shift+tab".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from dhcptui.model.action import Action

Where = Literal["screen", "log", "page", "prompt", "drill", "neighbour", "fleet"]
"""Where a key means the command: everywhere, in a log, on a page, in an open prompt, on the practice pair, in a pair's
console that was opened from the fleet, in the fleet itself."""

NAMED_KEYS = (
    "enter", "tab", "shift+tab", "escape", "space", "backspace", "delete", "insert", "home", "end", "pageup",
    "pagedown", "up", "down", "left", "right", *(f"f{number}" for number in range(1, 13)),
)  # fmt: skip
"""Keys with a name that every terminal can send."""
SAME_ON_THE_WIRE = {"ctrl+m": "enter", "ctrl+i": "tab", "ctrl+h": "backspace", "ctrl+j": "enter", "ctrl+[": "escape"}
"""What a terminal cannot tell from another key."""
DISMISS = "act.dismiss"
"""The command that says an interrupted run has been dealt with; it acts on no server."""
_SHOWN = {"escape": "esc", "pageup": "PgUp", "pagedown": "PgDn"}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a key does."""

    name: str
    """What a user remaps."""
    keys: tuple[str, ...]
    """The first one is shown; none: it is in the palette only."""
    label: str
    """In the key bar; short."""
    help: str
    """One sentence."""
    action: Action | None = None
    """Set for the commands that act on a server."""
    short: str = ""
    """The label where there is little room; empty: the same."""
    in_bar: bool = True
    where: Where = "screen"
    alike: str = ""
    """The command that is the same thing in another place, and may have the same key."""

    @property
    def acting(self) -> bool:
        """Whether it changes anything; such a command does not exist in read-only mode."""
        return self.action is not None or self.name == DISMISS

    @property
    def key(self) -> str:
        """The first key; empty where there is none."""
        return self.keys[0] if self.keys else ""

    @property
    def shown_key(self) -> str:
        """The first key as people write it."""
        return shown(self.key)

    @property
    def shown_keys(self) -> str:
        """All keys as people write them."""
        return " ".join(map(shown, self.keys))

    def labels(self, action: Action | None) -> tuple[str, str, str]:
        """Shortest, short and long label, for what the key means at the moment. A key that looks can stand alone."""
        long, short = (
            INSTEAD.get(action, (self.label, self.short or self.label))
            if action
            else (self.label, self.short or self.label)
        )
        return (short if self.acting else ""), short, long


INSTEAD: dict[Action, tuple[str, str]] = {Action.TAKE_BACK: ("take back", "back")}
"""Labels of an action that shares the key of another one."""

THEMES = {
    "dhcptui": "calm and dark",
    "dhcptui-16": "the terminal's own sixteen",
    "dhcptui-contrast": "high contrast",
}
"""The themes, the first one the default where the terminal has colours enough."""

COMMANDS: tuple[Command, ...] = (
    Command(
        "act.sync-restart", ("R",), "sync+restart",
        "Copy the shared configuration, test it, and restart both servers one after the other.",
        Action.SYNC_RESTART, "sync",
    ),
    Command(
        "act.partner-down", ("P",), "partner-down",
        "Tell the surviving server that its partner is down for good, so that it takes over.",
        Action.PARTNER_DOWN,
    ),
    Command(
        "act.shutdown", ("S",), "shutdown", "Stop one server cleanly: its partner takes over at once.",
        Action.SHUTDOWN, "stop",
    ),
    Command(
        "act.hand-over", ("H",), "hand over",
        "Let the partner serve every client while dhcpd keeps running; on a server in shutdown or paused: take back.",
        Action.HAND_OVER, "hand",
    ),
    Command(
        "act.start", ("U",), "bring up", "Start dhcpd on a server where it does not run.",
        Action.START, "up",
    ),
    Command(
        "act.rescue", ("X",), "rescue",
        "Make the only living server serve again, when it answers nobody because of what it recorded.",
        Action.RESCUE,
    ),
    Command(
        DISMISS, ("I",), "dealt with",
        "Say that the interrupted run in the banner has been dealt with: press it twice. The audit log keeps who said so.",
        in_bar=False,
    ),
    Command("drill.menu", ("D",), "drills", "Choose a drill: something goes wrong on the practice pair.", where="drill"),
    Command("drill.explain", ("w",), "what happened?", "Say what the drill has done to the pair.", in_bar=False, where="drill"),
    Command("drill.review", ("v",), "end and review", "End the drill and read how it went.", in_bar=False, where="drill"),
    Command("look.next-pane", ("tab",), "next pane", "Go to the next pane.", short="pane"),
    Command("look.previous-pane", ("shift+tab",), "previous pane", "Go to the previous pane.", in_bar=False),
    Command("look.pause", ("space",), "pause", "Hold both logs still; press again to follow."),
    Command("look.audit", ("a",), "audit log", "Show every command and write of this console, live; press again for the logs.", short="log"),
    Command("look.find", ("/",), "find", "Find text in the logs."),
    Command("look.filter", ("f",), "filter", "Show all lines, state changes only, or warnings and worse only.", in_bar=False),
    Command("look.only", ("o",), "only", "Show only lines of one client (MAC or IP address), or with a text in them.", in_bar=False),
    Command("look.others", ("s",), "all programs", "In a log that all programs share: show every line of it, or dhcpd's and what explains them.", in_bar=False),
    Command("look.next-problem", ("e",), "next problem", "Go to the next line that tells of a problem; the newest first.", in_bar=False),
    Command("look.previous-problem", ("E",), "previous problem", "Go to the problem before it; changes nothing, although E is a capital.", in_bar=False),
    Command("look.explain", ("enter",), "explain", "Explain the selected line: what it means, what to do, where to look.", in_bar=False),
    Command(
        "look.copy", ("y",), "copy",
        "Copy the selected line, or the whole screen, to the clipboard of your terminal (OSC 52; in tmux: set -g set-clipboard on).",
        in_bar=False,
    ),
    Command("look.merged", ("m",), "both logs as one", "Show both logs as one, in the order of their corrected times.", in_bar=False),
    Command("look.timeline", ("t",), "timeline", "Show the state changes of both servers and the actions of operators on one clock.", in_bar=False),
    Command("look.incident", ("i",), "incident", "Show what this looks like: evidence, what to do, and what not to do.", in_bar=False),
    Command("look.network", ("n",), "network", "Show every way between console and servers, what is broken, and both clocks.", in_bar=False),
    Command("look.pools", ("p",), "pools", "Show every pool of both servers, how fast it empties, and how long it lasts.", in_bar=False),
    Command("look.lease", ("l",), "lease look-up", "Ask both servers for the lease of an address, a hardware address or a host name.", in_bar=False),
    Command("look.configuration", ("c",), "configuration", "Read dhcpd.conf of both servers and show what is wrong in it, and how to mend it.", in_bar=False),
    Command("look.redraw", ("ctrl+l",), "redraw", "Draw the whole screen again, where something else has written over it.", in_bar=False),
    Command("look.palette", (":",), "commands", "Find a command by its name.", short="all"),
    Command("look.help", ("?",), "help", "Show the keys, what each state means, and who serves in it."),
    Command("look.back", ("escape",), "back", "Leave what is open: the prompt, the help, the audit log.", in_bar=False),
    *(
        Command(f"theme.{name}", (), f"theme: {name}", f"Other colours: {words}.", in_bar=False)
        for name, words in THEMES.items()
    ),
    Command("quit", ("q",), "quit", "Leave the console; nothing changes on the servers."),
    Command("log.up", ("up",), "line up", "Select the line above; the view then stands still.", in_bar=False, where="log"),
    Command("log.down", ("down",), "line down", "Select the line below; below the newest one the log is followed again.", in_bar=False, where="log"),
    Command("log.page-up", ("pageup",), "page up", "Scroll up a page.", in_bar=False, where="log"),
    Command("log.page-down", ("pagedown",), "page down", "Scroll down a page.", in_bar=False, where="log"),
    Command("log.head", ("g", "home"), "first line", "Go to the oldest line.", in_bar=False, where="log"),
    Command("log.tail", ("G", "end"), "newest line", "Go to the newest line and follow.", in_bar=False, where="log"),
    Command("log.left", ("left",), "shift left", "Go back to the left.", in_bar=False, where="log"),
    Command("log.right", ("right",), "shift right", "Show what is cut off on the right.", in_bar=False, where="log"),
    Command("page.again", ("r",), "again", "Network: look at every way now. Configuration: read it again.", in_bar=False, where="page"),
    Command("pair.previous", ("[",), "previous pair", "Go to the console of the pair above it in the fleet.", in_bar=False, where="neighbour"),
    Command("pair.next", ("]",), "next pair", "Go to the console of the pair below it in the fleet.", in_bar=False, where="neighbour"),
    Command("fleet.up", ("up", "k"), "pair up", "Go to the pair above.", in_bar=False, where="fleet"),
    Command("fleet.down", ("down", "j"), "pair down", "Go to the pair below.", in_bar=False, where="fleet"),
    Command("fleet.page-up", ("pageup",), "page up", "Go up a page.", in_bar=False, where="fleet"),
    Command("fleet.page-down", ("pagedown",), "page down", "Go down a page.", in_bar=False, where="fleet"),
    Command("fleet.first", ("home", "g"), "first pair", "Go to the first pair.", in_bar=False, where="fleet"),
    Command("fleet.last", ("end", "G"), "last pair", "Go to the last pair.", in_bar=False, where="fleet"),
    Command("fleet.open", ("enter",), "open", "Open the console of the pair.", where="fleet"),
    Command("fleet.filter", ("/",), "filter", "Show only pairs with a text in their name, group, servers, level or headline.", where="fleet"),
    Command("fleet.problems", ("f",), "only problems", "Show only pairs that are not ok; press again for all.", short="problems", where="fleet"),
    Command("fleet.sort", ("s",), "sort", "Sort: the worst first, the worst first in each group, by name, as configured.", where="fleet"),
    Command("fleet.mark", ("space",), "mark", "Mark the pair: it stands above all others, whatever is filtered; press again to take the mark away.", where="fleet"),
    Command("prompt.copy", ("y", "ctrl+y"), "copy as script", "Copy the plan as a script; nothing is run.", in_bar=False, where="prompt", alike="look.copy"),
)  # fmt: skip


BOTH = frozenset(
    {"look.redraw", "look.palette", "look.help", "look.back", "quit", *(f"theme.{name}" for name in THEMES)}
)
"""Commands that mean the same in the fleet as in the console of one pair."""


def in_fleet(command: Command) -> bool:
    """Whether it exists in the fleet."""
    return command.where == "fleet" or command.name in BOTH


@dataclass(frozen=True, slots=True)
class Fixed:
    """Keys that nobody can remap: those of a list, a sheet, a line to type in."""

    where: str
    """The heading over them."""
    keys: tuple[str, ...]
    help: str
    also: tuple[str, ...] = ()
    """Keys that do the same and need no room on the screen."""

    @property
    def shown_keys(self) -> str:
        """The keys as people write them."""
        return " ".join(map(shown, self.keys))


FINDING = "While finding"
_WELCOME = "Without a configuration"
_FLEET = "While filtering the fleet"
_PROMPT = "In an open prompt"
_DRILLS = "In the list of drills"
_PALETTE = "In the palette"
_LEASE = "In the lease look-up"
_READING = "On a page to read (help, network, pools, configuration ...)"
FIXED: tuple[Fixed, ...] = (
    Fixed(FINDING, ("enter", "up"), "Older hit; after the oldest comes the newest.", ("ctrl+p",)),
    Fixed(FINDING, ("down",), "Newer hit.", ("ctrl+n",)),
    Fixed(FINDING, ("pageup", "pagedown"), "Scroll the log."),
    Fixed(_READING, ("up", "down"), "Scroll by a line."),
    Fixed(_READING, ("pageup", "pagedown", "space"), "Scroll by a page."),
    Fixed(_READING, ("home", "g"), "To the beginning."),
    Fixed(_READING, ("end", "G"), "To the end."),
    Fixed(_READING, ("q",), "Leave the page."),
    Fixed(_LEASE, ("enter",), "Ask."),
    Fixed(_LEASE, ("up", "down"), "Scroll by a line."),
    Fixed(_LEASE, ("pageup", "pagedown"), "Scroll by a page."),
    Fixed(_PALETTE, ("up", "down", "pageup", "pagedown"), "Choose."),
    Fixed(_PALETTE, ("enter",), "Run the command."),
    Fixed(_DRILLS, ("up", "down", "pageup", "pagedown"), "Choose."),
    Fixed(_DRILLS, ("enter",), "Begin the drill."),
    Fixed(_DRILLS, tuple("123456789"), "Begin the drill with this number."),
    Fixed(_FLEET, ("enter",), "Keep the filter, and go back to the pairs."),
    Fixed(_FLEET, ("up", "down"), "Choose a pair."),
    Fixed(_PROMPT, ("1", "2"), "Choose, where there is more than one plan."),
    Fixed(_PROMPT, ("enter",), "Run the plan, once the text is typed."),
    Fixed(_PROMPT, ("up", "down"), "Scroll by a line."),
    Fixed(_PROMPT, ("pageup", "pagedown"), "Scroll by a page."),
    Fixed(_WELCOME, ("d",), "Open the practice pair."),
    Fixed(_WELCOME, ("w", "enter"), "Write an example to begin with."),
    Fixed(_WELCOME, ("y",), "Yes, write it."),
    Fixed(_WELCOME, ("n", "escape"), "No, do not write it."),
    Fixed(_WELCOME, ("up", "down"), "Scroll by a line."),
    Fixed(_WELCOME, ("pageup", "pagedown", "space"), "Scroll by a page."),
    Fixed(_WELCOME, ("q", "ctrl+c"), "Leave."),
)  # fmt: skip
"""What the widgets themselves bind, for help and documents; a test holds it to what they bind."""

BY_NAME = {command.name: command for command in COMMANDS}


def shown(key: str) -> str:
    """A key as people write it."""
    return _SHOWN.get(key, key)


def read_key(text: str) -> str | None:
    """The key that `text` names, in the one way it is written here; None: no terminal sends such a key reliably."""
    if len(text) == 1:
        return "space" if text == " " else text if text.isprintable() and text.isascii() else None
    lower = text.lower()
    name = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown"}.get(lower, lower)
    if name in NAMED_KEYS:
        return name
    begin, plus, letter = name.partition("+")
    controls = begin == "ctrl" and plus and len(letter) == 1 and letter.isascii() and letter.isalpha()
    return name if controls and name not in SAME_ON_THE_WIRE else None


def remapped(keys: dict[str, tuple[str, ...]]) -> tuple[Command, ...]:
    """The table with other keys: command name -> keys."""
    return tuple(replace(each, keys=keys.get(each.name, each.keys)) for each in COMMANDS)


def twice(keys: dict[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
    """A key that two commands would share, and their names, first the one that was remapped; None: all is well.

    Two commands that are alike are the same thing in two places (copy), and may share a key; so may one of the fleet and
    one of a pair's console, which are never there at once.
    """
    every = sorted(remapped(keys), key=lambda each: each.name in keys)
    fleet, console = filter(in_fleet, every), (each for each in every if each.where != "fleet")
    return _shared(console) or _shared(fleet)


def _shared(commands: Iterable[Command]) -> tuple[str, str, str] | None:
    owner: dict[str, Command] = {}
    for command in commands:
        for key in dict.fromkeys(command.keys):
            if key in owner and not _alike(owner[key], command):
                return key, command.name, owner[key].name
            owner[key] = command
    return None


def _alike(one: Command, other: Command) -> bool:
    return one.name in {other.name, other.alike} or one.alike == other.name


def key_of(action: Action) -> str:
    """The default key of an action."""
    own = Action.HAND_OVER if action is Action.TAKE_BACK else action
    return next(command.shown_key for command in COMMANDS if command.action is own)
