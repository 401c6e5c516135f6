"""The house rules that a linter does not hold: what gets imported, and how large a file may be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dhcptui

PACKAGE = Path(dhcptui.__file__).parent
MODULES = sorted(
    "dhcptui." + str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.stem != "__main__"
)
HEADLESS = [name for name in MODULES if not name.startswith("dhcptui.ui.")]


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_nothing_but_the_ui_loads_textual() -> None:
    """Every module outside ui/ imports without textual and rich."""
    assert not {"textual", "rich"} & loaded_by("import " + ", ".join(HEADLESS))


def test_heavy_imports_are_off_the_path_to_the_first_paint() -> None:
    """Importing the whole engine loads neither asyncssh nor lark: they come with the first connection."""
    assert not {"asyncssh", "cryptography", "lark"} & loaded_by("import dhcptui.engine.thread")


def test_the_command_line_starts_light() -> None:
    """`dhcptui --version` needs nothing of ours but the parser."""
    loaded = loaded_by("import dhcptui.cli.main")
    assert not {"textual", "rich", "asyncssh", "pypureomapi", "asyncio", "lark"} & loaded


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_small(path: Path) -> None:
    """One job per file: about 400 lines at most."""
    assert len(path.read_text().splitlines()) <= 600
