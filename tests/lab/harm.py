"""What a sampler saw beside what was named: nothing may end, start, go dark or be written that no plan said.

Pure: `Seen` holds plain values on one clock (monotonic seconds), each law yields in words what broke it. `test_harm_judge`
shows that each can fail. A fault that the monkey itself made is a `Hand`, an action of the console a `Run`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dhcptui.model.states import from_word, serves

NORMAL, NOT_RUNNING = "normal", ""
LOOSE_SECONDS = 1.0
"""So much earlier or later than it was an act may be seen: a look every 0.1 s, files every second, a loaded machine."""
SHORT_SECONDS = 0.3
"""Two servers are looked at one after the other: less than this without a server may be the gap between two looks."""
STALE_SECONDS = 1.5
EXIT_SECONDS = 25.0
"""After a stop that was told and not seen through dhcpd may exit so late."""
SETTLE_SECONDS = 20.0
"""After a start dhcpd may wait in startup, and sort out a conflict then."""
FOLLOWS_SECONDS = {"start": SETTLE_SECONDS, "resume": SETTLE_SECONDS}
"""How long after the hand its darkness may begin; others: at once."""
DARK_WORDS = re.compile(r"nobody is served|serves nobody|[Nn]obody serves now")
"""How a plan's warning says that for a time nobody serves the pair's own relationship."""


@dataclass(frozen=True, slots=True)
class Run:
    """One action of the console, by its audit log. A refused one names nothing but its lock."""

    action: str
    server: str
    begun: float
    ended: float
    outcome: str = "verified"
    sentence: str = ""
    warnings: tuple[str, ...] = ()
    ends: frozenset[str] = frozenset()
    """Servers whose dhcpd the plan stops or restarts."""
    starts: frozenset[str] = frozenset()
    evidence: tuple[str, ...] = ()
    """What the plan had observed: what it takes along is named there."""

    @property
    def acted(self) -> bool:
        """Whether it came to its first step."""
        return self.outcome != "refused"

    @property
    def over(self) -> float:
        """When nothing of it can be under way any more."""
        return self.ended + (LOOSE_SECONDS if self.outcome == "verified" else EXIT_SECONDS)


@dataclass(frozen=True, slots=True)
class Hand:
    """What the monkey did itself, from `at` to `until`: kill, start, pause, resume, write (a state), edit (a file)."""

    what: str
    server: str
    at: float
    until: float
    peer: str = ""
    """Of a write: in which relationship."""


@dataclass(frozen=True, slots=True)
class Look:
    """One server in one relationship at one moment. `word`: its state, empty where no dhcpd answers; None: not known."""

    at: float
    server: str
    peer: str
    word: str | None
    partner: str = ""

    @property
    def serving(self) -> bool | None:
        """Whether it answers clients; None: not known."""
        return None if self.word is None else serves(from_word(self.word), from_word(self.partner))


@dataclass(frozen=True, slots=True)
class Process:
    """One process, from the first look that saw it to the last; `None`: it was there before, or is still there."""

    server: str
    pid: int
    born: str
    name: str
    words: str
    ours: bool = False
    """Our dhcpd."""
    came: tuple[float, float] | None = None
    """Between these two looks."""
    went: tuple[float, float] | None = None

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.server}: {'our ' if self.ours else ''}{self.name} (pid {self.pid}: {self.words[:120]})"


@dataclass(frozen=True, slots=True)
class Change:
    """A name below a server's own directories that came, went or was changed between two moments."""

    server: str
    path: str
    since: float
    at: float
    how: str


@dataclass
class Seen:
    """Everything of one soak."""

    own: str = "foo"
    others: tuple[str, ...] = ("bar",)
    servers: tuple[str, str] = ("dhcp1", "dhcp2")
    target: str = "dhcp2"
    """Where sync-restart copies to."""
    runs: list[Run] = field(default_factory=list)
    hands: list[Hand] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    cleared: list[float] = field(default_factory=list)
    """When the console took away the marker of a partner-down that was over, beside any run."""
    planting: bool = False
    """A local user makes links at our names all the time."""


Law = Callable[[Seen], Iterator[str]]


