"""What a sign of an incident reports. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.assessment import Assessment, Evidence
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.role import Role


@dataclass(frozen=True, slots=True)
class Found:
    """An incident's id with what speaks for it, and the actions that would help, best first."""

    id: IncidentId
    weight: Weight
    evidence: tuple[Evidence, ...]
    wanted: tuple[tuple[Action, Role], ...] = ()


def outage(pair: Assessment) -> Weight:
    """Critical while nobody serves as far as can be seen, a warning otherwise, and while one was not read yet."""
    return Weight.WARNING if pair.served or pair.awaited else Weight.CRITICAL
