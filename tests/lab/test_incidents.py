"""Incidents made on the real pair: the console names each within ten seconds, and not what looks like it.

For each the verdict and the real screen, in both sizes, answer: who serves clients now, and what should I press?
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from tests.lab.driving import Driver, driving
from tests.lab.load import loading
from tests.lab.naming import (
    Answer,
    incidents,
    named,
    never,
    read,
    remedied,
    said,
    says,
    screen,
    shown,
    until_named,
    verdict,
    weighs,
)
from tests.lab.omapi import NoAnswer
from tests.lab.pair import Lab
from tests.lab.sampling import sampling
from tests.lab.server import Server

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("each incident must be named within ten seconds of its first sign"),
]
P, Q = Role.PRIMARY, Role.SECONDARY
NOTE, WARNING, CRITICAL = Weight
KEY = "hmac-sha256"
TWICE = "given out twice"
HALF = "dhcp1 serves from its own half, short leases; dhcp2 "
APART = "both servers serve, but out of contact: each from its own half, short leases"


@pytest.fixture
def driver(lab: Lab) -> Iterator[Driver]:
    """The engine on a settled pair."""
    with driving(lab) as running:
        settle(lab, running)
        yield running


def settle(lab: Lab, driver: Driver) -> None:
    """Both normal, nothing under way, all of it known."""
    driver.settled()
    lab.wait_settled()
    servers = driver.engine.snapshot
    driver.until(
        lambda: not any(each.status and each.status.value.unacked_updates for each in servers().servers), 5, "calm"
    )


def edit(server: Server, name: str, old: str, new: str) -> None:
    """Change a configuration file."""
    path = server.etc / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def killed(lab: Lab, driver: Driver) -> None:
    """The secondary's dhcpd is gone, and that is known."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running")


def test_first_start_and_daily_noise(lab: Lab, driver: Driver) -> None:
    """I-19 is a label and no alarm, and I-15 is never named: balancing, and clients that the other server answers."""
    first = Answer("I-19", NOTE, Level.OK, "both servers serve", "Nothing to do")
    assert "started for the first time" in said(named(driver, first))
    shown(lab, first)
    with loading(lab, 8, most=16, waited=0) as load:
        load.join(20)

    def noise() -> str:
        return "\n".join(line.text for lines in driver.logs.values() for line in lines if line.incident == "I-15")

    driver.until(lambda: "load balance" in noise() and "balancing pool" in noise(), 10, "the noise in the logs")
    assert incidents(driver).keys() == {"I-19"}
    assert verdict(driver).level is Level.OK
    never(driver, 0.0, *({f"I-{number}" for number in range(1, 22)} - {"I-19"}))


def test_a_crash_and_its_return() -> None:
    """I-1, I-11 and, since it had only just become normal, I-18; partner-down and I-20; I-4, and no flash at its end.

    It must be back within an MCLT of having become normal, else there is no wait to see.
    """
    with Lab(mclt=60, key_algorithm=KEY) as lab, driving(lab) as driver:
        settle(lab, driver)
        killed(lab, driver)
        start_or_take_over = r"U brings dhcp2 up\. If it stays away for long, P on dhcp1 \(partner-down\)"
        crash = Answer("I-1", WARNING, Level.WARNING, HALF + "is down", start_or_take_over)
        assert "dhcp2 dhcpd not running" in said(named(driver, crash))
        remedied(driver, "I-1", (Action.START, Q), (Action.PARTNER_DOWN, P))
        weighs(driver, "I-11", NOTE)
        says(driver, "I-18", "to normal")
        assert incidents(driver).keys() <= {"I-1", "I-11", "I-18"}
        shown(lab, crash)
        assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
        alone = r"U brings dhcp2 up\. Coming back it resynchronises before it serves; until then dhcp1 serves alone"
        declared = Answer("I-20", NOTE, Level.WARNING, "dhcp1 serves alone; dhcp2 is down", alone)
        named(driver, declared)
        says(driver, "I-20", "declared dhcp2 down")
        waits = Answer(
            "I-4", NOTE, Level.WARNING, "dhcp1 serves alone; dhcp2 waits out the MCLT", "Wait: dhcp2 resynchronises"
        )
        with screen(lab) as opened:
            read(opened, declared)
            since = time.monotonic()
            lab.secondary.start()
            named(driver, waits)
            read(opened, waits)
        driver.settled(90)
        time.sleep(1.5)
        never(driver, since, "I-3", "I-8", "I-7", "I-21", headline=TWICE)


