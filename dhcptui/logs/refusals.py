"""Clients that a server turned away because it had no address for them, as its log tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dhcptui.model.log_line import NotableLine

REFUSED_SECONDS = 60.0
"""What was refused in this time counts as now: a single address that comes back does not end the alarm."""
SAME_TRY_SECONDS = 10.0
"""Two servers that turn one client away no further apart answer one try of it, or two that follow each other."""


def clients(notable_lines: Iterable[NotableLine], begin: float) -> set[str]:
    """The clients that these lines turned away since `begin` (the server's clock)."""
    return {client for notable in notable_lines for at, client in notable.refused if at >= begin}


def turned_twice(one: Mapping[str, float], two: Mapping[str, float]) -> set[str]:
    """The clients that each server sent to the other one: client -> when it did so last, by one clock for both."""
    return {client for client in one.keys() & two.keys() if abs(one[client] - two[client]) <= SAME_TRY_SECONDS}
