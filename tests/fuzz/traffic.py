"""Real OMAPI traffic of a practice pair, and ways to spoil it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.codec import Key
from dhcptui.servers.omapi.errors import OmapiError
from tests.practice.pair import WatchedPair

LENGTHS = (0, 1, 4, 23, 255, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)
"""What a length field may claim."""


@dataclass(frozen=True)
class Recorded:
    """What one connection carried, each way, in the pieces it came in."""

    key: Key
    requests: tuple[bytes, ...]
    answers: tuple[bytes, ...]


class Tap:
    """A stream pair that keeps what passes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.requests: list[bytes] = []
        self.answers: list[bytes] = []

    async def read(self, n: int, /) -> bytes:
        """As StreamReader."""
        data = await self._reader.read(n)
        self.answers.append(data)
        return data

    def write(self, data: bytes, /) -> None:
        """As StreamWriter."""
        self.requests.append(data)
        self._writer.write(data)

    async def drain(self) -> None:
        """As StreamWriter."""
        await self._writer.drain()

    def close(self) -> None:
        """As StreamWriter."""
        self._writer.close()


def record(pair: WatchedPair) -> Recorded:
    """Greeting, authentication, states, a lease, its pool, and three refusals."""
    made = pair.settings
    assert made.key_algorithm is not None
    key = Key(made.key_name, made.key_algorithm, made.key_secret.encode())

    async def talk() -> Recorded:
        reader, writer = await asyncio.open_connection("127.0.0.1", pair.primary.omapi_port)
        tap = Tap(reader, writer)
        client = await OmapiClient.open(tap, tap, key)
        for _ in range(3):
            await client.failover_state(made.peer)
        lease = await client.lease("10.0.0.100")
        assert lease.pool_handle is not None
        await client.pool(lease.pool_handle)
        for refused in (
            client.failover_state("no-such-peer"),
            client.lease("192.0.2.1"),
            client.lease_of("02:00:5e:10:00:01"),
        ):
            with suppress(OmapiError):
                await refused
        await client.close()
        return Recorded(key, tuple(tap.requests), tuple(each for each in tap.answers if each))

    return asyncio.run(talk())


def spoil(data: bytes, rng: random.Random) -> bytes:
    """The same bytes after one to six accidents."""
    spoilt = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if not spoilt:
            break
        rng.choice(_ACCIDENTS)(spoilt, rng)
    return bytes(spoilt)


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))


def _length(data: bytearray, rng: random.Random) -> None:
    at, size = rng.randrange(len(data)), rng.choice((2, 4))
    data[at : at + size] = (rng.choice(LENGTHS) % (1 << 8 * size)).to_bytes(size, "big")


def _drop(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randint(1, 16)]


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.randint(1, 40))


def _double(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randint(1, 200)]


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


_ACCIDENTS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _byte,
    _length,
    _drop,
    _insert,
    _double,
    _cut,
)
