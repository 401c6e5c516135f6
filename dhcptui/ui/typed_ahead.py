"""Whether an Enter was pressed by somebody who may have read the plan, where the text was begun before the plan stood."""

from __future__ import annotations

import time
from dataclasses import dataclass

READ_SECONDS = 0.4
"""An Enter that comes sooner after a plan has appeared was pressed by nobody who has read it."""


@dataclass(slots=True)
class TypedAhead:
    """What is remembered of one prompt; times as the terminal's keys have them."""

    begun: bool = False
    """The text was begun before the plan stood."""
    painted_at: float | None = None
    """When the plan as it stands was first seen."""
    entered_at: float = 0.0
    """When Enter was last pressed."""

    def painted(self) -> None:
        """The plan can be seen from now on."""
        if self.painted_at is None:
            self.painted_at = time.monotonic()

    @property
    def unread(self) -> bool:
        """Whether the Enter that came confirms nothing."""
        if self.painted_at is None:
            return self.begun
        # On a slow machine the text may be handled after the plan was painted, although all was typed before.
        return self.entered_at < self.painted_at + (READ_SECONDS if self.begun else 0.0)
