"""The ways between console and servers, broken on the real pair one at a time: the matrix names each within 10 s."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.diagnosis import Cause, Diagnosis, diagnose
from dhcptui.assess.links import LinkMatrix, matrix
from dhcptui.assess.timesync import ClockLevel, judge
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Reach
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a broken way must be named within ten seconds")]
P, Q = Role.PRIMARY, Role.SECONDARY
NAMED_SECONDS = 10.0


@pytest.fixture
def quick_lab() -> Iterator[Lab]:
    """A pair that notices silence after 3 s; on port 520 and on no default."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        yield lab


def seen(driver: Driver) -> tuple[LinkMatrix, Diagnosis]:
    """The matrix now and what it means."""
    found = matrix(assess_pair(driver.engine.snapshot(), driver.now()))
    return found, diagnose(found)


def until_cause(driver: Driver, cause: Cause, timeout: float = NAMED_SECONDS) -> tuple[LinkMatrix, Diagnosis]:
    """Wait until it is named; a failure tells what was said instead."""
    began = time.monotonic()
    said: list[str] = []
    while time.monotonic() - began < timeout:
        found = seen(driver)
        if found[1].cause is cause:
            print(f"{cause.name} after {time.monotonic() - began:.1f} s: {found[1].sentence}")
            return found
        if not said or said[-1] != found[1].sentence:
            said.append(found[1].sentence)
        time.sleep(0.1)
    raise AssertionError(f"{cause} not within {timeout} s; said {said}; {driver.words()}; {driver.engine.snapshot()}")


def green(driver: Driver) -> None:
    """Wait until everything is open, as where each test begins."""
    driver.settled()
    driver.until(lambda: seen(driver)[0].all_green, 10, "every way open")


CUTS: list[tuple[str, Callable[[Lab], None], Cause, str]] = [
    ("to secondary", lambda lab: lab.cut("primary", "secondary", one_way=True), Cause.NETWORK_ONE_WAY, "What dhcp1"),
    ("to primary", lambda lab: lab.cut("secondary", "primary", one_way=True), Cause.NETWORK_ONE_WAY, "What dhcp2"),
    ("both ways", lambda lab: lab.cut("primary", "secondary"), Cause.NETWORK, "Nothing passes between dhcp1 and dhcp2"),
    (
        "port to secondary",
        lambda lab: lab.cut("primary", "secondary", port=520, one_way=True),
        Cause.PORT_ONE_WAY,
        "What dhcp1",
    ),
    (
        "port to primary",
        lambda lab: lab.cut("secondary", "primary", port=520, one_way=True),
        Cause.PORT_ONE_WAY,
        "What dhcp2",
    ),
    ("port both ways", lambda lab: lab.cut("primary", "secondary", port=520), Cause.PORT, "dhcp1 and dhcp2 reach each"),
]


@pytest.mark.parametrize(("cut", "cause", "begins"), [each[1:] for each in CUTS], ids=[each[0] for each in CUTS])
def test_cuts_between_the_servers(quick_lab: Lab, cut: Callable[[Lab], None], cause: Cause, begins: str) -> None:
    """Named within 10 s of the moment the link is lost; healed, the pair finds back as fast as without a console."""
    with driving(quick_lab) as driver:
        green(driver)
        cut(quick_lab)
        driver.until_words("communications-interrupted", "communications-interrupted", 15)
        found, diagnosis = until_cause(driver, cause)
        assert diagnosis.sentence.startswith(begins), diagnosis
        assert diagnosis.incident == "I-7"
        assert diagnosis.broken
        assert found.connected is False
        assert all(way.ok for way in found.ways[:4])
        quick_lab.heal()
        # dhcpd tries every 5 s; what stood half-open may have to time out first
        quick_lab.wait_states(timeout=20)
        driver.until(lambda: seen(driver)[0].all_green, 10, "green again")


