"""The configuration of a new pair: only what differs in each server's dhcpd.conf, the rest in one shared file.

That is what sync + restart copies, so the two cannot drift apart. The OMAPI secret has a file of its own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

CONF_DIRECTORY = "/etc/dhcp"
SHARED_DIRECTORY = f"{CONF_DIRECTORY}/shared"
MASTER = f"{SHARED_DIRECTORY}/master.conf"
KEY_FILE = f"{SHARED_DIRECTORY}/omapi-key.conf"
ROLES = ("primary", "secondary")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class ScaffoldError(ValueError):
    """What was asked for makes no pair; the text says which value, and why."""


@dataclass(frozen=True, slots=True)
class Key:
    """The OMAPI key. `secret` is base64 text and kept out of every repr."""

    name: str
    algorithm: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.name!r}, {self.algorithm!r})"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A pair with one subnet and one pool. Times in seconds. Raises ScaffoldError when it cannot work."""

    peer: str
    primary: str
    secondary: str
    subnet: str
    """As in 10.0.0.0/24."""
    range: tuple[str, str]
    mclt: int = 1800
    split: int = 128
    port: int = 647
    omapi_port: int = 7911
    key: Key | None = None
    routers: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    max_response_delay: int = 60
    max_unacked_updates: int = 10
    load_balance_max_seconds: int = 3
    default_lease_time: int = 3600
    max_lease_time: int = 7200

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.peer):
            raise ScaffoldError(f"peer {self.peer!r}: letters, digits, dots, dashes and underscores only")
        one, two = (_address(what, text) for what, text in (("primary", self.primary), ("secondary", self.secondary)))
        if one == two:
            raise ScaffoldError(f"primary and secondary are both {one}: that is one server, not a pair")
        network = self.network
        first, last = (_address("range", text) for text in self.range)
        if first not in network or last not in network:
            raise ScaffoldError(f"the range {first}-{last} does not lie in {network}")
        if first > last:
            raise ScaffoldError(f"the range {first}-{last} ends before it begins")
        for address in (one, two, *(_address("router", text) for text in self.routers)):
            if first <= address <= last:
                raise ScaffoldError(f"{address} lies in the range {first}-{last}: a client would get it too")
        for text in self.dns:
            _address("dns", text)
        for what, value, low, high in (
            ("mclt", self.mclt, 1, 7 * 86400),
            ("split", self.split, 0, 256),
            ("port", self.port, 1, 65535),
            ("omapi-port", self.omapi_port, 1, 65535),
        ):
            if not low <= value <= high:
                raise ScaffoldError(f"{what} {value} is not a number from {low} to {high}")
        if self.key and not _NAME.fullmatch(self.key.name):
            raise ScaffoldError(f"key {self.key.name!r}: letters, digits, dots, dashes and underscores only")

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The subnet. Raises ScaffoldError."""
        try:
            return ipaddress.IPv4Network(self.subnet)
        except ValueError as error:
            raise ScaffoldError(f"subnet {self.subnet!r}: {error}; it looks like 10.0.0.0/24") from error

    def dhcpd_conf(self, role: str) -> str:
        """/etc/dhcp/dhcpd.conf of the server with this role: only what differs between the two."""
        own, partner = (self.primary, self.secondary) if role == ROLES[0] else (self.secondary, self.primary)
        only_primary = f"  mclt {self.mclt};\n  split {self.split};\n" if role == ROLES[0] else ""
        return f"""# The {role}: only what differs between the two servers. What they share is in the included file.
failover peer "{self.peer}" {{
  {role};
  address {own};
  port {self.port};
  peer address {partner};
  peer port {self.port};
  max-response-delay {self.max_response_delay};
  max-unacked-updates {self.max_unacked_updates};
  load balance max seconds {self.load_balance_max_seconds};
{only_primary}}}

include "{MASTER}";
"""

    def master_conf(self) -> str:
        """The shared part: the same bytes on both servers."""
        network = self.network
        omapi = f'include "{KEY_FILE}";\n' if self.key else ""
        omapi += f"omapi-port {self.omapi_port};\n"
        omapi += f"omapi-key {self.key.name};\n" if self.key else ""
        options = f"  option routers {', '.join(self.routers)};\n" if self.routers else ""
        options += f"  option domain-name-servers {', '.join(self.dns)};\n" if self.dns else ""
        return f"""# The same on both servers: edit it on one of them and copy it to the other.
{omapi}
authoritative;
ddns-update-style none;
default-lease-time {self.default_lease_time};
max-lease-time {self.max_lease_time};

subnet {network.network_address} netmask {network.netmask} {{
{options}  pool {{
    failover peer "{self.peer}";
    range {self.range[0]} {self.range[1]};
  }}
}}
"""

    def key_conf(self) -> str:
        """The key file, to be read by nobody but dhcpd; empty without a key."""
        if not self.key:
            return ""
        return f'key {self.key.name} {{\n  algorithm {self.key.algorithm};\n  secret "{self.key.secret}";\n}}\n'

    def files(self) -> dict[str, tuple[str, int]]:
        """What to write: relative path -> text and mode. `omapi.key` is for dhcptui; the rest goes to the servers."""
        made = {f"{role}/dhcpd.conf": (self.dhcpd_conf(role), 0o644) for role in ROLES}
        made["shared/master.conf"] = (self.master_conf(), 0o644)
        if self.key:
            made["shared/omapi-key.conf"] = (self.key_conf(), 0o600)
            made["omapi.key"] = (self.key.secret + "\n", 0o600)
        return made


def _address(what: str, text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError as error:
        raise ScaffoldError(f"{what} {text!r} is not an IPv4 address") from error
