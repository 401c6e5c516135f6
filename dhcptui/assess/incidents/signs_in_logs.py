"""Signs that only the logs show: what was written, by which process, and what was not written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dhcptui.assess.assessment import Assessment, Evidence, PairMember
from dhcptui.assess.cannot_start import WHY_IT_ENDS
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.found import Found, outage
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.assess.space import NO_FILE, full, missing
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import NO_SPACE, LineKind, NotableLine, Transition
from dhcptui.model.messages import MessageId
from dhcptui.model.role import Role
from dhcptui.model.states import REBUILDING, FailoverState

_S, _A, _I = FailoverState, Action, IncidentId
NOTE, WARNING, CRITICAL = Weight
RECENT_SECONDS = 600.0
LONG_SECONDS = 3600.0
MEETING_SECONDS = 600.0
SETTLED_SECONDS = 60.0
"""After so long in normal the first meeting is over."""
TOGETHER_SECONDS = 30.0
"""Two starts no further apart are one deed."""
DEATH_SECONDS = 10.0
"""A process that is lost so soon after a state change may have died of it."""
_ENDED_ON_PURPOSE = frozenset({"shutdown", "sync-restart", "rescue", "start"})


def saved_state(before: Transition) -> FailoverState:
    """What is in the lease file after a move: startup itself is never saved."""
    return before.from_state if before.to_state is _S.STARTUP else before.to_state


def database_lost(me: PairMember, partner: PairMember) -> tuple[Evidence, ...]:
    """What speaks for a lost lease file: dhcpd began in recover although it had stopped in another state."""
    starts = me.starts
    if not starts:
        return ()
    notable, move, before = starts[-1]
    if move.from_state is not _S.RECOVER:
        return ()
    if before is not None:
        saved = saved_state(before)
        if saved in REBUILDING or saved is _S.SHUTDOWN:
            return ()
        return (Evidence(me.name, f"stopped in {saved.word} and started from recover", notable.last_at),)
    heard = [(r, t) for r, t in partner.hears(LONG_SECONDS) if t.to_state is _S.RECOVER]
    if not heard or heard[-1][1].from_state not in {_S.NORMAL, _S.COMMUNICATIONS_INTERRUPTED}:
        return ()
    # The partner may already tell of a later start than the one this log has come to. Ages, since two clocks may differ.
    coming = REBUILDING | {_S.STARTUP}
    ended = [r for r, t in me.moves() if r.last_at >= notable.last_at and t.to_state not in coming]
    if ended and me.time - ended[0].last_at > partner.time - heard[-1][0].last_at:
        return ()
    return partner.said([heard[-1][0]])


def first_meeting(pair: Assessment) -> tuple[Evidence, ...]:
    """What speaks for two servers without a history: both began in recover, and nothing is known from before."""
    found = []
    for me, partner in pair.sides:
        starts = [start for start in me.starts[-1:] if start[0].last_at >= me.time - MEETING_SECONDS]
        blank = [start for start in starts if start[1].from_state is _S.RECOVER and start[2] is None]
        settled = me.state is _S.NORMAL and me.since < me.time - SETTLED_SECONDS
        if not blank or settled or me.lost or me.state in OUT_OF_SERVICE or database_lost(me, partner):
            return ()
        found.append(Evidence(me.name, "started for the first time", blank[0][0].last_at))
    return tuple(found)


def first_start(pair: Assessment) -> Iterator[Found]:
    """I-19: the marks of a first meeting, for as long as they are fresh."""
    evidence = list(first_meeting(pair))
    if evidence:
        for me, _ in pair.sides:
            evidence += me.said(me.lines({_I.UPDATES_REJECTED, _I.FIRST_START}, MEETING_SECONDS, {LineKind.ROUTINE}), 1)
        yield Found(_I.FIRST_START, NOTE, tuple(evidence))


def database(pair: Assessment) -> Iterator[Found]:
    """I-8: what dhcpd itself says of its lease file and of a resynchronisation that fails."""
    for me, partner in pair.sides:
        if lines := me.lines({_I.DATABASE_LOST}, LONG_SECONDS, {LineKind.ERROR}):
            yield Found(_I.DATABASE_LOST, WARNING, me.said(lines))
        elif (lost := database_lost(me, partner)) and me.state not in REBUILDING and _fresh(me, lost):
            yield Found(_I.DATABASE_LOST, NOTE, lost)


def _fresh(side: PairMember, evidence: tuple[Evidence, ...]) -> bool:
    return any(each.at is not None and each.at >= side.time - RECENT_SECONDS for each in evidence)


def passed_conflict(pair: Assessment) -> Iterator[Found]:
    """I-3: too quick to be read over OMAPI, but the log tells it."""
    for me, _ in pair.sides:
        moves = [r for r, t in me.moves(120) if t.to_state is _S.POTENTIAL_CONFLICT]
        if moves:
            yield Found(_I.CONFLICT, NOTE, me.said(moves))
        if lines := me.lines({_I.CONFLICT}, 300, {LineKind.ERROR}):
            yield Found(_I.CONFLICT, WARNING, me.said(lines))


def refused(pair: Assessment) -> Iterator[Found]:
    """I-6: a refusal in words, or a start that failed."""
    for me, _ in pair.sides:
        after = me.since if me.state is _S.NORMAL else 0.0
        if lines := me.lines({_I.CONFIGURATIONS_MISFIT}, 100, {LineKind.ERROR, LineKind.LINK}, after=after):
            yield Found(_I.CONFIGURATIONS_MISFIT, WARNING if not pair.healthy else NOTE, me.said(lines))
        elif strays := me.lines({_I.CONFIGURATIONS_MISFIT}, RECENT_SECONDS, {LineKind.WARNING}, after=after):
            yield Found(_I.CONFIGURATIONS_MISFIT, NOTE, me.said(strays))
        bad = me.why_not({_I.CONFIGURATIONS_MISFIT})
        if me.gone and any(each.line.kind is LineKind.FATAL for each in bad):
            yield Found(_I.CONFIGURATIONS_MISFIT, outage(pair), (me.says(), *me.first(bad)))


def cannot_start(pair: Assessment) -> Iterator[Found]:
    """I-28: dhcpd is gone, and its log says what is in the way, whoever wrote it."""
    for me, _ in pair.sides:
        bad = me.why_not(WHY_IT_ENDS)
        if me.gone and bad and bad[0].line.incident is _I.CANNOT_START:
            yield Found(_I.CANNOT_START, outage(pair), (me.says(), *me.first(bad)), ((_A.START, me.role),))


def blocked_words(pair: Assessment) -> Iterator[Found]:
    """I-7: failing connections between two servers that both run, whatever their states are."""
    for me, other in pair.sides:
        if (
            other.live
            and not pair.healthy
            and me.state is not _S.NORMAL
            and (lines := me.lines({_I.LINK_BLOCKED}, 100))
        ):
            yield Found(_I.LINK_BLOCKED, WARNING, me.said(lines, 1))


def rejections(pair: Assessment) -> Iterator[Found]:
    """I-9: updates that the partner rejects for a reason that does not go away."""
    # Of a healthy pair the rejections of before, while one server still had the old configuration, are the past.
    after = {side.role: side.since if pair.healthy else 0.0 for side in pair.servers}
    for me, _ in pair.sides:
        if lines := me.lines({_I.UPDATES_REJECTED}, RECENT_SECONDS):
            bad = any(each.line.kind is LineKind.ERROR and each.last_at >= after[me.role] for each in lines)
            yield Found(
                _I.UPDATES_REJECTED, WARNING if bad else NOTE, me.said(lines), ((_A.SYNC_RESTART, Role.PRIMARY),)
            )


def started_together(pair: Assessment) -> Iterator[Found]:
    """I-10: both were started within seconds, with no word of normal in between."""
    starts = [side.starts[-1:] for side in pair.servers]
    if not all(starts) or all(move.from_state is _S.RECOVER and not before for ((_, move, before),) in starts):
        return  # the second: a first meeting, even if one of them has gone since
    ((one, _, _),), ((two, _, _),) = starts
    times = (one.last_at - pair.primary.time, two.last_at - pair.secondary.time)
    if min(times) < -120 or abs(times[0] - times[1]) > TOGETHER_SECONDS:
        return
    early, late = sorted(times)
    for side in pair.servers:
        for notable in side.view.notable_lines:
            if notable.line.message is MessageId.BOTH_NORMAL and early < notable.last_at - side.time < late:
                return
    weight = NOTE if pair.served else outage(pair)
    yield Found(_I.RESTARTED_TOGETHER, weight, (*pair.primary.said([one]), *pair.secondary.said([two])))


def unwritable(pair: Assessment) -> Iterator[Found]:
    """I-13: dhcpd says that it cannot write. A state change is on disk before dhcpd tells of it, so a later one ends it."""
    for me, _ in pair.sides:
        refused = me.view.refused_write
        if refused and refused.age(pair.now) <= RECENT_SECONDS and me.since <= me.time - refused.age(pair.now):
            yield Found(
                _I.LEASE_FILE_UNWRITABLE,
                outage(pair),
                (Evidence(me.name, refused.value, me.time - refused.age(pair.now)),),
            )
        if full(me.view, pair.now):
            seen_full = Evidence(me.name, f"{NO_SPACE}: seen below its lease file", disk_full=True)
            yield Found(_I.LEASE_FILE_UNWRITABLE, outage(pair), (seen_full,))
        if missing(me.view, pair.now) and not me.gone:  # of one that is down the guards tell, and its log
            yield Found(_I.LEASE_FILE_UNWRITABLE, outage(pair), (Evidence(me.name, NO_FILE),))
        moves = me.moves()
        if lines := me.lines({_I.LEASE_FILE_UNWRITABLE}, RECENT_SECONDS, after=moves[-1][0].last_at if moves else 0.0):
            yield Found(_I.LEASE_FILE_UNWRITABLE, outage(pair), me.said(lines))


def edited(pair: Assessment) -> Iterator[Found]:
    """I-14: a start from another state than the last stop."""
    for me, _ in pair.sides:
        for notable, move, before in me.starts[-1:]:
            strange = (
                before is not None and saved_state(before) is not move.from_state and move.from_state is not _S.RECOVER
            )
            if before is not None and strange and notable.last_at >= me.time - LONG_SECONDS:
                text = f"stopped in {saved_state(before).word} and started from {move.from_state.word}"
                yield Found(_I.LEASE_FILE_EDITED, NOTE, (Evidence(me.name, text, notable.last_at),))


def versions(pair: Assessment) -> Iterator[Found]:
    """I-16: two versions, or messages that nobody understands."""
    a, b = pair.primary.view, pair.secondary.view
    if a.version and b.version and a.version != b.version:
        old = a.version_3_0 or b.version_3_0
        evidence = (Evidence(a.name, f"runs dhcpd {a.version}"), Evidence(b.name, f"runs dhcpd {b.version}"))
        yield Found(_I.VERSIONS_DIFFER, WARNING if old else NOTE, evidence)
    for me, _ in pair.sides:
        if lines := me.lines({_I.VERSIONS_DIFFER}, LONG_SECONDS):
            yield Found(_I.VERSIONS_DIFFER, WARNING, me.said(lines))


def names(pair: Assessment) -> Iterator[Found]:
    """I-17: a name that does not resolve, for the dhcpd that runs, or for the last one that did."""
    for me, _ in pair.sides:
        lines = me.lines({_I.NAME_AS_ADDRESS}, LONG_SECONDS)
        if lines := [each for each in lines if not _of_a_former(me, each)]:
            yield Found(_I.NAME_AS_ADDRESS, WARNING, me.said(lines))


def _of_a_former(me: PairMember, notable: NotableLine) -> bool:
    """Whether the words are those of a dhcpd before the one that runs.

    Its log may be read before its processes are looked at: words later than the last look are those of a new one.
    """
    process = me.view.process
    if process is None or not process.value.pids or notable.line.pid is None:
        return False
    return notable.line.pid not in process.value.pids and notable.last_at <= me.time - process.age(me.now)


def died(pair: Assessment) -> Iterator[Found]:
    """I-18: the process is gone, and its last word was a state change or a fault of its own."""
    for me, other in pair.sides:
        if not me.gone or pair.action in _ENDED_ON_PURPOSE:
            continue
        again = ((_A.START, me.role),)
        if lines := me.lines({_I.DIED}, LONG_SECONDS, {LineKind.FATAL}):
            yield Found(_I.DIED, outage(pair), me.said(lines), again)
            continue
        moves = me.moves(RECENT_SECONDS)
        if not moves:
            continue
        last, move = moves[-1]
        lost = [r for r in other.by_incident.get(_I.ALONE_ON_HALF, ()) if r.line.kind is LineKind.LINK]
        if move.from_state is _S.SHUTDOWN or not lost:  # a clean stop ends with the move from shutdown
            continue
        # Both times as ages, so that the two clocks need not agree.
        after = (me.time - last.last_at) - (other.time - lost[-1].last_at)
        if -2.0 <= after <= DEATH_SECONDS:
            evidence = (*me.said([last]), *other.said(lost[-1:]), me.says())
            yield Found(_I.DIED, NOTE, evidence, again)


def duplicates(pair: Assessment) -> Iterator[Found]:
    """I-20: two clients on one address."""
    for me, _ in pair.sides:
        if lines := me.lines({_I.DECLARED_DOWN}, LONG_SECONDS, {LineKind.WARNING}):
            yield Found(_I.DECLARED_DOWN, WARNING, me.said(lines))


TRACES: tuple[Callable[[Assessment], Iterator[Found]], ...] = (
    unwritable, died, refused, cannot_start, blocked_words, first_start, database, passed_conflict, rejections, started_together,
    names, versions, edited, duplicates,
)  # fmt: skip
