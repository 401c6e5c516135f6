"""A server's TCP sockets, read with whatever it has, and what they say of the failover link."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from dhcptui.conf.failover import is_address
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import FailoverSockets
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command


class TcpState(Enum):
    """The kernel's number on Linux, as in /proc/net/tcp."""

    ESTABLISHED = 1
    SYN_SENT = 2
    SYN_RECEIVED = 3
    FIN_WAIT_1 = 4
    FIN_WAIT_2 = 5
    TIME_WAIT = 6
    CLOSED = 7
    CLOSE_WAIT = 8
    LAST_ACK = 9
    LISTEN = 10
    CLOSING = 11


@dataclass(frozen=True, slots=True)
class Socket:
    """One TCP socket. Addresses are IPv4 (mapped ones unwrapped) or IPv6 as text, `*` where any; 0 is no port."""

    state: TcpState
    local: str
    local_port: int
    remote: str
    remote_port: int


# How ss, netstat on Linux and netstat on BSD spell the states, without `-` and `_`.
_STATES = {
    "ESTAB": TcpState.ESTABLISHED,
    "ESTABLISHED": TcpState.ESTABLISHED,
    "SYNSENT": TcpState.SYN_SENT,
    "SYNRECV": TcpState.SYN_RECEIVED,
    "SYNRCVD": TcpState.SYN_RECEIVED,
    "FINWAIT1": TcpState.FIN_WAIT_1,
    "FINWAIT2": TcpState.FIN_WAIT_2,
    "TIMEWAIT": TcpState.TIME_WAIT,
    "UNCONN": TcpState.CLOSED,
    "CLOSE": TcpState.CLOSED,
    "CLOSED": TcpState.CLOSED,
    "CLOSEWAIT": TcpState.CLOSE_WAIT,
    "LASTACK": TcpState.LAST_ACK,
    "LISTEN": TcpState.LISTEN,
    "CLOSING": TcpState.CLOSING,
}
_END = re.compile(r"(.+)[.:](\d{1,5}|\*)")
_HEX_END = re.compile(r"([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):([0-9A-Fa-f]{4})")
_SYN_RECEIVED_ALSO = 12
ANYWHERE = {"*", "0.0.0.0", "::"}  # noqa: S104 - read, not bound
"""How tools write that any address is meant."""


async def read_sockets(
    ask: Callable[[Command], Awaitable[Completed]], place: FailoverPlace, other_ports: Iterable[int] = ()
) -> FailoverSockets | None:
    """What the table says of the link described by `place`; None where the server cannot tell. Raises RemoteError.

    `other_ports`: ports besides the failover ports on which a half-open connection of the partner's says something.
    """
    done = await ask(commands.socket_table({place.port, place.peer_port, *other_ports}))
    if done.exit_status:
        return None
    source, *lines = done.stdout.decode("utf-8", "replace").splitlines() or [""]
    return summarise(parse_sockets(source, lines), place, clean(source, 40)) if source else None


def parse_sockets(source: str, lines: Sequence[str]) -> list[Socket]:
    """The rows of `commands.socket_table` that are TCP sockets. Anything else is passed over."""
    row = {"ss": _ss, "netstat": _netstat, "sockstat": _sockstat, "/proc/net/tcp": _proc}.get(source)
    return [found for line in lines if row and (found := row(line.split()))]


def _ss(words: list[str]) -> Socket | None:
    """`ESTAB 0 0 10.0.0.10:58067 10.0.0.20:520`."""
    return _socket(words[0], words[3], words[4]) if len(words) >= 5 else None


def _netstat(words: list[str]) -> Socket | None:
    """`tcp 0 0 10.0.0.10:520 10.0.0.20:58067 ESTABLISHED`; BSD: `tcp4 0 0 10.0.0.10.520 *.* LISTEN`."""
    return _socket(words[5], words[3], words[4]) if len(words) >= 6 else None


def _sockstat(words: list[str]) -> Socket | None:
    """`root dhcpd 812 9 tcp4 10.0.0.10:520 *:* LISTEN`: FreeBSD; without the state it says too little."""
    return _socket(words[7], words[5], words[6]) if len(words) >= 8 else None


def _socket(state: str, local: str, remote: str) -> Socket | None:
    known = _STATES.get(state.upper().replace("-", "").replace("_", ""))
    here, there = _end(local), _end(remote)
    return Socket(known, *here, *there) if known and here and there else None


def _end(text: str) -> tuple[str, int] | None:
    """`10.0.0.10:520`, `10.0.0.10.520`, `[::ffff:10.0.0.10]:520`, `10.0.0.10%eth0:520`, `*:*`."""
    match = _END.fullmatch(text)
    if match is None:
        return None
    address = match[1].strip("[]").partition("%")[0]
    return _plain(address), 0 if match[2] == "*" else int(match[2])


def _plain(address: str) -> str:
    if address in ANYWHERE:
        return "*"
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return clean(address, 60)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _proc(words: list[str]) -> Socket | None:
    """`1: 0A00000A:0208 00000000:0000 0A ...`: addresses in the byte order of a little-endian machine."""
    if len(words) < 4:
        return None
    here, there = _HEX_END.fullmatch(words[1]), _HEX_END.fullmatch(words[2])
    try:
        number = int(words[3], 16)
        state = TcpState.SYN_RECEIVED if number == _SYN_RECEIVED_ALSO else TcpState(number)
    except ValueError:
        return None
    if here is None or there is None:
        return None
    return Socket(state, from_hex(here[1]), int(here[2], 16), from_hex(there[1]), int(there[2], 16))


def from_hex(text: str) -> str:
    """An address as /proc/net shows it on a little-endian machine; `*` where any."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    return _plain(str(ipaddress.ip_address(b"".join(words))))


def summarise(sockets: Iterable[Socket], place: FailoverPlace, source: str) -> FailoverSockets:
    """What these sockets say of the link."""
    found = list(sockets)
    known = is_address(place.peer_address)

    def partner(address: str) -> bool:
        return not known or address == place.peer_address  # a host name is not resolved: then any address may be it

    inward = [each for each in found if each.local_port == place.port and each.state is not TcpState.LISTEN]
    outward = [each for each in found if each.remote_port == place.peer_port and partner(each.remote)]
    return FailoverSockets(
        source,
        listening=any(each.state is TcpState.LISTEN and each.local_port == place.port for each in found),
        established=any(each.state is TcpState.ESTABLISHED and partner(each.remote) for each in (*inward, *outward)),
        connecting=any(each.state is TcpState.SYN_SENT for each in outward),
        half_open=any(_is_half_open(each, place) for each in found),
        untaken=any(each.state is TcpState.FIN_WAIT_2 for each in outward),
        strangers=tuple(
            sorted({each.remote for each in inward if known and not partner(each.remote) and _is_far(each)})
        ),
        own_addresses=tuple(sorted({each.local for each in outward})),
    )


def _is_half_open(each: Socket, place: FailoverPlace) -> bool:
    """A connection on our port or with the partner that only one of the two ends has opened."""
    ours = each.local_port == place.port or (is_address(place.peer_address) and each.remote == place.peer_address)
    return each.state is TcpState.SYN_RECEIVED and ours


def _is_far(each: Socket) -> bool:
    """Not this machine talking to itself."""
    return each.remote not in {"*", each.local} and not each.remote.startswith("127.")
