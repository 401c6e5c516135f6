"""What is known of one server: by a machine's own record, and by one of each relationship that looks at it.

The machine's record has the open session and connection, and what is the same for all of its relationships; what it learns goes
into the view of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from dhcptui.assess.history.timeline import Note
from dhcptui.conf.pools import FailoverPool
from dhcptui.conf.reader import Node
from dhcptui.config.loading import ConfigError, PairSettings, ServerSettings
from dhcptui.config.platforms import writer
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Seen
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
from dhcptui.watch.shared import Shared
from dhcptui.watch.turns import Turns

Logged = Callable[[Role, Sequence[LogLine]], None]
Noted = Callable[[Iterable[Note]], None]
_COMMON = (
    "ssh", "omapi", "log", "clock", "clock_note", "version", "way", "time_sync", "notable_lines", "space", "space_note",
    "zone_note", "given_before", "kept_at_start", "configuration_note",
)  # fmt: skip
"""What a view has in common with those of all relationships on its machine."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What dhcpd said of one relationship when it was asked last: its status, or why there is none that is newer."""

    status: Seen[FailoverStatus] | None = None
    note: str = ""


class _Viewed:
    """Somebody with a view."""

    view: ServerView

    def update(self, **changes: object) -> None:
        """Put new values into the view."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]

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


class MachineRecord(_Viewed):
    """One machine: the open ways to it, the wake-ups, and the relationships that look at it."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        """Of one of the relationships; they agree in all that matters for the machine."""
        self.view = ServerView(settings.role, settings.name, settings.host, local=settings.local)
        """Only what all relationships have in common is kept in it."""
        self.members: tuple[ServerRecord, ...] = ()
        """The relationships that look at it now, in the order in which they came."""
        self._watching_members: set[asyncio.Event] = set()
        self.session: Host | None = None
        """The open way to its host."""
        self.helper: Helper | None = None
        """Of that session, for looks that want root."""
        self.session_ready = asyncio.Event()
        self.pace = Pace()
        """How long small commands take there."""
        self.shell: RemoteShell | None = None
        """For small questions; it may be closed, or belong to an earlier session."""
        self.channels = Turns(2)
        """For commands that have a channel of their own for each relationship: sshd lets a session have ten."""
        self.tries = Turns(1)
        """For tries of a partner, which have three."""
        self.client: OmapiClient | None = None
        self.connected = asyncio.Event()
        """Set when an OMAPI connection is open: it may be to another dhcpd than the last one."""
        self.connected_at = 0.0
        self.connections = 0
        self.answered_at = 0.0
        """When an answer over OMAPI came last (mono seconds)."""
        self.cut_because = ""
        """Why this console has cut its own connections; empty: it has not since they were opened."""
        self.configuration: Node | None = None
        """dhcpd.conf, as it was when this dhcpd was met."""
        self.newer_configuration: Shared[Node] = Shared()
        """The same, looked at again while something is wrong."""
        self.readings: dict[str, Reading] = {}
        """By the name of the relationship, also of those that nobody looks at."""
        self.probe_now = asyncio.Event()
        self.peers_now = asyncio.Event()

    @property
    def name(self) -> str:
        """How its relationships call it."""
        return " / ".join(dict.fromkeys(each.settings.name for each in self.members)) or self.settings.name

    @property
    def login_timeout(self) -> int:
        """The longest that one of its relationships gives a login, in seconds."""
        return max((each.settings.login_timeout for each in self.members), default=self.settings.login_timeout)

    @property
    def conf_root(self) -> str:
        """The chroot in which the running dhcpd reads its configuration; empty: none, or not known yet."""
        return next((each.conf_root for each in self.members if each.conf_root), "")

    @property
    def process_seen(self) -> bool:
        """Whether dhcpd's process has been looked at."""
        return any(each.view.process is not None for each in self.members)

    @property
    def tunnelled(self) -> bool:
        """Whether OMAPI goes through an SSH session, and fails with it."""
        return self.settings.omapi_transport == "ssh" and not self.settings.local

    @property
    def urgent(self) -> bool:
        """Whether an action waits for it, in whichever relationship."""
        return any(each.urgent for each in self.members)

    def update(self, **changes: object) -> None:
        """Put new values into the machine's view and into that of each relationship."""
        self.update_each(changes, {})

    def update_each(self, common: Mapping[str, object], own: Mapping[ServerRecord, Mapping[str, object]]) -> None:
        """The same, together with values of single relationships: each view changes once."""
        super().update(**common)
        for member in self.members:
            if changes := {**common, **own.get(member, {})}:
                member.update(**changes)

    def channel(
        self, name: str, link: Link, error: Exception | None = None, round_trip_seconds: float | None = None
    ) -> None:
        """Tell each relationship how one way is doing."""
        super().channel(name, link, error, round_trip_seconds)
        for member in self.members:
            member.channel(name, link, error, round_trip_seconds)

    def join(self, member: ServerRecord) -> None:
        """A relationship begins to look: what is known already is told at once."""
        self.members = (*self.members, member)
        common = {name: getattr(self.view, name) for name in _COMMON}
        if news := {name: value for name, value in common.items() if value != getattr(member.view, name)}:
            member.update(**news)
        self._tell_members()
        self.probe_now.set()

    def leave(self, member: ServerRecord) -> None:
        """A relationship looks no more."""
        self.members = tuple(each for each in self.members if each is not member)
        self._tell_members()

    def watch_members(self) -> asyncio.Event:
        """An event that is set with each one that joins or leaves; give it back with `unwatch_members`."""
        event = asyncio.Event()
        self._watching_members.add(event)
        return event

    def unwatch_members(self, event: asyncio.Event) -> None:
        """Nobody waits for it any more."""
        self._watching_members.discard(event)

    def _tell_members(self) -> None:
        for event in self._watching_members:
            event.set()

    def open_session(self) -> Host:
        """The open way to its host. Raises RemoteError."""
        if self.session is None:
            raise RemoteError(f"there is no SSH session to {self.name}: {self.view.ssh.detail or 'connecting'}")
        return self.session

    def refresh(self) -> None:
        """Read everything again now, of every relationship."""
        for member in self.members:
            member.poll_now.set()
        self.probe_now.set()
        self.peers_now.set()

    def forget_ways(self) -> None:
        """Nobody looks any more, and all is closed: who comes next does not take it for open."""
        self.view = replace(self.view, ssh=Channel(), log=Channel(), omapi=Channel())
        self.cut_because = ""

    def cut(self, reason: str) -> None:
        """End both connections at once; nothing of what was sent may arrive later. Every relationship connects anew."""
        self.cut_because = reason
        if self.session is not None and self.tunnelled:
            self.session.cut()
        if self.client is not None:
            self.client.cut()


