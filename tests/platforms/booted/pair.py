"""The lab's pair, booted: the same bridge, operator, client and configuration, with Debian 12 on both servers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.net import Done
from tests.lab.pair import Lab
from tests.platforms.booted.machine import ACCOUNT, SHARED, SUDOER, UNIT, Machine
from tests.platforms.booted.tree import CannotBuild, base_tree, requirements

REPOSITORY = Path(__file__).parents[3]
RESTART = f"systemctl restart {UNIT}"
ACCOUNTS: dict[str, Any] = {
    "shared_dir": SHARED,
    "restart": RESTART,
    "primary": {"user": SUDOER, "sudo": True, "log": f"journal:{UNIT}"},
    "secondary": {
        "user": ACCOUNT, "restart": f"sudo -n {RESTART}", "leases": "/var/lib/dhcpd-pair/dhcpd.leases",
    },
}  # fmt: skip
"""The console as people have it: sudo on one server, the account of docs/security.md on the other."""
ROOT: dict[str, Any] = {
    **ACCOUNTS,
    "primary": {"user": "root", "log": f"journal:{UNIT}"},
    "secondary": {"user": "root", "leases": "/var/lib/dhcpd-pair/dhcpd.leases"},
}
"""The console as root on both."""


class BootedPair(Lab):
    """`with BootedPair() as pair`: both booted and normal."""

    server_class = Machine
    primary: Machine
    secondary: Machine
    servers: Mapping[str, Machine]

    def start_dhcpd(self) -> None:
        """Booting has started both."""

    def dhcptui(self, *args: str, config: Path | None = None, timeout: float = 120) -> Done:
        """Run the program at the operator's place, with the accounts of people; there is never a traceback."""
        config = config or self.write_config()
        argv = self.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(config), *args)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False, cwd=REPOSITORY)
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done

    def write_config(self, path: Path | None = None, pair: str = "office", **overrides: Any) -> Path:
        """As in the lab; without overrides with the accounts of people."""
        return super().write_config(path, pair, **(overrides or ACCOUNTS))


def can_boot() -> None:
    """Skip (in CI: fail) with the reason where no Debian can be booted; the tree is built where it is not there."""
    if reasons := requirements():
        pytest.skip("no Debian can be booted here: " + "; ".join(reasons))
    try:
        base_tree()
    except CannotBuild as error:
        pytest.skip(f"no Debian to boot: {error}")
