"""Machines that want addresses: they discover, request, renew, and leave. Both practice servers hear every broadcast."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.dhcpd.serving import Client, Offer
from dhcptui.practice.world import Place

RETRY_SECONDS = (3, 5, 8, 13, 21, 34, 55)
"""How long a client waits for an offer before it asks again."""
STAY_SECONDS = (120, 480)
NAMES = ("laptop", "phone", "printer", "camera", "tablet", "desk")


class Clients:
    """Runs on the pair's event loop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._random = random.Random()  # noqa: S311 - nothing secret
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrivals: asyncio.Task[None] | None = None
        self._count = 0

    def set_rate(self, per_minute: float) -> None:
        """New clients per minute from now on; 0: nobody new."""
        if self._arrivals is not None:
            self._arrivals.cancel()
            self._arrivals = None
        if per_minute > 0:
            self._arrivals = asyncio.get_running_loop().create_task(self._arrive(60 / per_minute))

    def surge(self, count: int) -> None:
        """So many new clients within about ten seconds."""
        for _ in range(count):
            self._begin(self._random.uniform(0, 10))

    async def lease(self, mac: str, hostname: str = "", patience_seconds: float = 15) -> tuple[str, str, int] | None:
        """One exchange as this machine: (address, server, lease time in seconds), or None."""
        client = Client(mac, hostname)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                return await self._obtain(client)
        return None

    async def close(self) -> None:
        """Everybody leaves."""
        self.set_rate(0)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _arrive(self, mean_seconds: float) -> None:
        while True:
            await asyncio.sleep(self._random.expovariate(1 / mean_seconds))
            self._begin(0)

    def _begin(self, after_seconds: float) -> None:
        self._count += 1
        mac = "02:" + ":".join(f"{self._random.randrange(256):02x}" for _ in range(5))
        client = Client(mac, f"{self._random.choice(NAMES)}-{self._count}")
        task = asyncio.get_running_loop().create_task(self._live(client, after_seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- one client's life -----------------------------------------------------------------------------------------

    async def _live(self, client: Client, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        loop = asyncio.get_running_loop()
        leaves = loop.time() + self._random.uniform(*STAY_SECONDS)
        while loop.time() < leaves:
            address, server, seconds = await self._obtain(client)
            while seconds and loop.time() < leaves:
                seconds = await self._renew(client, address, server, seconds)

    async def _obtain(self, client: Client) -> tuple[str, str, int]:
        """Ask until somebody gives an address."""
        trying = 0
        for wait in (*RETRY_SECONDS, *[RETRY_SECONDS[-1]] * 10_000):
            offer = await self._offer(client, trying, wait)
            if offer is not None and (seconds := self._request(client, offer.address, offer.server)):
                return offer.address, offer.server, seconds
            trying += wait
        raise TimeoutError

    async def _offer(self, client: Client, trying: int, wait: float) -> Offer | None:
        """The first offer that a broadcast brings; the rest of `wait` passes where it brings none."""
        offers = [(dhcpd, offer) for dhcpd in self._hearing() if (offer := dhcpd.serving.discover(client, trying))]
        if not offers:
            await asyncio.sleep(wait)
            return None
        dhcpd, first = min(offers, key=lambda each: each[1].wait_seconds)
        await asyncio.sleep(first.wait_seconds + 0.001)
        if not dhcpd.serving.hears:
            return None
        for each, offer in offers:
            if each.serving.hears:
                each.serving.offer(client, offer)
        return first

    def _request(self, client: Client, address: str, server: str | None) -> int:
        """A broadcast DHCPREQUEST: both hear it. The lease time, 0 without an answer."""
        answers = {dhcpd.machine.address: dhcpd.serving.request(client, address, server) for dhcpd in self._hearing()}
        return answers.get(server or "") or next((seconds for seconds in answers.values() if seconds), 0)

    async def _renew(self, client: Client, address: str, server: str, seconds: int) -> int:
        """Wait half of the lease and ask its server, then anybody; 0 when it has run out."""
        await asyncio.sleep(seconds / 2)
        for dhcpd in self._hearing():
            if dhcpd.machine.address == server and (new := dhcpd.serving.request(client, address, None)):
                return new
        await asyncio.sleep(seconds * 3 / 8)
        if new := self._request(client, address, None):
            return new
        await asyncio.sleep(seconds / 8)
        return 0

    def _hearing(self) -> Iterator[Dhcpd]:
        for role in (Role.PRIMARY, Role.SECONDARY):
            dhcpd = self._place.machines[role].dhcpd
            if isinstance(dhcpd, Dhcpd) and dhcpd.serving.hears:
                yield dhcpd
