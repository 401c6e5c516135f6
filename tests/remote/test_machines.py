"""Which tables of the configuration are one machine, and how watchers come and go. Over a real SSH server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.config.settings import OmapiKey
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.watch.machine import Machines
from dhcptui.watch.server import ServerWatcher
from tests.remote.ssh_server import running_server
from tests.remote.test_watch_log import settings
from tests.unit.test_legibility import GOOD
from tests.waiting import until

TABLE = ServerSettings(Role.PRIMARY, "dhcp1", "10.0.0.10")
LABELS: dict[str, Any] = {
    "role": Role.SECONDARY,
    "name": "fw1",
    "machine": "fw1",
    "login_timeout": 60,
    "platform": "opnsense",
    "restart": ("service", "dhcpd", "restart"),
    "shared_dir": "/srv/dhcp",
}
"""What may differ between two tables that are one machine."""
OTHER: dict[str, Any] = {
    "host": "10.0.0.11",
    "port": 2222,
    "user": "alice",
    "identity": Path("/k"),
    "known_hosts": Path("/h"),
    "sudo": True,
    "omapi_port": 7912,
    "omapi_transport": "direct",
    "omapi_key": OmapiKey("omapi", "hmac-sha256", Path("/s")),
    "dhcpd_conf": "/usr/local/etc/dhcpd.conf",
    "leases": "/var/db/dhcpd.leases",
    "log": "journal:dhcpd",
}


def test_every_key_of_a_table_is_the_machine_s_or_a_label() -> None:
    """A new key must be thought of: a connection is never shared by two who mean different ones."""
    assert {each.name for each in fields(ServerSettings)} == LABELS.keys() | OTHER.keys()


@pytest.mark.parametrize("name", LABELS)
def test_labels_differ_on_one_machine(name: str) -> None:
    """Each pair may call it as it likes, and restart it in its own way."""
    machines = Machines()
    assert machines.of(replace(TABLE, **{name: LABELS[name]})) is machines.of(TABLE)


@pytest.mark.parametrize("name", OTHER)
def test_another_connection_is_another_machine(name: str) -> None:
    """Anything that makes the connection, or what is read over it."""
    machines = Machines()
    one = machines.of(TABLE)
    assert machines.of(replace(TABLE, **{name: OTHER[name]})) is not one
    assert machines.of(replace(TABLE)) is one


class Watched:
    """One watcher at work, and what it has told."""

    def __init__(self, pair: PairSettings, machines: Machines, *, follow_log: bool) -> None:
        self.views: list[ServerView] = []
        self.lines: list[LogLine] = []
        self.watcher = ServerWatcher(
            pair,
            Role.PRIMARY,
            self.views.append,
            lambda role, lines: self.lines.extend(lines),
            follow_log=follow_log,
            machines=machines,
        )

    async def until(self, holds: Callable[[ServerView], bool]) -> None:
        """Wait until its view is so."""
        await until(lambda: holds(self.watcher.view))


@asynccontextmanager
async def at_work(pair: PairSettings, machines: Machines, *, follow_log: bool = True) -> AsyncIterator[Watched]:
    """A watcher that runs while the block does."""
    watched = Watched(pair, machines, follow_log=follow_log)
    running = asyncio.create_task(watched.watcher.run())
    try:
        yield watched
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_watchers_share_a_session_until_the_last_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that looks, one that follows the log, and one that comes last: each gets its own, over one session."""
    log = tmp_path / "dhcpd.log"
    log.write_text(f"{GOOD}\n")
    machines = Machines()
    async with running_server(tmp_path, monkeypatch) as server:
        office = settings(dict.fromkeys(Role, log), server)
        lan = replace(office, name="lan", peer="lan", primary=replace(office.primary, name="fw1"))
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(at_work(office, machines, follow_log=False))
            await first.until(lambda view: view.clock is not None and view.log.ok)
            session = first.watcher.session
            async with at_work(lan, machines) as second:
                await second.until(lambda view: view.clock is not None and view.log.ok)
                assert second.watcher.session is session
                assert (second.watcher.view.name, second.watcher.record.machine.name) == ("fw1", "dhcp1 / fw1")
                await until(lambda: [line.text for line in second.lines] != [])
                third = await stack.enter_async_context(at_work(replace(office, name="opt"), machines))
                await until(lambda: third.lines == second.lines)
                with log.open("a") as file:
                    file.write(f"{GOOD}\n")
                await until(lambda: len(second.lines) == 2 and third.lines == second.lines)
                assert first.lines == []
            assert not session.closed
            assert third.watcher.session is session
            told = len(second.views)
            await asyncio.sleep(0.5)
            assert len(second.views) == told, "who has left is told no more"
        await session.wait_closed()
        async with at_work(office, machines) as again:
            await again.until(lambda view: view.ssh.ok)
            assert again.watcher.session is not session


async def test_urgency_is_counted_per_relationship(tmp_path: Path) -> None:
    """An action on one hurries the machine, and its end leaves that of another alone."""
    pair = settings(dict.fromkeys(Role, tmp_path / "log"))
    machines = Machines()
    one, two = (
        ServerWatcher(each, Role.PRIMARY, lambda view: None, lambda role, lines: None, machines=machines)
        for each in (pair, replace(pair, name="lan", peer="lan"))
    )
    machine = one.record.machine
    assert two.record.machine is machine
    for watcher in (one, two):
        machine.join(watcher.record)
        watcher.poll_fast(True)
    one.poll_fast(False)
    assert (one.record.urgent, two.record.urgent, machine.urgent) == (0, 1, True)
    two.poll_fast(False)
    assert not machine.urgent
    one.own_tokens.add("t")
    assert two.own_tokens == set()
