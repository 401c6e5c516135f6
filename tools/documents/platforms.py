"""docs/platforms.md: what works where, as the tests of tests/platforms declare it, and what the table of platforms says."""

from __future__ import annotations

import importlib
from pathlib import Path

from dhcptui.config.platforms import PLATFORMS
from tests.platforms.declared import CAPABILITIES, ELSEWHERE, LOOK_ALIKE, TESTED, outcome
from tests.platforms.looks import LOOKS

TESTS = Path(__file__).parents[2] / "tests/platforms"

HEAD = f"""\
# Platforms

<!-- written by `make docs` from the declarations in tests/platforms and from dhcptui/config/platforms.py -->

What was tried where. *{TESTED}*: on the platform itself. *{LOOK_ALIKE}*: two real dhcpd and sshd with that platform's files,
command lines, log format and programs around them, played by stand-ins (`tests/platforms`); no real FreeBSD and no real
firewall was asked. *refused*: it makes no sense or cannot be done there, and is refused with the reason, by a test of its own.
The actions are called by their keys; `--after` is a start that the server's own timer makes.
"""


def platforms() -> str:
    """The whole document. Raises LookupError where a cell of the table would be blank."""
    for path in sorted(TESTS.glob("test_*.py")):
        importlib.import_module(f"tests.platforms.{path.stem}")
    lines = [
        *HEAD.splitlines(),
        "",
        f"| platform | {' | '.join(CAPABILITIES)} |",
        "|---" * (1 + len(CAPABILITIES)) + "|",
    ]
    lines.append(f"| Debian 12 | {' | '.join(TESTED for each in CAPABILITIES if ELSEWHERE[each])} |")
    for look in LOOKS.values():
        lines.append(f"| {look.title} | {' | '.join(outcome(look.id, each) for each in CAPABILITIES)} |")
    lines += [
        "",
        "## What is there, and what is not",
        "",
        "The paths are those of [configuration.md](configuration.md#platforms).",
        "",
    ]
    lines += [
        "| platform | restart | chroot | who writes dhcpd.conf | not there | `at` looks |",
        "|---|---|---|---|---|---|",
    ]
    for row in PLATFORMS.values():
        chroot = row.chroot or "none"
        if row.copies_files:
            chroot += ", on request; dhcpd.conf is copied into it at each start"
        timer = f"every {row.at_minutes} min" if row.at_minutes > 1 else "every minute" if row.at_minutes else "never"
        lines.append(
            f"| {row.title} | `{row.restart}` | {chroot} | {'a web interface' if row.written_by else 'people'} |"
            f" {', '.join(row.lacks) or 'nothing that is used'} | {timer} |"
        )
    return "\n".join(lines) + "\n"
