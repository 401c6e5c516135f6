"""What is known of every pair of the fleet, judged; and which of them stand in the table, in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from dhcptui.act.plan import Outcome, Progress
from dhcptui.assess.forecast import PoolForecast, forecasts_of
from dhcptui.assess.headline import Level
from dhcptui.assess.history.timeline import Event
from dhcptui.assess.verdict import LEVEL_ORDER, Verdict, derive, worst
from dhcptui.config.loading import PairSettings
from dhcptui.engine.api import Console
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.ui.neighbours import Others

OK_SECONDS, WRONG_SECONDS = 4.0, 1.0
"""So old a judgement may grow where nothing has moved: of a pair that is ok, of any other. Values grow stale by time alone."""
AT_A_TIME = 25
"""At most so many are judged again for their age in one go, the oldest first: no key waits for more."""
FAULT = "the console watches this pair no more, by a fault of its own"


@dataclass(frozen=True, slots=True)
class Standing:
    """One pair, judged at one moment."""

    settings: PairSettings
    place: int
    """Its place in the configuration."""
    verdict: Verdict
    at: Moment
    """When it was judged."""
    pools: tuple[PoolForecast, ...] = ()
    """What may be given out of each pool."""
    progress: Progress | None = None
    """This console's own action on it: under way, or ended and not looked at yet."""
    last: Event | None = None
    """What happened last, as far as it was watched or read."""
    fault: bool = False
    """A fault of our own has ended its watching."""

    @property
    def name(self) -> str:
        """The pair's name."""
        return self.settings.name

    @property
    def level(self) -> Level:
        """How it is. What nobody watches is not known."""
        return Level.UNKNOWN if self.fault else self.verdict.level

    @property
    def headline(self) -> str:
        """In one sentence."""
        return FAULT if self.fault else self.verdict.headline

    @property
    def acts(self) -> bool:
        """Whether an action of this console is under way."""
        return self.progress is not None and self.progress.outcome is Outcome.RUNNING

    @property
    def words(self) -> str:
        """What a filter looks into."""
        servers = (self.settings.primary, self.settings.secondary)
        names = [word for server in servers for word in (server.name, server.host)]
        return " ".join((self.name, self.settings.group, *names, self.level.value, self.headline)).casefold()


class Sort(Enum):
    """The orders of the table. The value says it in the header."""

    NEED = "worst first"
    """What is not ok stands above all that is, whatever its group."""
    GROUP = "worst first in each group"
    NAME = "by name"
    CONFIGURED = "as configured"

    @property
    def next(self) -> Sort:
        """The one after it."""
        every = tuple(Sort)
        return every[(every.index(self) + 1) % len(every)]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator wants to see."""

    sort: Sort = Sort.NEED
    words: str = ""
    only_problems: bool = False
    marked: frozenset[str] = frozenset()

    def shows(self, standing: Standing) -> bool:
        """Whether a pair stands in the table."""
        if standing.name in self.marked:
            return True
        if self.only_problems and standing.level is Level.OK and not standing.acts:
            return False
        return all(word in standing.words for word in self.words.casefold().split())


@dataclass(frozen=True, slots=True)
class Heading:
    """The row above the pairs of a group."""

    group: str
    levels: tuple[Level, ...]
    """Of all its pairs, shown or not, the worst first."""


Item = Standing | Heading


def need(standing: Standing) -> tuple[int, int]:
    """The worse the smaller; pairs of one level keep the configuration's order."""
    return -LEVEL_ORDER.index(standing.level), standing.place


def arrange(standings: Iterable[Standing], choice: Choice) -> list[Item]:
    """The rows of the table: what is marked first, then the others in their order."""
    every = list(standings)
    shown = [each for each in every if choice.shows(each)]
    marked = sorted((each for each in shown if each.name in choice.marked), key=need)
    rest = [each for each in shown if each.name not in choice.marked]
    if choice.sort is Sort.NAME:
        return [*marked, *sorted(rest, key=lambda each: each.name.casefold())]
    if choice.sort is Sort.CONFIGURED:
        return [*marked, *sorted(rest, key=lambda each: each.place)]
    if choice.sort is Sort.GROUP:
        return [*marked, *_grouped(rest, every)]
    wrong = sorted((each for each in rest if each.level is not Level.OK), key=need)
    return [*marked, *wrong, *_grouped([each for each in rest if each.level is Level.OK], every)]


def _grouped(shown: Sequence[Standing], every: Sequence[Standing]) -> list[Item]:
    """Under the headings of their groups, the group of the worst first; without any group there is no heading."""
    groups: dict[str, list[Standing]] = {}
    for each in sorted(shown, key=need):
        groups.setdefault(each.settings.group, []).append(each)
    items: list[Item] = []
    for group, members in groups.items():
        if len(groups) > 1 or group:
            items.append(heading(group, every))
        items += members
    return items


def heading(group: str, every: Iterable[Standing]) -> Heading:
    """The row above a group."""
    members = sorted((each for each in every if each.settings.group == group), key=need)
    return Heading(group, tuple(each.level for each in members))


