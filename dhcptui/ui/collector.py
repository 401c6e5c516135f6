"""Python's collector of cycles, told what this program is like.

What is made while it starts (modules, classes, the stylesheet) lives until its end, and a log line is three objects that
live while its pane holds them; none of them is ever in a cycle. Looked through at Python's usual pace they double
the cost of a line, and lengthen the start by a tenth.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 20_000
"""New objects after which the young ones are looked through; a few megabytes at most."""


def hold() -> None:
    """While the program starts, nothing is collected."""
    gc.disable()


def settle() -> None:
    """The program has started: what there is stays, and is not looked at again."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
    gc.enable()
