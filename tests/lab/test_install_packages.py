"""The packages of the lab are installed also while another apt is at work."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("install-packages")
NOT_TO_BE_HAD = "dhcptui-no-such-package"
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not shutil.which("apt-get"), reason="apt-get is missing"),
]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """The directory of the lists of an apt of the test's own, which knows of no package."""
    lists = tmp_path / "var/lib/apt/lists"
    for directory in (lists / "partial", tmp_path / "var/cache/apt/archives/partial", tmp_path / "etc/apt"):
        directory.mkdir(parents=True)
    (tmp_path / "var/lib/dpkg").mkdir()
    (tmp_path / "var/lib/dpkg/status").touch()
    (tmp_path / "apt.conf").write_text(f'Dir "{tmp_path}";\nAPT::Sandbox::User "root";\n')
    return lists


def start(lists: Path, seconds: int) -> subprocess.Popen[str]:
    """The script, told to install a package that is not to be had, with so many seconds for the lock."""
    env = os.environ | {"APT_CONFIG": str(lists.parents[3] / "apt.conf"), "APT_LOCK_SECONDS": str(seconds)}
    return subprocess.Popen(
        [SCRIPT, NOT_TO_BE_HAD], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_a_held_lock_is_waited_for(lists: Path) -> None:
    """It says so, goes on as soon as the lock is free, and says in one line what could not be installed."""
    with (lists / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with start(lists, 60) as script:
            assert script.stdout
            assert script.stdout.readline() == f"installing: {NOT_TO_BE_HAD}\n"
            assert script.stdout.readline().startswith("waiting for apt's lock")
            assert script.poll() is None
            lock.close()
            rest, _ = script.communicate(timeout=60)
    assert rest == (f"could not be installed: {NOT_TO_BE_HAD} (apt-get: E: Unable to locate package {NOT_TO_BE_HAD})\n")
    assert script.returncode == 0


def test_it_does_not_wait_for_ever(lists: Path) -> None:
    """A lock that is never free ends in the same line and fails nothing: the tests say what they lack."""
    with (lists / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with start(lists, 1) as script:
            output, _ = script.communicate(timeout=60)
    assert output.splitlines()[-1].startswith(f"could not be installed: {NOT_TO_BE_HAD} (apt-get: E: ")
    assert script.returncode == 0
