"""The link between the two: silence, cuts, clocks, names."""

from __future__ import annotations

import time

import pytest

from tests.contract.conftest import SPEED, Make
from tests.contract.subject import CI, ROLES, Subject
from tests.contract.test_transitions import other, until

pytestmark = pytest.mark.second_try("dhcpd's timers are held against a clock")

LOST = (
    "timeout waiting for failover peer foo\npeer foo: disconnected\nI move from normal to communications-interrupted\n"
)
BALANCE = "balancing\nbalanced\n"
MET = f"""peer moves from normal to communications-interrupted
I move from communications-interrupted to normal
{BALANCE}peer moves from communications-interrupted to normal
Both servers normal
"""


@pytest.mark.parametrize("acting", ROLES[:1])
def test_stopped_process(make: Make, acting: str) -> None:
    """SIGSTOP: the partner notices after max-response-delay; after SIGCONT both meet again on the next try, 5 s later."""
    subject = make(max_response_delay=4)
    mark = subject.mark()
    began = time.monotonic()
    subject.servers[acting].pause()
    assert subject.servers[acting].is_running()
    until(subject, acting, None, CI, 10)
    assert 2.5 < time.monotonic() - began < 5
    assert "no-answer" in subject.words()
    lost = time.monotonic()
    subject.servers[acting].resume()
    until(subject, acting, CI, CI, 2)
    assert subject.normal(timeout=12) < 7
    assert 3.5 < time.monotonic() - lost < 6.5
    subject.tells(other(acting), mark, LOST + MET)
    subject.tells(
        acting, mark, "peer foo: disconnected\nI move from normal to communications-interrupted\n" + MET, LOST + MET
    )


@pytest.mark.parametrize(("cut", "one_way"), [(ROLES, False), (ROLES[::-1], True)])
def test_cut_failover_port(make: Make, cut: tuple[str, str], one_way: bool) -> None:
    """A cut, in one direction or both, is silence to both; OMAPI answers meanwhile. Healed, they meet by themselves."""
    subject = make(max_response_delay=3)
    mark = subject.mark()
    began = time.monotonic()
    subject.pair.cut(*cut, port=520, one_way=one_way)
    subject.until(CI, CI, 12)
    assert 1.5 < time.monotonic() - began < 6
    time.sleep(1)
    assert subject.words() == (CI, CI)
    subject.pair.heal()
    assert subject.normal(timeout=15) < 8
    for role in ROLES:
        subject.tells(role, mark, LOST + MET, LOST.partition("\n")[2] + MET)


