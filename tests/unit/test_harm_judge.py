"""The judge of the harm monkey can fail: each law over a small history, broken and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.lab import harm
from tests.lab.harm import Change, Hand, Look, Process, Run, Seen

DHCPD = "/usr/sbin/dhcpd -4 -lf /var/lib/dhcp/dhcpd.leases eth0"
NEXT = Process("dhcp1", 50, "7", "dhcpd", "/usr/sbin/dhcpd -4 -lf /run/second/dhcpd.leases dum4")
OURS = Process("dhcp1", 60, "8", "dhcpd", DHCPD, ours=True)
STOP = Run("shutdown", "dhcp1", 100, 120, ends=frozenset({"dhcp1"}))
UP = Run("start", "dhcp1", 100, 120, starts=frozenset({"dhcp1"}))
SYNC = Run("sync-restart", "dhcp1", 100, 120, ends=frozenset({"dhcp1", "dhcp2"}), starts=frozenset({"dhcp1", "dhcp2"}))


def states(peer: str, *moments: tuple[float, str | None, str | None]) -> list[Look]:
    """Looks at both servers every 0.1 s: from each moment on these words."""
    found = []
    for index, (since, one, two) in enumerate(moments):
        until = moments[index + 1][0] if index + 1 < len(moments) else since + 5
        for tick in range(int((until - since) * 10)):
            found += [Look(since + tick / 10, "dhcp1", peer, one), Look(since + tick / 10 + 0.05, "dhcp2", peer, two)]
    return found


def told(law: harm.Law, **what: Any) -> list[str]:
    """What one law finds."""
    return list(law(Seen(**what)))


# -- processes ---------------------------------------------------------------------------------------------------------


def test_a_neighbour_ends() -> None:
    """In whatever run."""
    assert not told(harm.processes, processes=[NEXT])
    found = told(harm.processes, processes=[replace(NEXT, went=(110, 110.1))], runs=[STOP, SYNC])
    assert len(found) == 1
    assert "it is not ours" in found[0]


def test_a_strange_dhcpd_starts() -> None:
    """A test of a configuration is none, nor is a shell."""
    came = replace(NEXT, came=(110, 110.1))
    assert "was started" in told(harm.processes, processes=[came], runs=[UP])[0]
    assert not told(harm.processes, processes=[replace(came, words="dhcpd -t -cf /etc/dhcp/dhcpd.conf")])
    assert not told(harm.processes, processes=[replace(came, name="sh", went=(111, 112))])


@pytest.mark.parametrize(
    ("runs", "hands", "fine"),
    [
        ([], [], False),
        ([STOP], [], True),
        ([SYNC], [], True),
        ([replace(STOP, outcome="refused")], [], False),
        ([replace(STOP, server="dhcp2", ends=frozenset({"dhcp2"}))], [], False),
        ([replace(STOP, begun=10, ended=50)], [], False),
        ([replace(STOP, begun=10, ended=90, outcome="failed")], [], True),  # it was told to stop, and exits late
        ([UP], [], False),
        ([], [Hand("kill", "dhcp1", 109.9, 110.2)], True),
        ([], [Hand("kill", "dhcp2", 109.9, 110.2)], False),
        ([], [Hand("pause", "dhcp1", 109.9, 110.2)], False),
    ],
)
def test_ours_ends(runs: list[Run], hands: list[Hand], fine: bool) -> None:
    """Where a plan stops it, or the monkey."""
    found = told(harm.processes, processes=[replace(OURS, went=(110, 110.1))], runs=runs, hands=hands)
    assert (not found) is fine, found


@pytest.mark.parametrize(
    ("runs", "hands", "fine"),
    [([], [], False), ([UP], [], True), ([STOP], [], False), ([], [Hand("start", "dhcp1", 105, 110)], True)],
)
def test_ours_starts(runs: list[Run], hands: list[Hand], fine: bool) -> None:
    """The same."""
    found = told(harm.processes, processes=[replace(OURS, came=(110, 110.1))], runs=runs, hands=hands)
    assert (not found) is fine, found


def test_two_of_ours_at_once() -> None:
    """A start beside one that lives, however it was named."""
    two = replace(OURS, pid=61, born="9", came=(110, 110.1))
    assert "two of our dhcpd" in told(harm.processes, processes=[OURS, two], runs=[UP])[0]
    gone = replace(OURS, went=(109, 109.1))
    assert not told(harm.processes, processes=[gone, two], runs=[replace(SYNC, begun=100)])


def test_something_is_left_behind() -> None:
    """A shell of the console that outlives it."""
    shell = Process("dhcp1", 70, "9", "sh", "sh -c wait", came=(110, 110.1))
    assert told(harm.left, processes=[shell]) == ["dhcp1: sh (pid 70: sh -c wait) was left behind"]
    assert not told(harm.left, processes=[replace(shell, went=(111, 112)), NEXT, replace(OURS, came=(1, 2))])


# -- other relationships -----------------------------------------------------------------------------------------------

ONE_GONE = states("bar", (100, "partner-down", "shutdown"), (110, "", "shutdown"), (113, "partner-down", "shutdown"))
ALONE = Hand("write", "dhcp2", 90, 90.1, "bar")


@pytest.mark.parametrize(
    ("sentence", "outcome", "fine"),
    [
        ("", "verified", False),
        ("nobody serves bar then", "verified", True),
        ("nobody serves bar while dhcpd restarts", "verified", True),
        ("nobody serves barrel then", "verified", False),
        ("nobody serves bar then", "refused", False),
    ],
)
def test_another_relationship_goes_dark(sentence: str, outcome: str, fine: bool) -> None:
    """Only by a typed sentence with its name, in a run that acted."""
    run = replace(SYNC, sentence=sentence, outcome=outcome)
    found = told(harm.others, looks=ONE_GONE, runs=[run], hands=[ALONE])
    assert (not found) is fine, found


def test_another_relationship_stays_dark() -> None:
    """It was sworn to for the time of a restart only."""
    looks = states("bar", (100, "partner-down", "shutdown"), (110, "", "shutdown"), (150, "partner-down", "shutdown"))
    run = replace(SYNC, sentence="nobody serves bar while dhcpd restarts")
    assert "sworn to for the time of a restart" in told(harm.others, looks=looks, runs=[run], hands=[ALONE])[0]
    assert not told(harm.others, looks=looks, runs=[replace(run, sentence="nobody serves bar then")], hands=[ALONE])


@pytest.mark.parametrize(
    ("hand", "fine"),
    [
        (Hand("kill", "dhcp1", 109.8, 110.1), True),
        (Hand("kill", "dhcp1", 101.0, 101.5), False),
        (Hand("write", "dhcp1", 109.8, 110.1, "foo"), False),
        (Hand("edit", "dhcp1", 109.8, 110.1), False),
    ],
)
def test_the_monkey_puts_it_out(hand: Hand, fine: bool) -> None:
    """A fault of its own is named by itself, if it is about it and of that moment."""
    assert (not told(harm.others, looks=ONE_GONE, hands=[ALONE, hand])) is fine


def test_a_state_is_written_to_another_relationship() -> None:
    """partner-down, shutdown: it comes there by a write only."""
    looks = states("bar", (100, "normal", "normal"), (102, "shutdown", "partner-down"))
    run = replace(STOP, begun=90, sentence="bar stops too")
    found = told(harm.others, looks=looks, runs=[run])
    assert len(found) == 2
    assert "bar went to shutdown on dhcp1" in found[0]
    assert not told(harm.others, looks=looks, hands=[Hand("write", "dhcp1", 101.5, 101.6, "bar")])
    assert told(harm.others, looks=looks, hands=[Hand("write", "dhcp1", 101.5, 101.6, "foo")])
    assert told(harm.others, looks=looks, hands=[Hand("write", "dhcp1", 98, 98.1, "bar")])  # it was whole since


def test_what_a_plan_said_of_the_return_of_another_relationship() -> None:
    """A stop leaves it in recover: said by S it is named until both are normal again, and only of that relationship."""
    looks = states(
        "bar", (121, "", "communications-interrupted"), (125, "recover-wait", "partner-down"), (130, "normal", "normal")
    )
    said = "bar: normal -> communications-interrupted: when dhcp1 comes back it waits for the MCLT in it"
    assert told(harm.others, looks=looks, runs=[STOP])
    assert not told(harm.others, looks=looks, runs=[replace(STOP, evidence=(said,))])
    assert told(harm.others, looks=looks, runs=[replace(STOP, evidence=(said.replace("bar", "baz"),))])
    assert told(harm.others, looks=looks, runs=[replace(STOP, evidence=(said,), outcome="refused")])
    again = looks + states("bar", (140, "recover", "partner-down"))
    assert told(harm.others, looks=again, runs=[replace(STOP, evidence=(said,))])


# -- our relationship --------------------------------------------------------------------------------------------------

DARK = states(
    "foo", (100, "normal", "normal"), (110, "potential-conflict", "potential-conflict"), (114, "normal", "normal")
)


@pytest.mark.parametrize(
    ("warnings", "begun", "outcome", "fine"),
    [
        ((), 100, "verified", False),
        (("both go through potential-conflict, and for a moment nobody is served.",), 100, "verified", True),
        (("both go through potential-conflict, and for a moment nobody is served.",), 100, "refused", False),
        (("both go through potential-conflict, and for a moment nobody is served.",), 112, "verified", False),
        (("If dhcp2 is alive, both servers will stop serving (potential-conflict).",), 100, "verified", False),
    ],
)
def test_our_relationship_goes_dark(warnings: tuple[str, ...], begun: float, outcome: str, fine: bool) -> None:
    """A plan has said so, before; a mere "if" is no word for it."""
    run = replace(UP, warnings=warnings, begun=begun, outcome=outcome)
    assert (not told(harm.service, looks=DARK, runs=[run])) is fine


def test_what_a_plan_said_of_the_return_holds_until_both_were_whole() -> None:
    """P and X say it of the partner's return, which comes later; after that it is over."""
    run = Run(
        "rescue", "dhcp1", 60, 70, warnings=("dhcp2's return goes through potential-conflict: nobody is served.",)
    )
    alone = states("foo", (71, "communications-interrupted", ""), (110, "potential-conflict", "recover"))
    assert not told(harm.service, looks=alone, runs=[run])
    assert told(harm.service, looks=DARK, runs=[run])


