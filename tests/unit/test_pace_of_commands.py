"""How much patience a server has earned, with sudo and without."""

from __future__ import annotations

from dhcptui.servers.ssh.pace import FACTOR, LONGEST_SECONDS, SILENT_SECONDS, USUAL_SECONDS, Pace


def test_quick_commands_do_not_hide_a_slow_sudo() -> None:
    """What goes through sudo keeps its limit, however many quick answers come without it."""
    pace = Pace()
    pace.answered(12.0, sudo=True)
    for _ in range(50):
        pace.answered(0.01)
    assert pace.limit(6.0, sudo=True) == FACTOR * 12.0
    assert pace.limit(6.0, sudo=False) == 6.0
    assert pace.limit(6.0) == pace.limit(6.0, sudo=True)
    assert pace.slow


def test_it_fades_with_answers_of_its_own_kind() -> None:
    """A sudo that has become quick is taken for that in the end."""
    pace = Pace()
    pace.answered(12.0, sudo=True)
    for _ in range(20):
        pace.answered(0.01, sudo=True)
    assert pace.seconds < USUAL_SECONDS
    assert not pace.slow


def test_a_slow_account_is_slow_through_sudo_too() -> None:
    """sudo comes on top of what the account's own commands take; silence alone earns little, and nobody gets for ever."""
    pace = Pace()
    pace.silent(1000.0)
    assert pace.limit(1.0, sudo=True) == pace.limit(1.0, sudo=False) == FACTOR * SILENT_SECONDS
    pace.answered(1000.0)
    assert pace.limit(1.0, sudo=True) == LONGEST_SECONDS
