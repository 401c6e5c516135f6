"""`dhcptui status` and `dhcptui config`: the contract's JSON and exit codes, on the real pair."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.pair import Lab

pytestmark = [pytest.mark.lab, pytest.mark.second_try("one look must be over before it is a second and a half old")]

SERVER_KEYS = {
    "name", "state", "since", "partner_state", "partner_since", "mclt_seconds", "unacked_updates",
    "recover_wait_ends", "clock_offset_seconds", "omapi", "ssh", "log", "age_seconds", "pools", "other_peers",
    "delayed_start",
}  # fmt: skip


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", *args)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, cwd=Path(__file__).parents[2])
    assert "Traceback" not in done.stderr + done.stdout
    return done


def status(lab: Lab, config: Path, exit_code: int) -> dict[str, Any]:
    """`status --json` as one pair, its shape and exit code checked; the text form must agree on the exit code."""
    done = dhcptui(lab, "status", "--json", "--config", str(config))
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert document["schema"] == 1
    (pair,) = document["pairs"]
    keys = {"pair", "peer", "level", "headline", "serving", "contradictions", "interrupted", "acting", "servers"}
    assert set(pair) == keys
    assert pair["interrupted"] is pair["acting"] is None
    assert (pair["pair"], pair["peer"]) == ("office", "foo")
    assert set(pair["servers"]) == {"primary", "secondary"}
    for server in pair["servers"].values():
        assert set(server) == SERVER_KEYS
        for pool in server["pools"]:
            assert set(pool) == {"network", "total", "free", "backup", "pools"}
    assert done.returncode == exit_code == {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}[pair["level"]]
    text = dhcptui(lab, "--config", str(config), "status", "office")
    assert (text.returncode, text.stderr) == (exit_code, "")
    assert pair["headline"] in text.stdout
    return dict(pair)


def test_both_normal(lab: Lab) -> None:
    """A healthy pair: ok, everything filled in, and times that agree with an independent reader."""
    lab.wait_settled()
    pair = status(lab, lab.write_config(), 0)
    assert pair["serving"] == ["dhcp1", "dhcp2"]
    for role, server in pair["servers"].items():
        assert (server["state"], server["partner_state"], server["omapi"], server["ssh"]) == (
            "normal",
            "normal",
            "ok",
            "ok",
        )
        assert server["since"].endswith("Z")
        assert server["mclt_seconds"] == 20
        assert abs(server["clock_offset_seconds"]) < 0.2
        assert server["age_seconds"] < 1.5
        assert server["pools"] == [
            {"network": "10.0.0.0/24", "total": 101, "free": 51, "backup": 50, "pools": ["10.0.0.100-10.0.0.200"]}
        ]
        assert server["recover_wait_ends"] is None
        assert lab.servers[role].state().local_state == "normal"


def test_one_killed(lab: Lab) -> None:
    """One dhcpd gone: warning, and its state is null, not its last word."""
    lab.secondary.kill()
    lab.wait_states(primary="communications-interrupted", secondary=None, timeout=3)
    pair = status(lab, lab.write_config(), 1)
    assert pair["serving"] == ["dhcp1"]
    assert "dhcp2 is down" in pair["headline"]
    one, two = pair["servers"]["primary"], pair["servers"]["secondary"]
    assert (one["state"], one["partner_state"]) == ("communications-interrupted", "normal")
    assert (two["state"], two["ssh"], two["age_seconds"]) == (None, "ok", None)
    assert "nothing listens" in two["omapi"]


def test_one_stopped(lab: Lab) -> None:
    """A suspended dhcpd is found by its process, not believed by its open port."""
    lab.secondary.pause()
    try:
        pair = status(lab, lab.write_config(), 1)
    finally:
        lab.secondary.resume()
    assert pair["serving"] == ["dhcp1"]
    assert "suspended" in pair["headline"]
    assert pair["servers"]["secondary"]["state"] is None


def test_both_down(lab: Lab) -> None:
    """Nobody serves: critical."""
    lab.primary.kill()
    lab.secondary.kill()
    pair = status(lab, lab.write_config(), 2)
    assert pair["serving"] == []
    assert pair["headline"].startswith("nobody serves")


def test_wrong_keys(lab: Lab) -> None:
    """A wrong algorithm on one, a wrong name on the other: each is told as what it is, with what to do."""
    key = {"name": "omapi", "algorithm": "hmac-md5", "secret_file": str(lab.dir / "omapi.key")}
    config = lab.write_config(primary={"omapi_key": key}, secondary={"omapi_key": {**key, "name": "omapy"}})
    servers = status(lab, config, 3)["servers"]
    assert servers["primary"]["omapi"] == "key 'omapi' is hmac-sha256 in dhcpd, not hmac-md5"
    assert servers["secondary"]["omapi"] == "dhcpd has no key called 'omapy', with whatever algorithm"
    assert 'set algorithm = "hmac-sha256" in omapi_key' in dhcptui(lab, "--config", str(config), "status").stdout


def test_wrong_host_key(lab: Lab) -> None:
    """A changed host key is refused and named with its file; the other server still counts."""
    known = lab.dir / "wrong_known_hosts"
    lines = (lab.dir / "known_hosts").read_text().splitlines()
    keys = {line.split()[0]: line.split()[1:] for line in lines}
    one, two = keys
    known.write_text(f"{one} {' '.join(keys[one])}\n{two} {' '.join(keys[one])}\n")
    pair = status(lab, lab.write_config(known_hosts=str(known)), 1)
    assert pair["serving"] == ["dhcp1"]
    assert "host key" in pair["servers"]["secondary"]["ssh"]
    text = dhcptui(lab, "--config", str(lab.dir / "config.toml"), "status").stdout
    assert str(known) in text


def test_unknown_host_keys(lab: Lab) -> None:
    """No known host at all: nothing is learned of either server, and the fix is named."""
    known = lab.dir / "no_known_hosts"
    pair = status(lab, lab.write_config(known_hosts=str(known)), 3)
    assert pair["serving"] == []
    assert all("host key" in server["ssh"] for server in pair["servers"].values())


@pytest.mark.parametrize("both", [False, True], ids=["one server", "both servers"])
def test_wrong_omapi_key(lab: Lab, both: bool) -> None:
    """A wrong secret is told as that; with it on both servers nothing is known of the states."""
    wrong = lab.dir / "wrong.key"
    wrong.write_text("d3JvbmcgLSB3cm9uZyAtIHdyb25nIC0gd3Jvbmc=\n")
    key = {"name": "omapi", "algorithm": "hmac-sha256", "secret_file": str(wrong)}
    config = lab.write_config(**({"omapi_key": key} if both else {"secondary": {"omapi_key": key}}))
    pair = status(lab, config, 3 if both else 1)
    assert pair["serving"] == ([] if both else ["dhcp1"])
    assert "secret" in pair["servers"]["secondary"]["omapi"] or "key" in pair["servers"]["secondary"]["omapi"]
    assert pair["servers"]["secondary"]["ssh"] == "ok"


def test_direct_transport(lab: Lab) -> None:
    """Without the tunnel the same is read."""
    assert status(lab, lab.write_config(omapi_transport="direct"), 0)["serving"] == ["dhcp1", "dhcp2"]


def test_wrong_peer_name(lab: Lab) -> None:
    """A peer that dhcpd does not have is told by name."""
    done = dhcptui(lab, "status", "--config", str(lab.write_config(peer="bar")))
    assert done.returncode == 3
    assert "no failover peer 'bar'" in done.stdout


def test_status_never_loads_textual(lab: Lab) -> None:
    """The monitoring path is free of the ui."""
    code = (
        "import sys; from dhcptui.cli.main import main; code = main(sys.argv[1:]);"
        "bad = {name.partition('.')[0] for name in sys.modules} & {'textual', 'rich'};"
        "sys.exit(f'loaded: {bad}' if bad else code)"
    )
    argv = lab.operator_argv(sys.executable, "-c", code, "status", "--config", str(lab.write_config()))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr) == (0, "")


def test_config_commands(lab: Lab) -> None:
    """path, show and validate; the secret is in none of them."""
    config = lab.write_config()
    secret = (lab.dir / "omapi.key").read_text().strip()
    assert dhcptui(lab, "config", "path", "--config", str(config)).stdout.strip() == str(config)
    shown = dhcptui(lab, "config", "show", "--config", str(config))
    valid = dhcptui(lab, "config", "validate", "--config", str(config))
    assert (shown.returncode, valid.returncode) == (0, 0)
    assert "omapi_port = 7911" in shown.stdout
    assert "valid, 1 pair: office" in valid.stdout
    assert secret not in shown.stdout + valid.stdout
    config.write_text("[pairs.office]\npeerr = 1\n")
    broken = dhcptui(lab, "config", "validate", "--config", str(config))
    assert broken.returncode == 1
    assert str(config) in broken.stderr
