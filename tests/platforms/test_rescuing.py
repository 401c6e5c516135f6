"""P and X on the platforms that are played here: "gone" is proven by what nobody holds, and the right lease file is edited."""

from __future__ import annotations

import pytest

from tests.platforms.declared import ALL, on
from tests.platforms.look_alike import LookAlike

pytestmark = pytest.mark.lab


@on(ALL, "P")
def test_partner_down_after_a_crash(place: LookAlike) -> None:
    """Nothing must be sworn to: root sees who holds what there. The dead one is brought back afterwards."""
    place.crash(place.primary)
    place.wait_states(primary="no-answer", secondary="communications-interrupted", timeout=30)
    done = place.do("partner-down", "dhcp2", confirm="dhcp1")
    assert done.returncode == 0, done
    assert place.secondary.local_state() == "partner-down"
    done = place.do("start", "dhcp1")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)


@on(ALL, "X")
def test_rescue(place: LookAlike) -> None:
    """The record goes into the file that dhcpd has open; what lies dead elsewhere stays as it is."""
    dead = [place.primary.root / path[1:] for path in place.look.dead]
    before = [path.read_bytes() for path in dead]
    place.primary.set_local_state(8)
    place.wait_states(primary="shutdown", secondary="partner-down", timeout=30)
    place.crash(place.secondary)
    done = place.do("rescue", "dhcp1")
    assert done.returncode == 0, done
    assert f"the lease file is {place.look.leases} (which dhcpd has open)" in done.stdout
    assert [path.read_bytes() for path in dead] == before
    assert place.primary.local_state() == "communications-interrupted"
    done = place.do("start", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)
