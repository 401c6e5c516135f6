"""The report's account of who served, against an observer that is not ours: nothing is told that nobody saw."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dhcptui.assess.verdict import derive
from dhcptui.model.role import Role
from dhcptui.ui.forecast_cache import Prospects
from dhcptui.ui.render.server import Memory, panel
from dhcptui.ui.style import UNICODE
from tests.lab.accounts import ACCOUNT, SHARED, ordinary
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.lab.sampling import Sampler, sampling

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("the report is held against a witness that looks several times a second"),
]
P, Q = Role.PRIMARY, Role.SECONDARY
CROSSING = 1.5
"""Seconds. Spans are told in whole ones, and the observer looks every 50 ms."""
OUTAGE = 10.0


def report(lab: Lab, *args: str, **overrides: Any) -> str:
    """What the program prints, run where the operator is."""
    argv = [sys.executable, "-W", "error", "-m", "dhcptui", "report", "office", *args]
    done = subprocess.run(
        lab.operator_argv(*argv, "--config", str(lab.write_config(**overrides))),
        capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def document(lab: Lab, since: str, **overrides: Any) -> dict[str, Any]:
    """The same for scripts; its spans are the whole window."""
    found: dict[str, Any] = json.loads(report(lab, "--since", since, "--json", **overrides))
    spans = found["spans"]
    assert spans[0]["begin"] == found["since"]
    assert spans[-1]["end"] == found["until"]
    assert all(one["end"] == two["begin"] for one, two in pairwise(spans))
    seconds = epoch(found["until"]) - epoch(found["since"])
    assert sum(found["served_seconds"].values()) == pytest.approx(seconds, abs=1.2)
    return found


def epoch(text: str) -> float:
    """ISO 8601 in epoch seconds."""
    return datetime.fromisoformat(text).timestamp()


def served(found: dict[str, Any], role: Role, begin: float, end: float) -> list[bool | None]:
    """What is said of a server between two times."""
    return [each[role.value] for each in found["spans"] if epoch(each["end"]) > begin and epoch(each["begin"]) < end]


def against(found: dict[str, Any], sampler: Sampler) -> None:
    """Nothing in the report is other than it was seen."""
    wrong = []
    for span in found["spans"]:
        begin, end = epoch(span["begin"]) + CROSSING, epoch(span["end"]) - CROSSING
        at = begin
        while at + 1 <= end:
            for role in Role:
                seen = sampler.hysteresis(role, at, at + 1)
                if seen is not None and span[role.value] is not None and seen is not span[role.value]:
                    wrong.append((role.value, at, span, seen))
            at += 1
    assert not wrong


def outage(lab: Lab, *roles: Role, seconds: float = OUTAGE) -> tuple[float, float]:
    """Kill dhcpd without a word, and start it again; from when to when it was not there."""
    lab.wait_settled()
    time.sleep(2 * CROSSING)
    begin = time.time()
    for role in roles:
        lab.servers[role.value].kill()
    time.sleep(max(0.0, begin + seconds - time.time()))  # it is the length of the outage that is told
    end = time.time()
    for role in reversed(roles):
        lab.servers[role.value].start()
    lab.wait_states(timeout=60)
    time.sleep(2 * CROSSING)
    return begin, end


@contextmanager
def logging(change: Callable[[str], str] = lambda text: text) -> Iterator[Lab]:
    """A pair whose log is written in another way from its first line on."""
    lab = Lab(mclt=10, key_algorithm="hmac-sha256")
    lab.start(dhcpd=False)
    try:
        for server in lab.servers.values():
            stamper = server.etc / "lab/stamper.py"
            text = stamper.read_text()
            stamper.write_text(change(text))
        lab.start_dhcpd()
        lab.wait_states()
        yield lab
    finally:
        lab.stop()


def always_one(text: str) -> str:
    """As in a container: the pid is 1 in every life."""
    assert text.count("{child.pid}") == 1
    return text.replace("{child.pid}", "1")


def no_pid(text: str) -> str:
    """As a dhcpd that was built without it."""
    return text.replace("[{child.pid}]", "")


def unheard_of(text: str) -> str:
    """A format we do not read."""
    assert text.count('now + b" " + tag') == 1
    return text.replace('now + b" " + tag', 'b"<<" + datetime.now(UTC).strftime("%H.%M").encode() + b">> |dhcp| "')


@pytest.mark.parametrize("change", [str, always_one, no_pid], ids=lambda change: change.__name__)
def test_a_killed_server_is_never_told_to_have_served(change: Callable[[str], str]) -> None:
    """kill -9 of one for ten seconds: its partner noted the moment, whatever the pid in its log says."""
    with logging(change) as lab, sampling(lab) as sampler:
        begin, end = outage(lab, Q)
        found = document(lab, "10m")
        text = report(lab, "--since", "10m")
    against(found, sampler)
    assert set(served(found, Q, begin + CROSSING, end - CROSSING)) == {False}
    assert served(found, P, begin + CROSSING, end - CROSSING) == [True]
    assert found["served_seconds"]["one"] >= OUTAGE - 2 * CROSSING
    assert "served all the time" not in text
    before = epoch(found["since"]), sampler.times[0][0] - 10
    assert set(served(found, P, *before)) | set(served(found, Q, *before)) == {None}, "the pair did not exist"


@pytest.mark.parametrize("change", [str, always_one], ids=lambda change: change.__name__)
def test_nobody_saw_both_die(change: Callable[[str], str]) -> None:
    """kill -9 of both: from the last sign of life to the start nothing is known, and nobody is told to have served."""
    with logging(change) as lab, sampling(lab) as sampler:
        begin, end = outage(lab, P, Q)
        found = document(lab, "10m")
    against(found, sampler)
    for role in Role:
        assert True not in served(found, role, begin + CROSSING, end - CROSSING)
    assert found["served_seconds"]["both"] > 0


def test_a_console_that_looked_knows_what_no_log_tells() -> None:
    """kill -9 of both beside an open console: it saw both gone, and the report says so."""
    with logging() as lab, sampling(lab) as sampler:
        with driving(lab) as driver:
            driver.settled()
            begin, end = outage(lab, P, Q)
            driver.until_words("normal", "normal", 30)
        found = document(lab, "10m")
    against(found, sampler)
    for role in Role:
        inside = served(found, role, begin + 4, end - 2)
        assert inside
        assert set(inside) == {False}, found["spans"]


UNREAD = {"file:/var/log/nothing.log": "No such file", "file:/var/log": "irectory"}


def not_known(lab: Lab, words: str, begin: float, end: float, **overrides: Any) -> None:
    """Nothing is told of dhcp2, and the first line says why."""
    found = document(lab, "10m", **overrides)
    assert {each["secondary"] for each in found["spans"]} == {None}
    assert found["served_seconds"]["both"] == 0
    assert found["served_seconds"]["unknown"] == pytest.approx(epoch(found["until"]) - epoch(found["since"]), abs=1.2)
    assert [each["server"] for each in found["unread"]] == ["dhcp2"]
    first = report(lab, "--since", "10m", **overrides).splitlines()[0]
    assert "dhcp2" in first
    assert "NOT KNOWN" in first
    assert words in first
    assert True in served(found, P, begin, end), "what its own log tells is told"


def test_a_log_that_was_not_read_tells_nothing() -> None:
    """Missing, not a file: the whole time is not known, though the server answers now and was seen to die by its partner."""
    with logging() as lab:
        begin, end = outage(lab, Q, seconds=3)
        for log, words in UNREAD.items():
            not_known(lab, words, begin, end, secondary={"log": log})


def test_a_log_in_a_format_we_cannot_read() -> None:
    """On one server."""
    with logging() as lab:
        stamper = lab.secondary.etc / "lab/stamper.py"
        stamper.write_text(unheard_of(stamper.read_text()))
        lab.secondary.run("/etc/dhcp/restart-dhcpd", "stop")
        lab.secondary.log_file.write_text("")
        lab.secondary.start()
        lab.wait_states()
        begin, end = outage(lab, Q, seconds=3)
        not_known(lab, "no line of dhcpd with a time this console can read", begin, end)


def test_a_log_that_turns_unreadable_is_known_up_to_there() -> None:
    """The format changes under a living pair: from its last line that can be read on nothing is known."""
    with logging() as lab, sampling(lab) as sampler:
        lab.wait_settled()
        turned = time.time()
        stamper = lab.secondary.etc / "lab/stamper.py"
        stamper.write_text(unheard_of(stamper.read_text()))
        outage(lab, Q, seconds=3)
        found = document(lab, "10m")
        text = report(lab, "--since", "10m")
    against(found, sampler)
    # Its partner saw it until it was killed.
    assert True not in served(found, Q, turned + 10, epoch(found["until"]))
    assert "of its log cannot be read" in text


def test_a_log_that_this_account_may_not_read() -> None:
    """Permission denied is no silence."""
    with ordinary(mclt=10) as lab:
        lab.secondary.run("chmod", "0600", "/var/log/dhcpd.log")
        begin, end = outage(lab, Q, seconds=3)
        not_known(lab, "Permission denied", begin, end, user=ACCOUNT, shared_dir=SHARED)


def program(lab: Lab, *args: str) -> str:
    """What `dhcptui` prints, run where the operator is."""
    argv = lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", *args, "--config", str(lab.write_config()))
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
    ).stdout


def claims(driver: Driver, role: Role) -> tuple[float, float]:
    """Since when the header and a server's panel say that it is so, in epoch seconds."""
    snapshot, now = driver.engine.snapshot(), driver.now()
    verdict = derive(snapshot, now)
    me, partner = verdict[role], verdict[role.other]
    said = panel(me, partner, now, Memory(), UNICODE, rows=6, width=100, compact=False, prospects=Prospects())[0]
    found = re.search(r"since (\d\d):(\d\d):(\d\d), ", said.fit(100).plain)
    assert found, said
    hours, minutes, seconds = map(int, found.groups())
    assert verdict.since is not None
    return verdict.since, now.wall // 86400 * 86400 + hours * 3600 + minutes * 60 + seconds


