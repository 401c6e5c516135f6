"""What is said of the present, on the real pair: a pool at its end, and a partner whose loss nobody has noticed yet."""

from __future__ import annotations

import re
import secrets
import socket
import time

import pytest

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab import net
from tests.lab.client import new_mac
from tests.lab.driving import Driver, driving
from tests.lab.load import frame, loading
from tests.lab.naming import Answer, incidents, named, replay, says, shown, verdict
from tests.lab.pair import Lab
from tests.lab.relationships import BAR, add
from tests.lab.test_incidents import settle

pytestmark = [pytest.mark.lab, pytest.mark.second_try("what is said of the present must be said within seconds")]
P, Q = Role.PRIMARY, Role.SECONDARY
KEY = "hmac-sha256"


def until_counted(driver: Driver, leases: str) -> int:
    """How many addresses are not active by the primary's lease file, once the console's counters say the same."""
    states = dict(re.findall(r"^lease (\S+) \{[^}]*?\n  binding state (\w+);", leases, re.MULTILINE))
    left = sum(state in {"free", "backup"} for state in states.values())

    def counted() -> bool:
        pools = driver.engine.snapshot().primary.pools
        return pools is not None and sum(each.free + each.backup for each in pools.value) == left

    driver.until(counted, 15, f"{left} left")
    return left


