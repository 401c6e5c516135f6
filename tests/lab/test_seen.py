"""What was not seen is not said, and witnesses that contradict each other come first: on the real pair."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dhcptui.remote import commands
from tests.lab.pair import Lab

pytestmark = pytest.mark.lab


def dhcptui(lab: Lab, *args: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(lab.write_config()), *args)
    root = Path(__file__).parents[2]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False, cwd=root)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def plan(lab: Lab, *args: str) -> dict[str, Any]:
    """A fresh plan, as JSON."""
    return dict(json.loads(dhcptui(lab, "plan", *args, "--json").stdout))


def test_a_fresh_start_beside_a_partner_out_of_reach(lab: Lab) -> None:
    """Its lock-out lies on a server that cannot be reached: not seen is not "none"; it is answered for, or not done."""
    lab.wait_settled()
    lab.secondary.kill()
    lab.wait_states(primary="communications-interrupted", secondary=None, timeout=5)
    done = dhcptui(lab, "do", "partner-down", "office", "--server", "dhcp1", "--confirm", "dhcp2")
    assert done.returncode == 0, done
    assert (lab.primary.leases.parent / commands.LOCKOUT).exists()
    lab.cut("operator", "primary")
    made = plan(lab, "start", "office", "--server", "dhcp2")
    (found,) = (each for each in made["findings"] if "unsynchronised" in each["asked"])
    assert (found["seen"], found["ok"]) == (False, False)
    assert "no lock-out" not in found["observed"]
    assert made["sentence"] == "I know that dhcp2 was not declared down"
    text = dhcptui(lab, "plan", "start", "office", "--server", "dhcp2").stdout
    assert "   ?  dhcp2 would not start unsynchronised" in text
    assert "   ?  clocks agree" in text
    done = dhcptui(lab, "do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2")
    assert done.returncode == 1, done
    assert not lab.secondary.is_running()
    lab.heal()
