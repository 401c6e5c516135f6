"""The files that let the console into the practice pair."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

import asyncssh

from dhcptui.config.loading import load
from dhcptui.model.role import Role
from dhcptui.practice.machine import Machine
from dhcptui.practice.services.access import make_keys, write_config
from dhcptui.practice.texts import Settings

SECRET = "c2VjcmV0IG9mIHRoZSBwcmFjdGljZSBwYWly"  # noqa: S105


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    """dhcptui takes it, also below a directory whose name wants quoting."""
    directory = tmp_path / 'a "strange" näme'
    directory.mkdir()
    machines = {role: Machine(role, directory / role.value) for role in Role}
    path = write_config(
        directory,
        Settings(key_secret=SECRET, peer="foo"),
        machines,
        {Role.PRIMARY: 2201, Role.SECONDARY: 2202},
        {Role.PRIMARY: 7911, Role.SECONDARY: 7912},
        read_only=True,
    )
    pair = load(path).pair(None)
    assert (pair.name, pair.peer, pair.read_only) == ("practice", "foo", True)
    assert (pair.primary.name, pair.secondary.name) == ("dhcp1", "dhcp2")
    for role, machine in machines.items():
        server = pair[role]
        assert server.host == "127.0.0.1"
        assert server.omapi_transport == "ssh"
        assert server.dhcpd_conf == str(machine.conf)
        assert server.leases == str(machine.leases)
        assert server.log == f"file:{machine.log_file}"
        assert server.shared_dir == str(machine.shared)
        assert shlex.join(server.restart) == shlex.quote(str(machine.restart_script))
        assert server.omapi_key is not None
        assert server.omapi_key.read_secret() == SECRET.encode()
    assert (pair.primary.port, pair.secondary.port) == (2201, 2202)
    assert (pair.primary.omapi_port, pair.secondary.omapi_port) == (7911, 7912)


def test_secrets_are_private(tmp_path: Path) -> None:
    """The key and the OMAPI secret are for their owner's eyes; known_hosts names both servers, each with a key of its own."""
    keys = make_keys(tmp_path, {Role.PRIMARY: 2201, Role.SECONDARY: 2202})
    machines = {role: Machine(role, tmp_path / role.value) for role in Role}
    ports = {Role.PRIMARY: 1, Role.SECONDARY: 2}
    write_config(tmp_path, Settings(key_secret=SECRET), machines, ports, ports)
    for name in ("id_ed25519", "omapi.key", "config.toml"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    known = asyncssh.read_known_hosts(str(tmp_path / "known_hosts"))
    for role, port in ((Role.PRIMARY, 2201), (Role.SECONDARY, 2202)):
        trusted = known.match("127.0.0.1", "127.0.0.1", port)[0]
        assert {key.public_data for key in trusted} == {keys.hosts[role].public_data}