def test_since_is_never_before_something_else_was_seen(lab: Lab) -> None:
    """dhcpd keeps the time of its state through a restart: header, panel and `status` do not."""
    lab.wait_settled()
    kept = lab.secondary.state().local_stos
    with driving(lab) as driver:
        driver.settled()
        killed, started = outage(lab, Q, seconds=5)
        driver.until_words("normal", "normal", 30)
        assert lab.secondary.state().local_stos == kept, "dhcpd says so"
        driver.until(lambda: min(claims(driver, Q)) >= int(started), 10, "since its start")
    document = json.loads(program(lab, "status", "office", "--json"))
    assert epoch(document["pairs"][0]["servers"]["secondary"]["since"]) >= int(killed)
    with driving(lab) as driver:  # one that was not there has the log, and the age of the process
        driver.settled()
        driver.until(lambda: min(claims(driver, Q)) >= int(started), 10, "since its start")


def test_since_is_not_before_a_silence_that_the_console_saw(lab: Lab) -> None:
    """Held for longer than a moment, too short for its partner to notice: no log tells of it."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.pause()
        driver.until_words("normal", "does not answer", 20)
        driver.until(
            lambda: derive(driver.engine.snapshot(), driver.now()).secondary.serving is False, 20, "it is held"
        )
        before, asked = time.time(), time.monotonic()

        def seen_held() -> bool:
            process = driver.engine.snapshot().secondary.process
            return process is not None and process.at > asked and process.value.stopped

        driver.until(seen_held, 20, "a look at it, held")
        lab.secondary.resume()
        driver.until_words("normal", "normal", 30)
        assert lab.secondary.state().local_stos < before - 2
        assert min(claims(driver, Q)) >= int(before)
