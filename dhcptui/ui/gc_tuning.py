"""Python's collector of cycles, told what this program is like.

What is made while it starts (modules, classes, the stylesheet) lives until its end, and a log line is three objects that
live while its pane holds them and are in no cycle. Looked through at Python's usual pace they double the cost of a line,
and lengthen the start by a tenth. Cycles there are, in what Textual draws: they are found soon enough.
"""

from __future__ import annotations

import gc

THRESHOLDS = (10_000, 5, 5)
"""After so many new objects the young ones are looked through, after five times as many the older ones, and so on."""


def hold() -> None:
    """While the program starts, nothing is collected."""
    gc.disable()


def settle() -> None:
    """The program has started: what there is stays, and is not looked at again."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
