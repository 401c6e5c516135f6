"""A start that a server's own timer will run: when it really begins, who is told of it, and how it is taken off again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.delayed_start import CANCEL, said, scheduled, when
from dhcptui.assess.verdict import derive
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.words import iso
from dhcptui.servers.ssh.commands import LOCK, START
from tests.lab.driving import driving
from tests.lab.pair import Lab, Server

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a start that a timer will run must begin in its window")]
P, S = Role.PRIMARY, Role.SECONDARY
SYSTEMD_RUN = """#!/bin/sh
# Stands in for systemd-run: one timer, whose unit is a file with the number of its process.
while [ "$1" != -- ]; do
  case $1 in --on-active=*) s=${1#*=};; --unit=*) u=${1#*=};; esac; shift
done
shift
setsid sh -c 's=$1 u=$2; shift 2; sleep "$s"; rm -f "/run/$u.timer"; exec "$@"' sh "$s" "$u" "$@" >/dev/null 2>&1 </dev/null &
echo $! >"/run/$u.timer"
echo "Running timer as unit: $u.timer" >&2
"""
SYSTEMCTL = """#!/bin/sh
case $1 in
stop) [ -f "/run/$2" ] && kill -- "-$(cat "/run/$2")" && rm -f "/run/$2";;
is-active) [ -f "/run/$2" ];;
esac
"""


def with_at(server: Server) -> None:
    """A spool of its own, and the daemon."""
    if not shutil.which("atd", path="/usr/sbin:/sbin:/usr/bin"):
        pytest.skip("at is missing")
    server.run("mkdir", "-p", "/run/at/atjobs", "/run/at/atspool")
    for name in ("atjobs", "atspool"):
        server.run("chown", "daemon:daemon", f"/run/at/{name}")
        server.run("chmod", "1770", f"/run/at/{name}")
        server.run("mount", "--bind", f"/run/at/{name}", f"/var/spool/cron/{name}")
    server.run("sh", "-c", "cd /run/at/atjobs && touch .SEQ && chown daemon:daemon .SEQ && chmod 600 .SEQ")
    server.run("/usr/sbin/atd")


def with_systemd(server: Server) -> None:
    """What of systemd a delayed start needs."""
    server.run("mkdir", "-p", "/run/systemd/system")
    for name, text in (("systemd-run", SYSTEMD_RUN), ("systemctl", SYSTEMCTL)):
        place = server.etc / "lab" / name
        place.write_text(text)
        place.chmod(0o755)
        server.run("mount", "--bind", f"/etc/dhcp/lab/{name}", f"/usr/bin/{name}")


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """The real program at the operator's place."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    root = Path(__file__).parents[2]
    return subprocess.run([*argv, *args], capture_output=True, text=True, timeout=90, check=False, cwd=root)


def until_running(server: Server, seconds: float) -> float:
    """Wait for dhcpd; returns when it was there (epoch seconds)."""
    deadline = time.monotonic() + seconds
    while not server.is_running():
        assert time.monotonic() < deadline, "dhcpd was not started"
        time.sleep(0.1)
    return time.time()


def test_at_begins_in_the_window_it_was_said_to_begin_in(lab: Lab) -> None:
    """Never early, in whole minutes, and no seconds are promised; another console says so, until it has begun."""
    with_at(lab.secondary)
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        asked = time.time()
        done = dhcptui(lab, "do", "start", "office", "--server", "dhcp2", "--after", "5s", "--confirm", "dhcp2")
        assert done.returncode == 0, done
        assert re.search(r"scheduled between \d\d:\d\d and \d\d:\d\d UTC by its clock \(at \d+\)", done.stdout), (
            done.stdout
        )
        driver.until(lambda: scheduled(driver.engine.snapshot().secondary) is not None, 10, "the other console")
        start = scheduled(driver.engine.snapshot().secondary)
        assert start is not None
        assert start.there is True
        assert (start.earliest % 60, start.latest - start.earliest) == (0, 60)
        assert start.earliest >= asked + 5
        assert "dhcp2 will be started between" in dhcptui(lab, "status", "office").stdout
        began = until_running(lab.secondary, 130)
        assert start.earliest <= began <= start.latest + 10
        driver.until(lambda: scheduled(driver.engine.snapshot().secondary) is None, 10, "nothing scheduled any more")


