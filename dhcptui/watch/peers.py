"""The state of every other relationship of a dhcpd, over the connection that reads ours."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dhcptui.model.moments import Seen
from dhcptui.model.peers import OtherPeer
from dhcptui.model.sanitize import clean
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import OmapiClosed, OmapiError, OmapiNotFound
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import ServerRecord, pause

EVERY_SECONDS = 1.0
FAST_SECONDS = 0.25
"""While an action waits for this server."""


async def follow_peers(client: OmapiClient, record: ServerRecord) -> None:
    """Read them again and again until the connection is gone; beside the polls, so that many never make ours old."""
    while True:
        record.peers_now.clear()
        if record.view.other_peers:
            await _read(client, record)
        await pause(record.peers_now, FAST_SECONDS if record.urgent else EVERY_SECONDS)


async def _read(client: OmapiClient, record: ServerRecord) -> None:
    """All at once: dhcpd answers in order, and a slow way costs its time once."""
    peers = record.view.other_peers or ()
    read = await asyncio.gather(*(_one(client, record, each) for each in peers))
    record.update(other_peers=tuple(read))


async def _one(client: OmapiClient, record: ServerRecord, peer: OtherPeer) -> OtherPeer:
    asked = mono()
    try:
        status = await client.failover_state(peer.name, version_3_0=record.view.version_3_0)
    except OmapiClosed:
        raise
    except OmapiNotFound:
        return replace(peer, note=f"{record.settings.dhcpd_conf} declares it, the running dhcpd does not know it")
    except OmapiError as error:
        return replace(peer, note=clean(str(error), 200))
    return replace(peer, status=Seen(status, asked), note="")
