"""The view of keys, levels and states, all from the tables the console itself uses."""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.assess.verdict import Level
from dhcptui.model.commands import FINDING, FIXED, Command
from dhcptui.model.states import LEADS_TO, FailoverState
from dhcptui.ui.keymap import Commands
from dhcptui.ui.render.plan import heading
from dhcptui.ui.style import ACCENT, LEVELS, MUTED, SEVERITY_STYLES, Glyphs, Paragraph, Part, text
from dhcptui.ui.views.view import Page

LEVEL_MEANING: dict[Level, str] = {
    Level.OK: "both servers serve as they should",
    Level.WARNING: "clients are served, but not by a healthy pair",
    Level.CRITICAL: "clients are not served, or soon will not be, or the servers contradict each other dangerously",
    Level.UNKNOWN: "nothing could be learned",
}
STARTING_LEADS = "back to the state it was in, or on from there"
KEYS_WIDTH = 12
BLANK = Paragraph(text(""))


def help_text(commands: Commands, glyphs: Glyphs, place: str) -> list[Paragraph]:
    """Everything, in the order in which it is looked for. `place`: where the configuration is, in words."""
    acting = _keys([each for each in commands if each.acting])
    looking = _keys([each for each in commands if each.where == "screen" and not each.acting and each.keys])
    where = {
        kind: _keys([each for each in commands if each.where == kind])
        for kind in ("drill", "neighbour", "log", "page", "prompt")
    }
    sections = {
        "Keys that act": acting or [Paragraph(text("None: this console is read-only."))],
        "Keys that look": looking,
        "Where the fleet is": where["neighbour"],
        "On the practice pair": where["drill"],
        "In a log": where["log"],
        f"{FINDING} ({commands.key('look.find')})": _finding(commands),
        "In the network and configuration pages": where["page"],
        "In the prompt of an action": where["prompt"],
        "Levels: how the pair is, on the badge and in the terminal's title": _levels(glyphs),
        "States: what a server says of itself": _states(glyphs),
        "Configuration": [Paragraph(text(place))],
    }
    shown = [[heading(words), *lines, BLANK] for words, lines in sections.items() if lines]
    return [line for section in shown for line in section][:-1]


def fleet_help(commands: Commands, glyphs: Glyphs, place: str) -> list[Paragraph]:
    """The same for the fleet."""
    sections = {
        "In the fleet: nothing here acts on a server": _keys([each for each in commands if each.keys]),
        "Levels: how a pair is": _levels(glyphs),
        "States: what a server says of itself": _states(glyphs),
        "Configuration": [Paragraph(text(place))],
    }
    shown = [[heading(words), *lines, BLANK] for words, lines in sections.items()]
    return [line for section in shown for line in section][:-1]


def _key(keys: str, *words: Part) -> Paragraph:
    """Keys in a column of their own; a long list of them pushes the words, never hides them."""
    column = (keys.ljust(KEYS_WIDTH - 1) + " ", f"bold {ACCENT}")
    return Paragraph(text(column, *words), KEYS_WIDTH, KEYS_WIDTH)


def _keys(commands: Sequence[Command]) -> list[Paragraph]:
    return [_key(each.shown_keys, (f"{each.label}. " if each.acting else "", "bold"), each.help) for each in commands]


def _finding(commands: Commands) -> list[Paragraph]:
    return [
        *(_key(each.shown_keys, each.help) for each in FIXED if each.where == FINDING),
        _key(commands.key("look.next-pane"), "The other log."),
        _key(commands.key("look.back"), "Leave; the log stays where it is."),
    ]


def _levels(glyphs: Glyphs) -> list[Paragraph]:
    return [
        Paragraph(text((_level(level, glyphs), f"bold {LEVELS[level]}"), words), KEYS_WIDTH, KEYS_WIDTH)
        for level, words in LEVEL_MEANING.items()
    ]


def _level(level: Level, glyphs: Glyphs) -> str:
    return f"{glyphs.level(level)} {level.value.upper()}".ljust(KEYS_WIDTH)


def _states(glyphs: Glyphs) -> list[Paragraph]:
    return [line for state in FailoverState for line in _state(state, glyphs)]


def _state(state: FailoverState, glyphs: Glyphs) -> list[Paragraph]:
    info = state.info
    head = text((f"{glyphs.state(state)} {state.word}", f"bold {SEVERITY_STYLES[info.severity]}"), f"  {info.meaning}")
    ways = sorted((other.word for other in LEADS_TO[state]), key=[each.word for each in FailoverState].index)
    leads = STARTING_LEADS if state is FailoverState.STARTUP else ", ".join(ways) or "nothing by itself"
    return [
        Paragraph(head, 4, 4),
        Paragraph(text(("who serves: ", MUTED), info.serving), 4),
        Paragraph(text(("leads to: ", MUTED), leads), 4),
    ]


class HelpView(Page):
    """The same throughout a session."""

    command, title, live = "look.help", "help", False

    def paragraphs(self) -> list[Paragraph]:
        """All of it, with the user's own keys."""
        return help_text(self.session.commands, self.session.glyphs, self.session.setup.place)
