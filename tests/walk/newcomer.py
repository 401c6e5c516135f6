"""A new user: a home of their own, a clean clone, and the program installed as the README says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.walk.readme import commands
from tools.generate import ROOT

INSTALL = "Install and connect it to your pair"
NOT_CLONED = shutil.ignore_patterns(".git", ".venv", "__pycache__", "dist", "build", ".*_cache", ".hypothesis")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Where the new user works."""

    home: Path
    clone: Path

    @property
    def env(self) -> dict[str, str]:
        """Their environment: nothing of whoever runs the tests but the way to the package index."""
        kept = {"LANG", "LC_ALL", "TERM", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
        theirs = {name: value for name, value in os.environ.items() if name.upper() in kept or name.startswith("PIP_")}
        temporary = self.home / "tmp"
        temporary.mkdir(exist_ok=True)
        path = f"{self.home}/.dhcptui/bin:{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
        return {**theirs, "HOME": str(self.home), "PATH": path, "TMPDIR": str(temporary)}

    def types(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run one line in a shell, in the clone. Fails with what it said."""
        argv = ["/bin/sh", "-euc", line]
        done = subprocess.run(argv, cwd=self.clone, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done

    def argv(self, line: str) -> list[str]:
        """The line for a terminal."""
        return ["env", "-i", "-C", str(self.clone), *(f"{k}={v}" for k, v in self.env.items()), "TERM=xterm-256color",
                "LC_ALL=C.UTF-8", "/bin/sh", "-c", f"exec {line}"]  # fmt: skip


def _git(*argv: str) -> str:
    # The tree may belong to somebody else, as in a container.
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *argv], capture_output=True, text=True, check=True
    )
    return done.stdout


def clone(into: Path) -> None:
    """What `git clone` gives; of a tree with changes, what it would give once they are committed."""
    if not (ROOT / ".git").exists():  # an unpacked sdist
        shutil.copytree(ROOT, into, ignore=NOT_CLONED)
    elif not _git("status", "--porcelain"):
        subprocess.run(["git", "clone", "--quiet", f"file://{ROOT}", str(into)], check=True, stderr=subprocess.DEVNULL)
    else:
        for name in _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
            if name and (ROOT / name).exists():
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, into / name, follow_symlinks=False)


def arrive(directory: Path) -> Newcomer:
    """Clone and install, by the README's commands up to the one that starts the program."""
    newcomer = Newcomer(directory / "home", directory / "dhcptui")
    newcomer.home.mkdir(mode=0o700)
    clone(newcomer.clone)
    for line in commands(INSTALL):
        if "dhcptui/bin/dhcptui" in line:
            return newcomer
        newcomer.types(line)
    raise AssertionError("the README does not start the program after installing it")
