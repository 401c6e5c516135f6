"""What our client says of a key that is wrong: dhcpd answers alike to several faults, and what follows tells them apart."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from dhcptui.config.settings import ALGORITHMS
from dhcptui.servers.omapi import codec
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.codec import Key
from dhcptui.servers.omapi.errors import KeyFault, OmapiNotAuthenticated
from tests.contract.conftest import Make
from tests.contract.subject import Subject
from tests.lab.net import thread_in

OTHER_SECRET = b"d3JvbmcgLSB3cm9uZyAtIHdyb25nIC0gd3Jvbmc="


async def _refusal(subject: Subject, key: Key | None) -> OmapiNotAuthenticated:
    """The error that a client with this key ends in, at its first question or before."""
    reader = subject.readers["primary"]
    with thread_in(reader.space) if reader.space else nullcontext():
        streams = await asyncio.open_connection("127.0.0.1", reader.port)
    with pytest.raises(OmapiNotAuthenticated) as caught:
        await _ask(*streams, key)
    return caught.value


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: Key | None) -> None:
    """Authenticate, and one question."""
    client = await OmapiClient.open(reader, writer, key, deadline=3)
    try:
        await client.failover_state("foo", deadline=3)
    finally:
        await client.close()


@pytest.mark.parametrize("wrong", [each for each in ALGORITHMS if each != "hmac-sha256"])
async def test_wrong_algorithm(calm: Subject, wrong: str) -> None:
    """The name is known with another algorithm: the right one is named, and where to write it."""
    assert calm.key
    error = await _refusal(calm, Key("omapi", wrong, calm.key.secret.encode()))
    assert error.fault is KeyFault.ALGORITHM
    assert f"key 'omapi' is hmac-sha256 in dhcpd, not {wrong}" in str(error)
    assert 'algorithm = "hmac-sha256"' in error.advice


async def test_unknown_name(calm: Subject) -> None:
    """No key of that name, whatever the algorithm."""
    error = await _refusal(calm, Key("nobody", "hmac-sha256", OTHER_SECRET))
    assert error.fault is KeyFault.NAME
    assert "dhcpd has no key called 'nobody'" in str(error)
    assert "omapi-key" in error.advice


async def test_wrong_secret(calm: Subject) -> None:
    """Name and algorithm are right: what is left is the secret."""
    error = await _refusal(calm, Key("omapi", "hmac-sha256", OTHER_SECRET))
    assert error.fault is KeyFault.SECRET
    assert "key 'omapi' has another secret in dhcpd" in str(error)
    assert "secret_file" in error.advice
    assert OTHER_SECRET.decode() not in f"{error} {error.advice}"


async def test_no_key_in_the_configuration(calm: Subject) -> None:
    """dhcpd wants a key and is asked without one."""
    error = await _refusal(calm, None)
    assert error.fault is KeyFault.NONE_GIVEN
    assert "the configuration has no omapi_key" in str(error)


@pytest.mark.parametrize("name", ["omapi", "nobody"])
async def test_no_key_in_dhcpd(make: Make, name: str) -> None:
    """A dhcpd that asks for no key knows none: told from one that has another key."""
    subject = make(key_algorithm=None, settled=False)
    error = await _refusal(subject, Key(name, "hmac-sha256", OTHER_SECRET))
    assert error.fault is KeyFault.NONE_WANTED
    assert "dhcpd obeys anybody without a key" in str(error)
    assert "whoever reaches the port" in error.advice


async def test_what_is_not_answered_is_not_told_apart() -> None:
    """A server that goes after its first answer leaves open which of the two is wrong, and that is said."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = codec.Decoder()
        writer.write(codec.STARTUP)
        while not (asked := decoder.feed(await reader.read(4096))):
            pass
        not_found = {b"result": codec.net32(23)}
        writer.write(codec.encode(codec.STATUS, 1, rid=asked[0].id, message=not_found))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(once, "127.0.0.1", 0) as server:
        streams = await asyncio.open_connection(*server.sockets[0].getsockname())
        with pytest.raises(OmapiNotAuthenticated, match="cannot be told apart") as caught:
            await OmapiClient.open(*streams, Key("omapi", "hmac-md5", OTHER_SECRET), deadline=1)
    assert caught.value.fault is KeyFault.NAME_OR_ALGORITHM
