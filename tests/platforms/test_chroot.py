"""A real dhcpd that locks itself into a chroot: after it has read its configuration, with a dead lease file outside, or before."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from dhcptui.config.loading import load
from tests.lab.pair import Lab
from tests.platforms.look_alike import ROOT, LookAlike
from tests.platforms.looks import BY_HAND

pytestmark = pytest.mark.lab
JAIL = "/root/jail"
INSIDE = f"{JAIL}/var/lib/dhcp/dhcpd.leases"


@pytest.fixture(scope="module")
def jailed() -> Iterator[Lab]:
    """Both servers so; Debian's dhcpd reads its configuration before it enters."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        for server in (lab.secondary, lab.primary):
            server.terminate()
            server.run("sh", "-c", f"mkdir -p {JAIL}/var/lib/dhcp && cp -p /var/lib/dhcp/dhcpd.leases {INSIDE}")
            script, ours = server.etc / "restart-dhcpd", server.etc / "lab/ours"
            text = script.read_text().replace(" /usr/sbin/dhcpd -4", f" /usr/sbin/dhcpd -4 -chroot {JAIL}")
            script.write_text(text.replace("-lf /var/lib/dhcp/dhcpd.leases ", ""))
            ours.write_text(ours.read_text().replace("'-lf /var/lib/dhcp/dhcpd.leases '", f"'-chroot {JAIL} '"))
            server.restart()
        lab.wait_settled()
        login = ("--user", "root", "--identity", f"{lab.dir}/id_ed25519", "--known-hosts", f"{lab.dir}/known_hosts")
        done = dhcptui(lab, "init", "10.0.0.10", "10.0.0.20", "--name", "office", *login)
        assert done.returncode == 0, done
        assert done.stdout.count(f"dhcpd reads /etc/dhcp/dhcpd.conf before it locks itself into {JAIL}") == 2
        yield lab


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "own/config.toml"), *args)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def test_what_only_looks(jailed: Lab) -> None:
    """init takes the file that dhcpd has open, and not the dead one; status and lint have nothing to complain of."""
    pair = load(jailed.dir / "own/config.toml").pair("office")
    for server in (pair.primary, pair.secondary):
        assert (server.dhcpd_conf, server.leases, server.platform) == ("/etc/dhcp/dhcpd.conf", INSIDE, "debian")
    status = dhcptui(jailed, "status", "office", "--json")
    assert status.returncode == 0, status.stdout
    lint = json.loads(dhcptui(jailed, "lint", "office", "--json").stdout)
    assert [each for each in lint["findings"] if each["severity"] != "info"] == []
    assert len(lint["notes"]) == 2


def test_a_dead_file_in_the_configuration_is_told(jailed: Lab) -> None:
    """It is no lease file of this dhcpd, so a look at it proves nothing: nothing is stopped by it, and lint names the right one."""
    path = jailed.dir / "own/config.toml"
    text = path.read_text()
    path.write_text(text.replace(INSIDE, "/var/lib/dhcp/dhcpd.leases"))
    try:
        status = dhcptui(jailed, "status", "office", "--json")
        done = dhcptui(jailed, "do", "shutdown", "office", "--server", "dhcp2", "--confirm", "dhcp2")
        lint = dhcptui(jailed, "lint", "office").stdout
    finally:
        path.write_text(text)
    assert jailed.secondary.local_state() == "normal", done
    assert done.returncode != 0
    assert status.returncode != 0, status.stdout
    assert f'Set `leases = "{INSIDE}"`' in lint


def test_a_rescue_writes_inside(jailed: Lab) -> None:
    """The record goes into the file that dhcpd has open; the dead one stays as it is."""
    jailed.primary.set_local_state(8)
    jailed.wait_states(primary="shutdown", secondary="partner-down", timeout=5)
    jailed.secondary.kill()
    dead = jailed.primary.leases.read_bytes()
    deadline = time.monotonic() + 20
    while dhcptui(jailed, "plan", "rescue", "office", "--server", "dhcp1").returncode and time.monotonic() < deadline:
        time.sleep(1)
    done = dhcptui(jailed, "do", "rescue", "office", "--server", "dhcp1", "--confirm", "dhcp1")
    assert done.returncode == 0, done
    assert f"the lease file is {INSIDE} (which dhcpd has open)" in done.stdout
    assert jailed.primary.leases.read_bytes() == dead
    assert jailed.primary.local_state() == "communications-interrupted"
    jailed.secondary.restart()
    jailed.wait_states(timeout=60)


def test_sync_restart_in_a_chroot_made_by_hand() -> None:
    """Everything lies inside, and dhcpd's words and includes are meant there: `dhcpd -t` is told so, and sees what dhcpd would see."""
    with LookAlike(BY_HAND) as place:
        place.wait_settled()
        done = place.init()
        assert done.returncode == 0, done
        plan = json.loads(place.dhcptui("plan", "sync-restart", "office", "--wait", "60", "--json").stdout)
        tests = [step["command"] for step in plan["steps"] if step["title"].startswith("test the configuration")]
        assert all("dhcpd -t -4 -chroot /home/dhcp -cf /etc/dhcpd.conf" in line for line in tests), plan["steps"]
        assert any("dhcpd -t with `-chroot /home/dhcp`" in warning for warning in plan["warnings"])
        source = place.primary.root / BY_HAND.shared[1:] / "master.conf"
        text = source.read_text()
        source.write_text(f"# changed\noption no-such-option 1;\n{text}")
        done = place.do("sync-restart", "", confirm="office")
        assert (done.returncode, "no-such-option" in done.stdout) == (2, True), done
        source.write_text(f"# changed\n{text}")
        done = place.do("sync-restart", "", confirm="office")
        assert done.returncode == 0, done
        assert (place.secondary.root / BY_HAND.shared[1:] / "master.conf").read_text().startswith("# changed\n")
