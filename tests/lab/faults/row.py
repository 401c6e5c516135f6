"""One row of the fault matrix, and the groups that share a lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab.faults.scene import Scene

Deed = Callable[[Scene], object]


def nothing(scene: Scene) -> None:
    """For a fault that passes by itself."""


@dataclass(frozen=True)
class Fault:
    """A fault and what must be told of it. Patterns are searched in the lines of `report.report`."""

    name: str
    cause: Deed
    cure: Deed
    says: tuple[str, ...]
    """Regular expressions that must all match at one moment."""
    within: float
    """Seconds from the end of `cause` until it is said."""
    mute: tuple[str, ...] = ()
    """Ways that bear nothing while the fault lasts, as "dhcp2 omapi": nothing read over them may look fresh."""
    hold: float = 0.0
    """Seconds to go on watching once it is said."""
    back: float = 20.0
    """Seconds from the end of `cure` until all is well again."""
    lingers: str = ""
    """A headline that may stand a while after the cure, in place of that of a healthy pair."""
    console: Mapping[str, Any] | None = None
    """A wrong configuration of the console: the fault is a console started with it, the cure one with the right one."""


@dataclass(frozen=True)
class Group:
    """Faults that share a lab and a console, in this order; each leaves both healthy."""

    name: str
    faults: tuple[Fault, ...]
    lab: Mapping[str, Any] = field(default_factory=dict)
    """For Lab, beside the usual settings."""
    console: Mapping[str, Any] = field(default_factory=dict)
    """For the console's configuration."""
    prepare: Deed = nothing
    """Before the console starts."""
