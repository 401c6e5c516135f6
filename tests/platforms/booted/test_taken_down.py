"""A booted pair leaves nothing behind: no process, namespace, mount, control group or file; the tree stays as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab import net
from tests.lab.net import sh
from tests.platforms.booted import tree
from tests.platforms.booted.pair import REPOSITORY, BootedPair, can_boot

pytestmark = pytest.mark.lab
OWNER = """
import sys
from tests.platforms.booted.pair import BootedPair
with BootedPair(mclt=10, key_algorithm="hmac-sha256") as pair:
    print(pair.name, flush=True)
    sys.stdin.read()
"""


def left(name: str) -> list[str]:
    """What there still is of a pair of that name."""
    found = [f"directory {path}" for path in [net.BASE / name] if path.exists()]
    found += [f"namespace {word}" for word in sh("ip", "netns", "list").stdout.split() if word.startswith(f"{name}-")]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if f"/{name}/" in line]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            group = (entry / "cgroup").read_text()
            ended = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
        except OSError:
            continue
        if not ended and (f"{name}-" in words or f"{name}-" in group):
            found.append(f"process {entry.name}: {words} {group}")
    look = 'd=$(mktemp -d) && mount -t cgroup2 none "$d" && ls "$d"; umount "$d"; rmdir "$d"'
    groups = sh("unshare", "--mount", "--propagation", "private", "sh", "-c", look).stdout.split()
    return found + [f"control group {group}" for group in groups if group.startswith(f"{name}-")]


def listing(directory: Path) -> str:
    """Every file of a tree, with what would show a change."""
    return sh("find", str(directory), "-xdev", "-printf", "%P %s %T@ %m\\n").stdout


def test_nothing_is_left() -> None:
    """After an orderly end; the cached tree is as it was."""
    can_boot()
    before = listing(tree.base_tree())
    with BootedPair(mclt=10, key_algorithm="hmac-sha256") as pair:
        name = pair.name
        pair.wait_states()
        assert left(name)
    assert left(name) == []
    assert listing(tree.base_tree()) == before


def test_nothing_is_left_of_a_killed_owner() -> None:
    """kill -9 of whoever booted it: the reaper takes all of it down."""
    can_boot()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(tree.CACHE.parents[1])}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=pipe, stdout=pipe, text=True, env=environment) as owner:
        assert owner.stdout
        name = owner.stdout.readline().strip()
        assert left(name)
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
        deadline = time.monotonic() + 20
        while (found := left(name)) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert found == []


def test_a_tree_is_never_half_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """debootstrap that fails half-way: no tree of that name, nothing beside it, and its own words as the reason."""
    can_boot()
    script = tmp_path / "bin/debootstrap"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nfor d; do :; done\nmkdir -p "$d/etc"\necho "E: no way to the mirror" >&2\nexit 1\n')
    script.chmod(0o755)
    monkeypatch.setattr(tree, "PATH", f"{script.parent}:/usr/bin:/bin")
    with pytest.raises(tree.CannotBuild, match="no way to the mirror"):
        tree.base_tree(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]
