"""Log lines in a format that is not understood, and how many of them it takes to say so."""

from __future__ import annotations

import pytest

from dhcptui.logs.legibility import MANY, Legibility
from dhcptui.logs.lines import parse_lines

NOW = 1_795_347_185.0


ODD = "22.11.2026 11:33:05 dhcp2 dhcpd 123 failover peer foo I move from normal to shutdown"


GOOD = "Nov 22 11:33:05 dhcp2 dhcpd[123]: failover peer foo: Both servers normal"


OTHER = "Nov 22 11:33:05 dhcp2 cron[9]: (root) CMD (true)"


BARE = "Internet Systems Consortium DHCP Server 4.4.3-P1"


def unreadable(*batches: list[str]) -> bool:
    """What is said after these."""
    legibility = Legibility()
    for batch in batches:
        legibility.add(parse_lines(batch, NOW))
    return legibility.unreadable


@pytest.mark.parametrize(
    ("batches", "wanted"),
    [
        ([], False),
        ([[]], False),
        ([[ODD]], True),
        ([[GOOD]], False),
        ([[OTHER]], False),
        ([[ODD], [GOOD]], False),
        ([[ODD, GOOD]], False),
        ([[GOOD, ODD]], False),
        ([[GOOD, *[ODD] * MANY]], True),
        ([[GOOD], *[[ODD]] * MANY], True),
        ([[OTHER, ODD]], False),
        ([[ODD, OTHER]], False),
        # What is surely dhcpd's outweighs what is known of others.
        ([[OTHER, "22.11. 11:33 failover peer foo: I move from normal to shutdown", OTHER]], True),
        ([["22.11. 11:33 dhcpd[7]: exiting.", OTHER], [OTHER]], True),
        ([["22.11. 11:33 dhcpd[7]: exiting."], [GOOD]], False),
        # dhcpd -d: not all it prints is known, and it has no time.
        ([[BARE, "Copyright 2004-2022 Internet Systems Consortium.", "Config file: /etc/dhcp/dhcpd.conf"]], False),
        ([["Listening on LPF/eth0/02:00:00:00:00:01/10.0.0.0/24", "Server starting service."]], False),
        ([[""]], False),
        ([["-- Boot 6b9b0c3a --"]], False),
    ],
)
def test_what_is_no_known_format(batches: list[list[str]], wanted: bool) -> None:
    """Lines in no known format, and none in one since; a few strange ones among known ones are no matter."""
    assert unreadable(*batches) is wanted
