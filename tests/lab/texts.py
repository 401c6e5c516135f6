"""The configuration files of a lab: dhcpd as in the classic article, sshd, and dhcptui's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dhcptui.conf import scaffold as scaffolding

from .omapi import Key

ADDRESSES = {"op": "10.0.0.1", "primary": "10.0.0.10", "secondary": "10.0.0.20"}
NAMES = {"primary": "dhcp1", "secondary": "dhcp2"}
OMAPI_PORT = 7911
RESTART = "/etc/dhcp/restart-dhcpd"
PAIR_KEYS = {"peer", "shared_dir", "sync_from", "restart_order", "read_only", "probe_address", "mirror"}


@dataclass(frozen=True)
class Settings:
    """What differs from lab to lab."""

    mclt: int = 60
    max_response_delay: int = 60
    split: int = 128
    key_algorithm: str | None = "hmac-md5"
    range: tuple[str, str] = ("10.0.0.100", "10.0.0.200")
    peer: str = "foo"
    failover_port: int = 520
    max_unacked_updates: int = 10
    load_balance_max_seconds: int = 3
    default_lease_time: int = 600
    max_lease_time: int = 7200
    key_name: str = "omapi"


def scaffold(settings: Settings, key: Key | None = None) -> scaffolding.Scaffold:
    """The pair as `dhcptui scaffold` would write it."""
    return scaffolding.Scaffold(
        peer=settings.peer,
        primary=ADDRESSES["primary"],
        secondary=ADDRESSES["secondary"],
        subnet="10.0.0.0/24",
        range=settings.range,
        mclt=settings.mclt,
        split=settings.split,
        port=settings.failover_port,
        omapi_port=OMAPI_PORT,
        key=scaffolding.Key(key.name, key.algorithm, key.secret) if key else None,
        routers=(ADDRESSES["op"],),
        max_response_delay=settings.max_response_delay,
        max_unacked_updates=settings.max_unacked_updates,
        load_balance_max_seconds=settings.load_balance_max_seconds,
        default_lease_time=settings.default_lease_time,
        max_lease_time=settings.max_lease_time,
    )


def dhcpd_conf(settings: Settings, role: str) -> str:
    """Only what differs between the two servers; the rest is shared."""
    return scaffold(settings).dhcpd_conf(role)


def master_conf(settings: Settings, key: Key | None) -> str:
    """The shared part: the same bytes on both servers. The key stands in it: one file is easier to plant faults in."""
    made = scaffold(settings, key)
    return made.master_conf().replace(f'include "{scaffolding.KEY_FILE}";\n', made.key_conf())


def sshd_config(environment: dict[str, str]) -> str:
    """LogLevel and -E: /var/log/sshd.log of the server tells why a login failed."""
    given = " ".join(f"{name}={value}" for name, value in environment.items())
    return f"""Port 22
AddressFamily inet
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
UseDNS no
MaxStartups 100:30:200
MaxSessions 100
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
Subsystem sftp internal-sftp
{f"SetEnv {given}" if given else ""}
"""


def console_config(directory: Path, settings: Settings, pair: str, overrides: dict[str, Any]) -> str:
    """dhcptui's config.toml. An override named after a server is a dict for that table; a key of the pair goes to the
    pair, any other one to both servers; None drops the key."""
    office: dict[str, Any] = {"peer": settings.peer, "shared_dir": "/etc/dhcp/shared", "sync_from": "primary"}
    office["restart_order"] = ["secondary", "primary"]
    office |= {name: value for name, value in overrides.items() if name in PAIR_KEYS}
    both = {name: value for name, value in overrides.items() if name not in PAIR_KEYS | set(NAMES)}
    text = _table(f"pairs.{pair}", office)
    for role in NAMES:
        text += _table(f"pairs.{pair}.{role}", _server(directory, settings, role) | both | overrides.get(role, {}))
    return text


def _server(directory: Path, settings: Settings, role: str) -> dict[str, Any]:
    key = {
        "name": settings.key_name,
        "algorithm": settings.key_algorithm,
        "secret_file": str(directory / "omapi.key"),
    }
    return {
        "name": NAMES[role],
        "host": ADDRESSES[role],
        "port": 22,
        "user": "root",
        "identity": str(directory / "id_ed25519"),
        "known_hosts": str(directory / "known_hosts"),
        "omapi_port": OMAPI_PORT,
        "omapi_transport": "ssh",
        "omapi_key": key if settings.key_algorithm else None,
        "dhcpd_conf": "/etc/dhcp/dhcpd.conf",
        "leases": "/var/lib/dhcp/dhcpd.leases",
        "log": "file:/var/log/dhcpd.log",
        "restart": RESTART,
    }


def _table(name: str, values: dict[str, Any]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if value is not None]
    return f"[{name}]\n" + "\n".join(lines) + "\n\n"


def _value(value: Any) -> str:
    """TOML of plain values; JSON's strings, numbers, booleans and lists are TOML's too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(str(value) if isinstance(value, Path) else value)
