"""One figure a row, and the one place that lays rows out: for a terminal, and for docs/performance.md."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
BEGIN = "<!-- figures: written by `python -m tools.bench --markdown`, do not edit -->"
END = "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, what came out, what it is held against, and whether the goal is met (None: there is none)."""

    what: str
    value: str
    against: str
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """The goal in one word."""
        return {True: "met", False: "MISSED", None: ""}[self.met]


def head() -> str:
    """The columns' names, for a terminal."""
    return _row("what", "figure", "", "against") + "\n" + "-" * 118


def shown(figure: Figure) -> str:
    """One figure, for a terminal; what it is held against may take several lines."""
    first, *more = textwrap.wrap(figure.against, 54) or [""]
    rows = [_row(figure.what, figure.value, figure.verdict, first), *(_row("", "", "", each) for each in more)]
    return "\n".join(rows)


def _row(what: str, value: str, verdict: str, against: str) -> str:
    return f"{what:<36} {value:>18}  {verdict:<6}  {against}".rstrip()


def machine() -> list[str]:
    """Where it was measured, and with what."""
    names = ["textual", "rich", "asyncssh"]
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return [
        f"{_processor()}, {os.cpu_count()} cores, {_memory()}, {_system()}",
        f"Python {platform.python_version()}, {versions}, {_dhcpd()}",
    ]


def markdown(figures: Sequence[Figure], command: str, lacking: Iterable[str]) -> str:
    """All figures as a table, with machine, versions and the command."""
    where = [f"- {each}" for each in machine()]
    lines = [BEGIN, "", *where, f"- measured with `{command}`", *(f"- not measured: {each}" for each in lacking), ""]
    lines += ["| what | figure | against | goal |", "|---|---|---|---|"]
    lines += [f"| {each.what} | {each.value} | {each.against} | {each.verdict or '-'} |" for each in figures]
    return "\n".join([*lines, "", END])


def place(path: Path) -> tuple[str, re.Match[str]]:
    """A document, and where in it the table stands. Raises OSError, and ValueError where the marks are missing."""
    text = path.read_text()
    found = re.search(re.escape(BEGIN) + ".*?" + re.escape(END), text, re.DOTALL)
    if not found:
        raise ValueError(f"{path}: no place for the figures, that is the lines {BEGIN!r} and {END!r}")
    return text, found


def fill(path: Path, table: str) -> None:
    """Put the table between the marks of a document. Raises what `place` does."""
    text, found = place(path)
    path.write_text(text[: found.start()] + table + text[found.end() :])


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> str:
    found = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return f"{int(found[1]) / 2**20:.0f} GiB" if found else "memory unknown"


def _system() -> str:
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', _read("/etc/os-release"), re.MULTILINE)
    return f"{found[1] if found else platform.system()}, kernel {platform.release().partition('-')[0]}"


def _dhcpd() -> str:
    if not shutil.which("dhcpd"):
        return "no dhcpd"
    done = subprocess.run(["dhcpd", "--version"], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() or "dhcpd"


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