def test_unknown_is_neither() -> None:
    """A server that does not answer in time is not seen to be dark; one look between two states is no darkness."""
    assert not told(harm.service, looks=states("foo", (100, "normal", "normal"), (110, "shutdown", None)))
    assert not told(harm.service, looks=states("foo", (100, "normal", ""), (110, "", ""), (110.2, "", "normal")))
    assert told(harm.service, looks=states("foo", (100, "normal", ""), (110, "", ""), (111, "", "normal")))


def test_a_recorded_partner_down_silences() -> None:
    """Serving is derived from both attributes."""
    looks = [
        Look(100 + n / 10, name, "foo", "normal", "partner-down") for n in range(20) for name in ("dhcp1", "dhcp2")
    ]
    assert told(harm.service, looks=looks)


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "path", "runs", "fine"),
    [
        ("dhcp1", "var/lib/dhcp/dhcpd.leases", [], True),
        ("dhcp1", "var/lib/dhcp/dhcpd.leases.1764303000", [], True),
        ("dhcp1", "var/lib/dhcp/other", [STOP, SYNC], False),
        ("dhcp1", "root/outside/there", [STOP, SYNC], False),
        ("dhcp1", "etc/ssh/authorized_keys", [STOP, SYNC], False),
        ("dhcp1", "run/second/dhcpd.leases", [STOP, SYNC], False),
        ("dhcp1", "var/lib/dhcp/.dhcptui-lock", [STOP], True),
        ("dhcp1", "var/lib/dhcp/.dhcptui-123-1764303000/x", [STOP], True),
        ("dhcp1", "var/lib/dhcp/.dhcptui-lock", [], False),
        ("dhcp1", "var/lib/dhcp/.dhcptui-lockout-foo", [STOP], True),
        ("dhcp1", "var/lib/dhcp/.dhcptui-lockout-bar", [STOP], False),
        ("dhcp1", "var/lib/dhcp/.dhcptui-rescue-20261128T042000Z-x", [STOP], False),
        ("dhcp1", "var/lib/dhcp/.dhcptui-rescue-20261128T042000Z-x", [Run("rescue", "dhcp1", 100, 120)], True),
        ("dhcp2", "var/lib/dhcp/.dhcptui-rescue-20261128T042000Z-x", [Run("rescue", "dhcp1", 100, 120)], False),
        ("dhcp2", "etc/dhcp/shared/master.conf", [SYNC], True),
        ("dhcp2", "etc/dhcp/.dhcptui-sync-shared.json", [SYNC], True),
        ("dhcp2", "etc/dhcp/shared/master.conf", [STOP], False),
        ("dhcp2", "etc/dhcp/shared/master.conf", [replace(SYNC, outcome="refused")], False),
        ("dhcp1", "etc/dhcp/shared/master.conf", [SYNC], False),
        ("dhcp2", "etc/dhcp/dhcpd.conf", [SYNC], False),
    ],
)
def test_a_file_changes(server: str, path: str, runs: list[Run], fine: bool) -> None:
    """In a run that is about it, on the server that it is about."""
    assert (not told(harm.files, changes=[Change(server, path, 109, 110, "was changed")], runs=runs)) is fine


