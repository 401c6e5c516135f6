"""What the tests of this directory say that they prove, platform by platform: docs/platforms.md is made of it.

A test declares it where it stands, with `on`, which also gives it its platforms. Whoever imports the tests' modules has
all declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from tests.platforms.looks import LOOKS, Look

CAPABILITIES = (
    "init", "lint", "status", "lease", "report", "console logs", "R", "S", "H", "U", "P", "X", "--after",
)  # fmt: skip
"""The columns: commands, then what the console does, then the actions by their keys."""
LOOK_ALIKE, TESTED = "look-alike", "tested"


class BlankCell(LookupError):
    """Nobody has tried a capability on a platform, or proven that it is refused there."""


@dataclass(frozen=True)
class Declaration:
    """One test of one capability on one platform, and what came of it: LOOK_ALIKE, or "refused: REASON"."""

    capability: str
    look: str
    outcome: str
    test: str


DECLARED: list[Declaration] = []
Test = TypeVar("Test", bound=Callable[..., object])


def on(looks: tuple[Look, ...], *capabilities: str, refused: str = "") -> Callable[[Test], Test]:
    """This test proves that on these look-alikes; `refused`: that it is refused there, and why, in a few words."""
    assert set(capabilities) <= set(CAPABILITIES), capabilities

    def declare(test: Test) -> Test:
        name = f"{test.__module__.replace('.', '/')}.py::{test.__name__}"
        outcome = f"refused: {refused}" if refused else LOOK_ALIKE
        DECLARED.extend(Declaration(word, look.id, outcome, name) for word in capabilities for look in looks)
        mark = pytest.mark.parametrize("place", [look.id for look in looks], indirect=True, scope="module")
        marked: Test = mark(test)
        return marked

    return declare


ALL = tuple(LOOKS.values())


def outcome(look: str, capability: str) -> str:
    """What is declared of a capability on a look-alike; a refusal counts before all else. Raises BlankCell."""
    found = [each.outcome for each in DECLARED if (each.look, each.capability) == (look, capability)]
    if not found:
        raise BlankCell(f"no test of tests/platforms declares {capability!r} on {look!r}")
    return next((word for word in found if word != LOOK_ALIKE), LOOK_ALIKE)


ELSEWHERE = {
    "init": "tests/lab/test_init.py::test_the_written_configuration_works",
    "lint": "tests/lab/test_lint.py::test_the_labs_own_pair_is_silent",
    "status": "tests/lab/test_status.py::test_both_normal",
    "lease": "tests/lab/test_past.py::test_a_real_lease_on_both_servers",
    "report": "tests/lab/test_past.py::test_a_scripted_incident_live_and_in_the_report",
    "console logs": "tests/lab/test_log_views.py::test_one_client_in_both_logs",
    "R": "tests/lab/test_sync_restart.py::test_happy_path",
    "S": "tests/lab/test_actions.py::test_clean_shutdown",
    "H": "tests/lab/test_operators.py::test_each_hands_over_the_other_server",
    "U": "tests/lab/test_init.py::test_the_written_configuration_restarts",
    "P": "tests/lab/test_actions.py::test_partner_down_after_a_crash",
    "X": "tests/lab/test_only_our_files.py::test_rescue_of_a_chrooted_dhcpd",
    "--after": "tests/lab/test_delayed_start.py::test_at_begins_in_the_window_it_was_said_to_begin_in",
}
"""Debian is the lab itself: capability -> one of the tests that prove it there."""