def broken(seen: Seen) -> list[str]:
    """Every harm that was seen and not named."""
    return [each for law in LAWS for each in law(seen)]


# -- 1. processes ------------------------------------------------------------------------------------------------------


def processes(seen: Seen) -> Iterator[str]:
    """Nothing but our dhcpd ends or starts, and that only where a plan or the monkey does it."""
    for each in seen.processes:
        if not each.ours:
            yield from _foreign(each)
            continue
        if each.came and not _started(seen, each):
            yield f"{each.told} was started by nobody who said so"
        if each.went and not _ended(seen, each):
            yield f"{each.told} ended, and no plan said so"
    yield from _doubled(seen)


def _foreign(each: Process) -> Iterator[str]:
    if each.came is None and each.went is not None:
        yield f"{each.told} ended or was held: it is not ours"
    elif each.name == "dhcpd" and each.came is not None and not re.search(r" (?:-t|-T|--version)\b", each.words):
        yield f"{each.told} was started: it is not ours"


def _ended(seen: Seen, each: Process) -> bool:
    assert each.went is not None
    return _named(seen, each.server, each.went, ("kill", "start"), lambda run: run.ends)


def _started(seen: Seen, each: Process) -> bool:
    assert each.came is not None
    return _named(seen, each.server, each.came, ("start",), lambda run: run.starts)


def _named(
    seen: Seen, server: str, when: tuple[float, float], whats: Sequence[str], touches: Callable[[Run], frozenset[str]]
) -> bool:
    since, until = when
    by_hand = any(
        hand.server == server and hand.what in whats and hand.at <= until and hand.until + LOOSE_SECONDS >= since
        for hand in seen.hands
    )
    return by_hand or any(
        run.acted and server in touches(run) and run.begun <= until and run.over >= since for run in seen.runs
    )


def _doubled(seen: Seen) -> Iterator[str]:
    ours = [each for each in seen.processes if each.ours]
    for one in ours:
        for two in ours:
            if one.server != two.server or two.came is None or one is two or two.came[0] < (one.came or (0, 0))[0]:
                continue
            if one.went is None or two.came[1] < one.went[0]:
                yield f"{one.server}: two of our dhcpd at once: pids {one.pid} and {two.pid}"


def left(seen: Seen) -> Iterator[str]:
    """What came during the soak and is still there after the console has gone is our dhcpd."""
    for each in seen.processes:
        if each.came is not None and each.went is None and not each.ours:
            yield f"{each.told} was left behind"


# -- 2. other relationships --------------------------------------------------------------------------------------------


def others(seen: Seen) -> Iterator[str]:
    """No state is written to another relationship, and none goes dark but by a typed sentence with its name."""
    for peer in seen.others:
        yield from _written(seen, peer)
        for dark in darkness(seen, peer):
            if not _by_hand(seen, peer, dark) and not any(_swore(run, peer, dark) for run in seen.runs):
                yield f"{dark.told}: no typed sentence had named it"
            yield from _too_long(seen, peer, dark)


_BY_ITSELF = {NOT_RUNNING, NORMAL, "communications-interrupted", "startup"}


def _written(seen: Seen, peer: str) -> Iterator[str]:
    """A relationship that nobody writes to is normal, or without its link, or its dhcpd starts or does not run."""
    told: set[tuple[str, str]] = set()
    whole = _whole(seen, peer)
    for look in seen.looks:
        if look.peer != peer or look.word is None or look.word in _BY_ITSELF or (look.server, look.word) in told:
            continue
        if _upset(seen, peer, look.at, whole):
            continue
        told.add((look.server, look.word))
        yield f"{peer} went to {look.word} on {look.server} at {look.at:.1f}: no hand had written to it"


def _upset(seen: Seen, peer: str, at: float, whole: Sequence[float]) -> bool:
    """A hand wrote to it, or a plan had said what becomes of it, and it has not been normal on both since."""
    wrote = [hand.until for hand in seen.hands if hand.what == "write" and hand.peer == peer and hand.at <= at]
    if wrote and not _healed(whole, max(wrote) + LOOSE_SECONDS, at):
        return True
    stopped = [run.ended for run in seen.runs if run.begun <= at and run.acted and _says_it_waits(run, peer)]
    return any(not _healed(whole, ended, at) for ended in stopped)


