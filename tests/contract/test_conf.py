"""`dhcpd -t` over configurations with something wrong: the words of 4.4.3-P1 (broken.json), from both."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.checker import BANNER, BUG_REPORT, check
from dhcptui.practice.texts import Settings, dhcpd_conf, master_conf
from tests.lab.pair import Lab

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "broken.json").read_text())
SETTINGS = Settings(mclt=15, key_secret="c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0")  # noqa: S106 - broken.json has it
SHARED = Path("/etc/dhcp/shared")


def write(case: dict[str, Any], etc: Path) -> None:
    """A good pair of files with the case's edit; paths as on a server."""
    own = dhcpd_conf(SETTINGS, Role(case["role"]), 7911, SHARED)
    files = {"dhcpd.conf": own, "shared/master.conf": master_conf(SETTINGS)}
    assert any(case["old"] in text for text in files.values())
    for name, text in files.items():
        if case["old"] in text:
            files[name] = text.replace(case["old"], case["new"], 1)
            break
    for name, text in files.items():
        (etc / name).write_text(text)


def ask_practice(case: dict[str, Any]) -> tuple[int, list[str]]:
    """The practice dhcpd, on a directory whose name is short enough for dhcpd's 80 columns."""
    with tempfile.TemporaryDirectory() as name:
        etc = Path(name)
        (etc / "shared").mkdir()
        write(case, etc)
        conf = etc / "dhcpd.conf"
        conf.write_text(conf.read_text().replace("/etc/dhcp/shared", f"{etc}/shared"))
        status, said = check(conf)
    return status, [line.replace(name, "/etc/dhcp") for line in said]


def ask_real(lab: Lab, case: dict[str, Any]) -> tuple[int, list[str]]:
    """The real dhcpd on a server of the lab."""
    server = lab.servers[case["role"]]
    write(case, server.etc)
    done = server.run("dhcpd", "-t", "-4", "-cf", "/etc/dhcp/dhcpd.conf", check=False)
    return done.returncode, done.stderr.splitlines()


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab in which no dhcpd runs."""
    running = Lab()
    running.start(dhcpd=False)
    yield running
    running.stop()


def judge(case: dict[str, Any], status: int, said: list[str]) -> None:
    """As broken.json has it, framed as dhcpd does."""
    assert tuple(said[:4]) == BANNER
    body = said[4:]
    if status:
        assert tuple(body[-len(BUG_REPORT) :]) == BUG_REPORT
        body = body[: -len(BUG_REPORT)]
    assert (status, body) == (case["status"], case["said"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_practice(case: dict[str, Any]) -> None:
    """The practice dhcpd says what 4.4.3-P1 says."""
    judge(case, *ask_practice(case))


@pytest.mark.lab
def test_real(lab: Lab) -> None:
    """The real dhcpd says what broken.json says it says."""
    for case in CASES:
        judge(case, *ask_real(lab, case))
