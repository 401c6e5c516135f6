"""Timeline, report and lease look-up on the real pair; every time is checked against dhcpd's own log."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome as ActionOutcome
from dhcptui.assess.history.timeline import EventKind, Source
from dhcptui.model.action import Action
from dhcptui.model.leases import LookUp, Outcome
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from tests.lab.driving import Driver, driving
from tests.lab.load import loading
from tests.lab.pair import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("times of the report are held against dhcpd's own log, to the second"),
]
P, Q = Role.PRIMARY, Role.SECONDARY
S = FailoverState
MOVED = re.compile(r"(\S+T\S+) \S+ dhcpd\[\d+\]: failover peer foo: I move from (\S+) to (\S+)")


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", *args)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2])
    assert "Traceback" not in done.stderr + done.stdout
    return done


def moves(lab: Lab, role: Role) -> list[tuple[str, str, str]]:
    """(UTC to the second, from, to) of a server's own log, read without dhcptui."""
    text = lab.servers[role.value].log_text()
    return [(at[:10] + " " + at[11:19], old, new) for at, old, new in MOVED.findall(text)]


def incident(lab: Lab, driver: Driver) -> None:
    """Secondary killed, declared down, returned; then a hand-over and back."""
    driver.settled()
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 5)
    time.sleep(1.5)
    assert driver.run(Action.PARTNER_DOWN, P).outcome is ActionOutcome.VERIFIED
    lab.secondary.start()
    driver.until_words("normal", "normal", 40)
    driver.settled()
    lab.wait_settled()
    assert driver.run(Action.HAND_OVER, P).outcome is ActionOutcome.VERIFIED
    time.sleep(1.5)
    assert driver.run(Action.TAKE_BACK, P).outcome is ActionOutcome.VERIFIED
    driver.until_words("normal", "normal", 20)


