"""The state of every other relationship of a dhcpd, over the connection that reads ours.

One that another pair looks at is polled for that pair; here the others are asked, and each is told of all.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dhcptui.model.moments import Seen
from dhcptui.model.peers import OtherPeer
from dhcptui.model.sanitize import clean
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import OmapiClosed, OmapiError, OmapiNotFound
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import MachineRecord, Reading, pause
from dhcptui.watch.turns import RightOfWay

EVERY_SECONDS = 1.0
FAST_SECONDS = 0.25
"""While an action waits for this server."""


async def follow_peers(client: OmapiClient, machine: MachineRecord, way: RightOfWay) -> None:
    """Read them again and again until the connection is gone; beside the polls, so that many never make ours old."""
    while True:
        asked = machine.peers_now.is_set()
        machine.peers_now.clear()
        await _read(client, machine, way, asked=asked)
        await pause(machine.peers_now, FAST_SECONDS if machine.urgent else EVERY_SECONDS)


async def _read(client: OmapiClient, machine: MachineRecord, way: RightOfWay, *, asked: bool) -> None:
    """Several at once: dhcpd answers in order, and a slow way costs its time once."""
    declared = {each.name for member in machine.members for each in member.view.other_peers or ()}
    polled = {member.peer: member for member in machine.members}
    for peer in declared & polled.keys() if asked else ():
        status = polled[peer].view.status
        if status is None or mono() - status.at > FAST_SECONDS:
            polled[peer].poll_now.set()
    await asyncio.gather(*(_one(client, machine, way, peer) for peer in sorted(declared - polled.keys())))
    for member in machine.members:
        if member.view.other_peers:
            member.update(other_peers=tuple(_told(each, machine) for each in member.view.other_peers))


def _told(peer: OtherPeer, machine: MachineRecord) -> OtherPeer:
    """With what dhcpd said of it last."""
    reading = machine.readings.get(peer.name)
    return replace(peer, status=reading.status or peer.status, note=reading.note) if reading else peer


async def _one(client: OmapiClient, machine: MachineRecord, way: RightOfWay, peer: str) -> None:
    try:
        async with way.question(urgent=machine.urgent):
            asked = mono()
            status = await client.failover_state(peer, version_3_0=machine.view.version_3_0)
    except OmapiClosed:
        raise
    except OmapiError as error:
        not_told(machine, peer, error)
    else:
        machine.readings[peer] = Reading(Seen(status, asked))


def not_told(machine: MachineRecord, peer: str, error: OmapiError) -> None:
    """Keep why dhcpd told nothing newer of a relationship."""
    known = machine.readings.get(peer, Reading())
    note = clean(str(error), 200)
    if isinstance(error, OmapiNotFound):
        note = f"{machine.settings.dhcpd_conf} declares it, the running dhcpd does not know it"
    machine.readings[peer] = replace(known, note=note)
