"""The only border for outside text: log lines, host names and error texts are chosen by strangers.

What leaves here is one line of printable characters: no terminal control sequence, no bidirectional override, nothing
invisible. It is still not markup-safe: show it with markup off.
"""

from __future__ import annotations

import re
import unicodedata

DEFAULT_LIMIT = 2000
"""Longest text let through, in characters."""

MAX_MARKS = 4
"""Combining marks shown on one base character; the rest is counted as `{+n}` (a pile of marks hides its neighbours)."""

# Printable by category, yet without a picture of their own: joiners, fillers and variation selectors; and halves of flags
# and skin colours, whose width depends on what stands beside them, and on the terminal.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(
        map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400)))
    )
)
_MARKS = frozenset({"Mn", "Me", "Mc"})
# Letters that are drawn into the one before them, as marks are: the vowels and finals of decomposed Hangul.
_JOINING = frozenset(filter(str.isprintable, map(chr, (*range(0x1161, 0x1200), *range(0xD7B0, 0xD800)))))

MOST_DIGITS = 18
"""More than any count, size or time has."""


def is_number(text: str) -> bool:
    """Whether a text is a decimal number that `int` takes: ASCII digits, and not too many of them."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


_SECRET = re.compile(
    r'(?i)(\b(?:secret(?:[\s=:]+"?|"))|ldap-password(?:[\s=:]+"?|"))(?:[A-Za-z0-9+/=]{4,}|(?<=")[^"]+)'
)
NOT_SHOWN = "[not shown]"


def clean(raw: str | bytes, limit: int = DEFAULT_LIMIT) -> str:
    r"""One printable line of at most `limit` characters, ending in `…` where it was cut.

    Bytes are UTF-8; an invalid byte shows as `\xNN`. Control characters (C0, DEL, C1), format characters (bidi,
    zero-width), line separators, surrogates, private and unassigned code points show as `\x1b`, `\u202e`,
    `\U000e0001`. A tab or an exotic space becomes a space. Line ends at the end are dropped.
    Cleaning clean text changes nothing.
    """
    if isinstance(raw, bytes):
        # Four bytes a character at most; the extra ones tell that something was cut.
        raw = raw.rstrip(b"\r\n")[: 4 * limit + 4].decode("utf-8", "backslashreplace")
    elif raw.endswith(("\n", "\r")):
        raw = raw.rstrip("\r\n")
    if raw.isascii() and raw.isprintable() and len(raw) <= limit:
        return raw
    text = raw[: limit + 1]
    if not (text.isascii() and text.isprintable()):
        text = _visible(text)
    if len(text) > limit or len(raw) > limit:
        return text[: max(limit - 1, 0)] + "…"[:limit]
    return text


def masked(text: str) -> str:
    """The text without what stands behind the word `secret`: dhcpd quotes a line of its configuration it dislikes."""
    return _SECRET.sub(rf"\1{NOT_SHOWN}", text)


def _visible(text: str) -> str:
    """Every character of `text` as something that can be seen; marks beyond MAX_MARKS counted."""
    out: list[str] = []
    lock_files = dropped = 0
    for char in text:
        category = "ascii" if " " <= char <= "~" else "Mn" if char in _JOINING else unicodedata.category(char)
        if category in _MARKS and out and char not in _INVISIBLE:
            if lock_files < MAX_MARKS:
                lock_files += 1
                out.append(char)
            else:
                dropped += 1
            continue
        if dropped:
            out.append(f"{{+{dropped}}}")
        lock_files = dropped = 0
        if char == "\t" or category == "Zs":
            out.append(" ")
        elif char.isprintable() and category not in _MARKS and char not in _INVISIBLE:
            out.append(char)
        else:  # also a mark at the very start: without a base it would sit on what the screen shows before it
            out.append(_escape(ord(char)))
    if dropped:
        out.append(f"{{+{dropped}}}")
    return "".join(out)


def _escape(point: int) -> str:
    """The code point in the shortest of Python's three spellings."""
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
