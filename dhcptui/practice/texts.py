"""dhcpd.conf and master.conf of the practice pair: the article's layout, one file per server and one shared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dhcptui.model.role import Role
from dhcptui.practice.machine import ADDRESSES

ROUTER = "10.0.0.1"


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from pair to pair, in dhcpd's words. Times in seconds."""

    mclt: int = 60
    max_response_delay: int = 60
    split: int = 128
    peer: str = "foo"
    range: tuple[str, str] = ("10.0.0.100", "10.0.0.200")
    failover_port: int = 520
    max_unacked_updates: int = 10
    load_balance_max_seconds: int = 3
    default_lease_time: int = 600
    max_lease_time: int = 7200
    key_name: str = "omapi"
    key_algorithm: str | None = "hmac-sha256"
    key_secret: str = ""
    """Base64."""


def dhcpd_conf(settings: Settings, role: Role, omapi_port: int, shared: Path) -> str:
    """Only what differs between the two servers. The two share one host, so the OMAPI port differs too."""
    partner = Role.SECONDARY if role is Role.PRIMARY else Role.PRIMARY
    only_primary = f"  mclt {settings.mclt};\n  split {settings.split};\n" if role is Role.PRIMARY else ""
    return f"""failover peer "{settings.peer}" {{
  {role.value};
  address {ADDRESSES[role]};
  port {settings.failover_port};
  peer address {ADDRESSES[partner]};
  peer port {settings.failover_port};
  max-response-delay {settings.max_response_delay};
  max-unacked-updates {settings.max_unacked_updates};
  load balance max seconds {settings.load_balance_max_seconds};
{only_primary}}}
omapi-port {omapi_port};
include "{shared}/master.conf";
"""


def master_conf(settings: Settings) -> str:
    """The shared part: the same bytes on both servers."""
    key = ""
    if settings.key_algorithm:
        name = settings.key_name
        key = f'key {name} {{\n  algorithm {settings.key_algorithm};\n  secret "{settings.key_secret}";\n}}\n'
        key += f"omapi-key {name};\n"
    return f"""{key}
authoritative;
ddns-update-style none;
default-lease-time {settings.default_lease_time};
max-lease-time {settings.max_lease_time};

subnet 10.0.0.0 netmask 255.255.255.0 {{
  option routers {ROUTER};
  pool {{
    failover peer "{settings.peer}";
    deny dynamic bootp clients;
    range {settings.range[0]} {settings.range[1]};
  }}
}}
"""
