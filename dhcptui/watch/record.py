"""What is known of one server, and what its two ways share: the view, the open session and connection, the wake-ups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from dhcptui.conf.pools import FailoverPool
from dhcptui.config.loading import ConfigError, PairSettings
from dhcptui.config.platforms import writer
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Channel, Link, ServerView
from dhcptui.servers.host import Host
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import OmapiError
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.helper import Helper
from dhcptui.servers.ssh.pace import Pace
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.watch.clocks import mono


class ServerRecord:
    """One server's view and the open ways to it; `changed` is called with each new view."""

    def __init__(self, pair: PairSettings, role: Role, changed: Callable[[ServerView], None]) -> None:
        self.settings = pair[role]
        self.peer = pair.peer
        known = writer(self.settings.platform, self.settings.dhcpd_conf)
        self.view = ServerView(
            role, self.settings.name, self.settings.host, conf_writer=known, local=self.settings.local
        )
        self._changed = changed
        self.session: Host | None = None
        """The open way to its host."""
        self.helper: Helper | None = None
        """Of that session, for looks that want root."""
        self.session_ready = asyncio.Event()
        self.pace = Pace()
        """How long small commands take there."""
        self.shell: RemoteShell | None = None
        """For small questions; it may be closed, or belong to an earlier session."""
        self.client: OmapiClient | None = None
        self.connected = asyncio.Event()
        """Set when an OMAPI connection is open: it may be to another dhcpd than the last one."""
        self.connected_at = 0.0
        self.connections = 0
        self.pools: tuple[FailoverPool, ...] | None = None
        self.poll_now = asyncio.Event()
        self.probe_now = asyncio.Event()
        self.peers_now = asyncio.Event()
        self.urgent = 0
        self.blind = False
        """Nobody was seen to hold dhcpd's resources while it answered: looks at processes prove nothing there."""
        self.own_tokens: set[str] = set()
        """Of locks that are ours: they are nobody else's, so no guard needs to see them."""

    @property
    def conf_root(self) -> str:
        """The chroot in which the running dhcpd reads its configuration; empty: none, or not known yet."""
        return self.view.process.value.conf_root if self.view.process else ""

    def open_session(self) -> Host:
        """The open way to its host. Raises RemoteError."""
        if self.session is None:
            raise RemoteError(
                f"there is no SSH session to {self.settings.name}: {self.view.ssh.detail or 'connecting'}"
            )
        return self.session

    @property
    def tunnelled(self) -> bool:
        """Whether OMAPI goes through an SSH session, and fails with it."""
        return self.settings.omapi_transport == "ssh" and not self.settings.local

    def refresh(self) -> None:
        """Read everything again now."""
        self.poll_now.set()
        self.probe_now.set()
        self.peers_now.set()

    def update(self, **changes: object) -> None:
        """Put new values into the view and tell it."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._changed(self.view)

    def channel(
        self, name: str, link: Link, error: Exception | None = None, round_trip_seconds: float | None = None
    ) -> None:
        """Tell how one way (`omapi`, `ssh`, `log`) is doing."""
        old: Channel = getattr(self.view, name)
        if link is Link.OK and old.ok:
            new = replace(old, round_trip_seconds=round_trip_seconds or old.round_trip_seconds)
        else:
            new = Channel(
                link,
                clean(str(error), 300) if error else "",
                clean(str(getattr(error, "advice", "")), 400) if error else "",
                old.since if old.link is link else mono(),
                round_trip_seconds,
                bool(getattr(error, "answered", False)),
                bool(getattr(error, "untried", isinstance(error, ConfigError))),
            )
        if new != old:
            self.update(**{name: new})


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but not longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def first(group: BaseExceptionGroup[Exception]) -> Exception:
    """The first plain error of a group."""
    error: Exception | BaseExceptionGroup[Exception] = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def told(error: Exception) -> Exception:
    """The error as it is shown; a fault of our own is named as that and does not end the watch."""
    if isinstance(error, OmapiError | RemoteError | ConfigError | OSError):
        return error
    return RemoteError(f"a fault of the console: {type(error).__name__}: {error}", "Please report it.")
