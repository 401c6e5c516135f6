"""The look at who holds a server's lease file and ports, and the check of that look against OMAPI."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.dhcpdconf.relation import DEFAULT_PORT
from dhcptui.engine.record import ServerRecord
from dhcptui.model.snapshot import ProcessSighting, Seen
from dhcptui.omapi.client import OmapiClient
from dhcptui.remote.holders import Holders
from dhcptui.remote.ours import Place


class ProcessWitness:
    """Looks through one shell. A witness that sees nobody while OMAPI answers over one connection all the time is blind."""

    def __init__(self, holders: Holders, record: ServerRecord) -> None:
        self._holders, self._record = holders, record
        self._empty: tuple[OmapiClient, float] | None = None
        """The OMAPI connection that stood when a look saw nobody, and when that was."""

    async def look(self) -> Seen[ProcessSighting]:
        """Look once. Raises what `Holders.sight` raises."""
        client, record = self._record.client, self._record
        sighting, at = await self._holders.sight(place_of(record))
        if sighting.running:
            record.blind, self._empty = False, None
            return Seen(sighting, at)
        status = record.view.status
        if self._empty and record.client is self._empty[0] and status and status.at > self._empty[1]:
            record.blind = True
        if client is None or client is not record.client:
            self._empty = None
        elif self._empty is None or self._empty[0] is not client:
            self._empty = (client, at)
        if record.blind:
            why = "its OMAPI answered while nobody was seen to hold its port: dhcpd runs where this account cannot look"
            sighting = replace(sighting, unseen=(why, *sighting.unseen))
        return Seen(sighting, at)


def place_of(record: ServerRecord) -> Place:
    """What is ours on that server, as far as it is known: the failover port by dhcpd.conf, else as OMAPI tells it."""
    settings, view = record.settings, record.view
    port, address = DEFAULT_PORT, ""
    if view.place:
        port, address = view.place.port, view.place.address
    elif view.status and view.status.value.local_port:
        port = view.status.value.local_port
    return Place(settings.leases, settings.dhcpd_conf, settings.omapi_port, port, address)
