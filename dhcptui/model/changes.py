"""When a server was last other than it is now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """When a server was last other than it is now, by whoever saw that. Epoch seconds of the console's clock."""

    born: float | None = None
    """When its dhcpd was started, at the latest."""
    unlike: float | None = None
    """When this console last saw it gone, silent, or in another state."""
    told: float | None = None
    """When it last moved or started, as a log tells."""
    process: tuple[tuple[int, ...], tuple[str, ...]] | None = None
    """Of which process `born` is."""


NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True)
class Work:
    """What a dhcpd that does not answer yet is seen to do. Times in mono seconds."""

    pid: int
    cpu_seconds: float | None
    """CPU time that it has used; None: not known."""
    worked_at: float | None
    """When it was last seen to work: it used CPU since the look before, or waited for the disk. None: not yet."""
    looked_at: float
    judged: bool = False
    """It was looked at before: whether it works is known."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The size of a lease file. `since`: since when it has been so (mono seconds)."""

    size: int
    since: float