def test_a_pool_comes_to_its_end() -> None:
    """I-23: warning while a few are left, then critical with the clients that both logs refuse; no flapping between them."""
    with Lab(mclt=600, key_algorithm=KEY, range=("10.0.0.100", "10.0.0.159")) as lab, driving(lab) as driver:
        settle(lab, driver)
        low = Answer(
            "I-23", Weight.WARNING, Level.WARNING, r"both servers serve, but pool 10.0.0.0/24 is nearly used up: [123] of 60 left",
            "No action frees an address: enlarge the range of pool 10.0.0.0/24 on both, or shorten the leases; R deploys that",
        )  # fmt: skip
        left = 60
        while left > 2:  # as many clients as there are addresses: none is refused meanwhile
            with loading(lab, 8, most=max(1, left // 2), waited=0) as load:
                load.join(40)
            lab.wait_settled()
            left = until_counted(driver, lab.primary.leases.read_text())
        named(driver, low, 20)
        since = time.monotonic()
        dry = Answer(
            "I-23", Weight.CRITICAL, Level.CRITICAL, r"pool 10.0.0.0/24 is used up: \d+ clients were refused in a minute",
            "No action frees an address: enlarge the range of pool 10.0.0.0/24 on both",
        )  # fmt: skip
        with loading(lab, 2, most=40, waited=0):
            named(driver, dry, 40)
        says(driver, "I-23", "no free leases")
        levels = [each.level for each in replay(driver, since)]
        assert levels == sorted(levels, key=[Level.WARNING, Level.CRITICAL].index)
        assert not {"I-1", "I-2", "I-7"} & {each.id for each in verdict(driver).incidents if each.weight > Weight.NOTE}
        shown(lab, dry)
        assert "I-23" in incidents(driver)
        assert not lab.dhcp_client(timeout=6)


def test_a_partner_that_vanished_without_a_word() -> None:
    """Cut off from all: until max-response-delay has passed the survivor reads normal, and that is what is said.

    Its clients are refused when its half is empty, though the pool is not; P says "not yet" and when.
    """
    with (
        Lab(mclt=600, key_algorithm=KEY, max_response_delay=20, range=("10.0.0.100", "10.0.0.107")) as lab,
        driving(lab) as driver,
    ):
        settle(lab, driver)
        lab.cut("primary", "secondary")
        lab.cut("operator", "secondary")
        unaware = r"not noticed yet \(will by (\d\d:\d\d:\d\d)\): dhcp2 cannot be reached"
        driver.until(lambda: re.search(unaware, driver.headline()) is not None, 20, "not noticed yet")
        found = re.search(unaware, driver.headline())
        assert found is not None
        reasons = driver.plan(Action.PARTNER_DOWN, P).ruling.reasons
        assert any(
            re.match(r"not yet: \d+ s at most, until dhcp1 notices that dhcp2 is gone", each) for each in reasons
        )
        assert f"dhcp1 notices by {found[1]}" in verdict(driver).advice
        assert {each.to_give for each in driver.engine.forecasts()} == {4}
        driver.until(lambda: driver.word(P) == "communications-interrupted", 30, "noticed")
        noticed = time.strftime("%H:%M:%S", time.gmtime())
        assert noticed <= found[1] or abs(int(noticed[-2:]) - int(found[1][-2:])) <= 2, (noticed, found[1])
        assert "not noticed" not in driver.headline()


def test_a_lease_file_is_watched_while_it_is_filled() -> None:
    """In recover without a link it stands still, and with one it grows; of a server in normal it is not asked."""
    with Lab(mclt=5, key_algorithm=KEY) as lab, driving(lab) as driver:
        settle(lab, driver)
        assert driver.engine.snapshot().secondary.growth is None
        lab.secondary.kill()
        lab.secondary.leases.write_text("")
        lab.cut("primary", "secondary", port=520)
        lab.secondary.start()
        driver.until(lambda: driver.engine.snapshot().secondary.growth is not None, 40, "looked at")
        driver.until(lambda: driver.word(Q) == "recover", 30, "recover")
        stood = driver.engine.snapshot().secondary.growth
        assert stood is not None
        since = time.monotonic()
        driver.until(lambda: (driver.engine.snapshot().secondary.growth or stood).at > stood.at, 10, "looked again")
        lab.heal()
        driver.settled(120)
        sizes = [
            each.secondary.growth.value.size for at, each in driver.snapshots if at > since and each.secondary.growth
        ]
        assert max(sizes) > stood.value.size
        driver.until(lambda: driver.engine.snapshot().secondary.growth is None, 10, "not asked any more")


def test_both_lease_files_emptied_after_a_clean_stop() -> None:
    """I-26: starting from recover is right then, so that only the counters of before and after the start tell it."""
    with Lab(mclt=600, key_algorithm=KEY) as lab, driving(lab) as driver:
        settle(lab, driver)
        with loading(lab, 8, most=6, waited=0) as load:
            load.join(30)
        driver.until(lambda: in_use(driver) == [6, 6], 60, "counted")
        for server in (lab.primary, lab.secondary):
            server.omapi_shutdown()
        driver.until_words("dhcpd not running", "dhcpd not running", timeout=60)
        for server in (lab.primary, lab.secondary):
            server.leases.write_text("")
        lab.start_dhcpd()
        lab.wait_settled()
        driver.until(lambda: "I-26" in incidents(driver), 60, "told")
        says(driver, "I-26", "6 addresses were in use before its start, none after it")


def test_both_lease_files_emptied() -> None:
    """I-26: both are normal at once and know no lease: a warning, told from a first start, by the console that saw it
    and by one that comes afterwards."""
    with Lab(mclt=600, key_algorithm=KEY) as lab, driving(lab) as driver:
        settle(lab, driver)
        with loading(lab, 8, most=12, waited=0) as load:
            load.join(30)
        assert len(load.granted) == 12
        for server in (lab.primary, lab.secondary):
            server.kill()
        for server in (lab.primary, lab.secondary):
            server.leases.write_text("")
        lab.start_dhcpd()
        lab.wait_settled()
        lost = Answer(
            "I-26", Weight.WARNING, Level.WARNING, "both servers serve, but both have lost their leases",
            "Both forgot every lease; a client is known again when it renews",
        )  # fmt: skip
        named(driver, lost)
        assert not {"I-8", "I-19", "I-10"} & incidents(driver).keys()
        shown(lab, lost)


def test_first_leases_of_a_new_pair_run_out() -> None:
    """Not I-26: the leases that both counted after their first start, and then none, have only run out."""
    with Lab(mclt=8, key_algorithm=KEY) as lab, driving(lab) as driver:
        settle(lab, driver)
        assert lab.dhcp_client(timeout=20)
        driver.until(lambda: in_use(driver) == [1, 1], 60, "counted")
        driver.until(lambda: in_use(driver) == [0, 0], 120, "run out")
        assert "I-26" not in incidents(driver)
        assert verdict(driver).level is Level.OK


def test_offers_that_nobody_takes() -> None:
    """I-23: they hold every address, so that both send each client to the other one while both count free addresses."""
    with Lab(mclt=60, key_algorithm=KEY, range=("10.0.0.100", "10.0.0.109")) as lab, driving(lab) as driver:
        settle(lab, driver)
        with net.thread_in(net.namespace(lab.name, "client")):
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
            wire.bind(("eth0", 0x0800))
        with wire:
            for _ in range(25):
                hardware = bytes.fromhex(new_mac().replace(":", ""))
                wire.send(frame(secrets.token_bytes(4), hardware, bytes([53, 1, 1]), 10))
        driver.until(lambda: "offered and not taken" in driver.headline(), 60, "told")
        assert verdict(driver).level is Level.WARNING
        assert incidents(driver)["I-23"].weight is Weight.WARNING
        assert in_use(driver) == [0, 0]


def in_use(driver: Driver) -> list[int]:
    """What each server counts as used."""
    return [sum(pool.used for pool in each.pools.value) for each in driver.engine.snapshot().servers if each.pools]


def test_both_stopped() -> None:
    """I-25: the one that outlived the other is named, by a console that was open and by one that comes afterwards."""
    with Lab(mclt=600, key_algorithm=KEY) as lab, driving(lab) as driver:
        settle(lab, driver)
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running")
        lab.primary.kill()
        stopped = Answer(
            "I-25", Weight.CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is down .* and dhcp2 is down",
            "U brings dhcp1 up first: it was the last to serve. Then start dhcp2",
        )  # fmt: skip
        named(driver, stopped)
        says(driver, "I-25", "was the last to serve")
        shown(lab, stopped)


def test_names_crossed_between_the_servers() -> None:
    """I-27: foo on one is bar on the other. Not "wait", no first start, no NAT; and lint tells it from two wrong addresses."""
    with Lab(mclt=20, key_algorithm=KEY) as lab:
        add(lab, BAR)
        path = lab.secondary.etc / "dhcpd.conf"
        text = path.read_text()
        for server in (lab.primary, lab.secondary):
            server.kill()
            server.leases.write_text("")
        for one, two in (("10.0.0.20", "10.0.0.21"), ("10.0.0.10", "10.0.0.11"), ("port 520", f"port {BAR.port}")):
            text = text.replace(one, "@").replace(two, one).replace("@", two)
        path.write_text(text)
        lab.start_dhcpd()
        with driving(lab) as driver:
            crossed = Answer(
                "I-27", Weight.CRITICAL, Level.CRITICAL, "nobody ", "The names of two relationships are crossed. Exchange them on dhcp2 only",
            )  # fmt: skip
            named(driver, crossed, 40)
            says(driver, "I-27", "relationship name")
            assert not {"I-6", "I-7", "I-19"} & incidents(driver).keys()
            shown(lab, crossed)
            found = driver.engine.check_configuration().result(60)
            assert "L19" in repr(found)
            assert "L13" not in repr(found)
