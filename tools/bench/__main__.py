"""`make bench`, or `python -m tools.bench [--markdown FILE] [NAME...]`: figures as ratios against something known."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab.pair import requirements
from tools.bench import table

BENCHES = {
    "first_paint": False,
    "log_ingest": False,
    "lease_files": False,
    "idle": True,
    "sent": True,
    "faults": True,
    "keys": True,
    "actions": True,
    "omapi": True,
    "pools": True,
    "million": True,
    "day": True,
}
"""Module -> whether it needs the real pair."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHES)}; default: all of them")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="also write the table between the marks of FILE")
    found = parser.parse_args(argv)
    if unknown := [name for name in found.names if name not in BENCHES]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return found


def run(names: Sequence[str]) -> tuple[list[table.Figure], list[str]]:
    """Measure and print; what could not be measured is said, with the reason."""
    lab_lacks = requirements()
    figures: list[table.Figure] = []
    lacking: list[str] = []
    for name in names:
        if BENCHES[name] and lab_lacks:
            lacking.append(f"{name}: {'; '.join(lab_lacks)}")
            continue
        began = time.monotonic()
        try:
            for figure in importlib.import_module(f"tools.bench.{name}").measure():
                figures.append(figure)
                print(table.shown(figure), flush=True)
        except Exception as error:  # one that fails keeps nobody from the others
            lacking.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"  {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return figures, lacking


def own_environment(home: str) -> None:
    """Neither configuration nor state of whoever runs this, nor colours that only this terminal has."""
    from tools.bench import peers

    peers.toolong()  # it is kept in the cache of whoever runs this
    for name in [each for each in os.environ if each.startswith(("XDG_", "DHCPTUI", "TEXTUAL", "SSH_"))]:
        del os.environ[name]
    for name in ("NO_COLOR", "COLORTERM"):
        os.environ.pop(name, None)
    os.environ |= {"HOME": home, "XDG_STATE_HOME": str(Path(home) / "state")}


def main() -> int:
    """Exit code 0 where everything was measured; a goal that is missed is no failure."""
    wanted = arguments(sys.argv[1:])
    if wanted.markdown:
        try:
            table.place(wanted.markdown)
        except (OSError, ValueError) as error:
            sys.exit(f"{error}")
    print("\n".join([*table.machine(), "", table.head()]), flush=True)
    with tempfile.TemporaryDirectory() as home:
        own_environment(home)
        figures, lacking = run(wanted.names or list(BENCHES))
    if lacking:
        print("\nnot measured:\n  " + "\n  ".join(lacking))
    missed = [each.what for each in figures if each.met is False]
    print(
        f"\n{sum(each.met is True for each in figures)} goals met, {len(missed)} missed"
        + (": " + ", ".join(missed) if missed else "")
    )
    if wanted.markdown:
        command = " ".join(["python -m tools.bench", *wanted.names]) if wanted.names else "make bench"
        table.fill(wanted.markdown, table.markdown(figures, command, lacking))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
