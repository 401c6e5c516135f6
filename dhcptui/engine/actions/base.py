"""What every action is made of: steps that act, and a context through which alone they may act."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dhcptui.config import PairSettings, ServerSettings
from dhcptui.engine.pair import PairEngine, moment
from dhcptui.model.guards import Action
from dhcptui.model.plan import PlannedStep
from dhcptui.model.snapshot import FailoverStatus, Moment, PairSnapshot, Role
from dhcptui.model.standing import ServerStanding, stand
from dhcptui.model.states import FailoverState
from dhcptui.omapi.objects import SettableState
from dhcptui.remote.commands import Command
from dhcptui.remote.session import Completed


class StepFailed(Exception):
    """A step could not be done or verified. The text says what was observed; `next` what to do."""

    def __init__(self, text: str, next_: str = "") -> None:
        super().__init__(text)
        self.next = next_


@dataclass(frozen=True, slots=True)
class Step:
    """A planned step and the coroutine that does and verifies it; it returns what was observed."""

    planned: PlannedStep
    run: Callable[[Context], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class ActionScript:
    """An action bound to a pair and an acting server: what is shown, and what runs."""

    action: Action
    headline: str
    confirm_text: str
    steps: tuple[Step, ...]
    result: str
    """What is so when every step was verified."""
    next: str


@dataclass(slots=True)
class Context:
    """The hands of an action."""

    engine: PairEngine
    acting: Role
    archive: bytes = b""
    """sync-restart: the shared directory as read from its source."""
    changed: list[str] = field(default_factory=list)
    """sync-restart: names of the files that differ."""
    target_exists: bool = True
    """sync-restart: whether the target has a shared directory at all."""

    @property
    def pair(self) -> PairSettings:
        """The pair's settings."""
        return self.engine.settings

    @property
    def me(self) -> ServerSettings:
        """The acting server's settings."""
        return self.pair[self.acting]

    @property
    def partner(self) -> ServerSettings:
        """The partner's settings."""
        return self.pair[self.acting.other]

    @property
    def snapshot(self) -> PairSnapshot:
        """The newest snapshot."""
        return self.engine.snapshot

    def standing(self, role: Role) -> ServerStanding:
        """One server, judged now."""
        return stand(self.snapshot[role], moment())

    async def set_state(self, role: Role, state: SettableState) -> FailoverStatus:
        """Write local-state on one server, once; returns what dhcpd answered."""
        status = await self.engine.watchers[role].client.set_local_state(self.pair.peer, state)
        self.poke()
        return status

    async def request_shutdown(self, role: Role) -> None:
        """Send control state = 2 and close the connection at once: dhcpd waits for its clients before it exits."""
        client = self.engine.watchers[role].client
        await client.request_shutdown()
        await client.close()

    async def command(
        self, role: Role, command: Command, *, input_: bytes | None = None, timeout: float = 60, check: bool = True
    ) -> Completed:
        """Run a command on one server."""
        session = self.engine.watchers[role].session
        return await session.run(command, input=input_, timeout=timeout, check=check)

    def poke(self) -> None:
        """Read both servers again now."""
        for watcher in self.engine.watchers.values():
            watcher.poke()

    async def until(self, holds: Callable[[PairSnapshot, Moment], bool], timeout: float) -> bool:
        """Wait for the world; False when it did not come."""
        self.poke()
        return await self.engine.until(holds, timeout)

    async def until_state(self, role: Role, state: FailoverState, timeout: float) -> bool:
        """Wait until a server reads `state`, fresh."""
        return await self.until(lambda snapshot, now: stand(snapshot[role], now).state is state, timeout)

    async def until_both_normal(self, timeout: float, since: float = 0.0) -> bool:
        """Wait until both servers read normal, each hears the other as normal, and both were read after `since` (mono)."""

        def holds(snapshot: PairSnapshot, now: Moment) -> bool:
            pair = [stand(view, now) for view in snapshot.servers]
            return all(
                each.state is FailoverState.NORMAL
                and each.view.status is not None
                and each.view.status.at > since
                and each.status is not None
                and each.status.partner_state is FailoverState.NORMAL
                for each in pair
            )

        return await self.until(holds, timeout)

    async def fresh(self, timeout: float = 5.0) -> None:
        """Wait until the process table of the partner and both states were read after this call, or time is up."""
        start = moment().mono
        await self.until(
            lambda snapshot, _now: all(
                not view.ssh.ok or (view.process is not None and view.process.at > start) for view in snapshot.servers
            ),
            timeout,
        )
        await asyncio.sleep(0)


def omapi_write(server: ServerSettings, peer: str, state: SettableState) -> str:
    """The write as it is shown: what is opened and what is set, in dhcpd's words."""
    number = state.value.number
    return f'OMAPI {server.name}: open failover-state "{peer}", set local-state = {number} ({state.value.word})'
