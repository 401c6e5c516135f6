"""Witnesses that contradict each other: each kind, and what is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.contradictions import Kind, contradictions
from dhcptui.assess.guards import rule
from dhcptui.assess.verdict import Level, derive
from dhcptui.engine.status_report import as_json, as_text
from dhcptui.logs.lines import parse_lines
from dhcptui.model.action import Action
from dhcptui.model.log_line import NotableLine
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Holding, Link, PairSnapshot, ProcessSighting, Resource, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.servers.ssh.ours import DhcpdProcess, Listening, Look, Place, judge
from tests.unit.making import NOW, down, hung, live, pair, status

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
PLACE = Place("/var/lib/dhcp/dhcpd.leases", "/etc/dhcp/dhcpd.conf", 7911, 520)
LEASES, OMAPI = Holding(Resource.LEASE_FILE), Holding(Resource.OMAPI_PORT, 7911)
NC = DhcpdProcess(812, "S", "nc -l 7911", 100, "nc")
DHCPD = DhcpdProcess(7, "S", "dhcpd -cf /etc/dhcp/dhcpd.conf", 100, "dhcpd")


def seen(view: ServerView, **look: object) -> ServerView:
    """With this look at its processes."""
    return replace(view, process=Seen(ProcessSighting(**look), NOW.mono - 1))  # type: ignore[arg-type]


def kinds(snapshot: PairSnapshot) -> list[Kind]:
    """Which there are."""
    return [each.kind for each in contradictions(assess_pair(snapshot, NOW))]


IMPOSTOR = seen(live(Q), pids=(812,), holds=(OMAPI,), lone="pid 812 (nc)", refuted=True)
LONG_SILENT = Seen(status(Q), NOW.mono - 60)
SILENT = replace(
    seen(hung(Q), pids=(7,), holds=(LEASES, OMAPI), since=NOW.mono - 900),
    omapi=Channel(Link.FAILED, "no answer over OMAPI for 1.5 s", since=NOW.mono - 58),
    status=LONG_SILENT,
)


def test_a_chroot_with_another_lease_file() -> None:
    """It is a contradiction, and nothing is done to that server; a look that is old says nothing."""
    jailed = DhcpdProcess(7, "S", "dhcpd -chroot /jail -cf /etc/dhcp/dhcpd.conf", 100, "dhcpd", uid=0)
    look = judge(Look((jailed,), sockets=(Listening(Resource.OMAPI_PORT, 7911, (7,)),)), PLACE)
    view = replace(live(Q), process=Seen(look, NOW.mono - 1))
    snapshot = pair(live(P), view)
    assert kinds(snapshot) == [Kind.LEASES]
    assert "dhcp2's dhcpd has another lease file than `leases` says" in derive(snapshot, NOW).headline
    assert derive(snapshot, NOW).level is Level.WARNING
    for action in (Action.SHUTDOWN, Action.HAND_OVER, Action.SYNC_RESTART):
        ruling = rule(action, Q, snapshot, NOW)
        assert any("inside its chroot /jail" in reason for reason in ruling.reasons), ruling.reasons
    assert kinds(pair(live(P), replace(live(Q), process=Seen(look, NOW.mono - 600)))) == []
    right = judge(
        Look((jailed,), sockets=(Listening(Resource.OMAPI_PORT, 7911, (7,)),)), replace(PLACE, leases="/jail/x")
    )
    assert kinds(pair(live(P), replace(live(Q), process=Seen(right, NOW.mono - 1)))) == []


def test_an_answer_without_a_dhcpd() -> None:
    """It is the headline, with both witnesses; that server is not said to serve; JSON and text tell it."""
    snapshot = pair(live(P), IMPOSTOR)
    verdict = derive(snapshot, NOW)
    assert verdict.headline == "dhcp2's OMAPI answers, but its dhcpd is not there (pid 812 (nc)); dhcp1 serves"
    assert (verdict.level, verdict.serving) == (Level.WARNING, ("dhcp1",))
    assert "ss -ltnp" in verdict.advice
    (told,) = as_json([(snapshot, verdict)], NOW)["pairs"]
    (text,) = told["contradictions"]
    assert "OMAPI of dhcp2 answers and reads normal" in text
    assert "pid 812 (nc) holds the OMAPI port" in text
    assert text in as_text(snapshot, verdict, NOW)
    alone = derive(pair(down(P), IMPOSTOR), NOW)
    assert (alone.level, alone.serving) == (Level.CRITICAL, ())


@pytest.mark.parametrize(
    "view",
    [
        live(Q),
        down(Q),
        seen(live(Q), pids=(), lone="nobody"),  # it may have been started since
        seen(live(Q), pids=(812,), holds=(OMAPI,), lone="pid 812 (nc)"),  # one look is none
        replace(IMPOSTOR, process=Seen(ProcessSighting((812,), lone="x", refuted=True), NOW.mono - 60)),
    ],
)
def test_no_impostor(view: ServerView) -> None:
    """Neither a healthy server, nor one that starts, nor what was seen long ago."""
    assert kinds(pair(live(P), view)) == []


def test_who_is_alone_behind_the_port() -> None:
    """Only where everything was seen, and nobody holds lease file, failover port or port 67."""
    omapi, failover = Listening(Resource.OMAPI_PORT, 7911, (812,)), Listening(Resource.FAILOVER_PORT, 520, (7,))
    assert judge(Look((NC,), sockets=(omapi,)), PLACE).lone == "pid 812 (nc -l 7911)"
    assert judge(Look((NC,), sockets=(omapi,), unseen=("80 processes",)), PLACE).lone == ""
    assert judge(Look((NC,), sockets=(omapi,), ports_seen=False), PLACE).lone == ""
    assert judge(Look((NC,), sockets=(replace(omapi, pids=()),)), PLACE).lone == ""
    assert judge(Look((NC, DHCPD), sockets=(omapi, failover)), PLACE).lone == ""
    assert judge(Look((DHCPD,), frozenset({7}), sockets=(replace(omapi, pids=(7,)),)), PLACE).lone == ""
    assert judge(Look((DHCPD,)), PLACE).lone == ""
    assert judge(Look(), PLACE).lone == "nobody"


def test_a_dhcpd_that_does_not_answer() -> None:
    """Its port is open and its process is not held: longer than a start takes it is a contradiction."""
    verdict = derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED), SILENT), NOW)
    assert [each.kind for each in verdict.contradictions] == [Kind.SILENT]
    assert verdict.headline.startswith("dhcp2's dhcpd runs (pid 7), but its OMAPI does not answer; dhcp1 serves")
    assert verdict.level is Level.WARNING
    look = SILENT.process
    assert look is not None
    for other in (
        replace(SILENT, process=replace(look, value=replace(look.value, stopped=True))),  # that explains it
        replace(SILENT, process=replace(look, value=replace(look.value, holds=(LEASES,)))),  # it reads
        replace(SILENT, process=replace(look, value=replace(look.value, since=NOW.mono - 5))),  # it has just come
        replace(SILENT, status=Seen(status(Q), NOW.mono - 5)),
        replace(SILENT, omapi=replace(SILENT.omapi, answered=True)),  # it says no
        replace(SILENT, omapi=replace(SILENT.omapi, untried=True)),
    ):
        assert kinds(pair(live(P, S.COMMUNICATIONS_INTERRUPTED), other)) == []


@pytest.mark.parametrize(
    ("mine", "theirs", "seconds", "found"),
    [
        (live(P), S.COMMUNICATIONS_INTERRUPTED, 30, True),
        (live(P), S.PARTNER_DOWN, 30, True),
        (live(P), S.COMMUNICATIONS_INTERRUPTED, 2, False),
        (live(P), S.STARTUP, 30, False),
        (live(P), S.NORMAL, 30, False),
        (live(P, S.COMMUNICATIONS_INTERRUPTED), S.PARTNER_DOWN, 30, False),
    ],
)
def test_what_the_partner_says(mine: ServerView, theirs: S, seconds: int, found: bool) -> None:
    """Only from one that says it is in contact, and only beyond what a change takes to reach it."""
    other = live(Q, theirs, stos=int(NOW.wall) - seconds)
    assert (kinds(pair(mine, other)) == [Kind.PARTNER]) is found
    assert kinds(pair(mine, replace(other, clock=None))) == []  # nobody can say for how long
    if found:
        said = derive(pair(mine, other), NOW).headline
        if theirs is S.PARTNER_DOWN:  # worse than a contradiction, and says as much
            assert "one server reads partner-down while the other serves" in said
            return
        assert said.startswith(f"dhcp1 says dhcp2 is normal, dhcp2 itself reads {theirs.word}; ")


def logged(view: ServerView, to: S, ago: float) -> ServerView:
    """Its log's last word on its state."""
    line = f"2026-11-18T17:26:40+00:00 dhcp2 dhcpd[7]: failover peer foo: I move from normal to {to.word}"
    (parsed,) = parse_lines([line.encode()], NOW.wall)
    return replace(view, notable_lines=(NotableLine(parsed, 1, NOW.wall - ago, NOW.wall - ago),))


@pytest.mark.parametrize(
    ("to", "ago", "reads", "began", "found"),
    [
        (S.COMMUNICATIONS_INTERRUPTED, 30, S.NORMAL, 600, True),
        (S.COMMUNICATIONS_INTERRUPTED, 1, S.NORMAL, 600, False),  # the next poll tells it
        (S.COMMUNICATIONS_INTERRUPTED, 30, S.NORMAL, 10, False),  # the log is behind
        (S.NORMAL, 30, S.NORMAL, 600, False),
        (S.COMMUNICATIONS_INTERRUPTED, -3600, S.NORMAL, 600, False),  # another clock or zone
        (S.STARTUP, 30, S.NORMAL, 600, False),
    ],
)
def test_what_the_log_says(to: S, ago: float, reads: S, began: int, found: bool) -> None:
    """ "I move to X" and OMAPI reads Y, which began before that."""
    view = logged(live(Q, reads, stos=int(NOW.wall) - began), to, ago)
    assert (kinds(pair(live(P), view)) == [Kind.LOG]) is found
