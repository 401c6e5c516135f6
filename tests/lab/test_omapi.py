"""Our OMAPI client against a real dhcpd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dhcptui.config.settings import ALGORITHMS
from dhcptui.model.states import FailoverState
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.codec import Key
from dhcptui.servers.omapi.errors import (
    KeyFault,
    OmapiClosed,
    OmapiError,
    OmapiNotAuthenticated,
    OmapiNotFound,
    OmapiTimeout,
)
from dhcptui.servers.omapi.objects import SettableState
from tests.lab.pair import Lab, Server

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a pair must be in its new state within two seconds")]


@asynccontextmanager
async def connected(lab: Lab, server: Server, key: Key | None) -> AsyncIterator[OmapiClient]:
    """A client on a direct connection from the operator's place."""
    with lab.inside():
        reader, writer = await asyncio.open_connection(server.host, 7911)
    client = await OmapiClient.open(reader, writer, key, deadline=3)
    try:
        yield client
    finally:
        await client.close()


def key_of(lab: Lab, algorithm: str) -> Key:
    """The lab's own key."""
    return Key("omapi", algorithm, (lab.dir / "omapi.key").read_bytes().strip())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_keys(algorithm: str) -> None:
    """Every algorithm opens the failover-state of a real dhcpd, and the values agree with an independent reader's."""
    with Lab(mclt=77, key_algorithm=algorithm) as lab:
        lab.wait_states()
        async with connected(lab, lab.primary, key_of(lab, algorithm)) as client:
            status = await client.failover_state("foo")
        other = lab.primary.state()
        assert status.local_state is FailoverState.NORMAL
        assert (status.name, status.role.value, status.mclt_seconds) == ("foo", "primary", 77)
        assert (status.local_stos, status.partner_stos) == (other.local_stos, other.partner_stos)
        assert (status.local_port, status.partner_port, status.max_unacked_updates) == (520, 520, 10)


async def test_without_a_key() -> None:
    """A port without omapi-key takes a client without one."""
    with Lab(key_algorithm=None) as lab:
        lab.wait_states()
        async with connected(lab, lab.secondary, None) as client:
            assert (await client.failover_state("foo")).role.value == "secondary"


@pytest.mark.parametrize(
    "key",
    [
        None,
        Key("omapi", "hmac-sha256", b"d3JvbmcgLSB3cm9uZyAtIHdyb25nIC0gd3Jvbmc="),
        Key("nobody", "hmac-sha256", b"d3Jvbmc="),
        Key("omapi", "hmac-md5", b"d3Jvbmc="),
    ],
    ids=["no key", "wrong secret", "wrong name", "wrong algorithm"],
)
async def test_wrong_keys(lab: Lab, key: Key | None) -> None:
    """Whatever is wrong with the key, it is told as that, with the place to look at."""
    with pytest.raises(OmapiNotAuthenticated) as caught:
        async with connected(lab, lab.primary, key) as client:
            await client.failover_state("foo")
    assert "omapi_key" in caught.value.advice


async def test_a_key_of_something_else(lab: Lab) -> None:
    """A key that dhcpd has for another use (DDNS) is told as that: omapi-key names another one."""
    master = lab.primary.etc / "shared/master.conf"
    master.write_text("key ddns { algorithm hmac-sha512; secret d3Jvbmc=; }\n" + master.read_text())
    lab.primary.restart()
    for algorithm, fault in (("hmac-sha512", KeyFault.NOT_CHOSEN), ("hmac-md5", KeyFault.ALGORITHM)):
        with pytest.raises(OmapiNotAuthenticated) as caught:
            async with connected(lab, lab.primary, Key("ddns", algorithm, b"d3Jvbmc=")):
                pass
        assert caught.value.fault is fault


async def test_unknown_peer(lab: Lab) -> None:
    """A relationship that dhcpd does not know is not found; the connection stays good."""
    async with connected(lab, lab.primary, key_of(lab, "hmac-sha256")) as client:
        with pytest.raises(OmapiNotFound):
            await client.failover_state("fooo")
        assert (await client.failover_state("foo")).name == "foo"


async def test_pool_counters(lab: Lab) -> None:
    """A lease leads to its pool and the pool to its counters, the same on both servers."""
    lab.wait_settled()
    for server in (lab.primary, lab.secondary):
        async with connected(lab, server, key_of(lab, "hmac-sha256")) as client:
            lease = await client.lease("10.0.0.100")
            assert lease.view.address == "10.0.0.100"
            assert lease.pool_handle is not None
            pool = await client.pool(lease.pool_handle)
            assert (pool.lease_count, pool.free_leases, pool.backup_leases) == (101, 51, 50)
            with pytest.raises(OmapiNotFound):
                await client.lease("10.0.0.99")


async def test_write_and_read_back(lab: Lab) -> None:
    """shutdown and back by recover: the reply of the write already carries the new state."""
    lab.wait_settled()
    async with connected(lab, lab.primary, key_of(lab, "hmac-sha256")) as client:
        assert (await client.set_local_state("foo", SettableState.SHUTDOWN)).local_state is FailoverState.SHUTDOWN
        lab.wait_states(primary="shutdown", secondary="partner-down", timeout=2)
        assert (await client.set_local_state("foo", SettableState.RECOVER)).local_state is FailoverState.RECOVER
        lab.wait_states(timeout=5)


async def test_deadline_and_late_answer(lab: Lab) -> None:
    """A stopped dhcpd runs into the deadline; when it goes on, the same connection goes on, and no answer is mixed up."""
    async with connected(lab, lab.primary, key_of(lab, "hmac-sha256")) as client:
        lab.primary.pause()
        try:
            with pytest.raises(OmapiTimeout, match="no answer"):
                await client.failover_state("foo", deadline=0.3)
        finally:
            lab.primary.resume()
        with pytest.raises(OmapiNotFound):
            await client.lease("10.0.0.99")
        assert (await client.failover_state("foo")).name == "foo"


async def test_killed_server_is_noticed_at_once(lab: Lab) -> None:
    """The end of dhcpd closes the client, with a call under way or without."""
    async with connected(lab, lab.primary, key_of(lab, "hmac-sha256")) as client:
        lab.primary.kill()
        async with asyncio.timeout(1):
            await client.closed.wait()
        with pytest.raises(OmapiClosed):
            await client.failover_state("foo")


async def test_calls_side_by_side(lab: Lab) -> None:
    """Many calls at once on one connection each get their own answer."""
    async with connected(lab, lab.primary, key_of(lab, "hmac-sha256")) as client:
        addresses = [f"10.0.0.{n}" for n in range(95, 120)]
        answers = await asyncio.gather(*(client.lease(each) for each in addresses), return_exceptions=True)
        for address, answer in zip(addresses, answers, strict=True):
            if isinstance(answer, BaseException):
                assert isinstance(answer, OmapiNotFound)
                assert int(address.rpartition(".")[2]) < 100
            else:
                assert answer.view.address == address


async def test_no_omapi_there(lab: Lab) -> None:
    """Another service on the port is told as a stranger, quickly."""
    with lab.inside():
        reader, writer = await asyncio.open_connection(lab.primary.host, 22)
    with pytest.raises(OmapiError, match="does not speak OMAPI"):
        await OmapiClient.open(reader, writer, None, deadline=2)
