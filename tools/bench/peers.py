"""What our figures are held against: a bare Textual application, and toolong in a venv of its own."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import venv
from pathlib import Path

TOOLONG = "toolong==1.5.0"
"""It wants an old Textual: never in our own venv."""

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("first paint")
Bare().run(mouse=False)
"""


def bare() -> list[str]:
    """The command line of a Textual application with one label, "first paint"."""
    return [sys.executable, "-c", BARE]


@functools.cache
def toolong() -> str | None:
    """The path of `tl`, installed when it is not there yet; None where the package index cannot be reached."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dhcptui-bench" / TOOLONG
    program = cache / "bin" / "tl"
    if not program.exists():
        venv.create(cache, with_pip=True, clear=True)
        install = [str(cache / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TOOLONG]
        if subprocess.run(install, check=False).returncode:
            return None
    return str(program)


@functools.cache
def toolong_words() -> str:
    """Its name and versions."""
    program = toolong()
    if program is None:
        return "toolong (could not be installed)"
    code = 'from importlib.metadata import version as v; print(f\'toolong {v("toolong")}, Textual {v("textual")}\')'
    python = str(Path(program).with_name("python"))
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
