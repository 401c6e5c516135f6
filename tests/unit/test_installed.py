"""Which program is tested: the source tree's where there is one, else the installed one."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import dhcptui
from tools.generate import ROOT


def test_the_program_under_test() -> None:
    """Beside the source tree it is the tree's own; without one (`make test-wheel`) that of this venv's wheel."""
    source, found = ROOT / "dhcptui", Path(dhcptui.__file__).parent
    assert found == (source if source.exists() else Path(sysconfig.get_path("purelib")) / "dhcptui")
