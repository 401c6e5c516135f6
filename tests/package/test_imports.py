"""What a fresh interpreter loads: the screen and SSH only where they are needed."""

from __future__ import annotations

import subprocess
import sys

from tests.unit.test_house import MODULES

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


def test_lint_never_loads_the_ui() -> None:
    """Offline, neither textual nor asyncssh is needed."""
    code = (
        "import sys; from dhcptui.cli.main import main; main(['lint', '--files', '/nonexistent', '/nonexistent']);"
        "bad = {name.partition('.')[0] for name in sys.modules} & {'textual', 'rich', 'asyncssh'};"
        "sys.exit(f'loaded: {bad}' if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_import_is_cheap() -> None:
    """No module of the package loads asyncssh when it is imported."""
    code = (
        "import importlib, pkgutil, sys, dhcptui.servers.ssh as r\n"
        "for m in pkgutil.iter_modules(r.__path__): importlib.import_module(f'dhcptui.servers.ssh.{m.name}')\n"
        "sys.exit('asyncssh' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