def test_the_survivor_runs_dry() -> None:
    """I-1 at its end: clients have taken the last address of its half. Once leases have run out it has some to give."""
    with Lab(mclt=20, key_algorithm=KEY, range=("10.0.0.100", "10.0.0.107")) as lab, driving(lab) as driver:
        settle(lab, driver)
        killed(lab, driver)
        dry = Answer(
            "I-1", CRITICAL, Level.CRITICAL, "dhcp1 has no address left for new clients; dhcp2 is down",
            r"U brings dhcp2 up\. If it stays away for long, P on dhcp1",
        )  # fmt: skip
        with loading(lab, 3, most=8):
            named(driver, dry, 15)
            says(driver, "I-1", "free 0")
        shown(lab, dry)
        driver.until(lambda: "no address left" not in driver.headline(), 120, "some are back")
        assert incidents(driver)["I-1"].weight is WARNING
        says(driver, "I-1", "free 4, backup 4 of 8")


def test_the_pools_do_not_balance() -> None:
    """I-2: with split 255 the primary answers all, until its half is gone and the other one is full."""
    with (
        Lab(mclt=20, key_algorithm=KEY, split=255, range=("10.0.0.100", "10.0.0.109")) as lab,
        driving(lab) as driver,
    ):
        settle(lab, driver)
        uneven = Answer(
            "I-2",
            WARNING,
            Level.WARNING,
            "both servers serve, but the pools do not balance",
            "Compare pools and ranges",
        )
        with loading(lab, 4, most=8, waited=0):
            named(driver, uneven, 15)
        says(driver, "I-2", "free 0, backup ")
        remedied(driver, "I-2", (Action.SYNC_RESTART, P))
        assert not {"I-1", "I-7", "I-9"} & incidents(driver).keys()
        shown(lab, uneven)


