"""The practice pair: `with PracticePair() as pair: pair.states()`. No root, no dhcpd, nothing beyond loopback.

It lives on a thread and an event loop of its own; every method here may be called from any other thread.
"""

from __future__ import annotations

import asyncio
import base64
import random
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from dhcptui.model.role import Role
from dhcptui.practice.clients import Clients
from dhcptui.practice.dhcpd.server import Dhcpd, DhcpdFailed
from dhcptui.practice.machine import Machine
from dhcptui.practice.network import Network
from dhcptui.practice.server import PracticeError, PracticeServer, State
from dhcptui.practice.services.services import Entrance
from dhcptui.practice.texts import Settings, dhcpd_conf, master_conf
from dhcptui.practice.world import Place

T = TypeVar("T")
__all__ = ["PracticeError", "PracticePair", "PracticeServer", "State"]
CALL_SECONDS = 15.0
PORTS = range(20000, 32000)
"""Below what Linux and macOS give to outgoing connections: a port stays ours while its dhcpd is down."""


class PairClients:
    """The population of clients, for a caller on another thread."""

    def __init__(self, pair: PracticePair) -> None:
        self._pair = pair
        self._rate = 0.0

    @property
    def rate_per_minute(self) -> float:
        """New clients per minute."""
        return self._rate

    @rate_per_minute.setter
    def rate_per_minute(self, rate: float) -> None:
        self._rate = rate
        self._pair.run(lambda: self._pair.population.set_rate(rate))

    def surge(self, count: int) -> None:
        """So many new clients within about ten seconds."""
        self._pair.run(lambda: self._pair.population.surge(count))


class PracticePair:
    """See texts.Settings for what can be given by name."""

    def __init__(
        self,
        directory: Path | None = None,
        *,
        mclt: int = 60,
        speed: float = 1.0,
        max_response_delay: int = 60,
        split: int = 128,
        peer: str = "foo",
        range: tuple[str, str] = ("10.0.0.100", "10.0.0.200"),  # noqa: A002 - dhcpd's own word
        **more: Any,
    ) -> None:
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.settings = Settings(mclt, max_response_delay, split, peer, range, **({"key_secret": secret} | more))
        self._own_directory = directory is None
        self.dir = directory or Path(tempfile.mkdtemp(prefix="dhcptui-practice-"))
        self.machines = {role: Machine(role, self.dir / role.value) for role in Role}
        self.place = Place(self.machines, Network(), speed)
        ports = {role: _free_port() for role in Role}
        self.primary, self.secondary = (PracticeServer(self, self.machines[role], ports[role]) for role in Role)
        self.servers: Mapping[str, PracticeServer] = {"primary": self.primary, "secondary": self.secondary}
        self.entrance = Entrance(self.dir, self.place, ports)
        self.population = Clients(self.place)
        self.clients = PairClients(self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # -- life ------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self, dhcpd: bool = True) -> None:
        """Write the files, start the thread and both dhcpd (or not)."""
        self._write_files()
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="practice-pair", daemon=True)
        self._thread.start()
        try:
            self.call(self._open())
            if dhcpd:
                self.secondary.start()
                self.primary.start()
        except BaseException:
            self.stop()
            raise

    async def _open(self) -> None:
        """What a server has beside its dhcpd."""
        await self.entrance.open()

    async def _close(self) -> None:
        await self.entrance.close()
        await self.population.close()
        for machine in self.machines.values():
            if machine.dhcpd is not None:
                machine.dhcpd.kill()
        await asyncio.sleep(0)  # closed connections are taken leave of

    def stop(self) -> None:
        """Take everything down; may be called twice. A directory of its own is removed."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._close(), loop).result(CALL_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(CALL_SECONDS)
            loop.close()
        self.entrance.shut()
        if self._own_directory:
            shutil.rmtree(self.dir, ignore_errors=True)

    def reset(self) -> None:
        """A healthy pair again: true clocks, whole cables, fresh files, both dhcpd started anew."""
        self.heal()
        for server in self.servers.values():
            server.kill()
            server.set_clock(0)
        self._write_files()
        for server in (self.secondary, self.primary):
            server.leases.write_text("")
            server.start()

    def is_untouched(self) -> bool:
        """Whether clocks and cables are as they should be."""
        return not any(machine.clock_offset for machine in self.machines.values()) and self.place.network.whole

    def _write_files(self) -> None:
        for machine, server in zip(self.machines.values(), self.servers.values(), strict=True):
            machine.make()
            machine.conf.write_text(dhcpd_conf(self.settings, machine.role, server.omapi_port, machine.shared))
            master = machine.shared / "master.conf"
            master.write_text(master_conf(self.settings))
            master.chmod(0o600)  # it holds the key, and a careful pair is what one practises on

    async def start_dhcpd(self, role: Role) -> Dhcpd:
        """On the pair's loop: restart the dhcpd of a server. Raises PracticeError."""
        machine = self.machines[role]
        if machine.dhcpd is not None:
            machine.dhcpd.kill()
        try:
            return await Dhcpd.start(machine, self.place)
        except DhcpdFailed as error:
            raise PracticeError(f"{machine.name}: dhcpd did not start:\n{error}") from error

    def write_config(self, **overrides: Any) -> Path:
        """The console's configuration of this pair, as `dir`/config.toml; overrides are keys of the pair's table."""
        return self.entrance.write_config(self.settings, **overrides)

    # -- threads ---------------------------------------------------------------------------------------------------

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the pair's loop and wait for its result."""
        if self._loop is None:
            work.close()
            raise PracticeError("the practice pair is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)

    def run(self, act: Callable[[], T]) -> T:
        """Run a function on the pair's loop and wait for its result."""

        async def work() -> T:
            return act()

        return self.call(work())

    # -- observation -----------------------------------------------------------------------------------------------

    @property
    def service(self) -> list[tuple[float, frozenset[str]]]:
        """Who answers clients (roles) from which epoch second on."""
        return list(self.place.service)

    def states(self) -> dict[str, str]:
        """Each server's own state in dhcpd's word, or "no-answer"."""
        return {role: server.local_state() for role, server in self.servers.items()}

    # -- faults ----------------------------------------------------------------------------------------------------

    def cut(self, a: str, b: str, port: int | None = None, one_way: bool = False) -> None:
        """Drop what a sends to b, and unless one_way the reverse; with port only TCP of that port."""
        self.run(lambda: self.place.network.cut(a, b, port, one_way))

    def heal(self) -> None:
        """Remove every cut."""
        self.run(self.place.network.heal)


def _free_port() -> int:
    for port in random.sample(PORTS, 200):
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    raise PracticeError("no free port on 127.0.0.1")
