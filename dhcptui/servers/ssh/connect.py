"""From a target to an authenticated SSH connection, jump hosts first, and from asyncssh's errors to ours."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dhcptui.config.ownership import distrust
from dhcptui.servers.ssh.errors import (
    AuthenticationFailed,
    LoginSlow,
    Refused,
    RemoteError,
    SshSetupError,
    Unreachable,
)
from dhcptui.servers.ssh.hostkeys import HostKeys, known_hosts_files
from dhcptui.servers.ssh.target import SshTarget

if TYPE_CHECKING:
    from asyncssh import SSHClient, SSHClientConnection, SSHKey

KEEPALIVE_INTERVAL = 5.0
"""Seconds of silence before a keepalive is sent."""

KEEPALIVE_COUNT = 3
"""Unanswered keepalives after which the session is lost: 20 s after the last sign of life."""

CONNECT_SECONDS = 5.0
"""How long an address may take to say that it is an SSH server, where ~/.ssh/config has no ConnectTimeout."""

LOGIN_SECONDS = 20.0
"""How long all of it may take up to the login; the key `login_timeout` of the configuration."""

_MAX_JUMPS = 8

OnLost = Callable[[Exception | None], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until each host on the way says that it is an SSH server, and until the login, all in all."""

    connect: float | None = None
    """None: ConnectTimeout of ~/.ssh/config, else 5."""
    login: float = LOGIN_SECONDS
    """A ConnectTimeout that is longer counts instead."""

    def limits(self, configured: object) -> tuple[float, float]:
        """Both, for a host whose ConnectTimeout is `configured`."""
        given = float(configured) if isinstance(configured, int) and configured > 0 else 0.0
        login = max(self.login, given)
        return min(self.connect or given or CONNECT_SECONDS, login), login


async def dial(target: SshTarget, patience: Patience, on_lost: OnLost) -> list[SSHClientConnection]:
    """Connect in time; the last connection is the target's, those before it are its jump hosts'.

    `on_lost` is called once when the target's connection ends, with the reason, or None for an orderly end.
    Raises RemoteError: SshSetupError, Unreachable, LoginSlow, HostKeyUnknown, HostKeyChanged, AuthenticationFailed.
    """
    chain: list[SSHClientConnection] = []
    dialer = _Dialer(chain, patience)
    try:
        await dialer.reach(target, on_lost)
    except BaseException as exc:
        hops = tuple(address(connection, "peername") for connection in chain)
        for connection in reversed(chain):
            connection.abort()
        if isinstance(exc, RemoteError):
            exc.hops = hops
        raise
    return chain


def address(connection: SSHClientConnection, end: str) -> str:
    """One end of a connection (`peername`, `sockname`) as an address, IPv4 in IPv6 unwrapped; empty where it is not known."""
    found = connection.get_extra_info(end)
    return str(found[0]).partition("%")[0].removeprefix("::ffff:") if found else ""