def test_the_wrong_one_starts(lab: Lab, driver: Driver) -> None:
    """I-20: the server in partner-down dies, the other one starts; when both meet, I-3 by the log, and no I-21."""
    killed(lab, driver)
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
    lab.primary.kill()
    first = "U brings dhcp1 up first: it knows what was given out while dhcp2 was declared down"
    both = Answer("I-20", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is down .* and dhcp2 is down", first)
    assert "was last in partner-down" in said(named(driver, both))
    remedied(driver, "I-20", (Action.START, P))
    shown(lab, both)
    lab.secondary.start()
    driver.until_words("dhcpd not running", "communications-interrupted")
    wrong = Answer("I-20", CRITICAL, Level.CRITICAL, f"dhcp2 serves, and does not know .*{TWICE}", first)
    named(driver, wrong)
    shown(lab, wrong)
    since = time.monotonic()
    lab.primary.start()
    driver.settled()
    met = Answer("I-3", NOTE, Level.OK, "both servers serve", "Nothing to do")
    assert "to potential-conflict" in said(named(driver, met))
    assert "I-20" not in incidents(driver)
    never(driver, since, "I-21")
    shown(lab, met)


def test_alone_and_silent(lab: Lab, driver: Driver) -> None:
    """I-12 as a hand-over, then I-21, which says more."""
    since = time.monotonic()
    assert driver.run(Action.HAND_OVER, P).outcome is Outcome.VERIFIED
    handed = Answer(
        "I-12", NOTE, Level.WARNING, "dhcp2 serves alone; dhcp1 has handed over", ".*H takes its clients back"
    )
    assert "dhcp1 reads shutdown" in said(named(driver, handed))
    remedied(driver, "I-12", (Action.TAKE_BACK, P))
    never(driver, since, "I-3", headline=TWICE)
    shown(lab, handed)
    lab.secondary.kill()
    silent = Answer(
        "I-21", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 has handed over and dhcp2 is down",
        r"U brings dhcp2 up\. If it cannot come back, X \(rescue\) makes dhcp1 serve again",
    )  # fmt: skip
    named(driver, silent)
    remedied(driver, "I-21", (Action.START, Q), (Action.RESCUE, P))
    assert "I-12" not in incidents(driver)
    shown(lab, silent)


def test_somebody_else_pauses_one_and_shuts_the_other(lab: Lab, driver: Driver) -> None:
    """I-12 as a surprise: first one, then nobody serves, and nobody handed over. One key ends either."""
    lab.primary.set_local_state(7)
    paused = Answer(
        "I-12", WARNING, Level.WARNING, "dhcp2 serves from its own half.*; dhcp1 is in paused",
        "dhcp1 stays in paused, no restart ends it; dhcp2 serves meanwhile. H makes dhcp1 serve its half again",
    )  # fmt: skip
    assert "dhcp1 reads paused" in said(named(driver, paused))
    remedied(driver, "I-12", (Action.TAKE_BACK, P))
    shown(lab, paused)
    assert driver.run(Action.TAKE_BACK, P).outcome is Outcome.VERIFIED
    settle(lab, driver)
    lab.primary.set_local_state(7)
    lab.secondary.set_local_state(8)
    both = Answer(
        "I-12", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is in paused and dhcp2 is in shutdown",
        "Nobody serves, and no restart ends that. H makes dhcp1 and dhcp2 serve again",
    )  # fmt: skip
    named(driver, both)
    shown(lab, both)
    with sampling(lab) as seen:
        assert driver.run(Action.TAKE_BACK, P).outcome is Outcome.VERIFIED
    assert seen.samples[-1] == (True, True)


def test_paused_and_alone() -> None:
    """I-12 without a partner: first its way back is cut, then the partner dies. Each time the advice leads out."""
    with Lab(mclt=20, key_algorithm=KEY, max_response_delay=4) as lab, driving(lab) as driver:
        settle(lab, driver)
        lab.primary.set_local_state(7)
        driver.until_words("paused", "communications-interrupted")
        lab.cut("primary", "secondary", port=520)
        cut = Answer(
            "I-12", WARNING, Level.WARNING, "dhcp2 serves from its own half.*; dhcp1 is in paused",
            "Mend the link between the two, then take dhcp1 back: it stays in paused till then",
        )  # fmt: skip
        named(driver, cut, 30)
        shown(lab, cut)
        lab.secondary.kill()
        dead = Answer(
            "I-12", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is in paused and dhcp2 is down",
            r"U brings dhcp2 up\. If it stays away for long, P on dhcp1 \(partner-down\) makes it serve alone",
        )  # fmt: skip
        named(driver, dead)
        remedied(driver, "I-12", (Action.START, Q), (Action.PARTNER_DOWN, P))
        shown(lab, dead)
        assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
        assert lab.dhcp_client()


def test_a_wrong_clock(lab: Lab, driver: Driver) -> None:
    """I-5, not I-7: both serve and do not hear each other because of the clocks."""
    lab.secondary.kill()
    lab.secondary.start(skew_seconds=90)
    driver.until_words("communications-interrupted", "communications-interrupted")
    clocks = Answer("I-5", WARNING, Level.WARNING, APART, "Set the clocks right.*not a case for partner-down")
    named(driver, clocks)
    says(driver, "I-5", "time")
    until_named(driver, "I-5", lambda found: "+90." in said(found) or "+89." in said(found), "the offset")
    assert incidents(driver).keys() <= {"I-5", "I-11", "I-19", "I-18"}
    shown(lab, clocks)


@pytest.mark.parametrize("one_way", [False, True], ids=["both ways", "one way"])
def test_the_failover_port_is_blocked(one_way: bool) -> None:
    """I-7, not I-1: both run. Evidence and advice say which way."""
    with Lab(mclt=20, key_algorithm=KEY, max_response_delay=4) as lab, driving(lab) as driver:
        settle(lab, driver)
        since = time.monotonic()
        lab.cut("primary", "secondary", port=520, one_way=one_way)
        driver.until_words("communications-interrupted", "communications-interrupted")
        advice = "Look at the firewalls from dhcp1 to dhcp2" if one_way else "Look at the firewalls between them"
        blocked = Answer("I-7", WARNING, Level.WARNING, APART, advice)
        assert named(driver, blocked).remedies == ()
        says(driver, "I-7", "one way" if one_way else "in either direction")
        never(driver, since, "I-1", "I-5", "I-6", "I-3")
        shown(lab, blocked)


def test_a_lost_lease_file(lab: Lab, driver: Driver) -> None:
    """I-8, not I-4: it starts in recover although it stopped in normal."""
    killed(lab, driver)
    lab.secondary.leases.write_text("")
    lab.secondary.start()
    lost = Answer(
        "I-8", WARNING, Level.WARNING, "dhcp1 serves alone; dhcp2 ", "Wait: dhcp2 resynchronises.*dhcp1 serves"
    )
    named(driver, lost)
    says(driver, "I-8", "stopped in normal and started from recover")
    assert "I-19" not in incidents(driver)
    shown(lab, lost)


def test_an_edited_lease_file(lab: Lab, driver: Driver) -> None:
    """I-14: it starts from a state it did not stop in; the two meet through potential-conflict."""
    killed(lab, driver)
    with lab.secondary.leases.open("a") as file:
        date = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime())
        file.write(
            f'failover peer "foo" state {{\n  my state partner-down at {date};\n'
            f"  partner state communications-interrupted at {date};\n  mclt 20;\n}}\n"
        )
    lab.secondary.start()
    edited = Answer("I-14", NOTE, Level.OK, "both servers serve", "Nothing to do", first=False)
    assert "stopped in normal and started from partner-down" in said(named(driver, edited))
    assert incidents(driver).keys() <= {"I-14", "I-3"}
    shown(lab, edited)


