"""A server's place in its failover relationship."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """A server's place in the failover relationship."""

    PRIMARY = "primary"
    SECONDARY = "secondary"

    @property
    def other(self) -> Role:
        """The partner's role."""
        return Role.SECONDARY if self is Role.PRIMARY else Role.PRIMARY
