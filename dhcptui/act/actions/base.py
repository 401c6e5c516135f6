"""What every action is made of: steps that act, and a context through which alone they may act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from dhcptui.act.audit import AuditRun, Operator
from dhcptui.act.locks import why
from dhcptui.act.operations import OmapiShutdown, OmapiWrite, Operation, Run, Wait, as_line
from dhcptui.act.plan import PlannedStep
from dhcptui.assess.assessment import Assessment, PairMember, assess_pair
from dhcptui.assess.exchange import exchange_words, exchanging
from dhcptui.assess.guards import PARTNER_DOWN_FROM, TAKE_BACK_FROM
from dhcptui.assess.links import calm
from dhcptui.assess.peers import peers_read
from dhcptui.assess.visibility import Visibility, assess
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.action import Action
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence, sentence
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.words import age
from dhcptui.servers.host import MAX_OUTPUT, Completed
from dhcptui.servers.omapi.errors import OmapiError, OmapiUnconfirmed
from dhcptui.servers.omapi.objects import SettableState
from dhcptui.servers.ssh import lock_files
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, RemoteError, tail_of
from dhcptui.watch.clocks import moment
from dhcptui.watch.pair import PairEngine

PATIENCE_SECONDS = 900.0
"""A dhcpd with hundreds of thousands of addresses reads its leases for ten minutes."""

LOOK_SECONDS = 5.0
"""So often is asked whether what is waited for moves on."""
READ_BACK_SECONDS = 10.0
"""How long a write without an answer is looked for: the connection must be made anew first."""
_SHUTDOWN_FROM = {
    state: "" if state in {FailoverState.NORMAL, FailoverState.PAUSED} else "it is neither normal nor paused any more"
    for state in FailoverState
}
_WRITABLE = {
    SettableState.PARTNER_DOWN: PARTNER_DOWN_FROM,
    SettableState.RECOVER: TAKE_BACK_FROM,
    SettableState.SHUTDOWN: _SHUTDOWN_FROM,
}
"""What is written -> the state that is read right before it -> why not: the guards' own tables, on the newest value."""
_Operation = TypeVar("_Operation", OmapiWrite, OmapiShutdown, Run)


class OtherThanConfirmed(Exception):
    """A fault of ours: a step was about to do something else than its plan had shown. Nothing of it was done."""


class StepFailed(Exception):
    """A step could not be done or verified. The text says what was observed; `next` what to do.

    `untouched`: all is as it was before the step, so that nothing of it is left to anybody.
    """

    def __init__(self, text: str, next_: str | Sentence = "", *, untouched: bool = False) -> None:
        super().__init__(text)
        self.next = sentence(next_)
        self.untouched = untouched


@dataclass(frozen=True, slots=True)
class Step:
    """A planned step and the coroutine that does and verifies it; it returns what was observed."""

    planned: PlannedStep
    run: Callable[[Context], Awaitable[str]]
    carried: bool = False
    """An earlier step has begun what this one must end: it is done also where the audit log cannot be written any more."""

    @classmethod
    def on(
        cls,
        server: ServerSettings,
        title: str,
        operation: Operation,
        until: str,
        run: Callable[[Context], Awaitable[str]],
        *,
        briefly: str = "",
        fallback: OmapiWrite | None = None,
        carried: bool = False,
    ) -> Step:
        """A step on one server, and what must be seen then."""
        return cls(PlannedStep(title, server.role, server.name, operation, until, briefly, fallback), run, carried)

    @classmethod
    def wait(cls, server: ServerSettings, title: str, condition: str, run: Callable[[Context], Awaitable[str]]) -> Step:
        """A step that changes nothing."""
        return cls.on(server, title, Wait(condition), condition, run)


@dataclass(frozen=True, slots=True)
class ActionScript:
    """An action bound to a pair and an acting server: what is shown, and what runs."""

    action: Action
    headline: str
    confirm_text: str
    steps: tuple[Step, ...]
    result: str
    """What is so when every step was verified."""
    next: str | Sentence
    expects: frozenset[tuple[str, str]] | None = None
    """(server, state) that may be entered while it runs; any other is off script. None: all may."""
    if_interrupted: str | Sentence = ""
    """What to do when it stopped between two steps."""
    afterwards: Callable[[Assessment], str] | None = None
    """What else is so then, as observed: appended to the result."""
    begins_at: int = 1
    """The first step that changes anything; before it `if_interrupted` does not apply."""
    judged: bool = True
    """Whether its last words are about the pair, and so must agree with what is seen of it then."""

    def also(self, context: Context) -> str:
        """What else is so at the end, behind the result."""
        return self.afterwards(context.assessment()) if self.afterwards else ""