def test_a_cut_that_dhcpd_has_not_noticed() -> None:
    """Open is inferred from a connection that both still have; asked, each server really tries the other, and it is named."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        with driving(lab) as driver:
            green(driver)
            before = seen(driver)[0]
            assert before.primary.failover.inferred
            assert "inferred" in before.primary.failover.detail
            assert before.primary.failover.age_seconds is not None
            lab.cut("primary", "secondary")
            driver.engine.probe_links()
            found, diagnosis = until_cause(driver, Cause.NETWORK, 15)
            assert "switch, VLAN, route" in diagnosis.look_at
            assert found.connected, "dhcpd has not noticed"
            assert not found.primary.failover.inferred
            lab.heal()
            driver.until(lambda: seen(driver)[0].all_green, 20, "tried again until it is open")


def test_a_listener_that_is_missing(quick_lab: Lab) -> None:
    """dhcpd was killed: named by the process table and the socket table, and no probe is left behind on the server."""
    with driving(quick_lab) as driver:
        green(driver)
        quick_lab.secondary.kill()
        _, diagnosis = until_cause(driver, Cause.LISTENER_MISSING)
        assert "dhcp2" in diagnosis.sentence
        assert "dhcp1" not in diagnosis.sentence
        driver.until(lambda: seen(driver)[0].primary.failover.state is Reach.REFUSED, 10, "dhcp1 is refused")
        driver.until(lambda: seen(driver)[0].secondary.failover.state is Reach.OPEN, 10, "dhcp2 gets through")
        time.sleep(6)
        for server in (quick_lab.primary, quick_lab.secondary):
            left = server.run("ps", "-A", "-o", "args=").stdout
            assert "/dev/tcp" not in left
            assert "ss -tan" not in left
        quick_lab.secondary.start()
        driver.until(lambda: seen(driver)[0].all_green, 20, "green again")


@pytest.mark.parametrize("wrong", [P, Q])
def test_a_wrong_peer_address(quick_lab: Lab, wrong: Role) -> None:
    """One dhcpd.conf names an address that nobody has: told from both files, and from what that server meets."""
    server, name = (quick_lab.primary, "dhcp1") if wrong is P else (quick_lab.secondary, "dhcp2")
    partner = "10.0.0.20" if wrong is P else "10.0.0.10"
    with driving(quick_lab) as driver:
        green(driver)
        conf = server.etc / "dhcpd.conf"
        conf.write_text(conf.read_text().replace(f"peer address {partner}", "peer address 10.0.0.99"))
        server.restart()
        driver.until(lambda: "communications-interrupted" in driver.words(), 20, "the link is lost")
        _, diagnosis = until_cause(driver, Cause.WRONG_PEER)
        assert diagnosis.sentence.startswith(f"{name} looks for its partner at 10.0.0.99")
        assert diagnosis.incident == "I-6"
        conf.write_text(conf.read_text().replace("peer address 10.0.0.99", f"peer address {partner}"))
        server.restart()
        driver.until(lambda: seen(driver)[0].all_green, 20, "green again")


def test_the_consoles_own_path(lab: Lab) -> None:
    """Only the console is cut from one server: the pair is fine, and that is what is said."""
    with driving(lab) as driver:
        green(driver)
        lab.cut("operator", "secondary")
        found, diagnosis = until_cause(driver, Cause.CONSOLE_PATH)
        assert "dhcp1 reaches dhcp2" in diagnosis.sentence
        assert found.secondary.ssh.state is Reach.SILENT
        assert lab.states()["primary"] == "normal"
        lab.heal()


def test_a_host_that_is_gone(quick_lab: Lab) -> None:
    """Silent to the console and to its partner."""
    with driving(quick_lab) as driver:
        green(driver)
        quick_lab.cut("operator", "secondary")
        quick_lab.cut("primary", "secondary")
        _, diagnosis = until_cause(driver, Cause.HOST_GONE, NAMED_SECONDS + 3)
        assert diagnosis.sentence.startswith("dhcp2 answers neither")


def test_looking_at_a_healthy_pair_leaves_no_trace(lab: Lab) -> None:
    """A minute of looking, and asking for more on top: not one line in dhcpd's logs but its own balancing."""
    lab.wait_settled()
    with driving(lab) as driver:
        green(driver)
        before = [server.log_offset() for server in (lab.primary, lab.secondary)]
        for _ in range(12):
            driver.engine.probe_links()
            time.sleep(5)
        assert seen(driver)[0].all_green
        assert not seen(driver)[0].primary.failover.inferred, "asked, it was tried"
        for server, offset in zip((lab.primary, lab.secondary), before, strict=True):
            assert [line for line in server.log_lines(offset) if not re.search(r" balanc(ing|ed) pool ", line)] == []


def test_a_held_dhcpd_collects_nothing(quick_lab: Lab) -> None:
    """A dhcpd that is suspended is named, and the queue of its failover port stays free for its partner."""
    with driving(quick_lab) as driver:
        green(driver)
        quick_lab.secondary.pause()
        try:
            until_cause(driver, Cause.HELD)
            time.sleep(20)
            table = quick_lab.secondary.run("ss", "-Htan", "sport", "=", ":520").stdout
            ours = [row for row in table.splitlines() if row.startswith("CLOSE-WAIT")]
            assert len(ours) <= 1, table  # dhcpd's own partner may have left one
        finally:
            quick_lab.secondary.resume()
        driver.until(lambda: seen(driver)[0].all_green, 30, "green again")


@pytest.mark.parametrize(("skew", "level"), [(90.0, ClockLevel.REFUSED), (-6.0, ClockLevel.WARNING)])
def test_clocks(skew: float, level: ClockLevel) -> None:
    """A clock 90 s ahead keeps the link down and is named as the reason; 6 s behind is a warning and no more."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        lab.secondary.start(skew_seconds=skew)
        with driving(lab) as driver:
            driver.until(lambda: judge(driver.engine.snapshot(), driver.now()).level is level, 10, str(level))
            clocks = judge(driver.engine.snapshot(), driver.now())
            assert clocks.apart_seconds == pytest.approx(skew, abs=1.0)
            assert (clocks.uncertainty_seconds or 9) < 1
            assert clocks[Q].offset_seconds == pytest.approx(skew, abs=1.0)
            if level is ClockLevel.REFUSED:
                _, diagnosis = until_cause(driver, Cause.CLOCKS, 30)
                assert diagnosis.incident == "I-5"
            else:
                green(driver)
            driver.until(lambda: judge(driver.engine.snapshot(), driver.now())[Q].sync != "not asked yet", 10, "asked")
            assert judge(driver.engine.snapshot(), driver.now())[Q].sync == "no time synchronisation runs"