def test_planted_links_are_told_by_the_digest() -> None:
    """An event at a name of ours may be the local user's; what stays there is not his alone to tell."""
    event = Change("dhcp1", "etc/dhcp/.dhcptui-sync-shared.json", 109, 110, "event")
    assert told(harm.files, changes=[event])
    assert not told(harm.files, changes=[event], planting=True)
    assert told(harm.files, changes=[replace(event, how="came")], planting=True)
    assert told(harm.files, changes=[replace(event, path="root/outside/new")], planting=True)


def test_the_monkey_edits() -> None:
    """The source's file, and nothing else."""
    hand, change = (
        Hand("edit", "dhcp1", 110, 110),
        Change("dhcp1", "etc/dhcp/shared/master.conf", 109.5, 110.5, "event"),
    )
    assert not told(harm.files, changes=[change], hands=[hand])
    assert told(harm.files, changes=[replace(change, server="dhcp2")], hands=[hand])
    assert told(harm.files, changes=[replace(change, path="etc/dhcp/dhcpd.conf")], hands=[hand])


def test_a_marker_is_cleared_beside_any_run() -> None:
    """The audit log says so at that moment."""
    change = Change("dhcp1", "var/lib/dhcp/.dhcptui-lockout", 109, 110, "went")
    assert not told(harm.files, changes=[change], cleared=[109.5])
    assert told(harm.files, changes=[change], cleared=[90])


