"""A log whose lines come and are not understood: said so, never followed as if all were well. Over a real SSH server."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.pool_exhausted import log_read
from dhcptui.assess.verdict import derive
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.engine import read_once
from dhcptui.engine.read_once import look
from dhcptui.engine.status_report import as_json, as_text
from dhcptui.logs.legibility import MANY
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Link
from dhcptui.servers.ssh.session import SshSession
from dhcptui.watch.log import LogWatch
from dhcptui.watch.record import ServerRecord
from tests.remote.ssh_server import Server, running_server, running_session
from tests.unit.test_legibility import GOOD, ODD
from tests.waiting import until

WORDS = "log lines of dhcp2 are in a format this console cannot read"


PATIENCE_SECONDS = 60.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a log that is waited for on a loaded machine, too: what it tells is tested here, not when."""
    monkeypatch.setattr(read_once, "LOG_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, SshSession]]:
    """A running server and a session with it."""
    async with running_session(tmp_path, monkeypatch) as both:
        yield both


def settings(logs: dict[Role, Path], server: Server | None = None) -> PairSettings:
    """A pair on that server, with these logs."""
    one, two = (
        ServerSettings(role, f"dhcp{1 if role is Role.PRIMARY else 2}", "127.0.0.1", log=f"file:{logs[role]}")
        for role in Role
    )
    if server is not None:
        one, two = (
            replace(
                each,
                port=server.port,
                user=getpass.getuser(),
                identity=server.identity,
                known_hosts=server.known_hosts,
            )
            for each in (one, two)
        )
    return PairSettings("office", "foo", one, two)


async def test_a_followed_log_in_an_unknown_format(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """It is not live; its lines are shown all the same; and once they are understood all is well."""
    log, lines = tmp_path / "dhcpd.log", list[LogLine]()
    log.write_text(f"{ODD}\n")
    record = ServerRecord(
        settings(dict.fromkeys(Role, log)),
        Role.SECONDARY,
        lambda view: None,
        logged=lambda role, batch: lines.extend(batch),
    )
    record.machine.join(record)
    watch = LogWatch(record.machine)
    watch._zone_known.set()
    task = asyncio.create_task(watch.follow(pair[1]))
    await until(lambda: record.view.log.link is Link.FAILED)  # on a slow machine it is quiet, and so ok, at first
    assert record.view.log.detail == WORDS
    assert ODD in record.view.log.advice
    assert [line.text for line in lines] == [ODD]
    with log.open("a") as file:
        file.write(f"{GOOD}\n")
    await until(lambda: record.view.log.ok)
    with log.open("a") as file:
        file.writelines(f"{ODD}\n" for _ in range(MANY))
    await until(lambda: not record.view.log.ok)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.usefixtures("patient")
async def test_status_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the text and in `status --json`; nothing that needs the log counts as read."""
    logs = {Role.PRIMARY: tmp_path / "one.log", Role.SECONDARY: tmp_path / "two.log"}
    logs[Role.PRIMARY].write_text(f"{GOOD}\n")
    logs[Role.SECONDARY].write_text(f"{ODD}\n")
    async with running_server(tmp_path, monkeypatch) as server:
        snapshot, now = await look(settings(logs, server), PATIENCE_SECONDS)
    verdict = derive(snapshot, now)
    servers = as_json([(snapshot, verdict)], now)["pairs"][0]["servers"]
    assert (servers["primary"]["log"], servers["secondary"]["log"]) == ("ok", WORDS)
    assert f"    log: {WORDS}" in as_text(snapshot, verdict, now).splitlines()
    assert not log_read(assess_pair(snapshot, now))


@pytest.mark.usefixtures("patient")
async def test_status_says_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that is not there is no empty log."""
    logs = {Role.PRIMARY: tmp_path / "one.log", Role.SECONDARY: tmp_path / "none.log"}
    logs[Role.PRIMARY].touch()
    async with running_server(tmp_path, monkeypatch) as server:
        snapshot, _ = await look(settings(logs, server), PATIENCE_SECONDS)
    assert snapshot.primary.log.ok
    assert snapshot.secondary.log.link is Link.FAILED
    assert "none.log" in snapshot.secondary.log.detail
    assert snapshot.secondary.log != Channel()
