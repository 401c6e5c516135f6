"""S, U and H on the platforms that are played here: judged by processes and sockets, whatever the start script says."""

from __future__ import annotations

import pytest

from tests.platforms.declared import on
from tests.platforms.look_alike import LookAlike
from tests.platforms.looks import ALPINE, FREEBSD_CHROOT, OPNSENSE, RHEL

pytestmark = pytest.mark.lab


@on((FREEBSD_CHROOT, OPNSENSE, ALPINE, RHEL), "S", "U")
def test_shutdown_and_start(place: LookAlike) -> None:
    """dhcp2 hands over and stops; its own restart command brings it back, and both are normal."""
    done = place.do("shutdown", "dhcp2")
    assert done.returncode == 0, done
    assert place.states() == {"primary": "partner-down", "secondary": "no-answer"}
    done = place.do("start", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)


@on((FREEBSD_CHROOT, OPNSENSE), "H")
def test_hand_over_and_take_back(place: LookAlike) -> None:
    """Without a stop."""
    done = place.do("hand-over", "dhcp2")
    assert done.returncode == 0, done
    assert place.states() == {"primary": "partner-down", "secondary": "shutdown"}
    done = place.do("take-back", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)
