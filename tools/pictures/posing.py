"""The same story on paper every time: what differs from run to run (times, ports, process numbers) is put in its place.

Nothing else is touched: states, counters, rulings, diffs and log lines are what the engine saw.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

from dhcptui.act.plan import Progress, StepReport
from dhcptui.config.loading import PairSettings
from dhcptui.model.audit import AuditEntry
from dhcptui.model.changes import Changes
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.log_line import LogLine, Mover
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    Holding,
    LockFiles,
    PairSnapshot,
    ProcessSighting,
    RecordedState,
    Resource,
    ServerView,
)
from dhcptui.model.states import FailoverState
from tests.ui.feed import MONO

T = TypeVar("T")
DAY = 1732233600.0
"""22 Nov 2024, 00:00 UTC."""
LINE_SECONDS, STEP_SECONDS, ACT_SECONDS = 0.004, 0.4, 0.3
FRESH_SECONDS, STALE_SECONDS, LOST_SECONDS = 0.4, 12.0, 21.0
OMAPI_PORT = 7911
"""How old a value looks: read all the time, of a dhcpd that has gone, of a host that has gone."""
OFFSETS = {Role.PRIMARY: 0.01, Role.SECONDARY: -0.02}
PIDS = {Role.PRIMARY: 812, Role.SECONDARY: 655}
ROUND_TRIP = 0.0007
KEPT = {FailoverState.RECOVER_WAIT: "recover"}
"""States that keep the start time of another one."""


def at(clock: str) -> float:
    """Epoch seconds of "HH:MM:SS" on the day of the pictures."""
    hours, minutes, seconds = map(int, clock.split(":"))
    return DAY + hours * 3600 + minutes * 60 + seconds


@dataclass
class Timeline:
    """Stretches of the story. The lines of a stretch follow its beginning on an even grid, each server's by their rank."""

    _stretches: list[tuple[float, Mapping[Role, int]]] = field(default_factory=list)

    def begin(self, clock: str, lines_before: Mapping[Role, int]) -> None:
        """From here on it is that late; so many lines each server had written before."""
        self._stretches.append((at(clock), dict(lines_before)))

    def stamp(self, role: Role, rank: int) -> float:
        """When the line of that rank was written."""
        begins, before = next(each for each in reversed(self._stretches) if each[1][role] <= rank)
        return begins + LINE_SECONDS * (rank - before[role])

    @property
    def begun(self) -> bool:
        """Whether the story has a beginning."""
        return bool(self._stretches)

    @property
    def beginning(self) -> float:
        """Of the whole story."""
        return self._stretches[0][0]


