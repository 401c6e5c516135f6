"""How the console gets into the practice pair: keys, known hosts, and its own configuration file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dhcptui.config.toml import toml
from dhcptui.model.role import Role
from dhcptui.practice.machine import Machine
from dhcptui.practice.texts import Settings

if TYPE_CHECKING:
    from asyncssh import SSHKey

LOOPBACK = "127.0.0.1"
PAIR = "practice"
"""The pair's name in the configuration."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The one key that logs in, and each server's own."""

    client: SSHKey
    hosts: Mapping[Role, SSHKey]


def make_keys(directory: Path, ssh_ports: Mapping[Role, int]) -> Keys:
    """New keys; the client's half of them as files in `directory`: `id_ed25519` and `known_hosts`."""
    import asyncssh  # noqa: PLC0415 - 190 ms, after the first frame

    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = Keys(
        asyncssh.generate_private_key("ssh-ed25519"),
        {role: asyncssh.generate_private_key("ssh-ed25519") for role in Role},
    )
    identity = directory / "id_ed25519"
    identity.touch(mode=0o600)
    identity.write_bytes(keys.client.export_private_key())
    known = (
        f"[{LOOPBACK}]:{ssh_ports[role]} {key.export_public_key().decode().strip()}\n"
        for role, key in keys.hosts.items()
    )
    (directory / "known_hosts").write_text("".join(known))
    return keys


def write_config(
    directory: Path,
    settings: Settings,
    machines: Mapping[Role, Machine],
    ssh_ports: Mapping[Role, int],
    omapi_ports: Mapping[Role, int],
    **overrides: Any,
) -> Path:
    """`config.toml`, and the OMAPI secret beside it as `omapi.key`. An override is a key of the pair's table."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = directory / "omapi.key"
    secret.touch(mode=0o600)
    secret.write_text(settings.key_secret + "\n")
    pair = {"peer": settings.peer, **overrides}
    text = _table(f"pairs.{PAIR}", pair)
    for role, machine in machines.items():
        key = {"name": settings.key_name, "algorithm": settings.key_algorithm, "secret_file": secret}
        text += _table(
            f"pairs.{PAIR}.{role.value}",
            {
                "name": machine.name,
                "host": LOOPBACK,
                "port": ssh_ports[role],
                "user": "root",
                "identity": directory / "id_ed25519",
                "known_hosts": directory / "known_hosts",
                "omapi_port": omapi_ports[role],
                "omapi_transport": "ssh",
                **({"omapi_key": key} if settings.key_algorithm else {}),
                "dhcpd_conf": machine.conf,
                "leases": machine.leases,
                "log": f"file:{machine.log_file}",
                "restart": shlex.quote(str(machine.restart_script)),
                "shared_dir": machine.shared,
            },
        )
    path = directory / "config.toml"
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def _table(name: str, values: Mapping[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in values.items()) + "\n"
