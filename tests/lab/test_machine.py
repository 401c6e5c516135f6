"""What is asked of all relationships of one machine: one list, one confirmation, one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.pair import Lab, Server
from tests.lab.relationships import BAR, BAZ, add, local_state, only_primary, wait

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("evidence must be fresh when it is judged, and an action must end within its time"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def three(lab: Lab) -> Lab:
    """Three relationships, roles mixed, each a pair of one configuration that has every machine once."""
    add(lab, BAR, BAZ)
    text = lab.write_config(lab.dir / "one.toml").read_text()
    head, _, rest = text.partition("[pairs.office.primary]\n")
    primary, _, secondary = rest.partition("[pairs.office.secondary]\n")
    pairs = "".join(
        f'[pairs.{name}]\npeer = "{peer}"\nprimary = "{one}"\nsecondary = "{two}"\n'
        for name, peer, one, two in (
            ("lan", "foo", "fw1", "fw2"),
            ("opt1", "bar", "fw1", "fw2"),
            ("opt2", "baz", "fw2", "fw1"),
        )
    )
    assert "[pairs.office]" in head
    path = lab.dir / "config.toml"
    servers = f"[servers.fw1]\n{primary}\n[servers.fw2]\n{secondary}\n"
    path.write_text("\n".join(line for line in servers.splitlines() if not line.startswith("name =")) + "\n" + pairs)
    path.chmod(0o600)
    return lab


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    done = subprocess.run([*argv, *args], capture_output=True, text=True, timeout=180, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def states(lab: Lab) -> list[tuple[str, str]]:
    """Of the three, as the lab's primary and secondary say it."""
    return [(local_state(lab.primary, peer), local_state(lab.secondary, peer)) for peer in ("foo", "bar", "baz")]


def reads(server: Server, peer: str, state: str, timeout: float = 30) -> None:
    """Wait until the server says so of itself."""
    deadline = time.monotonic() + timeout
    while (seen := local_state(server, peer)) != state:
        assert time.monotonic() < deadline, f"{peer}: {seen} after {timeout} s, not {state}"
        time.sleep(0.05)


def logins(lab: Lab) -> list[int]:
    """How often somebody has logged in to each server."""
    return [
        int(server.run("grep", "-c", "Accepted publickey for", "/var/log/sshd.log", check=False).stdout)
        for server in (lab.primary, lab.secondary)
    ]


@pytest.mark.parametrize(
    "line", ["status --json", "plan hand-over --machine fw2 --json", "report --json", "lint --json"]
)
def test_each_machine_is_logged_in_to_once(three: Lab, line: str) -> None:
    """Whatever number of relationships a command looks at."""
    before = logins(three)
    done = dhcptui(three, *line.split())
    assert done.stdout, done.stderr
    assert logins(three) == [number + 1 for number in before]


def test_one_machine_before_its_maintenance(three: Lab) -> None:
    """All are handed over in turn and taken back; the wrong name confirms nothing."""
    lab = three
    done = dhcptui(lab, "status", "--machine", "fw1", "--json")
    assert [pair["pair"] for pair in json.loads(done.stdout)["pairs"]] == ["lan", "opt1", "opt2"]
    done = dhcptui(lab, "plan", "hand-over", "--machine", "fw2", "--json")
    plans = json.loads(done.stdout)
    assert [(plan["pair"], plan["server"], plan["allowed"]) for plan in plans] == [
        (name, "fw2", True) for name in ("lan", "opt1", "opt2")
    ], done.stdout
    done = dhcptui(lab, "do", "hand-over", "--machine", "fw2", "--confirm", "lan")
    assert done.returncode == 1
    assert "--confirm 'fw2'" in done.stderr
    assert states(lab) == [("normal", "normal")] * 3
    done = dhcptui(lab, "do", "hand-over", "--machine", "fw2", "--confirm", "fw2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-3:] == ["  lan: verified", "  opt1: verified", "  opt2: verified"]
    assert [pair[0] for pair in states(lab)] == ["partner-down"] * 3
    done = dhcptui(lab, "do", "take-back", "--machine", "fw2", "--confirm", "fw2")
    assert done.returncode == 0, done.stdout + done.stderr
    for each in (BAR, BAZ):
        wait(lab, each, "normal", "normal")
    assert states(lab) == [("normal", "normal")] * 3


def test_a_machine_that_died(three: Lab) -> None:
    """Its partner takes over every relationship; the one that already had it is left out, with the reason."""
    lab = three
    only_primary(lab, BAR)
    lab.secondary.kill()
    for peer in ("foo", "baz"):
        reads(lab.primary, peer, "communications-interrupted")
    done = dhcptui(lab, "do", "partner-down", "--machine", "fw2", "--confirm", "fw2")
    assert [local_state(lab.primary, peer) for peer in ("foo", "bar", "baz")] == ["partner-down"] * 3, done.stdout
    assert done.stdout.splitlines()[-3:] == ["  lan: verified", "  opt1: left out", "  opt2: verified"]
    assert "== opt1: left out: " in done.stdout
    assert done.returncode == 1


def test_the_first_surprise_ends_it(three: Lab) -> None:
    """The second is not what was confirmed any more: the third is not begun."""
    lab = three
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    argv += ["do", "hand-over", "--machine", "fw2", "--confirm", "fw2"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1) as running:
        assert running.stdout
        for line in running.stdout:
            if line.startswith("lan: 1."):
                break
        BAR.cut(lab)
        rest = running.stdout.read()
    assert running.returncode in {1, 2}, rest
    assert "  lan: verified\n" in rest
    assert "  opt2: not begun\n" in rest
    assert states(lab)[2] == ("normal", "normal")


def test_what_is_of_a_whole_dhcpd_names_its_pair(three: Lab) -> None:
    """A shutdown of one relationship of three is no such thing; and a machine must be there."""
    done = dhcptui(three, "do", "shutdown", "--machine", "fw2", "--confirm", "fw2")
    assert (done.returncode, "of a whole dhcpd" in done.stderr) == (1, True)
    done = dhcptui(three, "do", "hand-over", "--machine", "fw3", "--confirm", "fw3")
    assert (done.returncode, "no pair has the machine 'fw3'" in done.stderr) == (1, True)
