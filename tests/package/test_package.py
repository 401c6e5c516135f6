"""What wheel and sdist hold, and what an installed wheel can do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from dhcptui import __version__
from tools.wheel.building import ROOT, Built, build, install

pytestmark = pytest.mark.source


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both, made from this tree."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def venv(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a venv."""
    directory = tmp_path_factory.mktemp("installed") / "venv"
    install(built.wheel, directory)
    return directory


def test_the_wheel_holds_program_and_documents(built: Built) -> None:
    """Every file of the package, the stylesheet included; man page, completions and docs as data."""
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "dhcptui").rglob("*") if path.is_file()}
    assert {name for name in package if "__pycache__" not in name} <= names
    assert "dhcptui/styles.tcss" in names
    data = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    shared = {str(path.relative_to(ROOT)) for path in (ROOT / "share").rglob("*") if path.is_file()}
    docs = {f"share/doc/dhcptui/{path.relative_to(ROOT / 'docs')}" for path in (ROOT / "docs").rglob("*.md")}
    assert shared | docs <= data
    assert not any(name.startswith(("tests/", "tools/")) for name in names)


def test_the_sdist_is_what_git_holds(built: Built) -> None:
    """Every file that `make test` needs: all that is not ignored."""
    with tarfile.open(built.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        "Makefile",
        "pyproject.toml",
        "README.md",
        "tests/lab/install-packages",
        "screenshots/real-pair.svg",
    ):
        assert needed in held
    for directory in ("tests", "tools"):
        assert {str(path.relative_to(ROOT)) for path in (ROOT / directory).rglob("*.py")} <= held
    assert not any("__pycache__" in name or name.startswith((".venv", ".git/")) for name in held)


def test_the_dependencies_are_the_four(built: Built) -> None:
    """Nothing else is installed with it."""
    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    wanted = sorted(re.split(r"[<>=]", each)[0] for each in metadata.get_all("Requires-Dist", []))
    assert wanted == ["asyncssh", "lark", "pypureomapi", "textual"]
    assert metadata["Version"] == __version__


@pytest.mark.parametrize("start", [["bin/dhcptui"], ["bin/python", "-m", "dhcptui"]], ids=["script", "module"])
def test_it_starts(venv: Path, tmp_path: Path, start: list[str]) -> None:
    """By its name and as a module, from anywhere."""
    argv = [str(venv / start[0]), *start[1:], "--version"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == f"dhcptui {__version__}\n"


def test_man_finds_the_page(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`man dhcptui` works as soon as the venv's bin is on the path."""
    man = shutil.which("man") or pytest.skip("man is not installed")
    monkeypatch.setenv("PATH", f"{venv / 'bin'}:/usr/bin:/bin")
    done = subprocess.run([man, "-w", "dhcptui"], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(venv / "share/man/man1/dhcptui.1"), done.stderr


@pytest.mark.parametrize("runner", ["pipx", "uvx"])
def test_it_runs_without_being_installed(built: Built, tmp_path: Path, runner: str) -> None:
    """`pipx run` and `uvx` fetch what it needs and start it."""
    program = str(Path(sys.executable).parent / runner)
    # uv brings certificates of its own; what this machine trusts is what counts.
    environment = {**os.environ, "UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
    argv = {"pipx": ["run", "--spec", str(built.wheel)], "uvx": ["--from", str(built.wheel)]}[runner]
    done = subprocess.run(
        [program, *argv, "dhcptui", "--version"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=200,
    )
    assert done.stdout.endswith(f"dhcptui {__version__}\n"), done.stderr
