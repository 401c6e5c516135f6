"""How bad it is, and the one sentence that says who serves clients now. Pure and total."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from dhcptui.assess.advice import brief, short
from dhcptui.assess.assessment import Assessment, PairMember
from dhcptui.assess.contradictions import Contradiction, Kind
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.signs import Probable
from dhcptui.assess.loading import loading
from dhcptui.assess.pool_exhausted import shortage
from dhcptui.assess.role_mismatch import RoleMismatch, role_mismatch, role_said
from dhcptui.assess.space import missing
from dhcptui.assess.states_overlap import contradicting, together
from dhcptui.assess.unnoticed import unnoticed, unnoticed_words
from dhcptui.assess.visibility import ServerAssessment, Visibility
from dhcptui.model.audit import Interrupted
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.states import CONFLICT, FailoverState
from dhcptui.model.words import day_clock, joined

_S, _I = FailoverState, IncidentId
Named = Mapping[IncidentId, Probable]
MOST_LETTERS = 108
"""What two rows of a narrow terminal hold beside level and clock."""


class Level(Enum):
    """How bad it is; the exit codes of `dhcptui status` follow it."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


_HARM = (Level.OK, Level.WARNING, Level.CRITICAL)


Tell = Callable[[ServerAssessment], str]


@dataclass(frozen=True, slots=True)
class _Case(Assessment):
    """Both servers, the incidents that are named, and how a server is told in a few words."""

    named: Named
    tell: Tell


def headline(pair: Assessment, named: Named, tell: Tell = short) -> tuple[Level, str]:
    """Level and sentence: by the states, unless a named incident weighs more than they show."""
    case = _Case(pair.snapshot, pair.now, pair.me, pair.partner, named, tell)
    if mixed := role_mismatch(case):
        return _mixed_up(case, mixed)
    level, words = _weighed(case)
    disk = named.get(_I.LEASE_FILE_UNWRITABLE)
    if disk is not None and disk.weight is not Weight.NOTE and level is not Level.UNKNOWN:
        ways = _cannot_record(pair, disk, words)
        return max(level, Level.WARNING, key=_HARM.index), next(way for way in ways if len(way) <= MOST_LETTERS)
    return level, words


def _cannot_record(pair: Assessment, disk: Probable, words: str) -> list[str]:
    """What a lease file that cannot be written, or is not in its place, adds to the sentence; the longest first."""
    name = disk.evidence[0].server
    if any(each.name == name and missing(each.view, pair.now) for each in pair.servers):
        none = f"{name} has no lease file in its place"
        return [f"{words}; {none}", none]
    full = any(each.disk_full for each in disk.evidence)
    cannot = f"{name} {'has no disk space left' if full else 'cannot write its lease file'}"
    return [f"{words}; {cannot}: what it gives out is not recorded", f"{words}; {cannot}", cannot]


def with_interrupted(pair: Assessment, named: Named, run: Interrupted | None) -> tuple[Level, str]:
    """The same, where an action stopped half-way: clients may be served, but the pair is not as anybody wants it."""
    level, sentence = headline(pair, named)
    if run is None:
        return level, sentence
    joint = ", but" if level is Level.OK else ";"
    whole, less = f"{run.action} of {run.by} stopped half-way", f"{run.action} stopped half-way"
    ways = [f"{words}{joint} {what}" for words in (sentence, headline(pair, named, brief)[1]) for what in (whole, less)]
    level = Level.WARNING if level is Level.OK else level
    return level, next((way for way in ways if len(way) <= MOST_LETTERS), sentence)


def with_contradiction(pair: Assessment, level: Level, words: str, first: Contradiction | None) -> tuple[Level, str]:
    """The same behind witnesses that contradict each other: they come first, and weigh at least a warning."""
    if first is None or (first.kind is Kind.PARTNER and level is Level.CRITICAL):
        return level, words  # that they are in states which harm each other says the same, and more
    level = level if level is Level.CRITICAL else Level.WARNING
    ways = [f"{first.short}; {more}" for more in ((words,) if first.kind is Kind.PARTNER else ()) + (_who(pair),)]
    return level, next((way for way in ways if len(way) <= MOST_LETTERS), first.short)


def _who(pair: Assessment) -> str:
    """Who serves, in three words."""
    serving = [each.name for each in pair.servers if each.serving]
    if not serving:
        return "nobody serves" if all(each.serving is False for each in pair.servers) else "nobody is seen serving"
    return "both serve" if len(serving) == 2 else f"{serving[0]} serves"


def _weighed(case: _Case) -> tuple[Level, str]:
    """By the states, unless a named incident weighs more than they show."""
    level, words = _by_states(case)
    if level not in {Level.OK, Level.WARNING}:
        return level, words
    short_of = shortage(case)
    if short_of is not None and (short_of.critical or not _but(case.named)):
        return Level.CRITICAL if short_of.critical else Level.WARNING, f"{words}, but {short_of.words}"
    if any(each.weight is Weight.CRITICAL for each in case.named.values()):
        return Level.CRITICAL, _critical(case, words)
    if level is Level.OK and (but := _but(case.named)):
        return Level.WARNING, f"{words}, but {but}"
    return level, words


def _critical(case: _Case, words: str) -> str:
    """The worst that the states alone do not show."""
    weighs = {id_ for id_, each in case.named.items() if each.weight is Weight.CRITICAL}
    if _I.DECLARED_DOWN in weighs and case.served:
        me, holder = next(side for side in case.sides if side[0].serving)
        return f"{me.name} serves, and does not know what {holder.name} gave out: addresses may be given out twice"
    if _I.ALONE_ON_HALF in weighs:
        name = case.named[_I.ALONE_ON_HALF].evidence[0].server
        me, other = next(side for side in case.sides if side[0].name == name)
        lost = ("serves, out of contact",) if other.serving else (case.tell(other), brief(other))
        if waits := unnoticed(me, other):
            begin = f"{me.name} has no address left for new clients"
            return unnoticed_words(begin, other.name, lost, waits.by, MOST_LETTERS)
        return f"{me.name} has no address left for new clients; {other.name} {lost[0]}"
    return words


def _but(named: Named) -> str:
    """What is wrong with a pair of which both serve; empty for nothing that must be mended."""
    heavy = {id_: each for id_, each in named.items() if each.weight is Weight.WARNING}
    if _I.BOTH_DATABASES_LOST in heavy:
        return "both have lost their leases: addresses in use may be given out again"
    if _I.POOLS_UNBALANCED in heavy:
        return "the pools do not balance"
    if _I.UPDATES_REJECTED in heavy:
        return "lease updates are rejected"
    if _I.CLOCKS_DISAGREE in heavy:
        return "their clocks are far apart"
    return ""


def _by_states(case: _Case) -> tuple[Level, str]:
    """The order of the questions is the order in which they matter at 3 a.m."""
    a, b = case.servers
    live = [each for each in case.servers if each.live]
    states = [each.state for each in live]
    serving = [each for each in case.servers if each.serving]
    if not live:
        return _blind(case)
    if not serving and case.awaited:
        return _not_known(case)
    if contradicting(a.state, b.state):
        return _contradiction(case, serving)
    if any(state in CONFLICT for state in states):
        return (
            Level.CRITICAL,
            f"{joined(e.name for e in serving) + ' serves' if serving else 'nobody serves'}: resolving conflicts",
        )
    if not serving:
        return Level.CRITICAL, _nobody(case)
    if states == [_S.NORMAL, _S.NORMAL] and len(serving) == 2:
        return Level.OK, "both servers serve"
    if len(serving) == 2:
        return Level.WARNING, "both servers serve, but out of contact: each from its own half, short leases"
    return Level.WARNING, _alone(case, serving[0])


def _mixed_up(case: _Case, mixed: RoleMismatch) -> tuple[Level, str]:
    """Who serves, as the states tell it, and what is mixed up."""
    a, b = case.servers
    level, words = _by_states(case)
    role = "the " + next((said_role.value for each in case.servers if (said_role := role_said(each))), "?")
    if mixed is RoleMismatch.SWAPPED:
        words = f"{words}; our configuration has {a.name} and {b.name} swapped"
    elif mixed is RoleMismatch.ONE_SERVER:
        serves = "serves" if a.serving else "serves nobody"
        words = f"{a.name} {serves}; {b.name} is the same server, so who else serves is not seen"
        level = Level.WARNING if a.serving else Level.CRITICAL
    elif mixed is RoleMismatch.ALIKE and a.serving and b.serving:
        # Each takes the same half for its own: seen on a real pair.
        level, words = Level.CRITICAL, f"both servers serve as {role}, from one half: addresses may be given out twice"
    elif mixed is RoleMismatch.ALIKE:
        words = f"{words}; both say they are {role}"
    else:
        name = next(each.name for each in case.servers if role_said(each) is not None)
        words = f"{words}; {name} says it is {role}"
    return Level.WARNING if level is Level.OK else level, words


def _contradiction(pair: Assessment, serving: list[PairMember]) -> tuple[Level, str]:
    """Their states do not go together; it matters where both were in them at one moment."""
    a, b = pair.servers
    if not together(a, b):
        return _changing(serving)
    if a.state is b.state is _S.PARTNER_DOWN:
        return Level.CRITICAL, "both servers read partner-down: each gives out the other's addresses"
    return Level.CRITICAL, "one server reads partner-down while the other serves: addresses may be given out twice"


def _changing(serving: list[PairMember]) -> tuple[Level, str]:
    """One server was read before the change, the other one after it."""
    if not serving:
        return Level.CRITICAL, "nobody serves for a moment: the two are changing their states"
    who = f"{joined(each.name for each in serving)} serve{'s' if len(serving) == 1 else ''}"
    return Level.WARNING, f"{who}; the two are changing their states"


def _blind(case: _Case) -> tuple[Level, str]:
    """No server tells its state now."""
    words = " and ".join(f"{each.name} {_last(each, case.tell)}" for each in case.servers)
    if all(each.serving is False for each in case.servers):
        return Level.CRITICAL, "nobody serves: " + words
    if case.awaited and not all(each.visibility is Visibility.UNSEEN for each in case.servers):
        return _not_known(case)
    if any(
        each.visibility in {Visibility.DOWN, Visibility.SILENT} and each.view.status for each in case.servers
    ) or any(each.serving is False for each in case.servers):
        return Level.CRITICAL, "nobody is seen serving: " + words
    if all(each.visibility is Visibility.UNSEEN for each in case.servers):
        return Level.UNKNOWN, "contacting both servers"
    was = [each.view.recorded.value.state if each.view.recorded else None for each in case.servers]
    if contradicting(*was) and all(each.visibility is Visibility.SILENT for each in case.servers):
        return Level.WARNING, f"two servers that may both give out the same addresses: {words}"
    return Level.UNKNOWN, "nothing is known: " + words


def _not_known(case: _Case) -> tuple[Level, str]:
    """One does not serve, and the other one has not been read yet."""
    return Level.UNKNOWN, "not known who serves: " + "; ".join(f"{e.name} {case.tell(e)}" for e in case.servers)


def _last(each: ServerAssessment, tell: Tell, *, dated: bool = False) -> str:
    """In a few words, with what it wrote down last where that is all there is; with `dated` also since when."""
    recorded = each.view.recorded
    if each.visibility is not Visibility.SILENT or recorded is None or each.serving is False or loading(each):
        return tell(each)
    since = recorded.value.since if dated else None
    when = f" since {day_clock(since, each.time)}" if since else ""
    return f"{tell(each)} ({recorded.value.source}: {recorded.value.state.word}{when})"


def _nobody(case: _Case) -> str:
    silenced = [each for each in case.servers if each.silenced]
    if silenced:
        name, state, status = silenced[0].view.name, silenced[0].state, silenced[0].status
        heard = status.partner_state.word if status else "?"
        return f"{name} reads {state.word if state else '?'} but answers nobody: it recorded its partner as {heard}"
    verb = "nobody serves" if all(each.serving is False for each in case.servers) else "nobody is seen serving"
    return f"{verb}: " + " and ".join(f"{each.name} {case.tell(each)}" for each in case.servers)


def _alone(case: _Case, server: PairMember) -> str:
    other = case.other(server)
    if waits := unnoticed(server, other):
        begin = f"{server.name} serves from its half"
        return unnoticed_words(begin, other.name, (case.tell(other), brief(other)), waits.by, MOST_LETTERS)
    how = {
        _S.PARTNER_DOWN: "serves alone",
        _S.COMMUNICATIONS_INTERRUPTED: "serves from its own half, short leases",
        _S.NORMAL: "serves",
    }.get(server.state or _S.UNKNOWN, "serves")
    return f"{server.name} {how}; {other.name} {_last(other, case.tell, dated=True)}"