@pytest.mark.parametrize("acting", ROLES[1:])
def test_clock_ahead_at_start(make: Make, acting: str) -> None:
    """90 s ahead: refused every 5 s on both sides, serves alone after startup, and is taken back once corrected."""
    subject = make(speed=SPEED)
    subject.kill(acting)
    until(subject, acting, "no-answer", CI, 3)
    mark = subject.mark()
    began = time.monotonic()
    subject.start(acting, skew_seconds=90)
    until(subject, acting, CI, CI, 20)
    assert time.monotonic() - began == pytest.approx(subject.seconds(15), abs=1.5)
    rejected = "Failover CONNECT to foo rejected: Connection rejected, time mismatch too great."
    told = subject.story("primary", mark)
    refusals = told.count(rejected)
    assert 4 <= refusals <= 8, told
    assert set(told) - {rejected} <= {
        "I move from normal to startup",
        "I move from startup to communications-interrupted",
    }
    pairs = [line for line in subject.story("secondary", mark) if "move" not in line]
    one = ["Failover CONNECT from foo: time offset too large", "failover: disconnect: time offset too large"]
    assert pairs == one * (len(pairs) // 2)
    assert abs(len(pairs) // 2 - refusals) <= 2
    mark = subject.mark()
    subject.servers[acting].set_clock(0)
    subject.normal(timeout=12)
    for role in ROLES:
        assert subject.patiently(lambda role=role: without_refusals(subject, role, mark) == MET.splitlines())  # type: ignore[misc]


def without_refusals(subject: Subject, role: str, mark: dict[str, int]) -> list[str]:
    """The story without what is repeated every 5 s."""
    return [
        line for line in subject.story(role, mark) if "ailover CONNECT" not in line and "failover: disc" not in line
    ]


def test_unknown_relationship(make: Make) -> None:
    """A secondary that knows the relationship by another name refuses, twice per 5 s, and starts with an empty state."""
    subject = make(speed=SPEED)
    subject.kill("secondary")
    subject.until(CI, None, 2)
    server = subject.servers["secondary"]
    for file in (server.etc / "dhcpd.conf", server.etc / "shared/master.conf"):
        file.write_text(file.read_text().replace('"foo"', '"bar"'))
    mark = subject.mark()
    server.start()
    time.sleep(subject.seconds(7))
    rejected = "Failover CONNECT to foo rejected: Connection rejected, invalid failover partner."
    assert subject.story("primary", mark) == [rejected] * 3
    told = subject.story("secondary", mark)
    while "unknown failover peer: foo" in told[0]:
        assert told[1:3] == ['failover peer "foo"', "               ^"]
        told = told[3:]
    assert told[0] == "failover peer bar: I move from recover to startup"
    one = ["Failover CONNECT from foo: unknown failover relationship name",
           "failover: disconnect: unknown failover relationship name"]  # fmt: skip
    assert told[1:] == one * 3


def test_killed_partner_is_noticed_behind_a_cut_only_by_silence(make: Make) -> None:
    """The end of a process behind a cut reaches nobody; a crash on an open link is known at once."""
    subject = make(max_response_delay=3)
    subject.pair.cut("primary", "secondary", port=520)
    began = time.monotonic()
    subject.kill("secondary")
    assert subject.words()[0] == "normal"
    subject.until(CI, None, 8)
    assert time.monotonic() - began > 1.5


def test_local_state_1_is_no_partner_down(make: Make) -> None:
    """startup written on a survivor: 15 s later it is where it was."""
    subject = make(speed=SPEED)
    subject.kill("secondary")
    subject.until(CI, None, 2)
    mark = subject.mark()
    before = subject.state("primary").local_stos
    assert subject.write("primary", 1).local_state == "startup"
    began = time.monotonic()
    subject.until(CI, None, 20)
    assert time.monotonic() - began == pytest.approx(subject.seconds(15), abs=1.2)
    assert subject.state("primary").local_stos == before
    subject.tells(
        "primary",
        mark,
        "I move from communications-interrupted to startup\nI move from startup to communications-interrupted",
    )


@pytest.mark.parametrize("acting", ROLES[:1])
def test_control_alone(make: Make, acting: str) -> None:
    """control 2 without shutdown first: silent at once, gone 17 s later, the partner never hears of a shutdown."""
    subject = make(speed=SPEED, mclt=6)
    mark = subject.mark()
    began = time.monotonic()
    subject.control_shutdown(acting)
    assert "no-answer" in subject.words()
    while subject.servers[acting].is_running():
        assert time.monotonic() - began < 25
        time.sleep(0.02)
    assert time.monotonic() - began == pytest.approx(subject.seconds(17), abs=2)
    subject.tells(acting, mark, "I move from normal to shutdown\nI move from shutdown to recover")
    subject.tells(other(acting), mark, "peer foo: disconnected\nI move from normal to communications-interrupted")
    mark = subject.mark()
    subject.start(acting)
    subject.normal(timeout=12)
    told = subject.story(acting, mark)
    assert told[:5] == [
        "I move from recover to startup",
        "peer moves from normal to communications-interrupted",
        "I move from startup to recover",
        "Sent update request all message to foo",
        "peer moves from communications-interrupted to partner-down",
    ]
    assert "I move from recover to recover-wait" in told


def test_shutdown_then_control_and_return(make: Make) -> None:
    """8, then control 2: gone 12 s later, and back without a wait."""
    subject = make(speed=SPEED, mclt=30)
    mark = subject.mark()
    subject.write("secondary", "shutdown")
    subject.until("partner-down", "shutdown", 2)
    began = time.monotonic()
    subject.control_shutdown("secondary")
    while subject.servers["secondary"].is_running():
        assert time.monotonic() - began < 20
        time.sleep(0.02)
    assert time.monotonic() - began == pytest.approx(subject.seconds(12), abs=2)
    subject.start("secondary")
    assert subject.normal(timeout=8) < 5
    subject.tells(
        "secondary",
        mark,
        f"""I move from normal to shutdown
        peer moves from normal to partner-down
        I move from shutdown to recover
        I move from recover to startup
        I move from startup to recover
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-done
        peer moves from partner-down to normal
        I move from recover-done to normal
        Both servers normal
        {BALANCE}""",
    )
    subject.tells(
        "primary",
        mark,
        f"""peer moves from normal to shutdown
        I move from normal to partner-down
        peer foo: disconnected
        peer moves from shutdown to recover
        peer moves from recover to recover
        Update request all from foo: sending update
        Sent update done message to foo
        peer moves from recover to recover-done
        I move from partner-down to normal
        {BALANCE}peer moves from recover-done to normal
        Both servers normal""",
    )


def test_alone_and_silent_and_the_rescue(make: Make) -> None:
    """Drained, then the partner dies: partner-down and silent. An edited lease file makes it serve; then both conflict."""
    subject = make(speed=SPEED)
    mark = subject.mark()
    subject.write("primary", "shutdown")
    subject.until("shutdown", "partner-down", 2)
    subject.kill("secondary")
    time.sleep(0.1)
    assert subject.write("primary", "partner-down").local_state == "partner-down"
    assert subject.pair.dhcp_client(timeout=2) is None
    assert any(line.endswith(": not responding (peer demands: recovering)") for line in subject.lines("primary", mark))
    subject.tells(
        "primary",
        mark,
        """I move from normal to shutdown
        peer moves from normal to partner-down
        peer foo: disconnected
        I move from shutdown to partner-down""",
    )
    subject.kill("primary")
    now = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime())
    with subject.servers["primary"].leases.open("a") as file:
        file.write(
            f'failover peer "foo" state {{\n  my state communications-interrupted at {now};\n'
            f"  partner state normal at {now};\n}}\n"
        )
    mark = subject.mark()
    subject.start("primary")
    subject.until(CI, None, 20)
    assert subject.state("primary").partner_state == "normal"
    assert subject.pair.dhcp_client(timeout=5)
    subject.write("primary", "partner-down")
    assert subject.pair.dhcp_client(timeout=5)
    subject.tells(
        "primary",
        mark,
        """I move from communications-interrupted to startup
        I move from startup to communications-interrupted
        I move from communications-interrupted to partner-down""",
    )
    mark = subject.mark()
    subject.start("secondary")
    assert subject.normal(timeout=10) < 6
    told = subject.story("secondary", mark)
    assert told[:4] == [
        "I move from partner-down to startup",
        "peer moves from shutdown to partner-down",
        "I move from startup to potential-conflict",
        "peer moves from partner-down to potential-conflict",
    ]
    assert "Update request from foo: sending update" in subject.story("primary", mark)
