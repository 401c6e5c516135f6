"""Watches one server of one relationship, over what its machine has open: the way to its host, and OMAPI.

Each way runs on its own and reconnects by itself. What is learned goes into a frozen ServerView at once; nothing is
ever cleared when a way fails: the view keeps the last value with its age, and the verdict decides what it is worth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import ServerView
from dhcptui.servers.host import Completed, Host
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import OmapiClosed, OmapiIoError, OmapiUnconfirmed
from dhcptui.servers.omapi.objects import SettableState
from dhcptui.servers.ssh.commands import Command
from dhcptui.watch.clocks import mono
from dhcptui.watch.machine import Machines
from dhcptui.watch.record import Logged, Noted, ServerRecord

QUICK_SECONDS = 5.0


class ServerWatcher:
    """One server's watcher. `changed` is called with each new view, `logged` with each batch of log lines."""

    def __init__(
        self,
        pair: PairSettings,
        role: Role,
        changed: Callable[[ServerView], None],
        logged: Logged,
        *,
        noted: Noted = lambda notes: None,
        follow_log: bool = True,
        machines: Machines | None = None,
    ) -> None:
        """`machines`: those that are shared with other pairs; None: one of its own."""
        self._machine = (machines or Machines()).of(pair[role])
        self._record = ServerRecord(
            pair, role, changed, self._machine.record, logged=logged, noted=noted, follow_log=follow_log
        )

    @property
    def settings(self) -> ServerSettings:
        """The server's table of the configuration."""
        return self._record.settings

    @property
    def view(self) -> ServerView:
        """What is known of the server."""
        return self._record.view

    @property
    def record(self) -> ServerRecord:
        """The view and the open ways to the server."""
        return self._record

    @property
    def own_tokens(self) -> set[str]:
        """Of locks that are ours: they are nobody else's, so no guard needs to see them."""
        return self._record.own_tokens

    @property
    def session(self) -> Host:
        """The open way to its host. Raises RemoteError."""
        return self._record.open_session()

    @property
    def client(self) -> OmapiClient:
        """The open OMAPI connection. Raises OmapiError."""
        if self._record.client is None:
            raise OmapiClosed(f"there is no OMAPI connection to {self.settings.name}: {self.view.omapi.detail}")
        return self._record.client

    async def quick(self, command: Command, timeout: float = QUICK_SECONDS) -> Completed:
        """Run a small command with little output, without the cost of a channel of its own. Raises RemoteError."""
        session, shell = self.session, self._record.machine.shell
        if shell is None or shell.closed or shell.session is not session or not shell.answered:
            return await session.ask(command, timeout)
        answer = await shell.ask(command.line, timeout)
        output = "\n".join(answer.lines).encode()
        return Completed(output, output if answer.exit_status else b"", answer.exit_status)

    async def write_state(
        self, peer: str, state: SettableState, why_not: Callable[[FailoverStatus], str] = lambda status: ""
    ) -> FailoverStatus:
        """Write local-state of a relationship, once, unless `why_not` of what is read right before it gives a reason.

        Without an answer the transport is cut, so that the write cannot arrive later.
        """
        client = self.client
        try:
            status = await client.set_local_state(peer, state, why_not=why_not)
        except OmapiIoError as error:
            self._record.update(refused_write=Seen(clean(str(error), 300), mono()))
            raise
        except OmapiUnconfirmed:
            self._record.machine.cut(
                f"the console has cut the connection to {self.settings.name}: a state it wrote for {peer} was not confirmed,"
                " and must not arrive later"
            )
            client.cut()
            await client.close()
            raise
        self._record.update(refused_write=None)
        return status

    def refresh(self) -> None:
        """Read everything again now."""
        self._record.refresh()

    def poll_fast(self, on: bool) -> None:
        """Poll as fast as is decent while an action waits (counted: call once with True, once with False)."""
        self._record.urgent += 1 if on else -1
        self.refresh()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with self._machine.joined(self._record) as watching:
            await asyncio.wait({watching})
            watching.result()
