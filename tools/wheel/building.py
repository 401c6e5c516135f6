"""Build wheel and sdist, and install the wheel where the source tree cannot be imported."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Built:
    """What `python -m build` has made."""

    wheel: Path
    sdist: Path

    def unpack_without_program(self, into: Path) -> Path:
        """The sdist's files without the package `dhcptui`; returns their root."""
        with tarfile.open(self.sdist) as archive:
            top = archive.getnames()[0].partition("/")[0]
            kept = [each for each in archive.getmembers() if not each.name.startswith(f"{top}/dhcptui/")]
            # Python 3.11.2 of Debian 12 does not know filters yet.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
            archive.extractall(into, kept)  # noqa: S202 - our own sdist
        return into / top


def build(into: Path) -> Built:
    """The sdist from the source tree, the wheel from the sdist. Needs no network: hatchling is installed beside us."""
    argv = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), str(ROOT)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    (wheel,), (sdist,) = into.glob("*.whl"), into.glob("*.tar.gz")
    return Built(wheel, sdist)


def install(wheel: Path, into: Path) -> Path:
    """A new venv with the wheel; returns its Python. It borrows the dependencies of ours, but no editable install."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(into)], check=True)
    python = into / "bin" / "python"
    argv = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*argv, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    # A path in a .pth file is searched, but .pth files in it are not read: ours to the source tree has no effect.
    (site,) = into.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