def renewed(items: Sequence[Item], standings: Mapping[str, Standing]) -> list[Item]:
    """The same rows in the same order, with what is known now."""
    every = standings.values()
    return [
        heading(item.group, every) if isinstance(item, Heading) else standings.get(item.name, item) for item in items
    ]


class Board:
    """Every pair's newest judgement. Only what moved, or has grown old, is judged again."""

    def __init__(
        self, consoles: Mapping[str, Console], pairs: Sequence[PairSettings], clock: Callable[[], Moment]
    ) -> None:
        self._consoles, self._clock = consoles, clock
        now = clock()
        self._snapshots = {each.name: consoles[each.name].snapshot() for each in pairs}
        self._moved: set[str] = set()
        self._told: dict[str, Progress] = {}
        self.standings = {each.name: self._judged(each, place, now) for place, each in enumerate(pairs)}

    def take(self, snapshots: Mapping[str, PairSnapshot], progress: Mapping[str, Progress]) -> None:
        """Keep what is new."""
        for name, snapshot in snapshots.items():
            if signs(snapshot) != signs(self._snapshots[name]):
                self._moved.add(name)
            self._snapshots[name] = snapshot
        self._told.update(progress)
        self._moved.update(progress)

    def looked_at(self, pair: str) -> None:
        """The result of its action has been seen."""
        shown = self._told.get(pair)
        if shown is not None and shown.outcome is not Outcome.RUNNING:
            del self._told[pair]
            self._moved.add(pair)

    def judge(self) -> frozenset[str]:
        """Judge what is due; the names of those that were judged."""
        now = self._clock()
        due = frozenset(self._moved) | frozenset(self._old(now))
        self._moved = set()
        for name in due:
            old = self.standings[name]
            self.standings[name] = self._judged(old.settings, old.place, now)
        return due

    def _old(self, now: Moment) -> list[str]:
        late = [
            (name, now.mono - each.at.mono)
            for name, each in self.standings.items()
            if name not in self._moved and now.mono - each.at.mono >= _period(each)
        ]
        return [name for name, _ in sorted(late, key=lambda each: -each[1])[:AT_A_TIME]]

    def _judged(self, settings: PairSettings, place: int, now: Moment) -> Standing:
        name = settings.name
        console = self._consoles[name]
        verdict = derive(self._snapshots[name], now)
        events = console.timeline()
        return Standing(
            settings,
            place,
            verdict,
            now,
            forecasts_of(verdict.assessment, {}, now),
            self._told.get(name),
            events[-1] if events else None,
            console.failure is not None,
        )

    # -- all of them

    def counts(self) -> dict[Level, int]:
        """How many pairs are of each level."""
        levels = [each.level for each in self.standings.values()]
        return {level: levels.count(level) for level in Level}

    @property
    def worst(self) -> Standing:
        """The pair that needs somebody most."""
        return min(self.standings.values(), key=need)

    @property
    def level(self) -> Level:
        """Of all together."""
        return worst(each.level for each in self.standings.values())

    def others(self, pair: str) -> Others:
        """All pairs but this one."""
        wrong = [each for each in self.standings.values() if each.name != pair and each.level is not Level.OK]
        if not wrong:
            return Others(0, "", Level.OK)
        first = min(wrong, key=need)
        return Others(len(wrong), first.name, first.level)

    def pairs(self, names: Collection[str]) -> list[Standing]:
        """Those of these names, in the configuration's order."""
        return [each for each in self.standings.values() if each.name in names]


def _period(standing: Standing) -> float:
    calm = standing.level is Level.OK and not standing.verdict.countdowns
    return OK_SECONDS if calm else WRONG_SECONDS


def signs(snapshot: PairSnapshot) -> tuple[object, ...]:
    """What moves the judgement at once; all else a snapshot has can wait for the next judgement, seconds later."""
    return (*map(_signs, snapshot.servers), snapshot.left, snapshot.dismissed)


def _signs(view: ServerView) -> tuple[object, ...]:
    status = view.status.value if view.status else None
    states = (status.local_state, status.partner_state, status.local_stos) if status else None
    process = view.process.value if view.process else None
    running = (process.pids, process.stopped, process.held) if process else None
    lock = view.lock_files.value if view.lock_files else None
    links = (view.omapi.link, view.ssh.link, view.log.link)
    return links, states, running, lock, view.scarce, view.clock is None, len(view.notable_lines)


def doing(standing: Standing) -> str:
    """Who acts on it and what, in words; empty: nobody that is known of."""
    if (progress := standing.progress) is not None:
        action = progress.plan.action.value
        if progress.outcome is not Outcome.RUNNING:
            return f"{action} here: {progress.outcome.value}"
        done = sum(1 for each in progress.steps if each.ended_seconds is not None)
        return f"{action} {min(done + 1, len(progress.steps))}/{len(progress.steps)} here"
    for member in standing.verdict.assessment.servers:
        lock = member.view.lock_files.value.lock if member.view.lock_files else None
        if lock is not None and lock.expires > member.time:
            step = f" {min(lock.done + 1, lock.steps)}/{lock.steps}" if lock.steps else ""
            return clean(f"{lock.action}{step} {lock.owner}@{lock.host}", 120)
    return ""