@dataclass
class Pose:
    """`words`: what to write for what, as (regular expression, replacement), in their order."""

    timeline: Timeline
    words: Sequence[tuple[str, str]]

    def text(self, said: str) -> str:
        """With everything accidental replaced."""
        for pattern, instead in self.words:
            said = re.sub(pattern, instead, said)
        return said

    def texts(self, value: T) -> T:
        """The same for every text in a value, however deep."""
        return cast("T", self._texts(value))

    def _texts(self, value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.text(value)
        if isinstance(value, Path):
            return Path(self.text(str(value)))
        if isinstance(value, Holding) and value.what is Resource.OMAPI_PORT:
            return value._replace(port=OMAPI_PORT)
        if isinstance(value, tuple):
            parts = [self._texts(each) for each in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{each.name: self._texts(getattr(value, each.name)) for each in fields(value)})
        return value

    def settings(self, settings: PairSettings) -> PairSettings:
        """With the ports that servers have."""
        one, two = (replace(settings[role], port=22, omapi_port=OMAPI_PORT) for role in Role)
        return self.texts(replace(settings, primary=one, secondary=two))

    def lines(self, role: Role, lines: Sequence[LogLine]) -> list[LogLine]:
        """A server's log."""
        posed = []
        for rank, line in enumerate(lines):
            stamp = self.timeline.stamp(role, rank)
            posed.append(self.texts(line)._replace(stamp=stamp, clock=_clock(stamp)))
        return posed

    def snapshot(self, snapshot: PairSnapshot, logs: Mapping[Role, Sequence[LogLine]]) -> PairSnapshot:
        """Both servers, as they stand when these are their logs."""
        views = {role: self._view(snapshot[role], self.lines(role, logs[role])) for role in Role}
        if all(view.omapi.ok for view in views.values()):  # how the trouble looked that is over
            views = {role: replace(view, reach=None, recorded=None) for role, view in views.items()}
        return replace(snapshot, primary=views[Role.PRIMARY], secondary=views[Role.SECONDARY], sequence=1)

    def _view(self, view: ServerView, lines: Sequence[LogLine]) -> ServerView:
        asked = FRESH_SECONDS if view.omapi.ok else STALE_SECONDS if view.ssh.ok else LOST_SECONDS
        shell = FRESH_SECONDS if view.ssh.ok else LOST_SECONDS
        posed = {each.name: getattr(view, each.name) for each in fields(view)}
        posed = {name: replace(v, at=MONO - shell) if isinstance(v, Seen) else v for name, v in posed.items()}
        status, clock, process = view.status, view.clock, view.process
        lock_files, recorded, sockets = view.lock_files, view.recorded, view.sockets
        return self.texts(
            replace(
                view,
                **posed
                | {
                    "omapi": _channel(view.omapi), "ssh": _channel(view.ssh), "log": _channel(view.log),
                    "status": status and Seen(self._status(status.value, lines), MONO - asked),
                    "clock": clock and Seen(ClockOffset(OFFSETS[view.role], 0.01), MONO - shell),
                    "process": process and Seen(self._process(view.role, process.value), MONO - shell),
                    "recorded": recorded and Seen(self._recorded(recorded.value, lines), MONO - shell),
                    "sockets": sockets and replace(
                        sockets,
                        at=MONO - shell,
                        value=replace(sockets.value, connecting=False, own_addresses=()),  # as the moment has it
                    ),
                    "lock_files": lock_files and replace(lock_files, at=MONO - shell, value=self._marks(lock_files.value, lines)),
                    "notable_lines": (),
                    "changes": Changes(),  # seen by the clock of the host; the logs of the pictures tell of all of them
                },
            )
        )  # fmt: skip

    @staticmethod
    def _process(role: Role, process: ProcessSighting) -> ProcessSighting:
        return replace(process, pids=(PIDS[role],) if process.pids else ())

    def _status(self, status: FailoverStatus, lines: Sequence[LogLine]) -> FailoverStatus:
        local, partner = status.local_state, status.partner_state
        return replace(
            status,
            local_stos=self._since(lines, Mover.ME, KEPT.get(local, local.word)),
            partner_stos=self._since(lines, Mover.PEER, partner.word),
        )

    def _recorded(self, recorded: RecordedState, lines: Sequence[LogLine]) -> RecordedState:
        since = self._since(lines, Mover.ME, recorded.state.word)
        return replace(recorded, since=float(since), written=float(since))

    def _since(self, lines: Sequence[LogLine], who: Mover, word: str) -> int:
        """When the log tells of the move to that state."""
        told = [
            line.stamp
            for line in lines
            if line.stamp and line.transition and (line.transition.who, line.transition.to_state.word) == (who, word)
        ]
        return int(told[-1] if told else self.timeline.beginning)

    def _marks(self, lock_files: LockFiles, lines: Sequence[LogLine]) -> LockFiles:
        since = float(self._since(lines, Mover.ME, FailoverState.PARTNER_DOWN.word))
        return LockFiles(lockout=lock_files.lockout and replace(lock_files.lockout, since=since))

    def progress(self, told: Progress) -> Progress:
        """Steps that take equally long."""
        steps = tuple(
            StepReport(
                each.state,
                self.text(each.detail),
                None if each.started_seconds is None else rank * STEP_SECONDS,
                None if each.ended_seconds is None else (rank + 1) * STEP_SECONDS,
            )
            for rank, each in enumerate(told.steps)
        )
        return replace(self.texts(told), steps=steps)

    def audit(self, entries: Sequence[AuditEntry], begins: float) -> list[AuditEntry]:
        """The audit log of one action."""
        return [
            replace(self.texts(each), at=begins + rank * ACT_SECONDS, run="run") for rank, each in enumerate(entries)
        ]


def _channel(channel: Channel) -> Channel:
    trip = None if channel.round_trip_seconds is None else ROUND_TRIP
    return replace(channel, since=MONO - LOST_SECONDS, round_trip_seconds=trip)


def _clock(stamp: float) -> str:
    minutes, second = divmod(int(stamp - DAY), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
