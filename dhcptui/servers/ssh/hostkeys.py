"""Host keys, strictly: which keys are on record for a server, and which error it is when the server shows another.

As ssh does, keys are looked up by the name that was given, or by its HostKeyAlias, and by an address only where the
host is given as one: what a name resolves to today is what an attacker would change.

asyncssh takes its known hosts from a callable here. That closes its back doors: `known_hosts=None`, and
`UserKnownHostsFile none` in ~/.ssh/config, would both switch the check off. A missing file is an empty one.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dhcptui.servers.ssh.errors import HostKeyChanged, HostKeyUnknown

if TYPE_CHECKING:
    from asyncssh import SSHKey, SSHKnownHosts

DEFAULT_PORT = 22

_USUAL_ALGORITHMS = (
    "ssh-ed25519",
    *("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-256", "rsa-sha2-512"),
)
_SYSTEM_FILES = (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2"))


def known_hosts_files(
    explicit: Path | None, user_files: Sequence[str] | None, global_files: Sequence[str] | None
) -> tuple[Path, ...]:
    """The files to look in, the one to name in advice first.

    `explicit` is the configuration's own setting and stands alone; else as ssh: UserKnownHostsFile and
    GlobalKnownHostsFile of ~/.ssh/config (None: not set there), or their usual places.
    """
    if explicit is not None:
        return (explicit.expanduser(),)
    home = Path("~/.ssh").expanduser()
    users = (home / "known_hosts", home / "known_hosts2") if user_files is None else _paths(user_files)
    return (*users, *(_SYSTEM_FILES if global_files is None else _paths(global_files)))


def _paths(names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(Path(name).expanduser() for name in names)


class HostKeys:
    """The keys on record, asked once by asyncssh for one connection; remembers what was asked and what was offered."""

    def __init__(self, known: SSHKnownHosts, files: tuple[Path, ...]) -> None:
        self._known, self._files = known, files
        self._trusted: list[SSHKey] = []
        self._asked: tuple[str, int | None] | None = None
        self.port = DEFAULT_PORT
        self.alias: str | None = None
        """HostKeyAlias of ~/.ssh/config: it stands for name and port."""
        self.offered: str = ""

    @classmethod
    def read(cls, files: tuple[Path, ...]) -> HostKeys:
        """Read `files` (blocking); what is missing, unreadable or not parsable counts as not there, line by line."""
        from asyncssh import SSHKnownHosts  # noqa: PLC0415 - 190 ms

        known = SSHKnownHosts()
        for file in files:
            with suppress(OSError):
                for line in file.read_text("utf-8", "replace").splitlines():
                    with suppress(ValueError):  # as ssh: a bad line spoils no other
                        known.load(line)
        return cls(known, files)

    def __call__(
        self, host: str, addr: str, port: int | None
    ) -> tuple[Sequence[SSHKey], Sequence[SSHKey], Sequence[SSHKey]]:
        """For asyncssh: trusted keys, trusted authorities and revoked keys of this host (`port` None: 22).

        `addr` is what the name resolves to, and is not looked at.
        """
        self._asked = self._key(host, port)
        trusted, authorities, revoked = self._known.match(self._asked[0], "", self._asked[1])[:3]
        self._trusted = [*trusted, *authorities]
        return trusted, authorities, revoked

    def _key(self, host: str, port: int | None) -> tuple[str, int | None]:
        """What stands for a host in known_hosts."""
        return (self.alias, None) if self.alias else (host.lower(), port if port != DEFAULT_PORT else None)

    def algorithms(self, host: str, port: int) -> Sequence[str]:
        """The key algorithms to offer: those on record first, then the others; empty: as asyncssh thinks best.

        asyncssh would offer those on record only; a server that has none of them just hangs up, and nobody learns why.
        """
        name, port_of_key = self._key(host, port)
        trusted, authorities = self._known.match(name, "", port_of_key)[:2]
        if not trusted or authorities:
            return ()
        known = [name.decode("ascii") for key in trusted for name in key.sig_algorithms]
        return list(dict.fromkeys([*known, *_USUAL_ALGORITHMS]))

    def refusal(self, host: str, reason: str) -> HostKeyUnknown | HostKeyChanged:
        """The error for a key that was not accepted; `reason` is asyncssh's."""
        name, port = self._asked or (host, None)
        at = ["-p", str(self.port)] if self.port != DEFAULT_PORT else []
        entry = f"[{name}]:{port}" if port else name
        file = str(self._files[0]) if self._files else "(none: UserKnownHostsFile is none in ~/.ssh/config)"
        scan = shlex.join(["ssh-keyscan", *at, host])
        if self.alias:
            scan += f" | sed {shlex.quote(f's/^[^ ]*/{self.alias}/')}"
        offered = f" (it shows {self.offered})" if self.offered else ""
        if not self._trusted and "revoked" not in reason:
            return HostKeyUnknown(
                f"{entry} has no host key in {file}{offered}",
                f"Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on {host}'s own console; "
                f"if it is the same: {scan} >> {shlex.quote(file)}",
            )
        return HostKeyChanged(
            f"{entry} shows another host key than the one in {file}{offered}: {reason}",
            "Either the server was reinstalled, or someone stands in between. Compare the key on its own console; only "
            f"if it is right: ssh-keygen -R {shlex.quote(entry)} -f {shlex.quote(file)}, then "
            f"{scan} >> {shlex.quote(file)}",
        )