def _reason_against(state: SettableState, name: str) -> Callable[[FailoverStatus], str]:
    """Why `state` may not be written to a server that was read just now; empty where it may."""

    def reason(status: FailoverStatus) -> str:
        found = _WRITABLE.get(state, {}).get(status.local_state, "")
        return f"{name} reads {status.local_state.word} now: {found}" if found else ""

    return reason


def both_normal(snapshot: PairSnapshot, now: Moment, since: float = 0.0) -> bool:
    """Whether both servers read normal, each hears the other as normal, and both were read after `since` (mono)."""
    read = all(view.status and view.status.at > since for view in snapshot.servers)
    return read and calm(assess_pair(snapshot, now))


@dataclass(slots=True)
class Context:
    """The hands of one step. What it does by its plan it takes from `planned`: what was confirmed, and nothing else."""

    engine: PairEngine
    planned: PlannedStep
    acting: Role
    record: AuditRun
    who: Operator
    alive: Callable[[float], None] = lambda seconds: None
    """Tells the locks that the step moves on, or may lawfully take so many seconds more without a sign."""
    tell: Callable[[str], None] = lambda text: None
    """Says what the step under way sees meanwhile, for whoever looks on."""
    patience: float = PATIENCE_SECONDS
    """So many seconds a dhcpd may work before it answers."""
    unanswered: str = ""
    """What was found after a write without an answer, for the step's outcome."""
    sworn: frozenset[str] = frozenset()
    """The sentences that somebody has typed."""

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

    def assessment(self) -> Assessment:
        """Both servers judged now, seen from the acting one."""
        return assess_pair(self.snapshot, moment()).seen_from(self.acting)

    def visibility(self, role: Role) -> PairMember:
        """One server, judged now."""
        return self.assessment()[role]

    def reads(self, role: Role) -> str:
        """What a server reads now, in words."""
        state = self.visibility(role).state
        return f"{self.pair[role].name} reads {state.word if state else 'nothing'}"

    def _confirmed(self, kind: type[_Operation]) -> _Operation:
        """The operation of this step as it was confirmed. Raises OtherThanConfirmed where it is of another kind."""
        if not isinstance(self.planned.operation, kind):
            raise OtherThanConfirmed(f"{self.planned.title}: its plan shows no {kind.__name__}")
        return self.planned.operation

    async def write_planned(self) -> FailoverStatus:
        """Do the OMAPI write of this step, once; returns what dhcpd answered, or what it reads where no answer came.

        Raises OmapiUnconfirmed where it reads otherwise then, or is not to be read.
        """
        return await self._write(self._confirmed(OmapiWrite))

    async def write_fallback(self) -> FailoverStatus:
        """Take the write of this step back; as `write_planned`."""
        if self.planned.fallback is None:
            raise OtherThanConfirmed(f"{self.planned.title}: its plan shows nothing that takes it back")
        return await self._write(self.planned.fallback)

    async def _write(self, operation: OmapiWrite) -> FailoverStatus:
        role, state = self.planned.role, operation.state
        server = self.pair[role]
        with self._audited(server, as_line(operation, server.name)) as answered:
            try:
                status = await self.engine.watchers[role].write_state(
                    operation.peer, state, _reason_against(state, server.name)
                )
            except OmapiUnconfirmed as error:
                status = await self._look_for(role, operation, error)
                answered(f"no answer to the write; looked again: {server.name} reads {status.local_state.word}")
            else:
                answered(f"{server.name} answered {status.local_state.word}")
        self.refresh()
        return status

    async def _look_for(self, role: Role, operation: OmapiWrite, error: OmapiUnconfirmed) -> FailoverStatus:
        """What became of a write without an answer: the status, where it took effect. Raises OmapiUnconfirmed."""
        start, name = moment().mono, self.pair[role].name

        def read_again(snapshot: PairSnapshot, now: Moment) -> FailoverStatus | None:
            view = snapshot[role]
            return view.status.value if view.status and view.status.at > start and assess(view, now).live else None

        def took_effect(snapshot: PairSnapshot, now: Moment) -> bool:
            status = read_again(snapshot, now)
            return status is not None and status.local_state is operation.state.value

        await self.until(took_effect, READ_BACK_SECONDS)
        status = read_again(self.snapshot, moment())
        if status is None:
            raise OmapiUnconfirmed(f"{error}; looked again: {name} does not answer", error.advice)
        seen = f"looked again: {name} reads {status.local_state.word}"
        if status.local_state is not operation.state.value:
            raise OmapiUnconfirmed(f"{error}; {seen}", error.advice)
        self.unanswered = f" (no answer to the write; {seen})"
        return status

    async def shut_down_planned(self) -> None:
        """Send control state = 2 and close the connection at once: dhcpd waits for its clients before it exits."""
        server = self.pair[self.planned.role]
        with self._audited(server, as_line(self._confirmed(OmapiShutdown), server.name)) as answered:
            client = self.engine.watchers[server.role].client
            await client.request_shutdown()
            await client.close()
            answered("sent, connection closed")

    def planned_command(self, command: Command | None = None) -> Command:
        """The command of this step as it was confirmed; `command`: the same with its open words filled in.

        Raises OtherThanConfirmed where it differs in anything else.
        """
        run = self._confirmed(Run)
        if command is None:
            return run.command
        filled = command.as_root(self.pair[self.planned.role].sudo)
        if not run.admits(filled):
            raise OtherThanConfirmed(f"{self.planned.title}: what would run is not what its plan shows")
        return filled

    async def command(
        self,
        role: Role,
        command: Command,
        *,
        input_: bytes | None = None,
        timeout: float = 60,
        check: bool = True,
        max_bytes: int = MAX_OUTPUT,
    ) -> Completed:
        """Run a command on one server."""
        server = self.pair[role]
        line = command.as_root(server.sudo).line
        self.alive(timeout)
        fed = f" (with {len(input_)} bytes of input)" if input_ is not None else ""
        with self._audited(server, line + fed) as answered:
            session = self.engine.watchers[role].session
            done = await session.run(command, input=input_, timeout=timeout, max_bytes=max_bytes)
            complaint = tail_of(done.stderr) if done.exit_status else ""
            answered(f"exit status {done.exit_status}" + (f": {complaint}" if complaint else ""), done.exit_status == 0)
        if check and done.exit_status != 0:
            raise CommandFailed(line, done.exit_status, done.stderr)
        return done

    async def mark_planned(self, command: Command) -> str:
        """Write the mark of this step beside the lease file; returns why that failed, or nothing."""
        server = self.pair[self.planned.role]
        try:
            with self._audited(server, self.planned_command(command).line) as answered:
                await lock_files.run(self.engine.watchers[server.role].quick, command)
                answered("done")
        except RemoteError as error:
            return why(error)
        return ""

    @contextmanager
    def _audited(self, server: ServerSettings, text: str) -> Iterator[Callable[..., None]]:
        """The intent is on disk before the block runs, its outcome after it; an act cut short has none."""
        self.record.intent(server.name, text)
        self.alive(0)
        answers: list[tuple[str, bool]] = []
        try:
            yield lambda what, ok=True: answers.append((what, ok))
        except (OmapiError, RemoteError) as error:
            self.record.outcome(server.name, str(error), False)
            raise
        for what, ok in answers:
            self.record.outcome(server.name, what, ok)

    def refresh(self) -> None:
        """Read both servers again now."""
        for watcher in self.engine.watchers.values():
            watcher.refresh()

    async def until(self, holds: Callable[[PairSnapshot, Moment], bool], timeout: float) -> bool:
        """Wait for the world; False when it did not come."""
        self.refresh()
        self.alive(timeout)
        return await self.engine.until(holds, timeout)

    async def until_settled(self, holds: Callable[[PairSnapshot, Moment], bool], timeout: float) -> bool:
        """As `until`, but while leases are seen to travel between the two `timeout` begins anew, up to `patience`."""
        began, moved = moment().mono, moment().mono
        while not await self.until(holds, min(timeout, LOOK_SECONDS)):
            now = moment()
            if each := exchanging(self.assessment()):
                moved = now.mono
                self.tell(f"{exchange_words(each)}: {age(now.mono - began)} so far")
            if now.mono - moved >= timeout or now.mono - began >= max(self.patience, timeout):
                return False
        return True

    async def until_state(self, role: Role, state: FailoverState, timeout: float) -> bool:
        """Wait until a server reads `state`, fresh."""
        return await self.until(lambda snapshot, now: assess(snapshot[role], now).state is state, timeout)

    async def fresh(self, timeout: float = 8.0) -> None:
        """Wait until everything that can be read of both servers was read after this call. Raises StepFailed.

        What was seen before the confirmation proves nothing at the moment of the write.
        """
        start = moment().mono

        def read_again(snapshot: PairSnapshot, now: Moment) -> bool:
            for each, partner in assess_pair(snapshot, now).sides:
                view, reach = each.view, partner.view.reach
                # Where the process table cannot be read nobody waits for it: what is not known is not proven either.
                if view.ssh.ok and not view.process_note and (view.process is None or view.process.at <= start):
                    return False
                if view.omapi.ok and (view.status is None or view.status.at <= start) and each.live:
                    return False
                if each.live and not peers_read(view, start):
                    return False
                if each.visibility is Visibility.UNREACHABLE and (reach is None or reach.at <= start):
                    return False
            return True

        if not await self.until(read_again, timeout + self._slowness()):
            raise StepFailed("the servers could not be read again just now", "Nothing was written. Try again.")

    def _slowness(self) -> float:
        """How much longer than usual a look into the slower server may take: one may be under way, its own comes next."""
        paces = [watcher.record.pace for watcher in self.engine.watchers.values()]
        return max(3 * pace.limit(0.0) if pace.slow else 0.0 for pace in paces)
