"""Who took the addresses of a pool, as far as the lines "DHCPACK on ADDRESS to CLIENT" of a log tell it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

RANDOM = "randomised hardware addresses"
MANY = 5
"""So many addresses of one client are worth telling."""
MAKERS = 3


@dataclass(frozen=True, slots=True)
class Holders:
    """Whom the log has seen to take addresses. Counts are of addresses; an address counts for its last client."""

    addresses: int
    makers: tuple[tuple[str, int], ...]
    """The first three bytes of the hardware addresses, or RANDOM, with how many; the most first."""
    busiest: tuple[str, int] | None
    """The one client with most addresses, where that is many."""

    @property
    def words(self) -> str:
        """One phrase: "of 87 addresses given out, 71 to 00:16:3e, 9 to randomised hardware addresses"."""
        shares = ", ".join(f"{count} to {maker}" for maker, count in self.makers)
        one = f"; {self.busiest[1]} to the one client {self.busiest[0]}" if self.busiest else ""
        return f"of {self.addresses} addresses given out in the log, {shares}{one}"


def summarise(taken: Mapping[str, str]) -> Holders | None:
    """The summary of address -> hardware address; None where there is nothing."""
    if not taken:
        return None
    makers = Counter(map(_maker, taken.values())).most_common(MAKERS)
    client, count = Counter(taken.values()).most_common(1)[0]
    return Holders(len(taken), tuple(makers), (client, count) if count >= MANY else None)


def _maker(hardware: str) -> str:
    """Bit 1 of the first byte: the address was made up, as phones do, and names no maker."""
    return RANDOM if int(hardware[:2], 16) & 2 else hardware[:8]