class _Dialer:
    """One attempt; grows `chain` hop by hop, so that the caller can clear up whatever happens."""

    def __init__(self, chain: list[SSHClientConnection], patience: Patience) -> None:
        self._chain, self._patience = chain, patience
        self._began = asyncio.get_running_loop().time()
        self._dialled: list[SSHClientConnection] = []
        """What was connected to last, logged in or not."""

    async def reach(self, target: SshTarget, on_lost: OnLost, depth: int = 0, direct: bool = False) -> None:
        """Connect to `target`; unless `direct`, through the jump hosts that ~/.ssh/config names for it."""
        import asyncssh  # noqa: PLC0415 - 190 ms

        wanted = _options(target)
        if target.identity is not None and (reason := distrust(target.identity.expanduser(), private=True)):
            raise SshSetupError(f"the key {target.identity} for {target} is not used: {reason}")
        try:
            # First alone: to learn files and jump hosts, and so that a broken key file is not taken for a network error.
            # `config=()` is ~/.ssh/config, here the default is none.
            options = await asyncssh.SSHClientConnectionOptions.construct(config=(), **wanted)
        except (OSError, ValueError, asyncssh.Error) as exc:
            raise _setup_error(target, exc) from exc
        if isinstance(options.tunnel, str) and not direct:
            if depth >= _MAX_JUMPS:
                raise SshSetupError(f"{target} is behind more than {_MAX_JUMPS} jump hosts", _see_ssh_config(target))
            # Ours, not asyncssh's: it would take the jump hosts' keys on trust if the config says UserKnownHostsFile none.
            for number, jump in enumerate(options.tunnel.split(",")):
                await self.reach(parse_jump(jump), lambda _: None, depth + 1, direct=number > 0)
        files = known_hosts_files(
            target.known_hosts,
            options.config.get("UserKnownHostsFile"),
            options.config.get("GlobalKnownHostsFile"),
        )
        host_keys = await asyncio.to_thread(HostKeys.read, files)
        host_keys.alias, host_keys.port = options.host_key_alias, options.port
        if options.config.get("HostKeyAlgorithms") is None:
            wanted["server_host_key_algs"] = host_keys.algorithms(options.host, options.port)
        connecting = asyncssh.connect(
            **wanted,
            tunnel=self._chain[-1] if self._chain else None,
            known_hosts=host_keys,
            client_factory=_client_factory(on_lost, host_keys, self._dialled.append),
        )
        try:
            connection = await self._in_time(connecting, target, options.config.get("ConnectTimeout"))
        except (OSError, ValueError, asyncssh.Error) as exc:
            raise _explain(exc, target, host_keys) from exc
        self._chain.append(connection)

    async def _in_time(
        self, connecting: Awaitable[SSHClientConnection], target: SshTarget, configured: object
    ) -> SSHClientConnection:
        """Wait as long as the host is silent at most, and longer for the login of one that has said its version."""
        connect, login = self._patience.limits(configured)
        self._dialled.clear()
        trying = asyncio.ensure_future(connecting)
        try:
            done, _ = await asyncio.wait({trying}, timeout=connect)
            if not done and self._spoke():
                left = self._began + login - asyncio.get_running_loop().time()
                done, _ = await asyncio.wait({trying}, timeout=max(0.0, left))
            if done:
                return trying.result()
            if self._spoke():
                raise LoginSlow(
                    f"{target} answers, and the login was not done within {login:g} s",
                    f"Login takes long there (PAM, DNS?): see sshd's log, and how long `{target.ssh} true` takes;"
                    " login_timeout in the configuration, or ConnectTimeout in ~/.ssh/config, gives it more time.",
                )
            raise Unreachable(f"{target} did not answer within {connect:g} s", f"Is the server up? Try: {target.ssh}")
        finally:
            if not trying.done():
                trying.cancel()
                await asyncio.gather(trying, return_exceptions=True)

    def _spoke(self) -> bool:
        """Whether the host that is being connected to has said that it is an SSH server."""
        return any(connection.get_extra_info("server_version") for connection in self._dialled)


def parse_jump(text: str) -> SshTarget:
    """One hop of a ProxyJump list: `[user@]host[:port]`, an IPv6 address in brackets."""
    user, _, place = text.strip().removeprefix("ssh://").rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = place, ""
    try:
        return SshTarget(host.strip("[]"), int(port) if port else None, user or None)
    except ValueError:
        raise SshSetupError(f"cannot read the jump host {text!r}", "See ProxyJump in ~/.ssh/config.") from None


def _options(target: SshTarget) -> dict[str, Any]:
    """What we ask of asyncssh; what is not here comes from ~/.ssh/config, as with ssh."""
    options: dict[str, Any] = {
        "host": target.host,
        "connect_timeout": None,  # `_in_time` looks at the one in ~/.ssh/config
        "login_timeout": 0,  # nor asyncssh's own
        "password_auth": False,  # the console cannot ask anybody
        "kbdint_auth": False,
        "gss_kex": False,  # its key exchange would replace the host key
        "x509_trusted_certs": [],  # nor may a ~/.ssh/ca-bundle.crt
        "x509_trusted_cert_paths": [],
        "agent_forwarding": False,
        "x11_forwarding": False,
        "ignore_encrypted": True,  # the agent may hold the key; if not, _explain says so
        "keepalive_interval": KEEPALIVE_INTERVAL,
        "keepalive_count_max": KEEPALIVE_COUNT,
    }
    if target.port is not None:
        options["port"] = target.port
    if target.user is not None:
        options["username"] = target.user
    if target.identity is not None:
        options["client_keys"] = [str(target.identity.expanduser())]
    return options


