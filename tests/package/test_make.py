"""`make test` runs every part, whatever fails, and tells all of it at its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.wheel.building import ROOT

pytestmark = pytest.mark.source
PYTHON = """\
#!/bin/sh
case "$*" in *"not source"*) part=wheel ;; *) part=source ;; esac
exec {python} -m pytest -c pytest.ini -p tests.conftest -p no:cacheprovider -p no:randomly test_$part.py
"""
"""Stands in .venv/bin: instead of all tests of a part it runs one file of them."""
FAILS = "def test_that_fails():\n    raise AssertionError\n"
PASSES = "def test_that_passes():\n    pass\n"
SECOND_TRY = """
import pathlib, pytest

@pytest.mark.second_try("its time is short")
def test_that_needs_two():
    first = not pathlib.Path("tried").exists()
    pathlib.Path("tried").touch()
    assert not first
"""


def make_test(directory: Path, source: str, wheel: str) -> subprocess.CompletedProcess[str]:
    """`make test` in a directory where each half has only the tests that are given."""
    shutil.copy(ROOT / "Makefile", directory)
    (directory / "tests").symlink_to(ROOT / "tests")
    (directory / "pytest.ini").write_text("[pytest]\nmarkers = lab\n  source\n  second_try\n")
    (directory / "test_source.py").write_text(source)
    (directory / "test_wheel.py").write_text(wheel)
    programs = directory / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("ruff", "lint-imports", "mypy"):
        (programs / name).symlink_to("/bin/true")
    (programs / "python").write_text(PYTHON.format(python=sys.executable))
    (programs / "python").chmod(0o755)
    (directory / "pyproject.toml").touch()
    (directory / ".venv" / ".installed").touch()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST_"))}
    argv = ["make", "test", "PACKAGES="]
    return subprocess.run(argv, cwd=directory, env=env, capture_output=True, text=True, check=False)


def test_both_halves_are_run_and_told(tmp_path: Path) -> None:
    """A failure of the first half stops nothing; the summary names what failed and what was rerun in either one."""
    done = make_test(tmp_path, source=FAILS + SECOND_TRY, wheel=FAILS + PASSES)
    assert done.returncode
    assert "1 failed, 1 passed, 1 rerun in" in done.stdout
    assert "1 failed, 1 passed in" in done.stdout
    _, _, summary = done.stdout.partition("\nmake check\n")
    assert summary.splitlines() == [
        "  passed",
        "make test-source",
        "  failed: test_source.py::test_that_fails",
        "  rerun: test_source.py::test_that_needs_two (its time is short)",
        "  1 passed, 1 failed, 1 rerun",
        "  FAILED",
        "make test-wheel",
        "  failed: test_wheel.py::test_that_fails",
        "  1 passed, 1 failed",
        "  FAILED",
    ]


def test_where_all_passes_it_ends_well(tmp_path: Path) -> None:
    """Exit status 0, and nothing is said to have failed."""
    done = make_test(tmp_path, source=PASSES, wheel=PASSES)
    assert not done.returncode, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
    assert done.stdout.count("1 passed in") == 2
