"""R on the platforms that are played here, and what a FreeBSD says whose dhcpd is not enabled."""

from __future__ import annotations

import pytest

from tests.platforms.declared import on
from tests.platforms.look_alike import LookAlike
from tests.platforms.looks import ALPINE, FREEBSD, RHEL

pytestmark = pytest.mark.lab


@on((FREEBSD, ALPINE, RHEL), "R")
def test_sync_restart(place: LookAlike) -> None:
    """A changed file is copied, tested on both, and both are restarted by the platform's own command."""
    source = place.primary.root / place.look.shared[1:] / "master.conf"
    source.write_text(f"# changed\n{source.read_text()}")
    done = place.do("sync-restart", "", confirm="office")
    assert done.returncode == 0, done
    assert (place.secondary.root / place.look.shared[1:] / "master.conf").read_text().startswith("# changed\n")
    place.wait_states(timeout=60)


@on((FREEBSD,), "init", "U")
def test_a_start_script_that_does_nothing(place: LookAlike) -> None:
    """dhcpd_enable=NO: the script prints the remedy and ends with 0. `init` says it before; a start believes the processes."""
    conf = place.secondary.root / "etc/rc.conf"
    text = conf.read_text()
    conf.write_text(text.replace('dhcpd_enable="YES"', 'dhcpd_enable="NO"'))
    try:
        done = place.init("--yes")
        assert done.returncode == 0, done
        assert done.stdout.count("run `sysrc dhcpd_enable=YES` there") == 1
        place.crash(place.secondary)
        done = place.do("start", "dhcp2", "--wait", "30")
        assert done.returncode == 2, done
        assert "Set dhcpd_enable to YES in /etc/rc.conf" in done.stdout
    finally:
        conf.write_text(text)
    assert place.do("start", "dhcp2").returncode == 0
    place.wait_states(timeout=60)
