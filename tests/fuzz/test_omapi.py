"""The OMAPI reader under fire: more than a million bytes of spoilt real traffic, with bounds on errors, memory and time."""

from __future__ import annotations

import asyncio
import random
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcptui.servers.omapi import codec, objects
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import OmapiError, OmapiProtocolError
from tests.fuzz.traffic import Recorded, record, spoil
from tests.practice.pair import WatchedPair

BYTES = 1_000_000
MEMORY = 512 * 1024
SECONDS = 20.0
"""For all of it; it takes about two."""


@pytest.fixture(scope="module")
def recorded() -> Iterator[Recorded]:
    """One conversation with a practice dhcpd."""
    with WatchedPair(key_algorithm="hmac-sha256") as pair:
        pair.wait_states()
        yield record(pair)


def read_all(pieces: Iterable[bytes], decoder: codec.Decoder) -> list[codec.Message]:
    """What a decoder makes of it, up to the first byte that is no OMAPI."""
    found: list[codec.Message] = []
    with suppress(OmapiProtocolError):
        for piece in pieces:
            found += decoder.feed(piece)
    return found


def interpret(message: codec.Message) -> int:
    """Take a message for each kind of object; how many it could be."""
    good = 0
    for kind in (objects.failover_status, objects.lease, objects.pool):
        with suppress(OmapiProtocolError):
            kind(message.object)
            good += 1
    return good


def pieces_of(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """As a network may cut it."""
    at = 0
    while at < len(data):
        size = rng.choice((1, 7, 24, 1000, 70000))
        yield data[at : at + size]
        at += size


def test_the_recording_is_whole(recorded: Recorded) -> None:
    """Unspoilt it is read to the end, and holds each kind of object: the fuzz below begins where things work."""
    messages = read_all(recorded.answers, codec.Decoder())
    assert [message.opcode for message in messages].count(codec.STATUS) == 3
    assert sum(map(interpret, messages)) == 5
    assert len(read_all(recorded.requests, codec.Decoder())) == len(messages)


def test_a_million_spoilt_bytes(recorded: Recorded) -> None:
    """Only OmapiProtocolError, or messages; never more than half a MiB held; seconds for all of it."""
    rng = random.Random("spoilt traffic")  # noqa: S311
    authenticator = recorded.key.authenticator()
    streams = [b"".join(recorded.answers), b"".join(recorded.requests)]
    fed = whole = known = 0
    began = time.monotonic()
    tracemalloc.start()
    try:
        while fed < BYTES:
            decoder = codec.Decoder()
            if rng.random() < 0.5:
                decoder.authenticator = authenticator
            greeting, rest = codec.STARTUP, rng.choice(streams)[len(codec.STARTUP) :]
            data = spoil(greeting + rest, rng) if rng.random() < 0.1 else greeting + spoil(rest, rng)
            fed += len(data)
            messages = read_all(pieces_of(data, rng), decoder)
            whole += len(messages)
            known += sum(map(interpret, messages))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    took = time.monotonic() - began
    print(f"{fed} bytes, {whole} messages, {known} objects, {took:.1f} s, peak {peak} bytes")
    assert whole > 1000
    assert known > 100, "the spoilt traffic no longer reaches the objects"
    assert peak < MEMORY
    assert took < SECONDS


def test_one_endless_message() -> None:
    """A message that never ends is refused at 64 KiB, whatever lengths it claims, and in time."""
    for head in (bytes(24), bytes(4) + b"\xff" * 20):
        for entry in (b"\0\x01a\0\0\0\0", b"\0\x01a\0\0\0\x01b", b"\xff\xff", b"\0\x01a\xff\xff\xff\xff"):
            decoder = codec.Decoder()
            fed = 0
            began = time.monotonic()
            with pytest.raises(OmapiProtocolError):  # noqa: PT012 - one call after the other, until it refuses
                decoder.feed(codec.STARTUP + head)
                while True:
                    assert fed < 80_000
                    fed += len(decoder.feed(entry * 200)) or len(entry) * 200
            assert time.monotonic() - began < 3


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_dictionaries(data: st.DataObject) -> None:
    """Well-formed messages with any attributes of any size: typed errors from the objects, and what is text is clean."""
    names = st.sampled_from(
        [
            "name",
            "local-state",
            "partner-state",
            "local-stos",
            "hierarchy",
            "mclt",
            "state",
            "ip-address",
            "hardware-address",
            "hardware-type",
            "dhcp-client-identifier",
            "client-hostname",
            "starts",
            "ends",
            "flags",
            "pool",
            "lease-count",
            "free-leases",
            "backup-leases",
        ]
    )
    value = st.binary(max_size=40) | st.binary(min_size=4, max_size=4)
    attributes = data.draw(st.dictionaries(names.map(str.encode), value, max_size=20))
    attributes.setdefault(b"state", b"\0\0\0\2")
    wire = codec.STARTUP + codec.encode(codec.UPDATE, 1, object_=attributes)
    (message,) = codec.Decoder().feed(wire)
    assert dict(message.object) == attributes
    interpret(message)
    with suppress(OmapiProtocolError):
        view = objects.lease(message.object).view
        for text in (view.address, view.client_hostname, view.client_identifier, view.hardware_address):
            assert text.isprintable()
            assert len(text) <= 260
        assert view.address.count(".") in {0, 3}


async def test_a_client_of_a_mad_server(recorded: Recorded) -> None:
    """Against answers that are spoilt, each call ends within its deadline, with a status or a typed error."""
    rng = random.Random("mad server")  # noqa: S311
    told: list[str] = []
    for _ in range(60):
        answers = spoil(b"".join(recorded.answers)[len(codec.STARTUP) :], rng)
        reader = asyncio.StreamReader()
        reader.feed_data(codec.STARTUP + answers)
        reader.feed_eof()
        began = time.monotonic()
        try:
            client = await OmapiClient.open(reader, _Nowhere(), recorded.key, deadline=0.05)
            await client.failover_state("foo", deadline=0.05)
        except OmapiError as error:
            told.append(str(error))
        else:
            await client.close()
        assert time.monotonic() - began < 2
    assert told
    assert all(each.isprintable() for each in told)


class _Nowhere:
    """A writer whose bytes nobody reads."""

    def write(self, data: bytes, /) -> None:
        """Drop."""

    async def drain(self) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to close."""
