"""What is made of a look at who holds what on a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.model.snapshot import Holding, ProcessSighting, Resource
from dhcptui.servers.ssh.holders import seconds
from dhcptui.servers.ssh.ours import DhcpdProcess, Listening, Look, Place, is_lease_file, judge

HERE = Place("/var/lib/dhcp/dhcpd.leases", "/etc/dhcp/dhcpd.conf", 7911, 520, "10.0.0.10")


WORDS = f"/usr/sbin/dhcpd -4 -q -cf {HERE.conf} -lf {HERE.leases} eth0"


OURS = DhcpdProcess(7, "S", WORDS, 3600, "dhcpd", "/usr/sbin/dhcpd", 0, "80425")


BARE = replace(OURS, args="dhcpd eth0")


OMAPI = Listening(Resource.OMAPI_PORT, 7911)


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (OURS, True),
        (BARE, False),
        (replace(BARE, elapsed_seconds=2), True),
        (replace(OURS, uid=1001), False),
        (replace(OURS, uid=64810), True),
        (replace(OURS, elsewhere=True), False),
        (replace(OURS, args=WORDS.replace("-4", "-6")), False),
        (replace(OURS, args=WORDS.replace("-4", "-t -4")), False),
        (replace(OURS, args=WORDS.replace("/var/lib", "/srv")), False),
        (replace(OURS, args="/opt/dhcpd-real -cf /etc/dhcpd.conf -chroot /etc/dhcp/../..", name="dhcpd-real"), False),
        (replace(OURS, args=f"wrap -lf {HERE.leases}", name="wrap", program="/usr/bin/python3"), False),
    ],
)
def test_one_that_holds_nothing_yet(process: DhcpdProcess, expected: bool) -> None:
    """It may be starting: then its words, its account and where it lives decide, or its youth."""
    seen = judge(Look((process,), owners=frozenset({0, 64810})), HERE)
    assert seen.running is expected
    assert seen.proven_gone is not expected


def test_words_inside_a_chroot() -> None:
    """They are meant there: pfSense's dhcpd names no lease file, FreeBSD's the same paths as without."""
    chroot = Place("/var/dhcpd/var/db/dhcpd.leases", "/var/dhcpd/etc/dhcpd.conf", 7911, 519)
    args = "/usr/local/sbin/dhcpd -user dhcpd -group _dhcp -chroot /var/dhcpd -cf /etc/dhcpd.conf -pf /var/run/dhcpd.pid igb1"
    process = replace(OURS, args=args)
    assert judge(Look((process,)), chroot).pids == (7,)
    assert process.file("-cf") == "/var/dhcpd/etc/dhcpd.conf"


@pytest.mark.parametrize(
    ("words", "conf", "root"),
    [
        ("-chroot /var/dhcpd -cf /etc/dhcpd.conf", "/var/dhcpd/etc/dhcpd.conf", "/var/dhcpd"),
        ("-chroot /var/dhcpd/ -cf /etc/dhcpd.conf", "/var/dhcpd/etc/dhcpd.conf", "/var/dhcpd"),
        ("-chroot /var/db/dhcpd -cf /usr/local/etc/dhcpd.conf", "/usr/local/etc/dhcpd.conf", ""),
        ("-chroot /srv/jail -cf /srv/jail/dhcpd.conf", "/srv/jail/dhcpd.conf", ""),
        ("-chroot / -cf /etc/dhcpd.conf", "/etc/dhcpd.conf", ""),
        ("-cf /etc/dhcpd.conf", "/etc/dhcpd.conf", ""),
        ("-chroot /srv/jail", "/srv/jail/etc/dhcpd.conf", ""),
    ],
)
def test_the_chroot_in_which_dhcpd_conf_is_read(words: str, conf: str, root: str) -> None:
    """Where dhcpd's own words, meant inside, are the configured file; a copy and a file read from outside are tested outside."""
    place = Place("/any/leases", conf, 7911, 520)
    assert judge(Look((replace(OURS, args=f"dhcpd {words}"),), writers=frozenset({7})), place).conf_root == root