def test_both_restarted(lab: Lab, driver: Driver) -> None:
    """I-10: within seconds of each other; read on a console that was open before."""
    time.sleep(1)
    with screen(lab) as opened:
        opened.until("both servers serve")
        for server in (lab.primary, lab.secondary):
            server.terminate()
        lab.cut("primary", "secondary", port=520)  # else they meet within a second, and there is little to read
        for server in (lab.primary, lab.secondary):
            server.start()
        starting = Answer(
            "I-10", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is starting and dhcp2 is starting",
            "Wait: both are starting and serve again within 15 s",
        )  # fmt: skip
        named(driver, starting)
        read(opened, starting)
        lab.heal()
        driver.settled(40)
    weighs(driver, "I-10", NOTE)
    assert "I-19" not in incidents(driver)


def test_two_names(lab: Lab, driver: Driver) -> None:
    """I-6, not I-7: the relationship's name differs, and dhcpd says so. Its OMAPI has no peer of our name either."""
    for name in ("dhcpd.conf", "shared/master.conf"):
        edit(lab.secondary, name, 'failover peer "foo"', 'failover peer "bar"')
    lab.secondary.restart()
    misfit = Answer(
        "I-6", WARNING, Level.WARNING, HALF + "does not tell its state", "Compare the failover peer blocks of both"
    )
    assert "failover" in said(named(driver, misfit)).lower()
    assert "I-7" not in incidents(driver)
    shown(lab, misfit)


