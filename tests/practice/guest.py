"""`dhcptui demo` in a terminal, as an ordinary user with a home, and what is left of it afterwards."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.terminal import Terminal

HEALTHY = r"both servers serve"
SSH_CONFIG = """Host *
  ProxyJump jump.invalid
  Port 1
  User nobody-here
  IdentityAgent /nonexistent
  UserKnownHostsFile /dev/null
"""
"""A ~/.ssh/config that would keep anybody from getting to 127.0.0.1."""
_uids = itertools.count(61000 + os.getpid() % 1000 * 4)


@dataclass
class Guest:
    """A user of this test only, where we may become another one; else ourselves."""

    base: Path
    uid: int

    @classmethod
    @contextmanager
    def visiting(cls) -> Iterator[Guest]:
        """A user with a home and a temporary directory; not below pytest's, which nobody else may enter."""
        base = Path(tempfile.mkdtemp(prefix="guest-"))
        base.chmod(0o755)
        try:
            yield cls._arrive(base)
        finally:
            shutil.rmtree(base)

    @classmethod
    def _arrive(cls, base: Path) -> Guest:
        guest = cls(base, next(_uids) if os.geteuid() == 0 and shutil.which("setpriv") else os.geteuid())
        for path in (guest.home / ".ssh", guest.tmp):
            path.mkdir(parents=True)
        (guest.home / ".ssh/config").write_text(SSH_CONFIG)
        guest._own()
        probe = subprocess.run([*guest.argv(), "-c", "import dhcptui, asyncssh"], env=guest.env(), check=False)
        if probe.returncode:  # nobody else can run this Python, as one below /root: then as ourselves
            guest.uid = os.geteuid()
            guest._own()
        return guest

    def _own(self) -> None:
        for path in (self.home, self.home / ".ssh", self.home / ".ssh/config", self.tmp):
            os.chown(path, self.uid, -1)

    @property
    def _is_another(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def home(self) -> Path:
        """HOME."""
        return self.base / "home"

    @property
    def tmp(self) -> Path:
        """TMPDIR, with a long name."""
        return self.base / ("tmp" + "x" * 60)

    def argv(self) -> list[str]:
        """Python, as that user."""
        drop = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        return [*(drop if self._is_another else []), sys.executable, "-B", "-W", "error"]

    def env(self) -> dict[str, str]:
        """The user's environment."""
        plain = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        return plain | {
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "SSH_AUTH_SOCK": "/nonexistent",
            "LANG": "C.UTF-8",
        }

    def demo(self, *options: str) -> Terminal:
        """`dhcptui demo`."""
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            os.environ.pop(name, None)
        return Terminal([*self.argv(), "-m", "dhcptui", "demo", *options], env=self.env())

    def directories(self) -> list[Path]:
        """What lies in TMPDIR."""
        return sorted(self.tmp.iterdir())

    def processes(self) -> list[str]:
        """What runs as that user, or has anything to do with TMPDIR; zombies are dead."""
        rows = subprocess.run(
            ["ps", "-A", "-ww", "-o", "uid=,stat=,args="], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        mine = re.compile(rf"\s*{self.uid}\s+[^Z]") if self._is_another else re.compile("(?!)")
        return [row for row in rows if mine.match(row) or (str(self.tmp) in row and " Z" not in row)]

    def has_left(self) -> None:
        """Assert that nothing is left: no file, no process, and a home as it was."""
        assert self.directories() == []
        assert self.processes() == []
        assert sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*")) == [".ssh", ".ssh/config"]
