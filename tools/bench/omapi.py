"""OMAPI round trips per second, one after the other: our client, directly and through SSH, and dhcpd's omshell."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator

from dhcptui.config.loading import load
from dhcptui.model.role import Role
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.codec import Key
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget
from tests.lab.pair import Lab
from tools.bench.table import Figure

SECONDS = 3.0
ROUNDS = 5000


async def _ask(client: OmapiClient, peer: str) -> float:
    """Round trips a second: the object opened by name, all of it read and checked, as the console does once a second."""
    count, began = 0, time.monotonic()
    while time.monotonic() - began < SECONDS:
        await client.failover_state(peer)
        count += 1
    return count / (time.monotonic() - began)


async def _ours(lab: Lab) -> tuple[float, float]:
    settings = load(lab.write_config()).pair(None)
    server = settings[Role.PRIMARY]
    key = (
        Key(server.omapi_key.name, server.omapi_key.algorithm, server.omapi_key.read_secret())
        if server.omapi_key
        else None
    )
    client = await OmapiClient.open(*await asyncio.open_connection(server.host, server.omapi_port), key)
    direct = await _ask(client, settings.peer)
    await client.close()
    target = SshTarget(
        host=server.host, port=server.port, user=server.user, identity=server.identity, known_hosts=server.known_hosts
    )
    async with await SshSession.connect(target) as session:
        client = await OmapiClient.open(*await session.open_tcp("127.0.0.1", server.omapi_port), key)
        tunnelled = await _ask(client, settings.peer)
        await client.close()
    return direct, tunnelled


def omshell(lab: Lab, rounds: int) -> float:
    """Seconds that one omshell takes to connect, open the failover state and refresh it so often."""
    assert lab.key is not None
    script = f"server {lab.primary.host}\nport 7911\nkey-algorithm {lab.key.algorithm.upper()}\n"
    script += f"key {lab.key.name} {lab.key.secret}\nconnect\nnew failover-state\n"
    script += f'set name = "{lab.settings.peer}"\nopen\n' + "refresh\n" * rounds
    began = time.monotonic()
    done = subprocess.run(lab.operator_argv("omshell"), input=script.encode(), capture_output=True, check=True)
    took = time.monotonic() - began
    if done.stdout.count(b"local-state") < rounds:
        raise RuntimeError(f"omshell refreshed less than {rounds} times: {done.stdout[-500:]!r} {done.stderr[-500:]!r}")
    return took


def measure() -> Iterator[Figure]:
    """omshell's start is taken off its time."""
    with Lab(mclt=600, key_algorithm="hmac-md5") as lab:
        lab.wait_settled()
        with lab.inside():
            direct, tunnelled = asyncio.run(_ours(lab))
        theirs = ROUNDS / (omshell(lab, ROUNDS) - omshell(lab, 0))
    yield Figure("OMAPI round trips, direct", f"{direct:,.0f} /s", f"{direct / theirs:.2f}x omshell ({theirs:,.0f} /s)")
    against = f"{tunnelled / theirs:.2f}x omshell without SSH, {tunnelled / direct:.2f}x ours without"
    yield Figure("OMAPI round trips, through SSH", f"{tunnelled:,.0f} /s", against)