def test_two_secondaries(lab: Lab, driver: Driver) -> None:
    """I-6: the primary's file says secondary, too."""
    path = lab.primary.etc / "dhcpd.conf"
    edit(lab.primary, "dhcpd.conf", "primary;", "secondary;")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.strip().startswith(("mclt", "split"))))
    lab.primary.restart()
    compare = "Compare the failover peer blocks of both dhcpd.conf"
    alike = "; both say they are the secondary"
    one = Answer(
        "I-6",
        WARNING,
        Level.WARNING,
        "dhcp2 serves from its own half, short leases; dhcp1 is starting" + alike,
        compare,
    )
    named(driver, one)
    assert not {"I-7", "I-10"} & incidents(driver).keys()
    both = Answer(
        "I-6", CRITICAL, Level.CRITICAL, "both servers serve as the secondary, from one half: .*twice", compare
    )
    named(driver, both, 30)
    halves = [re.findall(r"^lease (\S+) \{[^}]*?\n  binding state backup;", each.leases.read_text(), re.MULTILINE)
              for each in (lab.primary, lab.secondary)]  # fmt: skip
    shared = set(halves[0]) & set(halves[1])
    assert lab.dhcp_client()
    for server in (lab.primary, lab.secondary):
        assert server.wait_log(r"DHCPOFFER on (\S+) to").group(1) in shared
    shown(lab, both)


def test_a_configuration_that_dhcpd_refuses(lab: Lab, driver: Driver) -> None:
    """I-6 when it does not start, here for a peer without a pool; a `dhcpd -t` beside a running dhcpd is no incident."""
    edit(lab.secondary, "shared/master.conf", 'failover peer "foo";', "")
    since = lab.secondary.log_offset()
    lab.secondary.run("dhcpd", "-t", "-cf", "/etc/dhcp/dhcpd.conf", check=False)
    time.sleep(1)
    assert "I-6" not in incidents(driver)
    lab.secondary.kill()
    lab.secondary.run("/etc/dhcp/restart-dhcpd", check=False)
    lab.secondary.wait_log("exiting", since=since)
    refused = Answer(
        "I-6", WARNING, Level.WARNING, HALF + "is down",
        "dhcp2's dhcpd refuses its configuration: mend it, test with dhcpd -t; then U brings it up",
    )  # fmt: skip
    named(driver, refused)
    says(driver, "I-6", "no referring pools")
    assert "I-10" not in incidents(driver)
    shown(lab, refused)


def test_ranges_that_differ(lab: Lab, driver: Driver) -> None:
    """I-9: the partner does not know the addresses."""
    edit(lab.secondary, "shared/master.conf", "10.0.0.200", "10.0.0.120")
    lab.secondary.restart()
    lab.primary.kill()
    lab.primary.leases.write_text("")
    lab.primary.start()
    driver.until(lambda: "I-9" in incidents(driver), 40, "I-9")
    says(driver, "I-9", "unknown IP address")
    driver.settled(40)
    drift = Answer(
        "I-9", WARNING, Level.WARNING, "both servers serve, but lease updates are rejected",
        "Make the ranges of both configurations equal: R",
    )  # fmt: skip
    named(driver, drift, 20)
    shown(lab, drift)


def small_disk(lab: Lab) -> None:
    """The secondary, dead, gets a file system of 64 kB below its lease file."""
    place = "mount -t tmpfs -o size=64k tmpfs /var/lib/dhcp && cp -a /tmp/kept/. /var/lib/dhcp/"
    lab.secondary.run("sh", "-c", f"cp -a /var/lib/dhcp /tmp/kept && {place}")


def fill(lab: Lab) -> None:
    """To the brim."""
    lab.secondary.run("dd", "if=/dev/zero", "of=/var/lib/dhcp/filler", "bs=512", check=False)


