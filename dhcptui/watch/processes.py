"""The look at who holds a server's lease file and ports, and the check of that look against OMAPI."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.conf.failover import DEFAULT_PORT
from dhcptui.model.moments import Seen
from dhcptui.model.snapshot import ProcessSighting
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.ssh.holders import Holders
from dhcptui.servers.ssh.ours import Place
from dhcptui.watch.record import ServerRecord


class ProcessWitness:
    """Looks through one shell. A witness that sees nobody while OMAPI answers over one connection all the time is blind."""

    def __init__(self, holders: Holders, record: ServerRecord) -> None:
        self._holders, self._record = holders, record
        self._empty: tuple[OmapiClient, float] | None = None
        """The OMAPI connection that stood when a look saw nobody, and when that was."""
        self._lone: tuple[OmapiClient, float] | None = None
        """The same of a look that saw nobody behind the OMAPI port."""
        self._pids: tuple[tuple[int, ...], tuple[str, ...]] | None = None
        self._since = 0.0

    @property
    def doubts(self) -> bool:
        """Whether somebody answers behind whom nobody of ours was seen once: a second look must tell."""
        seen = self._record.view.process
        one = seen is not None and bool(seen.value.lone) and not seen.value.refuted
        return one and self._record.client is not None

    async def look(self) -> Seen[ProcessSighting]:
        """Look once. Raises what `Holders.sight` raises."""
        client, record = self._record.client, self._record
        sighting, at = await self._holders.sight(place_of(record))
        if self._pids != (sighting.pids, sighting.born):
            self._pids, self._since = (sighting.pids, sighting.born), at
        sighting = replace(sighting, since=self._since, refuted=self._refuted(sighting, at))
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

    def _refuted(self, sighting: ProcessSighting, at: float) -> bool:
        """Whether nobody of ours was seen, as at the last look, and OMAPI answered in between over the same connection."""
        client, status, before = self._record.client, self._record.view.status, self._lone
        if not sighting.lone or client is None:
            self._lone = None
            return False
        if before is None or before[0] is not client:
            self._lone = (client, at)
            return False
        return status is not None and before[1] < status.at < at


def place_of(record: ServerRecord) -> Place:
    """What is ours on that server, as far as it is known: the failover port by dhcpd.conf, else as OMAPI tells it."""
    settings, view = record.settings, record.view
    port, address = DEFAULT_PORT, ""
    if view.place:
        port, address = view.place.port, view.place.address
    elif view.status and view.status.value.local_port:
        port = view.status.value.local_port
    return Place(settings.leases, settings.dhcpd_conf, settings.omapi_port, port, address)
