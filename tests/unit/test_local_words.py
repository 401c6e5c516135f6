"""A server that the console runs on: how panel, evidence, network page and status name it, and which tables mean it."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.assess import evidence
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.diagnosis import diagnose
from dhcptui.assess.links import matrix
from dhcptui.assess.vantage import one_place
from dhcptui.assess.verdict import derive
from dhcptui.config.loading import ConfigError, load
from dhcptui.engine.status_report import as_json, as_text
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, FailoverSockets, Link, PairSnapshot, PartnerReach, Reach, ServerView
from dhcptui.model.way import SshWay
from dhcptui.servers.local import LocalHost
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.setup.init_pair import target
from dhcptui.watch.first import first_snapshot
from tests.unit.making import NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
HUNG = Channel(Link.FAILED, "nothing heard from its shell for 6 s", since=4_990.0)


def here(view: ServerView) -> ServerView:
    """The same server, asked without SSH."""
    return replace(view, host="localhost", local=True)


def test_evidence_and_ways() -> None:
    """No guard speaks of SSH to it, no way is called so; what fails says what."""
    snapshot = pair(here(live(P)), live(Q))
    judged = assess_pair(snapshot, NOW)
    found = evidence.ssh(judged)
    assert (found.asked, found.observed, found.ok) == (
        "dhcp1 is where the console runs",
        "dhcp1: asked without SSH",
        True,
    )
    assert evidence.partner_ssh(judged).asked == "dhcp2 is reachable over SSH"
    links = matrix(assess_pair(snapshot, NOW))
    assert (links.primary.ssh.label, links.primary.ssh.state) == ("local", Reach.OPEN)
    assert links.secondary.ssh.label == "SSH"
    hung = evidence.ssh(assess_pair(pair(replace(here(live(P)), ssh=HUNG), live(Q)), NOW))
    assert not hung.ok
    assert hung.observed == "dhcp1: nothing heard from its shell for 6 s"


def test_a_machine_that_hangs() -> None:
    """The failover connection stands, OMAPI answers, and its shell does not: no sshd is to blame."""
    sockets = Seen(FailoverSockets("ss", established=True, listening=True), NOW.mono - 1)
    views = replace(here(live(P)), ssh=HUNG, sockets=sockets), replace(live(Q), sockets=sockets)
    found = diagnose(matrix(assess_pair(pair(*views), NOW)))
    assert found.sentence.startswith("The failover connection is up; dhcp1 does not answer the console that runs on it")
    assert "sshd" not in found.look_at


def test_what_it_met_is_its_own_word() -> None:
    """The tries of the partner are named after who made them."""
    reach = Seen(PartnerReach("10.0.0.20", Reach.OPEN, Reach.OPEN, Reach.OPEN), NOW.mono - 1)
    for view, by in ((live(P), "dhcp1 over SSH"), (here(live(P)), "dhcp1 itself")):
        links = matrix(assess_pair(pair(replace(view, reach=reach), live(Q)), NOW))
        assert links.primary.failover.by == by


def test_one_place() -> None:
    """A console on the survivor is no second witness."""
    assert LocalHost(SshTarget("localhost")).way == SshWay("127.0.0.1", "127.0.0.1")
    view = replace(here(live(P)), way=LocalHost(SshTarget("localhost")).way)
    assert one_place(view, live(Q)) == "the console runs on dhcp1"
    assert one_place(live(P), live(Q)) == ""


def test_status() -> None:
    """A script that asks whether the host can be asked gets the same word; a person is not told of SSH."""
    good, bad = (pair(replace(here(live(P)), ssh=channel), live(Q)) for channel in (live(P).ssh, HUNG))
    (told,) = as_json([(good, derive(good, NOW))], NOW)["pairs"]
    assert [server["ssh"] for server in told["servers"].values()] == ["ok", "ok"]
    assert "local: nothing heard from its shell" in as_text(bad, derive(bad, NOW), NOW)


TABLES = """
[pairs.office.primary]
{}
[pairs.office.secondary]
host = "10.0.0.20"
"""


@pytest.mark.parametrize(
    ("table", "local"),
    [
        ('host = "localhost"', True),
        (f'host = "127.0.0.1"\nuser = "{pwd.getpwuid(os.geteuid()).pw_name}"\nsudo = true', True),
        ('host = "::1"\nomapi_transport = "direct"', True),
        ('host = "localhost"\nport = 22', False),
        ('host = "127.0.0.1"\nuser = "nobody-here"', False),
        ('host = "localhost"\nidentity = "~/.ssh/id_ed25519"', False),
        ('host = "localhost"\nknown_hosts = "~/.ssh/known_hosts"', False),
        ('host = "10.0.0.10"', False),
    ],
)
def test_which_table_is_local(tmp_path: Path, table: str, local: bool) -> None:
    """A table that says how to log in is taken at its word. The first frame knows it."""
    path = tmp_path / "config.toml"
    path.write_text(TABLES.format(table))
    office = load(path).pair(None)
    assert office.primary.local is local
    assert not office.secondary.local
    assert SshTarget.of(office.primary).local is local
    snapshot: PairSnapshot = first_snapshot(office)
    assert (snapshot.primary.local, snapshot.secondary.local) == (local, False)


def test_one_machine_is_no_pair(tmp_path: Path) -> None:
    """However it is called."""
    path = tmp_path / "config.toml"
    path.write_text(TABLES.format('host = "localhost"').replace("10.0.0.20", "127.0.0.1"))
    with pytest.raises(ConfigError, match=r"both tables name this machine \(localhost, 127\.0\.0\.1\)"):
        load(path)


def test_init_takes_the_login_for_the_other_one() -> None:
    """`--user` and `--identity` are no reason to log in to this machine; a port or an account of its own is."""
    key = Path("/home/ops/.ssh/id_ed25519")
    assert target("localhost", "ops", key, key) == SshTarget("localhost")
    assert target("localhost:2222", "ops", key, None) == SshTarget("localhost", 2222, "ops", key)
    assert target("nobody-here@localhost", None, key, None) == SshTarget("localhost", None, "nobody-here", key)
