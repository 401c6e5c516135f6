"""The file system of a Debian 12 with dhcpd, made once with debootstrap and kept in the cache of whoever runs the tests.

A tree is named by a digest of its recipe. It is built under another name and renamed when it is whole, so that nobody
ever boots half of one; it is the lower layer of an overlay, and nothing writes to it.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lab.net import LabError, sh
from tests.lab.pair import requirements as lab_requirements

SUITE = "bookworm"
PACKAGES = (
    "systemd-sysv", "libpam-systemd", "dbus", "isc-dhcp-server", "openssh-server", "rsyslog", "logrotate", "sudo",
    "iproute2", "iputils-ping", "procps", "acl", "libfaketime",
)  # fmt: skip
CLEAN = ("apt-get", "clean")
TOOLS = ("debootstrap", "systemd-nspawn", "chroot", "mount", "umount")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dhcptui" / "booted"
"""Taken when this is imported: a test has a home of its own."""
BUILD_SECONDS = 900.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class CannotBuild(LabError):
    """No tree, and why: debootstrap's own words."""


def digest() -> str:
    """Names the recipe: another suite or another package is another tree."""
    return hashlib.sha256(repr((SUITE, PACKAGES, CLEAN)).encode()).hexdigest()[:16]


@functools.cache
def requirements() -> list[str]:
    """Why nothing can be booted here; empty when it can, as far as that shows before it is tried."""
    missing = [*lab_requirements(), *(f"{tool} is missing" for tool in TOOLS if not shutil.which(tool))]
    if not missing:
        missing += [f"the kernel has no {kind}" for kind in ("overlay", "cgroup2") if not _mountable(kind)]
    return missing


def _mountable(kind: str) -> bool:
    """Whether a file system of this kind can be mounted, tried in a mount namespace of its own."""
    with tempfile.TemporaryDirectory() as directory:
        options = f"-o lowerdir={directory}/a:{directory}/b" if kind == "overlay" else ""
        made = f"mkdir {directory}/a {directory}/b {directory}/c && mount -t {kind} {kind} {options} {directory}/c"
        return sh("unshare", "--mount", "--propagation", "private", "sh", "-c", made, check=False).returncode == 0


def base_tree(cache: Path = CACHE) -> Path:
    """The tree, built if it is not there; several processes may ask at once. Raises CannotBuild."""
    tree = cache / digest()
    if tree.is_dir():
        return tree
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            _build(tree)
    return tree


def _build(tree: Path) -> None:
    """Build aside, then rename; what an earlier builder left half-done is removed."""
    aside = tree.with_name(tree.name + ".new")
    shutil.rmtree(aside, ignore_errors=True)
    argv = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(aside)]
    try:
        _run(*argv)
        _run("chroot", str(aside), *CLEAN)
        aside.rename(tree)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _run(*argv: str) -> None:
    environment = {"PATH": PATH, "LC_ALL": "C"}
    environment |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    try:
        done = subprocess.run(
            [shutil.which(argv[0], path=PATH) or argv[0], *argv[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BUILD_SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotBuild(f"{argv[0]} took longer than {BUILD_SECONDS:g} s") from error
    if done.returncode:
        words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise CannotBuild(f"{argv[0]}: exit {done.returncode}: {' / '.join(words[-3:])}")
