"""The first words: before Textual is even loaded, so that somebody who has just typed the command is not left in the dark.

They stand on the plain screen, on the line of the cursor, and are gone when the program has left again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def opening(words: str) -> Iterator[None]:
    """Say what is under way while the rest of the program is loaded; `words` have passed the sanitiser."""
    shown = sys.stderr.isatty() and os.environ.get("TERM") not in {"linux", "dumb"}
    if shown:
        _tell(words)
    try:
        yield
    finally:
        if shown:
            _tell("\r\x1b[2K")


def _tell(text: str) -> None:
    with suppress(OSError):  # the terminal has gone
        sys.stderr.write(text)
        sys.stderr.flush()