class ServerRecord(_Viewed):
    """One relationship's view of a server; `changed` is called with each new one."""

    def __init__(
        self,
        pair: PairSettings,
        role: Role,
        changed: Callable[[ServerView], None],
        machine: MachineRecord | None = None,
        *,
        logged: Logged = lambda role, lines: None,
        noted: Noted = lambda notes: None,
        follow_log: bool = True,
    ) -> None:
        """`machine`: the one that it shares with others; None: one of its own."""
        self.settings = pair[role]
        self.peer = pair.peer
        self.probe_addresses = pair.probe_address
        known = writer(self.settings.platform, self.settings.dhcpd_conf)
        self.view = ServerView(
            role, self.settings.name, self.settings.host, conf_writer=known, local=self.settings.local
        )
        self.machine = machine or MachineRecord(self.settings)
        self._changed, self._logged, self.noted = changed, logged, noted
        self.follow_log = follow_log
        """Whether it wants to see the log's lines, or only know whether it could."""
        self.configuration: Node | None = None
        """The dhcpd.conf of which the view tells."""
        self.pools: tuple[FailoverPool, ...] | None = None
        self.poll_now = asyncio.Event()
        self.urgent = 0
        self.blind = False
        """Nobody was seen to hold dhcpd's resources while it answered: looks at processes prove nothing there."""
        self.own_tokens: set[str] = set()
        """Of locks that are ours: they are nobody else's, so no guard needs to see them."""

    @property
    def conf_root(self) -> str:
        """The chroot in which the running dhcpd reads its configuration; empty: none, or not known yet."""
        return self.view.process.value.conf_root if self.view.process else ""

    @property
    def session(self) -> Host | None:
        """The open way to the machine."""
        return self.machine.session

    @property
    def helper(self) -> Helper | None:
        """Of that session, for looks that want root."""
        return self.machine.helper

    @property
    def pace(self) -> Pace:
        """How long small commands take there."""
        return self.machine.pace

    @property
    def client(self) -> OmapiClient | None:
        """The machine's open OMAPI connection."""
        return self.machine.client

    def open_session(self) -> Host:
        """The open way to its host. Raises RemoteError."""
        return self.machine.open_session()

    def refresh(self) -> None:
        """Read everything again now."""
        self.poll_now.set()
        self.machine.probe_now.set()
        self.machine.peers_now.set()

    def update(self, **changes: object) -> None:
        """Put new values into the view and tell it."""
        super().update(**changes)
        self._changed(self.view)

    def lines_came(self, lines: Sequence[LogLine]) -> None:
        """Lines of the machine's log."""
        self._logged(self.view.role, lines)


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