@pytest.mark.parametrize("tools", [with_at, with_systemd], ids=["at", "systemd"])
def test_a_scheduled_start_can_be_cancelled(lab: Lab, tools: object) -> None:
    """From another console and from the command line; a second one is refused; nothing is left of it."""
    assert callable(tools)
    tools(lab.secondary)
    lab.wait_settled()
    lab.write_config()
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        for cancel in ("console", "command line"):
            later = ("do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2")
            done = dhcptui(lab, *later, "--after", "1h")
            assert done.returncode == 0, done
            driver.until(lambda: scheduled(driver.engine.snapshot().secondary) is not None, 10, "the other console")
            assert "dhcp2 will be started" in said(driver.engine.snapshot().secondary, driver.now())
            again = dhcptui(lab, *later, "--after", "2h")
            assert again.returncode == 1
            assert "cancel it first" in again.stderr
            if cancel == "console":
                plan = driver.engine.plan(Action.START, S, CANCEL)
                assert plan.allowed, plan.ruling
                driver.engine.run(plan, "dhcp2")
                driver.until(
                    lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING,
                    30,
                    "cancel",
                )
                assert driver.progress[-1][1].outcome is Outcome.VERIFIED, driver.progress[-1]
            else:
                done = dhcptui(lab, *later, "--cancel")
                assert done.returncode == 0, done
            assert not (lab.secondary.lib / START).exists()
            assert lab.secondary.run("sh", "-c", "atq; ls /run/*.timer 2>/dev/null; true").stdout == ""
            driver.until(lambda: scheduled(driver.engine.snapshot().secondary) is None, 10, "nothing scheduled")
        none = dhcptui(lab, *later, "--cancel")
        assert (none.returncode, "none is" in none.stderr) == (1, True)
        assert not lab.secondary.is_running()


def test_a_timer_begins_and_a_start_at_once_takes_it_off(lab: Lab) -> None:
    """systemd keeps seconds; and whoever starts a server at once is not surprised by another start later."""
    with_systemd(lab.secondary)
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        line = ("do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2")
        asked = time.time()
        done = dhcptui(lab, *line, "--after", "6s")
        assert done.returncode == 0, done
        assert re.search(r"scheduled at \d\d:\d\d:\d\d UTC", done.stdout), done.stdout
        assert until_running(lab.secondary, 30) >= asked + 6
        driver.until_words("normal", "normal", 30)
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        assert dhcptui(lab, *line, "--after", "1h").returncode == 0
        done = dhcptui(lab, *line)
        assert done.returncode == 0, done
        assert lab.secondary.is_running()
        assert not (lab.secondary.lib / START).exists()
        assert lab.secondary.run("sh", "-c", "ls /run/*.timer 2>/dev/null; true").stdout == ""


def test_what_now_and_status_tell_of_it(lab: Lab) -> None:
    """When dhcpd begins on which server, who asked for it, and how it is taken off: in the advice, and in the JSON of `status`."""
    with_systemd(lab.secondary)
    lab.wait_settled()
    lab.write_config()

    def start() -> dict[str, Any] | None:
        (pair,) = json.loads(dhcptui(lab, "status", "office", "--json").stdout)["pairs"]
        assert pair["servers"]["primary"]["delayed_start"] is None
        found: dict[str, Any] | None = pair["servers"]["secondary"]["delayed_start"]
        return found

    def advice() -> str:
        return derive(driver.engine.snapshot(), driver.now()).advice

    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        assert start() is None
        asked = time.time()
        later = ("do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2")
        assert dhcptui(lab, *later, "--after", "1h").returncode == 0
        driver.until(lambda: scheduled(driver.engine.snapshot().secondary) is not None, 10, "the other console")
        found = scheduled(driver.engine.snapshot().secondary)
        assert found is not None
        begins = when(found, asked)
        assert datetime.fromtimestamp(found.earliest, UTC).strftime("%H:%M:%S") in begins
        told = f"dhcp2 starts by itself {begins} by its clock (asked by {found.by}). U starts it now or cancels that."
        driver.until(lambda: advice() == told, 10, f"{told} in {advice()}")
        told_json = start()
        assert told_json is not None
        assert told_json == {
            "by": found.by, "earliest": iso(found.earliest), "latest": iso(found.latest),
            "job": found.job, "job_found": True,
        }  # fmt: skip
        assert found.earliest >= asked + 3600
        text = dhcptui(lab, "status", "office").stdout
        assert "to cancel it: dhcptui do start office --server dhcp2 --cancel --confirm dhcp2" in text
        assert dhcptui(lab, *later, "--cancel").returncode == 0
        driver.until(lambda: "U brings dhcp2 up" in advice(), 10, "the usual advice")
        assert start() is None


def test_a_start_that_could_not_be_scheduled_leaves_nothing(lab: Lab) -> None:
    """Neither atd nor systemd runs there: it says so, and no console tells of an action that stopped half-way."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        done = dhcptui(lab, "do", "start", "office", "--server", "dhcp2", "--after", "1h", "--confirm", "dhcp2")
        assert (done.returncode, "nothing was scheduled" in done.stdout) == (2, True), done
        for server in lab.servers.values():
            assert not (server.lib / LOCK).exists()
            assert not (server.lib / START).exists()
        told = json.loads(dhcptui(lab, "status", "office", "--json").stdout)
        assert told["pairs"][0]["interrupted"] is None
