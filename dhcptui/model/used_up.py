"""Pools of which no address is left, although both servers serve as they should. Pure."""

from __future__ import annotations

from dhcptui.model.incident_scene import POOLS_FRESH_SECONDS
from dhcptui.model.snapshot import Moment
from dhcptui.model.standing import ServerStanding
from dhcptui.model.states import FailoverState


def used_up(pair: tuple[ServerStanding, ServerStanding], now: Moment) -> tuple[str, ...]:
    """The networks of the pools that are full, as both servers count them; none unless both are in normal and serve."""
    if not all(each.state is FailoverState.NORMAL and each.serving for each in pair):
        return ()
    found: list[set[str]] = []
    for each in pair:
        pools = each.view.pools
        if pools is None or pools.age(now) > POOLS_FRESH_SECONDS:
            return ()
        found.append({pool.network for pool in pools.value if pool.total and not pool.free + pool.backup})
    return tuple(sorted(found[0] & found[1]))


def named(networks: tuple[str, ...]) -> str:
    """Them in a few words: "pool 10.0.0.0/24", "3 pools"."""
    return f"pool {networks[0]}" if len(networks) == 1 else f"{len(networks)} pools"