def test_a_scripted_incident_live_and_in_the_report() -> None:
    """Each own transition once, to the second of the log, in the console's timeline and in the report."""
    with Lab(mclt=10, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        time.sleep(1)  # the report begins at a full second: that of the pair's own start is not to be in it
        began = time.time()
        with driving(lab) as driver:
            incident(lab, driver)
            wanted = {role: moves(lab, role) for role in Role}

            def told() -> dict[Role, list[tuple[str, str, str]]]:
                found: dict[Role, list[tuple[str, str, str]]] = {role: [] for role in Role}
                for event in driver.engine.timeline():
                    if event.kind is EventKind.MOVE and event.role and Source.LOG in event.sources:
                        at = datetime.fromtimestamp(int(event.stamp), UTC).strftime("%Y-%m-%d %H:%M:%S")
                        assert event.from_state
                        assert event.to_state
                        found[event.role].append((at, event.from_state.word, event.to_state.word))
                return found

            driver.until(lambda: told() == wanted, 10, "every transition of both logs, once")
            events = driver.engine.timeline()
            assert [event.at for event in events] == sorted(event.at for event in events)
            assert not [e for e in events if e.kind is EventKind.MOVE and Source.LOG not in e.sources]
            down = next(e for e in events if e.to_state is S.PARTNER_DOWN and e.role is P)
            assert {Source.LOG, Source.OMAPI} <= set(down.sources)
            actions = [event.text.split(" ")[:2] for event in events if event.kind is EventKind.ACTION]
            assert actions == [[a, w] for a in ("partner-down", "hand-over", "take-back") for w in ("begun", "ended:")]
        check_report(lab, began, wanted)


def check_report(lab: Lab, began: float, wanted: dict[Role, list[tuple[str, str, str]]]) -> None:
    """The report is made without a console, from logs, lease files and the audit log."""
    since = datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    config = str(lab.write_config())
    done = dhcptui(lab, "report", "office", "--since", since, "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout
    rows = re.findall(r"^\| (\S+ \S+) \| (dhcp[12]) \| moves from (\S+) to (\S+) \|", text, re.MULTILINE)
    for role in Role:
        name = lab.servers[role.value].name
        late = [move for move in wanted[role] if move[0] >= since.replace("T", " ")]
        assert [(at, old, new) for at, who, old, new in rows if who == name] == late
        assert len(late) >= 5
    for action in ("partner-down on dhcp1", "hand-over on dhcp1", "take-back on dhcp1"):
        assert re.search(rf"^### \S+ \S+ {action} by \S+$", text, re.MULTILINE), action
    assert "set local-state = 4 (partner-down) | ok |" in text
    assert (lab.dir / "omapi.key").read_text().strip() not in text
    assert "**OK: both servers serve**" in text
    document = json.loads(dhcptui(lab, "report", "office", "--since", since, "--json", "--config", config).stdout)
    assert document["served_seconds"]["nobody"] < 1
    alone = [span for span in document["spans"] if span["primary"] and span["secondary"] is False]
    lost = [each for each in lab.primary.log_lines() if each.endswith("peer foo: disconnected")]
    assert alone[0]["begin"] in {each[:19] + "Z" for each in lost}


def test_a_report_while_one_server_is_dead_and_its_clock_was_wrong(lab: Lab) -> None:
    """The dead server's end is taken from its partner; a skewed clock gets a second column."""
    lab.wait_settled()
    lab.secondary.set_clock(25)
    lab.secondary.start()
    lab.wait_settled()
    lab.secondary.kill()
    lab.wait_states("communications-interrupted", None, timeout=5)
    time.sleep(2)
    config = str(lab.write_config())
    done = dhcptui(lab, "report", "office", "--since", "10m", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "on the console's clock" in done.stdout
    assert re.search(r"dhcp2: .*clock \+2[45]\.\d s", done.stdout)
    document = json.loads(dhcptui(lab, "report", "office", "--since", "10m", "--json", "--config", config).stdout)
    last = document["spans"][-1]
    assert (last["primary"], last["secondary"]) == (True, False)
    off = [
        datetime.fromisoformat(each["time"]).timestamp() - datetime.fromisoformat(each["console_time"]).timestamp()
        for each in document["timeline"]
        if each["server"] == "dhcp2" and each["kind"] == "state"
    ]
    assert off
    assert all(24 <= each <= 26 for each in off if each)


@pytest.fixture
def driver(lab: Lab) -> Iterator[Driver]:
    """A console on a settled pair."""
    lab.wait_settled()
    with driving(lab) as running:
        running.settled()
        yield running


def ask(driver: Driver, text: str) -> LookUp:
    """Look something up."""
    return driver.engine.look_up(text).result(15)


def until_agreed(driver: Driver, address: str) -> None:
    """Wait until both servers hold the same lease. (Not by the driver's `until`: it holds what the engine waits for.)"""
    deadline = time.monotonic() + 15
    while True:
        found = ask(driver, address)
        held = [answer.lease for answer in found.answers.values() if answer.lease]
        if len(held) == 2 and held[0].hardware_address and not any(each.wrong for each in found.differences):
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_a_real_lease_on_both_servers(lab: Lab, driver: Driver) -> None:
    """By address, and by hardware address in several spellings; both servers hold the same client."""
    mac = "02:00:5e:10:00:01"
    got = lab.dhcp_client(mac)
    assert got
    until_agreed(driver, got["address"])
    for text in (got["address"], mac, "0200.5E10.0001", "02-00-5e-10-00-01"):
        found = ask(driver, text)
        assert found.outcome is Outcome.FOUND, found
        for role in Role:
            lease = found.answers[role].lease
            assert lease, found
            assert (lease.address, lease.binding_state) == (got["address"], "active")
            assert lease.hardware_address == mac
            assert lease.ends
            assert lease.ends > time.time() - 60
        assert [each for each in found.differences if each.wrong] == []


def test_free_foreign_and_unknown(driver: Driver) -> None:
    """A free address is found; one outside every pool is not; nor is a machine nobody knows."""
    free = ask(driver, "10.0.0.150")
    assert {answer.lease.binding_state for answer in free.answers.values() if answer.lease} <= {"free", "backup"}
    assert free.outcome is Outcome.FOUND
    assert ask(driver, "10.0.0.9").outcome is Outcome.NOT_FOUND
    assert ask(driver, "02:00:00:00:00:77").outcome is Outcome.NOT_FOUND
    assert ask(driver, "nobody-is-called-so").outcome is Outcome.NOT_FOUND
    assert ask(driver, "not a question").note


def test_a_lease_by_host_name_and_a_hostile_one(lab: Lab, driver: Driver) -> None:
    """dhcpd looks up no host name, its lease file does; control characters and markup come out as text."""
    with loading(lab, 5, most=1, host_name=b"laptop-7") as load:
        load.join(10)
    with loading(lab, 5, most=1, host_name=b"\x1b[31m[b]x|<i>`") as evil:
        evil.join(10)
    found = ask(driver, "laptop-7")
    assert found.outcome is Outcome.FOUND
    assert {answer.lease.address for answer in found.answers.values() if answer.lease} == {load.granted[0][1]}
    config = str(lab.write_config())
    done = dhcptui(lab, "lease", "office", evil.granted[0][1], "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\x1b[31m[b]x|<i>`" in done.stdout
    assert "\x1b" not in done.stdout
    as_json = dhcptui(lab, "lease", "office", evil.granted[0][2], "--json", "--config", config)
    document = json.loads(as_json.stdout)
    assert (document["outcome"], document["disagree_on"]) == ("found", [])


def test_leases_after_a_failover(lab: Lab, driver: Driver) -> None:
    """One server gone: the other answers, and the silence is named; then the two disagree until they have met."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 5)
    got = lab.dhcp_client("02:00:5e:10:00:02")
    assert got
    found = ask(driver, got["address"])
    assert found.outcome is Outcome.FOUND
    assert found.answers[Q].outcome is Outcome.NO_ANSWER
    assert "needs OMAPI" in found.answers[Q].note
    lab.primary.kill()
    driver.until_words("dhcpd not running", "dhcpd not running", 5)
    config = str(lab.write_config())
    assert dhcptui(lab, "lease", "office", got["address"], "--config", config).returncode == 3
    lab.secondary.start()
    driver.until_words("dhcpd not running", "communications-interrupted", 30)
    alone = ask(driver, got["address"])
    theirs = alone.answers[Q].lease
    assert theirs
    assert theirs.binding_state != "active"
    lab.primary.start()
    driver.until_words("normal", "normal", 30)
    until_agreed(driver, got["address"])
    assert dhcptui(lab, "lease", "office", "10.0.0.9", "--config", config).returncode == 1
