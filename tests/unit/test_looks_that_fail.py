"""What cannot be looked at though SSH works: it is said, and why; nothing is waited for that cannot come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.guards import rule
from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import Visibility, assess, unread
from dhcptui.engine.read_once import settled
from dhcptui.engine.status_report import as_text
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Link, LockFiles, ProcessSighting, ServerView
from tests.unit.making import FAILED, NOW, OK, live, never, pair

P, Q = Role.PRIMARY, Role.SECONDARY
WHY = "the login shell of root@10.0.0.20 began no command within 20 s"


def shell_hangs(role: Role) -> ServerView:
    """SSH works, no command begins, and OMAPI refuses."""
    locks = Seen(LockFiles(unread=WHY), NOW.mono - 1)
    return replace(never(role), ssh=OK, omapi=FAILED, clock_note=WHY, process_note=WHY, lock_files=locks)


def test_a_shared_reason_stands_once() -> None:
    """All that fails for one reason is named with it."""
    view = shell_hangs(Q)
    assert unread(view) == [("clock, processes, locks", WHY)]
    more = replace(view, space_note=WHY, zone_note="date tells no offset")
    assert unread(more) == [("clock, processes, locks, disk space", WHY), ("time zone", "date tells no offset")]
    assert unread(replace(view, clock_note="date: sorry")) == [("clock", "date: sorry"), ("processes, locks", WHY)]
    assert unread(replace(view, ssh=FAILED)) == []  # that reason is told instead
    assert unread(live(P)) == []


@pytest.mark.parametrize(
    ("view", "visibility"),
    [
        (replace(never(Q), ssh=OK), Visibility.UNSEEN),
        (replace(never(Q), ssh=OK, omapi=FAILED), Visibility.UNSEEN),
        (shell_hangs(Q), Visibility.SILENT),
        (
            replace(never(Q), ssh=OK, omapi=FAILED, process=Seen(ProcessSighting((), ports_seen=False), NOW.mono - 1)),
            Visibility.SILENT,
        ),
    ],
    ids=["nothing tried yet", "processes are being looked at", "no command begins", "sockets cannot be seen"],
)
def test_not_contacted_yet_is_not_for_ever(view: ServerView, visibility: Visibility) -> None:
    """A server whose OMAPI has refused and whose processes were asked for has been contacted."""
    assert assess(view, NOW).visibility is visibility
    waits = visibility is Visibility.UNSEEN
    verdict = derive(pair(live(P), view), NOW)
    assert ("being contacted" in str(verdict.advice_in_commands("office"))) is waits
    assert settled(replace(view, recorded_note="nothing"), NOW, NOW.mono - 1) is not waits


def test_status_and_guards_say_why() -> None:
    """`status` names it; a guard waits for no clock that cannot be read."""
    snapshot = pair(live(P), shell_hangs(Q))
    assert f"    clock, processes, locks: {WHY}" in as_text(snapshot, derive(snapshot, NOW), NOW).splitlines()
    snapshot = pair(live(P), replace(shell_hangs(Q), space_note=WHY))
    assert (
        f"    clock, processes, locks, disk space: {WHY}" in as_text(snapshot, derive(snapshot, NOW), NOW).splitlines()
    )
    ruling = rule(Action.SYNC_RESTART, P, snapshot, NOW)
    (clock,) = [each for each in ruling.findings if each.asked.startswith("clocks agree")]
    assert (clock.pending, clock.seen, clock.observed) == (False, False, f"dhcp2's clock cannot be read ({WHY})")


def test_status_says_why_there_are_no_pools_and_what_to_do_about_the_log() -> None:
    """A dhcpd.conf that cannot be read left the line out, as if there were no pools."""
    log = Channel(Link.FAILED, "root@10.0.0.20 refuses another channel", "See MaxSessions in its sshd_config.")
    blind = replace(live(Q), pools=None, pools_note="pools unknown: /etc/dhcp/dhcpd.conf: Is a directory", log=log)
    snapshot = pair(live(P), blind)
    lines = as_text(snapshot, derive(snapshot, NOW), NOW).splitlines()
    assert lines.count("    pools unknown: /etc/dhcp/dhcpd.conf: Is a directory") == 1
    at = lines.index("    log: root@10.0.0.20 refuses another channel")
    assert lines[at + 1] == "    See MaxSessions in its sshd_config."
