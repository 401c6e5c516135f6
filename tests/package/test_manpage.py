"""The man page: it renders without a warning, and it knows every command, option and key."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from dhcptui.config.command_names import COMMAND_NAMES
from dhcptui.model.commands import COMMANDS
from tools.documents.command_line import program
from tools.generate import ROOT

PAGE = ROOT / "share/man/man1/dhcptui.1"


def rendered() -> str:
    """The page as a terminal of 100 columns shows it; what overstrikes a character is taken off."""
    groff = shutil.which("groff") or pytest.skip("groff is not installed")
    argv = [groff, "-ww", "-man", "-Tutf8", "-rLL=100n", "-P-c", str(PAGE)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert not done.stderr
    return re.sub(r".\x08", "", done.stdout)


def test_it_renders_without_a_warning() -> None:
    """Every command, every option with its value, and every key are there."""
    page = re.sub(r"\s+", " ", rendered())
    own, commands = program()
    for each in (own, *commands):
        for option in each.options:
            assert f"{option.long} {option.value}".strip() in page
        assert not each.name or f"dhcptui {each.name}" in page
    for key in COMMANDS:
        assert not key.keys or key.help in page
    assert [each.name for each in commands] == list(COMMAND_NAMES)


def test_mandoc_finds_nothing() -> None:
    """Nothing but the date, which is left out so that the page is the same every day."""
    mandoc = shutil.which("mandoc") or pytest.skip("mandoc is not installed")
    done = subprocess.run([mandoc, "-T", "lint", str(PAGE)], capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []
