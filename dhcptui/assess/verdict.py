"""One sentence for a pair: level, headline, who serves, what counts down, what now.

Pure: `derive(snapshot, now)` reads no clock and does no I/O. Levels are those of `dhcptui status`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dhcptui.assess.advice import Advice, advise
from dhcptui.assess.assessment import Assessment, PairMember, assess_pair
from dhcptui.assess.contradictions import Contradiction, Kind, contradictions
from dhcptui.assess.headline import Level, with_contradiction, with_interrupted
from dhcptui.assess.incidents.signs import Probable, probable
from dhcptui.assess.interrupted import interrupted_run
from dhcptui.assess.since import pair_since
from dhcptui.assess.waiting import mclt_of, recover_wait_ends
from dhcptui.model.action import Action
from dhcptui.model.audit import Interrupted
from dhcptui.model.commands import key_of
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_commands, in_keys
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState

__all__ = ["Countdown", "Level", "Verdict", "countdown", "derive", "recover_wait_ends", "worst"]
_S = FailoverState


LEVEL_ORDER = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)
"""The better first: not knowing may hide an outage."""


def worst(levels: Iterable[Level]) -> Level:
    """The level that several pairs have together: a known outage outweighs not knowing."""
    return max(levels, key=LEVEL_ORDER.index, default=Level.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Countdown:
    """A wait that dhcpd will end by itself. Times are epoch seconds of the server's own clock."""

    server: str
    what: str
    serves: bool
    """Whether the server answers clients meanwhile."""
    ends: int
    total_seconds: int
    remaining_seconds: float
    clock_known: bool
    """False: the server's clock was never read, so the console's own was taken for it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The pair, judged at one moment."""

    level: Level
    headline: str
    since: float | None
    """Epoch seconds of the console's clock since which nobody saw anything else; None where it is not known."""
    advised: Advice
    """What now; `advice`, `advise` and `advice_in_commands` make it a text."""
    assessment: Assessment
    countdowns: tuple[Countdown, ...]
    incidents: tuple[Probable, ...] = ()
    """What is probably going on, the heaviest first, with the evidence for each."""
    interrupted: Interrupted | None = None
    """An action that stopped half-way and left something to do."""
    contradictions: tuple[Contradiction, ...] = ()
    """Witnesses that contradict each other, what matters most first."""

    def __getitem__(self, role: Role) -> PairMember:
        return self.assessment[role]

    @property
    def primary(self) -> PairMember:
        """The one that is configured as primary, judged."""
        return self.assessment.primary

    @property
    def secondary(self) -> PairMember:
        """The one that is configured as secondary, judged."""
        return self.assessment.secondary

    @property
    def advice(self) -> str:
        """What now, in one or two sentences, with the keys as they are by default."""
        return self.advise(key_of)

    def advise(self, key: Callable[[Action], str]) -> str:
        """The same with the keys as the user has them."""
        return in_keys(self.advised, key)

    def advice_in_commands(self, pair: str) -> str:
        """The same for the command line."""
        return in_commands(self.advised, pair)

    @property
    def serving(self) -> tuple[str, ...]:
        """Names of the servers that answer clients now, as far as they can be seen."""
        return tuple(each.name for each in self.assessment.servers if each.serving)


def derive(snapshot: PairSnapshot, now: Moment) -> Verdict:
    """Judge a pair at `now`."""
    return verdict(assess_pair(snapshot, now))


def verdict(pair: Assessment) -> Verdict:
    """The same on a judgement of both servers that is made already."""
    incidents = probable(pair)
    named = {each.id: each for each in incidents}
    left = interrupted_run(pair)
    disagree = contradictions(pair)
    level, sentence = with_interrupted(pair, named, left)
    level, sentence = with_contradiction(pair, level, sentence, disagree[0] if disagree else None)
    return Verdict(
        level=level,
        headline=sentence,
        since=pair_since(pair),
        advised=_contradicted(disagree) or advise(pair, named),
        assessment=pair,
        countdowns=tuple(found for me, other in pair.sides if (found := countdown(me, other))),
        incidents=incidents,
        interrupted=left,
        contradictions=disagree,
    )


def _contradicted(found: tuple[Contradiction, ...]) -> Advice:
    """What to look at first; of a link that one server has not noticed yet the usual advice knows more."""
    return next(((each.look_at,) for each in found if each.kind is not Kind.PARTNER), ())


def countdown(each: PairMember, partner: PairMember) -> Countdown | None:
    """What counts down on one server, if anything does."""
    view, status = each.view, each.status
    if not each.live or status is None:
        return None
    mclt = mclt_of(view, partner.view)
    ends = status.local_stos + mclt
    remaining = ends - each.time
    if each.state is _S.RECOVER_WAIT:
        what = f"{view.name} answers clients again in"
    elif each.state is _S.PARTNER_DOWN and remaining > 0:
        what = f"{view.name} may use {partner.name}'s free addresses in"
    else:
        return None
    return Countdown(
        view.name, what, each.state is not _S.RECOVER_WAIT, ends, mclt, max(0.0, remaining), view.clock is not None
    )
