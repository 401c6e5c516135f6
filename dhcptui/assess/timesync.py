"""The clocks of a pair: how far apart, how sure that is, what it means for dhcpd, and whether anything keeps them right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dhcptui.assess.evidence import CLOCK_CLOSE_SECONDS, CLOCK_LIMIT_SECONDS
from dhcptui.assess.freshness import CLOCK_SECONDS, fresh
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView, TimeSync

REFUSED_SECONDS = 60.0
"""dhcpd sets up no link when the clocks differ by more (failover.c:578, 1416); a link that is up it leaves alone."""


class ClockLevel(Enum):
    """How far apart two clocks are."""

    OK = "agree"
    WARNING = "apart"
    CRITICAL = "far apart"
    REFUSED = "dhcpd will refuse the link"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class ServerClock:
    """One server's clock against the console's, in seconds (positive: ahead); None where it was not read lately."""

    name: str
    offset_seconds: float | None
    uncertainty_seconds: float | None
    age_seconds: float | None
    sync: str
    """Whether something keeps it right, in words: "chrony, in sync"."""
    sync_ok: bool | None
    sync_age_seconds: float | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks, judged. `apart_seconds` is the secondary's clock minus the primary's, within the uncertainty."""

    level: ClockLevel
    sentence: str
    apart_seconds: float | None
    uncertainty_seconds: float | None
    primary: ServerClock
    secondary: ServerClock

    def __getitem__(self, role: Role) -> ServerClock:
        return self.primary if role is Role.PRIMARY else self.secondary


def judge(snapshot: PairSnapshot, now: Moment) -> Clocks:
    """Judge both clocks at `now`."""
    a, b = (_server(view, now) for view in snapshot.servers)
    if a.offset_seconds is None or b.offset_seconds is None:
        missing = " and ".join(each.name for each in (a, b) if each.offset_seconds is None)
        sentence = f"How far the clocks are apart is not known: that of {missing} was not read lately."
        return Clocks(ClockLevel.UNKNOWN, sentence, None, None, a, b)
    apart = b.offset_seconds - a.offset_seconds
    unsure = (a.uncertainty_seconds or 0.0) + (b.uncertainty_seconds or 0.0)
    level = level_of(apart)
    return Clocks(level, _sentence(level, apart, unsure, a, b), apart, unsure, a, b)


def level_of(apart_seconds: float) -> ClockLevel:
    """The level of a difference, whichever way round: 5 s, 30 s, 60 s."""
    apart = abs(apart_seconds)
    if apart > REFUSED_SECONDS:
        return ClockLevel.REFUSED
    if apart > CLOCK_LIMIT_SECONDS:
        return ClockLevel.CRITICAL
    return ClockLevel.WARNING if apart > CLOCK_CLOSE_SECONDS else ClockLevel.OK


def _sentence(level: ClockLevel, apart: float, unsure: float, a: ServerClock, b: ServerClock) -> str:
    if level is ClockLevel.OK:
        sentence = f"The clocks agree within {max(abs(apart) + unsure, 0.1):.1f} s"
        own = min(abs(each.offset_seconds or 0.0) for each in (a, b))
        if own > CLOCK_CLOSE_SECONDS:
            sentence += f"; both are {own:.0f} s or more from the console's, which is then the wrong one"
        return sentence + "."
    ahead, behind = (b, a) if apart > 0 else (a, b)
    sentence = f"{ahead.name}'s clock is {abs(apart):.1f} s (±{unsure:.1f} s) ahead of {behind.name}'s"
    doubtful = [each.name for each in (a, b) if each.sync_ok is False]
    if level is ClockLevel.REFUSED:
        sentence += ": dhcpd sets up no failover link above 60 s"
    elif level is ClockLevel.CRITICAL:
        sentence += ": dhcpd sets up no failover link above 60 s, and leases are judged wrongly long before"
    return sentence + (f"; on {' and '.join(doubtful)} nothing keeps it right." if doubtful else ".")


def sync_words(sync: TimeSync | None) -> tuple[str, bool | None]:
    """Whether a clock is kept right, in words, and as an answer: False only where the server said so."""
    if sync is None:
        return "not asked yet", None
    if sync.running:
        if sync.in_sync is None:
            return f"{sync.service} runs, cannot tell whether in sync", None
        detail = f" ({sync.detail})" if sync.detail else ""
        return f"{sync.service}, {'in sync' if sync.in_sync else 'not in sync'}{detail}", sync.in_sync
    if sync.in_sync:  # a container whose host keeps the clock, or a service we do not know
        return "in sync, kept by something outside", True
    if sync.running is False:
        return "no time synchronisation runs", False
    return "cannot tell", None


def _server(view: ServerView, now: Moment) -> ServerClock:
    clock = fresh(view.clock, now, CLOCK_SECONDS)
    words, ok = sync_words(view.time_sync.value if view.time_sync else None)
    return ServerClock(
        view.name,
        clock.value.seconds if clock else None,
        clock.value.uncertainty_seconds if clock else None,
        clock.age(now) if clock else None,
        words,
        ok,
        view.time_sync.age(now) if view.time_sync else None,
    )
