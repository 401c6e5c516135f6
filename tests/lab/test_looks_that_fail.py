"""A `df` and a `date` that do not answer as ours do: said in the panel's words and in status, and nothing is made of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dhcptui.assess.visibility import unread
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab, Server

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a look is made every twenty seconds")]
P, Q = Role.PRIMARY, Role.SECONDARY
CENTRAL = "Europe/Berlin"
WORDS = "Server starting service. A line of the test."


def replaced(server: Server, program: str, script: str) -> None:
    """Another program of that name; `$REAL` in the script is the one that was there."""
    path = shutil.which(program)
    assert path
    lab = server.etc / "lab"
    shutil.copy2(path, lab / f"real-{program}")
    fake = lab / f"fake-{program}"
    fake.write_text(f"#!/bin/sh\nREAL=/etc/dhcp/lab/real-{program}\n{script}\n")
    fake.chmod(0o755)
    server.run("mount", "--bind", f"/etc/dhcp/lab/fake-{program}", path)


def status(lab: Lab) -> str:
    """`dhcptui status`."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.write_config()), "status")
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False).stdout


def test_a_df_that_fails(lab: Lab) -> None:
    """The disk was not seen: the plan says so with the reason, and so do panel and status."""
    replaced(lab.primary, "df", "echo 'df: cannot read the mount table: Permission denied' >&2; exit 1")
    why = "df: cannot read the mount table: Permission denied"
    with driving(lab) as driver:
        driver.settled()
        driver.until(lambda: ("disk space", why) in unread(driver.engine.snapshot()[P]), 30, "the reason")
        assert not unread(driver.engine.snapshot()[Q])
        findings = driver.plan(Action.SYNC_RESTART, P).ruling.findings
        (own,) = [each for each in findings if each.asked == "dhcp1 has disk space for its lease file"]
        assert (own.ok, own.seen) == (False, False)
        assert own.observed.endswith(f"has not been seen ({why})")
    assert f"    disk space: {why}" in status(lab).splitlines()


@pytest.mark.parametrize("how", ["no %z", "no offset at all"])
def test_a_date_without_an_offset(lab: Lab, how: str) -> None:
    """Told from the time there and in UTC; where that cannot be told either, the log is said to be read as UTC."""
    hides = '[ "$1" = +%z ] && { echo; exit 0; }' if how == "no %z" else 'case "$*" in *%z*|*%Y*) exit 1;; esac'
    replaced(lab.secondary, "date", f'{hides}\nTZ={CENTRAL} exec $REAL "$@"')
    with driving(lab) as driver:
        driver.settled()
        driver.until(lambda: bool(driver.logs[Q]), 20, "its log")
        here = datetime.now(ZoneInfo(CENTRAL))
        with lab.secondary.log_file.open("a") as log:
            log.write(f"{here:%b %e %H:%M:%S} dhcp2 dhcpd[7]: {WORDS}\n")
        driver.until(lambda: any(line.text == WORDS for line in driver.logs[Q]), 10, "a line without an offset")
        (line,) = [line for line in driver.logs[Q] if line.text == WORDS]
        offset = here.utcoffset()
        assert line.stamp is not None
        assert offset
        wrong = 0.0 if how == "no %z" else offset.total_seconds()
        assert abs(line.stamp - wrong - here.timestamp()) < 2
        found = unread(driver.engine.snapshot()[Q])
        if how == "no %z":
            assert not found
        else:
            ((name, why),) = found
            assert name == "time zone"
            assert "log times that carry none are read as UTC" in why
    assert ("time zone: `date` there tells no offset" in status(lab)) is (how != "no %z")
