"""What the operators read: a screen and a snapshot, as claims that can be judged."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState as S
from tests.soak.history import NOT_RUNNING
from tests.soak.operators import FRESHEST_SECONDS, LOOSE_SECONDS, claims
from tests.soak.typist import COLUMNS, said
from tests.unit.making import NOW, down, live, pair

P, Q = Role


def screen(left: str, right: str) -> list[str]:
    """The top of a screen with these two rows of state."""
    half = COLUMNS // 2 - 2
    title = "╭─ dhcp1 · primary · 127.0.0.1 ".ljust(COLUMNS // 2, "─") + "╭─ dhcp2 · secondary · 127.0.0.1 ─╮"
    return ["  practice · foo   WARNING", title, f"│{left.ljust(half)}││{right.ljust(half)}│"]


def test_a_screen_is_read() -> None:
    """Both panels: a state, a dhcpd that is gone; a server that does not answer claims nothing."""
    found = list(said(screen(" ● normal                      since 17:29:39, <1 min", " ✗ dhcpd not running"), 100.0))
    assert [(each.role, each.state, each.live) for each in found] == [(P, "normal", True), (Q, NOT_RUNNING, True)]
    silent = screen(" ◆ partner-down, but answers nobody", " ? no answer for 4 s")
    assert [(each.role, each.state) for each in said(silent, 100.0)] == [(P, "partner-down")]
    assert not list(said(["Help"], 100.0))


def test_a_snapshot_is_read() -> None:
    """A live state is claimed since its question, a stale one with its age; a dead dhcpd since the look at it."""
    found = {(each.role, each.state): each for each in claims(pair(live(P, S.STARTUP), down(Q)), NOW, "me")}
    now = found[P, "startup"]
    assert now.live
    assert now.at - now.since < 0.1 + 2 * LOOSE_SECONDS
    assert not found[Q, "normal"].live
    assert found[Q, NOT_RUNNING].live
    status = live(P).status
    assert status is not None
    slow = replace(
        live(P), omapi=replace(live(P).omapi, round_trip_seconds=60.0), status=Seen(status.value, NOW.mono - 5)
    )
    (claim,) = (each for each in claims(pair(slow, down(Q)), NOW, "me") if each.role is P)
    assert claim.at - claim.since <= FRESHEST_SECONDS
