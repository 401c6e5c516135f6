"""The lab itself: that it is a real pair, that its faults are faults, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
import time
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from . import net
from .pair import Lab, LabError, Server

pytestmark = [pytest.mark.lab, pytest.mark.second_try("dhcpd must notice a killed partner within a second")]


def left_behind(name: str) -> list[str]:
    """Whatever the host still knows of the lab."""
    spaces = [line for line in net.sh("ip", "netns", "list").stdout.splitlines() if line.startswith(name)]
    processes = [line for line in net.sh("ps", "-eo", "args").stdout.splitlines() if name in line]
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if name in line]
    return spaces + processes + mounts + [str(path) for path in net.BASE.glob(name)]


def until_clean(name: str, timeout: float = 5) -> None:
    """The reaper works after the owner's death, so it gets a moment."""
    deadline = time.monotonic() + timeout
    while (left := left_behind(name)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def clock_offset(lab: Lab, role: str) -> float:
    """How far the clock of a server's SSH session is ahead of ours."""
    before = time.time()
    return float(lab.ssh(role, "date +%s.%N").stdout) - (before + time.time()) / 2


def test_both_normal_and_each_sees_only_itself(lab: Lab) -> None:
    """Two fresh servers reach normal, and each looks like a machine of its own over SSH."""
    for role, server in lab.servers.items():
        assert server.state().partner_state == "normal"
        assert lab.ssh(role, "hostname").stdout.strip() == server.name
        assert lab.ssh(role, "pgrep -x dhcpd").stdout.split() == [str(server.pid())]
        assert lab.ssh(role, "cat /var/log/dhcpd.log").stdout == server.log_text()
    assert lab.secondary.state().mclt == 20


def test_log_is_stamped_as_rsyslog_does(lab: Lab) -> None:
    """Each line carries an ISO time in UTC, the host name and dhcpd's pid."""
    pattern = rf"(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{6}}\+00:00) dhcp1 dhcpd\[{lab.primary.pid()}\]: .+"
    for line in lab.primary.log_lines():
        found = re.fullmatch(pattern, line)
        assert found, line
        assert abs(datetime.fromisoformat(found[1]).timestamp() - time.time()) < 60


def test_kill_is_seen_by_the_partner(lab: Lab) -> None:
    """After kill -9 of the secondary the primary is communications-interrupted within a second, and serves."""
    offset = lab.primary.log_offset()
    lab.secondary.kill()
    assert not lab.secondary.is_running()
    assert lab.wait_states("communications-interrupted", "no-answer", timeout=1) < 1
    lab.primary.wait_log("I move from normal to communications-interrupted", 1, since=offset)
    lease = lab.dhcp_client()
    assert lease
    assert lease["server"] == "10.0.0.10"
    lab.secondary.start()
    lab.wait_states(timeout=10)


def test_cut_and_heal() -> None:
    """A cut failover port takes the link down after max-response-delay, though OMAPI and SSH answer; heal brings it back."""
    with Lab(mclt=20, max_response_delay=3) as lab:
        lab.wait_states()
        lab.cut("primary", "secondary", port=520)
        lab.wait_states("communications-interrupted", "communications-interrupted", timeout=20)
        assert lab.ssh("primary", "true").returncode == 0
        lab.heal()
        lab.wait_states(timeout=40)


def test_cut_between_operator_and_server(lab: Lab) -> None:
    """One port of one server is cut for the operator only; one_way drops only what the first sends."""
    lab.cut("operator", "secondary", port=22)
    with pytest.raises(subprocess.TimeoutExpired):
        lab.ssh("secondary", "true", timeout=0.7)
    assert lab.ssh("primary", "true").returncode == 0
    assert lab.states() == {"primary": "normal", "secondary": "normal"}
    lab.heal()
    lab.cut("secondary", "operator", one_way=True)
    with pytest.raises(subprocess.TimeoutExpired):
        lab.ssh("secondary", "true", timeout=0.7)
    lab.heal()
    assert lab.ssh("secondary", "true").returncode == 0
    with pytest.raises(ValueError, match="cannot cut"):
        lab.cut("client", "primary")


def test_dhcp_client_gets_an_address(lab: Lab) -> None:
    """A real dhclient gets a lease, two machines get two, and the server's log shows the exchange."""
    first, second = lab.dhcp_client("02:00:00:00:00:01"), lab.dhcp_client()
    assert first
    assert second
    assert first["address"] != second["address"]
    assert first["server"] in {"10.0.0.10", "10.0.0.20"}
    assert first["routers"] == "10.0.0.1"
    server = lab.primary if first["server"] == "10.0.0.10" else lab.secondary
    server.wait_log(rf"DHCPACK on {first['address']} to 02:00:00:00:00:01", 2)


def test_nobody_answers_when_both_are_dead(lab: Lab) -> None:
    """Without a server the client gives up in time, and gets None."""
    lab.primary.kill()
    lab.secondary.terminate()
    began = time.monotonic()
    assert lab.dhcp_client(timeout=2) is None
    assert time.monotonic() - began < 5


def test_skewed_start(lab: Lab) -> None:
    """A server started 90 s ahead shows that over SSH and in its log, and is refused; corrected, it is taken back."""
    lab.secondary.kill()
    offset = lab.primary.log_offset()
    lab.secondary.start(skew_seconds=90)
    assert clock_offset(lab, "secondary") == pytest.approx(90, abs=1)
    assert clock_offset(lab, "primary") == pytest.approx(0, abs=1)
    lab.primary.wait_log("Failover CONNECT to foo rejected: .*time mismatch too great", 10, since=offset)
    stamp = datetime.fromisoformat(lab.secondary.log_lines()[-1].split()[0])
    assert stamp.timestamp() - time.time() > 75
    lab.secondary.set_clock(0)
    assert clock_offset(lab, "secondary") == pytest.approx(0, abs=1)
    lab.wait_states(timeout=20)  # the running dhcpd sees the corrected clock too


def test_pause_and_resume(lab: Lab) -> None:
    """A stopped dhcpd is there but answers nobody."""
    lab.primary.pause()
    assert lab.primary.is_running()
    assert lab.primary.local_state(timeout=0.3) == "no-answer"
    lab.primary.resume()
    assert lab.primary.local_state() == "normal"


def test_restart_script(lab: Lab) -> None:
    """Over SSH the script returns at once with a new dhcpd, also for a paused one; a bad configuration fails loudly."""
    lab.primary.pause()
    was = lab.primary.pid()
    began = time.monotonic()
    lab.ssh("primary", "/etc/dhcp/restart-dhcpd")
    assert time.monotonic() - began < 3
    assert lab.primary.pid() not in {None, was}
    lab.wait_states(timeout=10)
    with (lab.primary.etc / "dhcpd.conf").open("a") as conf:
        conf.write("nonsense here;\n")
    with pytest.raises(LabError, match="nonsense here"):
        lab.primary.restart()
    assert not lab.primary.is_running()


def test_sshd_faults(lab: Lab) -> None:
    """A stopped sshd refuses, a started one accepts again, with the same host key."""
    lab.primary.stop_sshd()
    assert lab.ssh("primary", "true", check=False).returncode == 255
    lab.primary.start_sshd()
    assert lab.ssh("primary", "true").returncode == 0


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha512", None])
def test_keys(algorithm: str | None) -> None:
    """OMAPI answers the reader with each kind of key, and a write is read back."""
    with Lab(mclt=20, key_algorithm=algorithm) as lab:
        lab.wait_settled()
        assert lab.primary.set_local_state(8).local_state == "shutdown"
        lab.wait_states("shutdown", "partner-down", timeout=2)
        assert lab.primary.set_local_state(6).local_state == "recover"
        lab.wait_states(timeout=10)
        assert (lab.dir / "omapi.key").exists() == bool(algorithm)


async def test_asyncio_from_the_operators_place(lab: Lab) -> None:
    """inside() moves this thread: the servers are reachable within it, and it is back afterwards, also after an error."""
    here = Path("/proc/thread-self/ns/net")
    home = here.readlink()
    with lab.inside():
        assert here.readlink() != home
        reader, writer = await asyncio.open_connection("10.0.0.10", 22)
        assert (await reader.readline()).startswith(b"SSH-2.0-")
        writer.close()
        await writer.wait_closed()
    assert here.readlink() == home  # not by a connection: from the root namespace it would leave the lab
    with pytest.raises(ZeroDivisionError), lab.inside():
        _ = 1 / 0
    assert here.readlink() == home


def test_config_for_the_console(lab: Lab) -> None:
    """The written configuration is TOML, points at files that exist, and takes overrides for pair, both and one."""
    path = lab.write_config(read_only=True, omapi_transport="direct", primary={"sudo": True, "omapi_key": None})
    office = tomllib.loads(path.read_text())["pairs"]["office"]
    assert office["peer"] == "foo"
    assert office["read_only"] is True
    assert office["primary"]["sudo"] is True
    assert "omapi_key" not in office["primary"]
    secret = Path(office["secondary"]["omapi_key"]["secret_file"])
    for server in (office["primary"], office["secondary"]):
        assert server["omapi_transport"] == "direct"
        assert Path(server["identity"]).exists()
        assert Path(server["known_hosts"]).exists()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_two_labs_at_once(lab: Lab) -> None:
    """A second lab with the same addresses does not disturb the first."""
    with Lab(mclt=33) as other:
        other.wait_states()
        lab.secondary.kill()
        lab.wait_states("communications-interrupted", "no-answer", timeout=2)
        assert other.states() == {"primary": "normal", "secondary": "normal"}
        assert (lab.primary.state().mclt, other.primary.state().mclt) == (20, 33)


def test_nothing_is_left_after_stop() -> None:
    """No namespace, process, mount or directory, even with a program left in the operator's place; stop() twice is fine."""
    pair = Lab(mclt=20)
    pair.start()
    with subprocess.Popen(pair.operator_argv("sleep", "1000")) as stray:
        time.sleep(0.1)
        pair.stop()
        assert stray.wait(2) == -signal.SIGTERM
    assert not left_behind(pair.name)
    pair.stop()


def test_nothing_is_left_after_a_failed_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that fails half-way takes down what it had built."""

    def fail(server: Server) -> None:
        raise LabError(f"no sshd on {server.name}")

    monkeypatch.setattr(Server, "start_sshd", fail)
    pair = Lab(mclt=20)
    with pytest.raises(LabError, match="no sshd"):
        pair.start()
    assert not left_behind(pair.name)


def owner_script(*lines: str) -> subprocess.Popen[str]:
    """Another process that owns a lab and prints its name."""
    text = "\n".join(("from tests.lab.pair import Lab", "import os, signal", *lines))
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", text], cwd=root, stdout=subprocess.PIPE, text=True)


def test_nothing_is_left_after_the_owner_was_killed() -> None:
    """kill -9 of the owner: its reaper removes the lab."""
    with owner_script("lab = Lab()", "lab.start()", "print(lab.name, flush=True)", "signal.pause()") as owner:
        assert owner.stdout is not None
        name = owner.stdout.readline().strip()
        assert left_behind(name)
        owner.kill()
    until_clean(name)


def test_nothing_is_left_after_an_exit_without_stop() -> None:
    """An owner that just ends: atexit takes the lab down before the process is gone."""
    with owner_script("lab = Lab()", "lab.start()", "print(lab.name, flush=True)") as owner:
        assert owner.stdout is not None
        name = owner.stdout.read().strip()
    assert name
    assert not left_behind(name)


def test_leftovers_are_removed_by_the_next_lab() -> None:
    """Owner and reaper both killed: the next start removes what is left."""
    lines = ("lab = Lab()", "lab.start(dhcpd=False)", "os.kill(lab._reaper.pid, 9)", "print(lab.name, flush=True)")
    with owner_script(*lines, "os.kill(os.getpid(), 9)") as owner:
        assert owner.stdout is not None
        name = owner.stdout.read().strip()
    assert left_behind(name)
    with Lab(mclt=20):
        assert not left_behind(name)


def test_make_lab(tmp_path: Path) -> None:
    """`python -m tests.lab` prints the console's command, and SIGTERM or end of input takes everything down."""
    argv = [sys.executable, "-m", "tests.lab", "--mclt", "20", "--key", "none"]
    for how in (signal.SIGTERM, None):
        read, write = os.pipe()
        with subprocess.Popen(
            argv, cwd=Path(__file__).parents[2], stdin=read, stdout=subprocess.PIPE, text=True
        ) as run:
            os.close(read)
            assert run.stdout is not None
            text = "".join(iter(run.stdout.readline, "Ctrl-C takes it all down.\n"))
            found = re.search(r"sudo ip netns exec (dt\d+x\d+)-op \S+/bin/dhcptui --config (\S+)", text)
            assert found, text
            assert Path(found[2]).exists()
            if how:
                run.send_signal(how)
            else:
                os.close(write)
            assert run.wait(10) == 0
        if how:
            os.close(write)
        assert not left_behind(found[1])
