"""What now, where a healthy pair runs out of addresses. Pure."""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.pool_exhausted import Shortage, named
from dhcptui.model.action import Action
from dhcptui.model.holders import RANDOM, Holders
from dhcptui.model.sentence import Sentence, in_keys

LEADING = 0.5
"""A client or a maker with this share of the addresses is named."""


def enlarge(found: Shortage, pair: Assessment, restart: bool, most: int) -> Sentence:
    """What frees or adds addresses; `restart`: sync + restart is allowed; `most`: letters that there is room for."""
    if found.on_offer:
        return (
            "All that is free is on offer, for two minutes each: find who asks and does not take, or loses answers.",
        )
    if not found.pools:
        where = f" of {found.networks[0]}" if len(found.networks) == 1 else ""
        return (
            f"Addresses are free, but not for these clients: compare the permit lists and classes of the pools{where}.",
        )
    begin = f"Enlarge the range of {named(found.worst)} on both, or shorten the leases"
    end: Sentence = ("; ", Action.SYNC_RESTART, " deploys that.") if restart else (".",)
    who = _who(pair)
    length = len(begin) + len(in_keys(end, lambda _: "K"))
    if who and length + len(who) + 1 <= most:
        return who + " " + begin, *end
    none = "No action frees an address: "
    if length + len(none) <= most:
        return none + begin[0].lower() + begin[1:], *end
    return begin, *end


def _who(pair: Assessment) -> str:
    """Who took most of the addresses, by the log that saw most."""
    seen = [each.view.holders for each in pair.servers if each.view.holders]
    if not seen:
        return ""
    most: Holders = max(seen, key=lambda each: each.addresses)
    if most.busiest and most.busiest[1] >= LEADING * most.addresses:
        return f"{most.busiest[0]} took {most.busiest[1]} of {most.addresses}: find it."
    maker, count = most.makers[0]
    if maker != RANDOM and count >= LEADING * most.addresses:
        return f"{count} of {most.addresses} went to {maker}."
    return ""