def _says_it_waits(run: Run, peer: str) -> bool:
    """A relationship that stops with its dhcpd comes back by way of recover, and its partner serves alone meanwhile."""
    return any(each.startswith(f"{peer}:") and "waits for the MCLT" in each for each in (*run.evidence, *run.warnings))


def _whole(seen: Seen, peer: str) -> list[float]:
    """The moments at which both read normal."""
    last: dict[str, str | None] = {}
    found = []
    for look in seen.looks:
        if look.peer == peer:
            last[look.server] = look.word
            if len(last) == 2 and set(last.values()) == {NORMAL}:
                found.append(look.at)
    return found


def _healed(whole: Sequence[float], since: float, until: float) -> bool:
    index = bisect_left(whole, since)
    return index < len(whole) and whole[index] <= until


def _swore(run: Run, peer: str, dark: Dark) -> bool:
    named = run.acted and re.search(rf"\b{re.escape(peer)}\b", run.sentence) is not None
    return named and run.begun <= dark.at and dark.lit <= run.over


def _too_long(seen: Seen, peer: str, dark: Dark) -> Iterator[str]:
    """What was sworn to "while dhcpd restarts" is over soon after a run that says verified."""
    for run in seen.runs:
        if "while dhcpd restarts" not in run.sentence or run.outcome != "verified" or not _swore(run, peer, dark):
            continue
        if dark.until > run.ended + SETTLE_SECONDS and not _by_hand(seen, peer, dark):
            yield f"{dark.told}: sworn to for the time of a restart, and {run.action} was verified at {run.ended:.1f}"


# -- 4. our relationship -----------------------------------------------------------------------------------------------


def service(seen: Seen) -> Iterator[str]:
    """Our own relationship is without a server only by a hand of the monkey, or as a plan had said."""
    whole = _whole(seen, seen.own)
    for dark in darkness(seen, seen.own):
        if not _by_hand(seen, seen.own, dark) and not any(_announced(run, dark, whole) for run in seen.runs):
            yield f"{dark.told}: no plan had said so"


@dataclass(frozen=True, slots=True)
class Dark:
    """Nobody served a relationship from `at` to `until`; `lit`: the last moment at which somebody was seen to."""

    peer: str
    lit: float
    at: float
    until: float

    @property
    def told(self) -> str:
        """In words."""
        return f"nobody served {self.peer} for {self.until - self.at:.1f} s from {self.at:.1f}"


def darkness(seen: Seen, peer: str) -> Iterator[Dark]:
    """Every stretch in which both servers are known not to serve; what is not known is neither."""
    last: dict[str, Look] = {}
    lit = at = None
    newest = 0.0
    for look in seen.looks:
        if look.peer != peer:
            continue
        last[look.server], newest = look, look.at
        words = {each.serving if look.at - each.at < STALE_SECONDS else None for each in last.values()}
        if words == {False} and len(last) == 2:
            at = look.at if at is None else at
            continue
        if True in words:
            if at is not None and look.at - at >= SHORT_SECONDS:
                yield Dark(peer, at if lit is None else lit, at, look.at)
            lit, at = look.at, None
    if at is not None and newest - at >= SHORT_SECONDS:
        yield Dark(peer, at if lit is None else lit, at, newest)


def _by_hand(seen: Seen, peer: str, dark: Dark) -> bool:
    return any(
        hand.what != "edit"
        and (not hand.peer or hand.peer == peer)
        and hand.at <= dark.at + LOOSE_SECONDS
        and hand.until + FOLLOWS_SECONDS.get(hand.what, LOOSE_SECONDS) >= dark.lit
        for hand in seen.hands
    )


def _announced(run: Run, dark: Dark, whole: Sequence[float]) -> bool:
    """The plan said it, and the pair has not been whole since."""
    if not run.acted or run.begun > dark.at or not DARK_WORDS.search(" ".join(run.warnings)):
        return False
    return dark.lit <= run.over or not _healed(whole, run.over, dark.lit)


# -- 3. files ----------------------------------------------------------------------------------------------------------

