"""How things look: the few styles and glyphs the whole screen is made of.

Styles are names of theme colours, so every theme (and the terminal's own 16 colours) works. Text from outside is never
parsed as markup: it is put into `Content` as a plain part.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from dhcptui.assess.verdict import Level
from dhcptui.model.states import FailoverState, Severity

Part = str | tuple[str, str] | Content
"""A piece of a line: plain text, (text, style) or styled text."""

PLAIN = ""
MUTED = "$text-muted"
ACCENT = "$accent"
GOOD = "$success"
WARNING = "$warning"
CRITICAL = "$error"

SEVERITY_STYLES: dict[Severity, str] = {
    Severity.GOOD: GOOD,
    Severity.NOTICE: ACCENT,
    Severity.WARNING: WARNING,
    Severity.CRITICAL: CRITICAL,
    Severity.MUTED: MUTED,
}
LEVELS: dict[Level, str] = {Level.OK: GOOD, Level.WARNING: WARNING, Level.CRITICAL: CRITICAL, Level.UNKNOWN: ACCENT}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Every sign that is not a letter. Each is one cell wide."""

    ascii: bool
    ok: str
    bad: str
    warn: str
    unknown: str
    wait: str
    run: str
    todo: str
    dot: str
    ellipsis: str
    bar: str
    bar_partner: str
    bar_rest: str
    bar_left: str
    bar_right: str

    def state(self, state: FailoverState) -> str:
        """A failover state's glyph."""
        return state.info.ascii_glyph if self.ascii else state.info.glyph

    def level(self, level: Level) -> str:
        """A level's glyph."""
        return {Level.OK: self.ok, Level.WARNING: self.warn, Level.CRITICAL: self.bad}.get(level, self.unknown)


UNICODE = Glyphs(False, "✓", "✗", "▲", "?", "…", "▸", "·", "·", "…", "█", "▓", "░", "▕", "▏")
ASCII = Glyphs(True, "+", "x", "!", "?", "~", ">", ".", "-", "~", "#", "=", ".", "[", "]")

TO_ASCII = str.maketrans(
    {
        "·": "-", "…": "~", "→": ">", "✓": "+", "✗": "x", "–": "-", "—": "-", "▲": "^", "▼": "v", "’": "'", "±": "~",
        **dict.fromkeys("─━═▔▁▀▄", "-"),
        **dict.fromkeys("│┃║▌▐▏▕█", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝", "+"),
    }
)  # fmt: skip
"""Signs and lines that mean something in ASCII too; anything else becomes a question mark."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that may wrap. It begins at `indent - hang`, its further rows at `indent`."""

    content: Content
    indent: int = 0
    hang: int = 0


def text(*parts: Part) -> Content:
    """Styled text of parts; nothing in them is parsed."""
    return Content.assemble(*parts)


def ascii_only(content: Content) -> Content:
    """The same text without any character that a terminal of 1985 lacks. Cell for character, spans stay."""
    if content.plain.isascii():
        return content
    plain = "".join(char if char.isascii() else "?" for char in content.plain.translate(TO_ASCII))
    return Content(plain, list(content.spans))