def test_a_lease_file_outside_the_chroot() -> None:
    """`-lf` is meant inside: the file of that very name outside is a dead one, and dhcpd's is another. `-cf` may be a copy."""
    args = "/usr/local/sbin/dhcpd -q -chroot /var/db/dhcpd -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases em0"
    process = replace(OURS, args=args)
    inside = "/var/db/dhcpd/var/db/dhcpd/dhcpd.leases"
    alive = Place(inside, "/usr/local/etc/dhcpd.conf", 7911, 520)
    assert judge(Look((process,)), alive).pids == (7,)
    dead = replace(alive, leases="/var/db/dhcpd/dhcpd.leases")
    seen = judge(Look((process,), sockets=(replace(OMAPI, pids=(7,)),)), dead)
    assert (seen.pids, seen.proven_gone) == ((), False)
    assert inside in seen.held[0]
    silent = replace(process, args=args.replace(" -lf /var/db/dhcpd/dhcpd.leases", ""))
    seen = judge(Look((silent,), sockets=(replace(OMAPI, pids=(7,)),)), replace(dead, leases="/var/db/dhcpd.leases"))
    assert seen.pids == ()
    assert "inside its chroot /var/db/dhcpd" in seen.held[0]
    assert (seen.chroot, judge(Look((process,)), alive).chroot) == ("", "/var/db/dhcpd")


def test_our_port_in_other_hands() -> None:
    """A dhcpd with another lease file on our OMAPI port: something is there, but it is not ours to stop."""
    other = replace(OURS, args=WORDS.replace("/var/lib", "/srv"))
    seen = judge(Look((other,), sockets=(replace(OMAPI, pids=(7,)),)), HERE)
    assert (seen.pids, seen.running, seen.proven_gone) == ((), True, False)
    assert "another lease file" in seen.held[0]
    assert judge(Look((other,), writers=frozenset({7}), sockets=(replace(OMAPI, pids=(7,)),)), HERE).pids == (7,)


def test_an_account_that_may_not_look() -> None:
    """Ports that somebody holds are somebody's; free ones and a hidden file are not known to be nobody's."""
    why = ("80 processes may not be looked into by this account (it is not root)",)
    hidden = replace(OURS, hidden=True)
    seen = judge(Look((hidden,), sockets=(OMAPI,), unseen=why), HERE)
    assert (seen.pids, seen.holds, seen.held) == ((7,), (Holding(Resource.OMAPI_PORT, 7911),), ())
    seen = judge(Look((replace(BARE, hidden=True, elapsed_seconds=3600),), sockets=(OMAPI,), unseen=why), HERE)
    assert seen.pids == (7,)
    seen = judge(Look((), sockets=(OMAPI,), unseen=why), HERE)
    assert (seen.pids, seen.held) == ((), ("OMAPI port 7911: somebody who cannot be seen",))
    seen = judge(Look((), unseen=why), HERE)
    assert (seen.running, seen.proven_gone, seen.unseen) == (False, False, why)
    seen = judge(Look((), sockets=(Listening(Resource.DHCP_PORT, 67),), unseen=why), HERE)
    assert "port 67" in seen.unseen[-1]


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("", True),
        (".1795347125", True),
        ("~", True),
        (" (deleted)", True),
        (".1795347125 (deleted)", True),
        (".save", False),
        ("/x", False),
        ("2", False),
    ],
)
def test_names_of_a_lease_file(path: str, ours: bool) -> None:
    """As dhcpd calls it while it writes it anew."""
    assert is_lease_file(HERE.leases + path, HERE.leases) is ours
    assert not is_lease_file(f"/srv{HERE.leases}{path}", HERE.leases)


def test_elapsed_times_of_ps() -> None:
    """`[[days-]hours:]minutes:seconds`; anything else is not known."""
    assert [seconds(text) for text in ("01:02", "02:00:00", "3-04:05:06", "-", "x")] == [62, 7200, 273906, None, None]


def test_a_sighting_of_nobody_is_a_proof_only_when_all_was_seen() -> None:
    """The three values."""
    assert ProcessSighting(()).proven_gone
    assert not ProcessSighting((), unseen=("not root",)).proven_gone
    assert not ProcessSighting((), ports_seen=False).proven_gone
    assert not ProcessSighting((), held=("OMAPI port 7911: pid 9",)).proven_gone
    assert not ProcessSighting((1,)).proven_gone
