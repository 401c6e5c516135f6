"""R, S, H, U and `--after` on the platforms that are played here: judged by processes and sockets, whatever the start script says."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from tests.lab.server import Server
from tests.platforms.declared import ALL, on
from tests.platforms.look_alike import LookAlike
from tests.platforms.looks import ALPINE, FREEBSD, FREEBSD_CHROOT, OPNSENSE, PFSENSE, RHEL

pytestmark = pytest.mark.lab


@on((FREEBSD, FREEBSD_CHROOT, ALPINE, RHEL), "R")
def test_sync_restart(place: LookAlike) -> None:
    """A changed file is copied, tested on both, and both are restarted by the platform's own command; in a chroot it is put there."""
    look = place.look
    source = place.primary.root / look.shared[1:] / "master.conf"
    source.write_text(f"# changed\n{source.read_text()}")
    done = place.do("sync-restart", "", confirm="office")
    assert done.returncode == 0, done
    for server in place.servers.values():
        for root in ("", "var/db/dhcpd") if look.copies else ("",):
            file = server.root / root / look.shared[1:] / "master.conf"
            assert file.read_text().startswith("# changed\n"), file
    place.wait_states(timeout=60)


@on((FREEBSD_CHROOT,), "R")
def test_sync_restart_of_files_that_stay_outside(place: LookAlike) -> None:
    """Without dhcpd_includedir dhcpd would start with the old files in its chroot: refused, before anything is copied."""
    conf = place.primary.root / "etc/rc.conf"
    text = conf.read_text()
    conf.write_text(text.replace("dhcpd_includedir", "#dhcpd_includedir"))
    try:
        done = place.dhcptui("plan", "sync-restart", "office", "--wait", "30")
    finally:
        conf.write_text(text)
    assert done.returncode == 1, done
    assert "dhcpd_includedir in /etc/rc.conf of dhcp1 is not set" in done.stdout.splitlines()[0]


@on(ALL, "S", "U")
def test_shutdown_and_start(place: LookAlike) -> None:
    """dhcp2 hands over and stops; its own restart command brings it back, and both are normal."""
    done = place.do("shutdown", "dhcp2")
    assert done.returncode == 0, done
    assert place.states() == {"primary": "partner-down", "secondary": "no-answer"}
    done = place.do("start", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)


@on(ALL, "H")
def test_hand_over_and_take_back(place: LookAlike) -> None:
    """Without a stop."""
    done = place.do("hand-over", "dhcp2")
    assert done.returncode == 0, done
    assert place.states() == {"primary": "partner-down", "secondary": "shutdown"}
    done = place.do("take-back", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)


@on((FREEBSD, FREEBSD_CHROOT, OPNSENSE, RHEL), "--after")
def test_a_start_at_a_later_time(place: LookAlike) -> None:
    """The server's own timer takes it, another console sees it, it can be taken off, and it begins when its time has come."""
    gone(place)
    done = place.do("start", "dhcp2", "--after", "1h")
    assert done.returncode == 0, done
    assert "scheduled" in done.stdout
    assert scheduled(place.secondary)
    (pair,) = json.loads(place.dhcptui("status", "office", "--json").stdout)["pairs"]
    assert pair["servers"]["secondary"]["delayed_start"]["job_found"] is True
    done = place.do("start", "dhcp2", "--cancel")
    assert done.returncode == 0, done
    assert not scheduled(place.secondary)
    done = place.do("start", "dhcp2", "--after", "1s")
    assert done.returncode == 0, done
    if place.look.bsd:
        place.secondary.run("/usr/local/look/stand_in.py", "--atrun", "300")
    place.wait_states(timeout=60)
    assert not scheduled(place.secondary)
    (pair,) = json.loads(place.dhcptui("status", "office", "--json").stdout)["pairs"]
    assert pair["servers"]["secondary"]["delayed_start"] is None


def gone(place: LookAlike) -> None:
    """dhcp2 has crashed, and its partner has noticed."""
    place.crash(place.secondary)
    place.wait_states(primary="communications-interrupted", secondary="no-answer", timeout=30)


def scheduled(server: Server) -> list[str]:
    """The jobs and timers that are there."""
    listed = server.run("sh", "-c", "cd /run/look; ls /var/at/jobs *.timer 2>/dev/null", check=False).stdout
    return [line for line in listed.splitlines() if line and not line.endswith(":")]


def refused_and_brought_back(place: LookAlike, reason: str) -> None:
    """Nothing is scheduled where nothing would run it; a start at once is no matter."""
    gone(place)
    done = place.do("start", "dhcp2", "--after", "1h")
    assert (done.returncode, reason in done.stdout, "nothing was scheduled" in done.stdout) == (2, True, True), done
    assert not scheduled(place.secondary)
    done = place.do("start", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)


@on((PFSENSE,), "--after", refused="its cron runs no atrun, which would run the job of `at`")
def test_at_that_nothing_runs(place: LookAlike) -> None:
    """It is there, and would take the job."""
    refused_and_brought_back(place, "at is installed, but nothing runs its jobs: cron's files name no atrun")


@on((ALPINE,), "--after", refused="there is no `at`, and no systemd")
def test_no_timer_at_all(place: LookAlike) -> None:
    """busybox has cron only."""
    refused_and_brought_back(place, "neither systemd-run (with a running systemd) nor at is there")


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


@on((FREEBSD,), "U")
def test_a_dhcpd_in_a_jail_is_not_ours(place: LookAlike) -> None:
    """The host's ps shows it with the very words of ours; it neither keeps ours from being started nor is it touched."""
    server, home = place.secondary, place.secondary.root / "run/jail"
    home.mkdir()
    (home / "dhcpd.leases").touch()
    (home / "dhcpd.conf").write_text("omapi-port 7911;\nsubnet 10.8.0.0 netmask 255.255.255.0 { }\n")
    server.run("sh", "-c", f"setsid unshare --net --mount sh -ec '{JAIL}' </dev/null >/run/jail/log 2>&1 &")
    deadline = time.monotonic() + 30
    while "Server starting service" not in (home / "log").read_text():
        assert time.monotonic() < deadline, (home / "log").read_text()
        time.sleep(0.1)
    rows = server.run("/usr/local/look/bin/ps", "-A", "-o", "jid=", "-o", "args=").stdout
    assert sorted(row.split()[0] for row in rows.splitlines() if place.look.words in row) == ["0", "3"]
    jailed = server.run("/usr/local/look/stand_in.py", "--jailed").stdout.split()
    gone(place)
    done = place.do("start", "dhcp2")
    assert done.returncode == 0, done
    place.wait_states(timeout=60)
    assert server.run("/usr/local/look/stand_in.py", "--jailed").stdout.split() == jailed
    server.run("sh", "-c", f"kill -9 {' '.join(jailed)}")
    shutil.rmtree(home)


JAIL = """
mount --bind /run/jail /var/db/dhcpd; mount --bind /run/jail /usr/local/etc
ip link set lo up; ip link add eth0 type veth peer name far0; ip link set far0 up
ip addr add 10.8.0.1/24 dev eth0; ip link set eth0 up
exec /usr/sbin/dhcpd -4 -f -d -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases -pf /var/db/dhcpd/pid eth0
"""
"""What a jail with a network of its own starts: the port's paths, which are the jail's."""