def test_a_full_disk(lab: Lab, driver: Driver) -> None:
    """I-13, by the log."""
    killed(lab, driver)
    small_disk(lab)
    lab.secondary.start()
    settle(lab, driver)
    fill(lab)
    lab.primary.kill()
    lab.primary.start()
    full = Answer(
        "I-13", WARNING, Level.WARNING, "serve.*; dhcp2 has no disk space left",
        "Free space below dhcp2's lease file, or mend its rights; then",
    )  # fmt: skip
    assert "No space left on device" in said(named(driver, full))
    shown(lab, full)


def refuses(server: Server) -> bool:
    """Whether dhcpd cannot write its present state once more."""
    try:
        server.set_local_state(2)
    except NoAnswer as error:
        return "0x1a" in str(error)
    return False


def test_a_state_that_cannot_be_written() -> None:
    """I-13, without a log to read: dhcpd refuses a state of ours. The action says disk, and so does everything after it."""
    with (
        Lab(mclt=20, key_algorithm=KEY) as lab,
        driving(lab, secondary={"log": "file:/var/log/nothing.log"}) as driver,
    ):
        settle(lab, driver)
        killed(lab, driver)
        small_disk(lab)
        lab.secondary.start()
        settle(lab, driver)
        fill(lab)
        driver.until(lambda: refuses(lab.secondary), 20, "no room left in the last page of the lease file")
        settle(lab, driver)
        told = driver.run(Action.HAND_OVER, Q)
        assert told.outcome is Outcome.FAILED
        assert "cannot write its lease file (disk full, or no right to write)" in told.result
        assert "Free space below its lease file" in in_keys(told.next, key_of)
        refused = Answer(
            "I-13", WARNING, Level.WARNING, "both servers serve; dhcp2 cannot write its lease file",
            "Free space below dhcp2's lease file, or mend its rights; then",
        )  # fmt: skip
        assert "I/O error" in said(named(driver, refused))
        lab.secondary.run("rm", "/var/lib/dhcp/filler")
        assert driver.run(Action.HAND_OVER, Q).outcome is Outcome.VERIFIED
        driver.until(lambda: "I-13" not in incidents(driver), 10, "written again")


def test_a_host_name_as_an_address(lab: Lab, driver: Driver) -> None:
    """I-17, not I-6 or I-7: `peer address` is a name that no name server knows."""
    resolver = "nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n"
    lab.secondary.run("sh", "-c", f"printf '{resolver}' > /tmp/resolv && mount --bind /tmp/resolv /etc/resolv.conf")
    edit(lab.secondary, "dhcpd.conf", "peer address 10.0.0.10", "peer address dhcp1.example.net")
    lab.secondary.restart()
    since = time.monotonic()
    name = Answer(
        "I-17", WARNING, Level.WARNING, HALF + "is starting",
        "Write an address for the host name in dhcp2's dhcpd.conf, then restart its dhcpd",
    )  # fmt: skip
    assert "dhcp1.example.net: " in said(named(driver, name))
    never(driver, since, "I-7", "I-10")
    shown(lab, name)


def test_something_else_speaks_on_the_failover_port(lab: Lab, driver: Driver) -> None:
    """I-16: a message that no dhcpd 4.4.3 would send, from the partner's address."""
    killed(lab, driver)
    code = (
        "import socket, struct, time\n"
        "link = socket.create_connection(('10.0.0.10', 520))\n"
        "link.sendall(struct.pack('!HBBII', 40, 99, 8, int(time.time()), 1) + bytes(28))\n"
        "link.recv(1)\n"
    )
    lab.secondary.run("python3", "-c", code)
    foreign = Answer("I-16", WARNING, Level.WARNING, HALF + "is down", "U brings dhcp2 up", first=False)
    assert "invalid message type: 99" in said(named(driver, foreign))
    assert next(iter(incidents(driver))) == "I-1"
    shown(lab, foreign)
