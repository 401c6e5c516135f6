"""What is known before anything was asked: the first frame needs no more of the engine."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.config.loading import PairSettings
from dhcptui.model.snapshot import PairSnapshot, unseen


def first_snapshot(settings: PairSettings) -> PairSnapshot:
    """A pair of which nothing has been seen."""
    one, two = settings.primary, settings.secondary
    nothing = unseen(settings.name, settings.peer, (one.name, one.host), (two.name, two.host))
    return replace(
        nothing,
        primary=replace(nothing.primary, local=one.local),
        secondary=replace(nothing.secondary, local=two.local),
    )