# -- the audit log -----------------------------------------------------------------------------------------------------


def test_what_a_plan_named() -> None:
    """Which dhcpd a plan stops and starts stands in its steps."""
    steps = [
        {"where": "dhcp1", "command": "OMAPI dhcp1: open control, set state = 2"},
        {"where": "dhcp2", "command": "/etc/dhcp/restart-dhcpd"},
    ]
    begin = {"run": "a", "event": "begin", "server": "dhcp1", "epoch": 1100.0, "sentence": "x",
             "plan": {"steps": steps, "warnings": ["w"]}}  # fmt: skip
    end = {"run": "a", "event": "end", "epoch": 1120.0, "outcome": "failed"}

    def run(action: str) -> Run:
        return harm.runs_of([{**begin, "action": action}, end], 1000, "/etc/dhcp/restart-dhcpd")[0]

    one, two = frozenset({"dhcp1"}), frozenset({"dhcp2"})
    assert run("rescue") == Run("rescue", "dhcp1", 100, 120, "failed", "x", ("w",), one, two)
    assert (run("start").ends, run("start").starts) == (frozenset(), two)
    assert (run("sync-restart").ends, run("sync-restart").starts) == (one | two, two)
    unfinished = harm.runs_of([{**begin, "action": "rescue"}], 1000, "/etc/dhcp/restart-dhcpd")[0]
    assert unfinished.ended == float("inf")
