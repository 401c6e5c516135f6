"""The other failover relationships of a pair's two dhcpd: what each says of itself in them, and who serves them.

Peers cannot be enumerated over OMAPI: their names come from dhcpd.conf. A relationship that both servers have may be one
between the two, or one that each has with a server that nobody looks into.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dhcptui.model.failover import FailoverPlace, FailoverStatus
from dhcptui.model.moments import Seen
from dhcptui.model.states import FailoverState

_S = FailoverState


@dataclass(frozen=True, slots=True)
class OtherPeer:
    """A failover relationship besides ours, as one server's dhcpd.conf declares it and its dhcpd tells of it."""

    name: str
    place: FailoverPlace
    status: Seen[FailoverStatus] | None = None
    note: str = ""
    """Why its state is not known, where dhcpd was asked and did not say."""

    @property
    def label(self) -> str:
        """Its name with the networks that it serves: whose clients they are."""
        return label(self.name, self.place)

    @property
    def asked(self) -> bool:
        """Whether dhcpd was asked for it yet."""
        return self.status is not None or bool(self.note)


def as_read_before(declared: tuple[OtherPeer, ...], before: tuple[OtherPeer, ...]) -> tuple[OtherPeer, ...]:
    """What dhcpd.conf declares now, with what is known already of those that it declared before."""
    known = {each.name: each for each in before}
    return tuple(
        replace(each, status=known[each.name].status, note=known[each.name].note) if each.name in known else each
        for each in declared
    )


def label(name: str, place: FailoverPlace | None) -> str:
    """A relationship with its networks: "bar (10.0.1.0/24)"."""
    return f"{name} ({', '.join(place.networks)})" if place and place.networks else name