def _client_factory(
    on_lost: OnLost, host_keys: HostKeys, on_made: Callable[[SSHClientConnection], None]
) -> Callable[[], SSHClient]:
    from asyncssh import SSHClient  # noqa: PLC0415

    class Watcher(SSHClient):
        """Tells when the connection ends and remembers a key that nobody vouches for. Banners are ignored."""

        def connection_made(self, conn: SSHClientConnection) -> None:
            on_made(conn)

        def connection_lost(self, exc: Exception | None) -> None:
            on_lost(exc)

        def validate_host_public_key(self, host: str, addr: str, port: int, key: SSHKey) -> bool:
            host_keys.offered = key.get_fingerprint()
            return False

    return Watcher


def _see_ssh_config(target: SshTarget) -> str:
    return f"See what `ssh -G {target.host}` makes of ~/.ssh/config."


def _setup_error(target: SshTarget, exc: Exception) -> RemoteError:
    """A key file or ~/.ssh/config that cannot be used."""
    if target.identity is not None and not target.identity.expanduser().is_file():
        return SshSetupError(f"the key {target.identity} for {target} does not exist", "Correct `identity`.")
    return SshSetupError(f"cannot prepare SSH to {target}: {exc}", _see_ssh_config(target))


def _explain(exc: Exception, target: SshTarget, host_keys: HostKeys) -> RemoteError:
    """Why connecting failed."""
    import asyncssh  # noqa: PLC0415

    if isinstance(exc, asyncssh.HostKeyNotVerifiable):
        return host_keys.refusal(target.host, str(exc))
    if isinstance(exc, asyncssh.KeyExchangeFailed) and "host key" in str(exc).lower():
        return host_keys.refusal(target.host, "it offers no key of the kind on record")
    if isinstance(exc, asyncssh.PermissionDenied):
        return AuthenticationFailed(f"{target} takes none of our keys: {exc}", _key_advice(target))
    if isinstance(exc, asyncssh.ChannelOpenError):
        return Unreachable(f"the jump host cannot reach {target}: {exc.reason}", "Is the server up? Try it from there.")
    if isinstance(exc, asyncssh.ConnectionLost | ConnectionResetError):
        return Refused(
            f"{target} ended the connection before login: {exc}",
            "See sshd's log there: an allow list, fail2ban or MaxStartups may be at work.",
        )
    if isinstance(exc, asyncssh.ProtocolError) and "userauth banner" in str(exc):
        return Refused(
            f"{target}: the login banner is not UTF-8",
            f"Mend the file that Banner names in sshd_config on {target.host}.",
        )
    if isinstance(exc, asyncssh.Error):
        return Refused(f"{target} does not speak SSH as we do: {exc}", "Is that the port of its sshd?")
    why: object = exc
    if isinstance(exc, OSError) and exc.errno:  # below zero: the resolver's own words
        why = os.strerror(exc.errno) if exc.errno > 0 else exc.strerror or exc
    kind = Refused if isinstance(exc, ConnectionRefusedError) else Unreachable
    return kind(f"cannot reach {target}: {why}", f"Is the server up, is the name right? Try: {target.ssh}")


def _key_advice(target: SshTarget) -> str:
    """What to do about a refused login; a key behind a passphrase is the likely reason nobody sees."""
    import asyncssh  # noqa: PLC0415

    if target.identity is None:
        return f"Load a key into the agent (ssh-add), or set `identity`; `{target.ssh}` must log in by key alone."
    try:
        asyncssh.read_private_key(target.identity.expanduser())
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError) as exc:
        if "passphrase" in str(exc).lower():
            return (
                f"{target.identity} needs its passphrase, which the console cannot ask for: ssh-add {target.identity}"
            )
        return f"{target.identity} is not usable: {exc}"
    return f"Is {target.identity}.pub in ~/.ssh/authorized_keys of that account on {target.host}?"