DHCPD_OWN = re.compile(
    r"var/lib/dhcp/dhcpd\.(?:leases(?:~|\.\d+)?|pid)|var/log/(?:dhcpd|sshd)\.log|run/(?:restart-dhcpd\.lock|sshd\.pid)"
)
"""What dhcpd, its start script and sshd write by themselves."""
MARKS = re.compile(
    r"var/lib/dhcp/\.dhcptui-(?:lock|lock\.busy|lock-left-[^/]*|lockout(?:-(?P<peer>[^/]*))?|\d+-[0-9a-f]+)(?:/.*)?"
)
RESCUE = re.compile(r"var/lib/dhcp/\.dhcptui-(?:rescue-[^/]*|\d+-[0-9a-f]+)(?:/.*)?")
SHARED = re.compile(r"etc/dhcp/(?:shared|\.dhcptui-[^/]*)(?:/.*)?")
PLANTED = re.compile(r"(?:etc/dhcp|var/lib/dhcp)/\.dhcptui-[^/]*")


def files(seen: Seen) -> Iterator[str]:
    """A file changes where dhcpd writes by itself, or in a run whose plan is about it."""
    told: set[tuple[str, str]] = set()
    for each in seen.changes:
        if (each.server, each.path) not in told and not _may_change(seen, each):
            told.add((each.server, each.path))
            yield f"{each.server}: /{each.path} {each.how} at {each.at:.1f}: no plan had named it"


def _may_change(seen: Seen, each: Change) -> bool:
    if DHCPD_OWN.fullmatch(each.path):
        return True
    if seen.planting and each.how == "event" and PLANTED.fullmatch(each.path):
        return True  # an event does not say whose it was; the digest does
    if any(_edited(hand, each) for hand in seen.hands):
        return True
    runs = [run for run in seen.runs if run.begun - LOOSE_SECONDS <= each.at and each.since <= run.over]
    if mark := MARKS.fullmatch(each.path):
        if mark["peer"] not in {None, seen.own}:
            return False  # of another relationship
        near = (at for at in seen.cleared if each.since - LOOSE_SECONDS <= at <= each.at + LOOSE_SECONDS)
        return bool(runs) or any(True for _ in near)
    acted = [run for run in runs if run.acted]
    if RESCUE.fullmatch(each.path):
        return any(run.action == "rescue" and run.server == each.server for run in acted)
    if SHARED.fullmatch(each.path):
        return each.server == seen.target and any(run.action == "sync-restart" for run in acted)
    return False


def _edited(hand: Hand, each: Change) -> bool:
    return (
        hand.what == "edit"
        and hand.server == each.server
        and each.path == "etc/dhcp/shared/master.conf"
        and hand.at <= each.at
        and each.since <= hand.until + LOOSE_SECONDS
    )


LAWS: Sequence[Law] = (processes, others, service, files)


# -- the audit log -----------------------------------------------------------------------------------------------------


def runs_of(records: Sequence[Mapping[str, Any]], offset: float, restart: str) -> list[Run]:
    """The runs in an audit log; `offset`: what to take from its epochs; `restart`: the command that restarts dhcpd."""
    ends = {record["run"]: record for record in records if record["event"] == "end"}
    return [_run(record, ends.get(record["run"]), offset, restart) for record in records if record["event"] == "begin"]


def _run(begin: Mapping[str, Any], end: Mapping[str, Any] | None, offset: float, restart: str) -> Run:
    action, stops = begin["action"], begin["action"] in {"shutdown", "rescue", "sync-restart"}
    restarting = {step["where"] for step in begin["plan"]["steps"] if restart in step["command"]}
    stopping = {
        step["where"] for step in begin["plan"]["steps"] if re.search(r"\bcontrol\b|\bkill\b", step["command"])
    } | (restarting if action == "sync-restart" else set())
    return Run(
        action,
        begin["server"],
        begin["epoch"] - offset,
        end["epoch"] - offset if end else float("inf"),
        end["outcome"] if end else "running",
        begin["sentence"],
        tuple(begin["plan"]["warnings"]),
        frozenset(stopping) if stops else frozenset(),
        frozenset(restarting),
        tuple(finding["observed"] for finding in begin["plan"].get("findings", ())),
    )
