"""SGR parameters ("1;38;5;110"): what a style shows of a blank, and the shortest way from one style to another."""

from __future__ import annotations

from functools import cache

PLAIN = ""
"""The terminal's own style, as after ESC [ m."""
_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
_SHOWN_ON_BLANKS = {"4", "7", "9", "21", "53"}
"""Underline, reverse, strike, double underline, overline."""


@cache
def parts(sgr: str) -> tuple[frozenset[str], str, str]:
    """Attributes, foreground and background of SGR parameters; a colour is "" where it is the terminal's own."""
    attributes: set[str] = set()
    fore = back = ""
    codes = iter(sgr.split(";") if sgr else ())
    for code in codes:
        if code in {"38", "48"}:
            kind = next(codes)
            colour = ";".join((code, kind, *(next(codes) for _ in range(1 if kind == "5" else 3))))
            fore, back = (colour, back) if code == "38" else (fore, colour)
        elif code == "0":
            attributes.clear()
            fore = back = ""
        elif len(code) == 2 and code[0] in "39":
            fore = "" if code == "39" else code
        elif (code[0] == "4" and len(code) == 2) or (code[:2] == "10" and len(code) == 3):
            back = "" if code == "49" else code
        else:
            attributes.add(code)
    return frozenset(attributes), fore, back


@cache
def blank(sgr: str) -> str:
    """What is left of a style on a blank: two blanks with the same rest look the same."""
    attributes, _, back = parts(sgr)
    return sgr if attributes & _SHOWN_ON_BLANKS else back


@cache
def change(before: str, after: str) -> str:
    """The shortest sequence from one style to another."""
    if before == after:
        return ""
    whole = f"\x1b[0;{after}m" if after else "\x1b[m"
    (on, fore, back), (on_after, fore_after, back_after) = parts(before), parts(after)
    dropped = on - on_after
    ends = {_OFF.get(code, "") for code in dropped}
    if "" in ends or any(_OFF.get(code) in ends for code in on_after):
        return whole
    codes = sorted(ends) + sorted(on_after - on)
    codes += [fore_after or "39"] if fore != fore_after else []
    codes += [back_after or "49"] if back != back_after else []
    delta = f"\x1b[{';'.join(codes)}m"
    return delta if len(delta) < len(whole) else whole
