"""Which incidents are probable now, and what speaks for each. Pure and total.

A sign is read from both servers' states, from counters and clocks, and from what the logs said lately. A remedy is named
only while the guards would allow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dhcptui.assess.assessment import Assessment, Evidence, PairMember
from dhcptui.assess.declared import last_state, marker_on, stepped_back
from dhcptui.assess.diagnosis import diagnose
from dhcptui.assess.evidence import CLOCK_CLOSE_SECONDS, CLOCK_LIMIT_SECONDS
from dhcptui.assess.freshness import TRIED_SECONDS, fresh
from dhcptui.assess.guards import judge
from dhcptui.assess.incidents.catalogue import BY_ID, Incident, Weight
from dhcptui.assess.incidents.crossed_names import names_crossed
from dhcptui.assess.incidents.found import Found, outage
from dhcptui.assess.incidents.leases_forgotten import both_forgot
from dhcptui.assess.incidents.pools import used_up
from dhcptui.assess.incidents.signs_in_logs import TRACES, database_lost, first_meeting
from dhcptui.assess.interrupted import interrupted_run
from dhcptui.assess.links import matrix
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.assess.role_mismatch import RoleMismatch, role_mismatch, role_said
from dhcptui.assess.states_overlap import contradicting, just_heard, together
from dhcptui.assess.stopped_last import stopped_last
from dhcptui.assess.stuck import stuck
from dhcptui.assess.unnoticed import unnoticed
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, NotableLine
from dhcptui.model.messages import MessageId
from dhcptui.model.role import Role
from dhcptui.model.states import CONFLICT, REBUILDING, FailoverState
from dhcptui.model.words import age

_S, _A, _I = FailoverState, Action, IncidentId
NOTE, WARNING, CRITICAL = Weight
MOST_EVIDENCE = 6
LOOK_SECONDS = 1.0
"""A look around over SSH began so much earlier than its answer came."""
AGAIN_SECONDS = 5.0
"""Free addresses may all be on offer: only where nobody was refused for so long do counters end the alarm."""
FIRST_BALANCE_SECONDS = 5.0
"""The first balancing run follows on normal; a client that asks in between finds all addresses on one side."""

ORDER = (
    _I.ACTION_INTERRUPTED,
    _I.ALONE_AND_SILENT,
    _I.DECLARED_DOWN,
    _I.BOTH_STOPPED,
    _I.CONFLICT,
    _I.LEASE_FILE_UNWRITABLE,
    _I.CANNOT_START,
    _I.RECOVERY_STUCK,
    _I.BOTH_DATABASES_LOST,
    _I.STOPPED_SERVING,
    _I.CLOCKS_DISAGREE,
    _I.NAMES_CROSSED,
    _I.CONFIGURATIONS_MISFIT,
    _I.NAME_AS_ADDRESS,
    _I.LINK_BLOCKED,
    _I.DATABASE_LOST,
    _I.ALONE_ON_HALF,
    _I.POOL_EXHAUSTED,
    _I.DIED,
    _I.POOLS_UNBALANCED,
    _I.MCLT_WAIT,
    _I.UPDATES_REJECTED,
    _I.RESTARTED_TOGETHER,
    _I.VERSIONS_DIFFER,
    _I.LEASE_FILE_EDITED,
    _I.FIRST_START,
    _I.SHORT_LEASES,
    _I.NOISE,
)
"""Among incidents of equal weight the one that explains more stands first."""

STRONGER = {
    _I.LINK_BLOCKED: {_I.CLOCKS_DISAGREE, _I.CONFIGURATIONS_MISFIT, _I.NAME_AS_ADDRESS, _I.NAMES_CROSSED},
    _I.CONFIGURATIONS_MISFIT: {_I.NAME_AS_ADDRESS, _I.NAMES_CROSSED},
    _I.STOPPED_SERVING: {_I.ALONE_AND_SILENT},
    _I.MCLT_WAIT: {_I.ALONE_AND_SILENT, _I.NAMES_CROSSED},
    _I.UPDATES_REJECTED: {_I.FIRST_START},
    _I.FIRST_START: {_I.RECOVERY_STUCK, _I.BOTH_DATABASES_LOST, _I.NAMES_CROSSED},
    _I.DATABASE_LOST: {_I.BOTH_DATABASES_LOST, _I.NAMES_CROSSED},
    _I.RESTARTED_TOGETHER: {_I.BOTH_DATABASES_LOST},
}
"""Incident -> those beside which it is not named: they show the same and say more."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """An action that would help, with the server that acts. The guards allow it at the moment it is named."""

    action: Action
    acting: Role


@dataclass(frozen=True, slots=True)
class Probable:
    """An incident that is probable now, with what was observed."""

    incident: Incident
    weight: Weight
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...] = ()

    @property
    def id(self) -> IncidentId:
        """Its id in the catalogue."""
        return self.incident.id

    @property
    def title(self) -> str:
        """In plain words."""
        return self.incident.title


def probable(pair: Assessment) -> tuple[Probable, ...]:
    """Every incident that is probable, the heaviest first."""
    found: dict[IncidentId, list[Found]] = {}
    for sign in (*SIGNS, *TRACES, both_forgot, names_crossed):
        for each in sign(pair):
            found.setdefault(each.id, []).append(each)
    named = [_join(id_, several, pair) for id_, several in found.items() if not STRONGER.get(id_, set()) & found.keys()]
    return tuple(sorted(named, key=lambda each: (-each.weight, ORDER.index(each.id))))


def _join(id_: IncidentId, several: list[Found], pair: Assessment) -> Probable:
    """One incident from all that speaks for it."""
    weight = max(each.weight for each in several)
    evidence = tuple(dict.fromkeys(item for each in several for item in each.evidence))
    wanted = dict.fromkeys(want for each in several for want in each.wanted)
    allowed = (Remedy(action, role) for action, role in wanted if judge(action, pair.seen_from(role)).allowed)
    return Probable(BY_ID[id_], weight, evidence[:MOST_EVIDENCE], tuple(allowed))


# -- signs in states, counters and clocks


def runs_dry(pair: Assessment) -> Iterator[Found]:
    """I-1: a server without its partner, on what is left of its half."""
    for me, other in pair.sides:
        waits = unnoticed(me, other)
        if me.state not in {_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN} and not waits:
            continue
        hungry = me.lines(
            {_I.ALONE_ON_HALF, _I.POOL_EXHAUSTED}, 300, {LineKind.WARNING, LineKind.ERROR}, after=me.since
        )
        alone = me.state is _S.PARTNER_DOWN
        dry = [pool for pool in me.pools if pool.total and not (pool.free + pool.backup if alone else me.own(pool))]
        counters = tuple(me.counts(pool) for pool in dry or me.pools[:1])
        wanted = ((_A.START, other.role), (_A.PARTNER_DOWN, me.role))
        past = [each for each in hungry if not dry and _free_since(me, each)]
        if dry or len(past) < len(hungry):
            yield Found(_I.ALONE_ON_HALF, CRITICAL, (me.says(), other.says(), *counters, *me.said(hungry)), wanted)
            continue
        if other.lost and not alone:
            yield Found(_I.ALONE_ON_HALF, WARNING, (me.says(), other.says(), *counters), wanted)
        if past:
            yield Found(_I.ALONE_ON_HALF, NOTE, (me.says(), other.says(), *counters, *me.said(past)))


def _free_since(me: PairMember, refusal: NotableLine) -> bool:
    """Whether its pools were counted after this refusal, some time later: the caller found that none of them is dry."""
    counted = me.view.pools
    return bool(me.pools) and counted is not None and me.time - counted.age(me.now) >= refusal.last_at + AGAIN_SECONDS


def unbalanced(pair: Assessment) -> Iterator[Found]:
    """I-2: both normal, and one of them has nothing to give."""
    if not pair.both_normal:
        return
    restart = ((_A.SYNC_RESTART, Role.PRIMARY),)
    for me, _ in pair.sides:
        empty = [p for p in me.pools if not me.own(p) and p.free + p.backup >= max(2, p.total // 10)]
        after = me.since + FIRST_BALANCE_SECONDS
        lines = [
            *me.lines({_I.POOLS_UNBALANCED}, 600, {LineKind.WARNING}, after=after),
            *_of(
                MessageId.PEER_HOLDS_ALL_FREE_LEASES, me.lines({_I.ALONE_ON_HALF}, 600, {LineKind.WARNING}, after=after)
            ),
        ]
        # Lines alone, beside counters that are well or all used up, tell of a moment that has passed, or of a full pool.
        passed = not empty and (bool(me.pools) or len(_of(MessageId.REBALANCE_REQUESTED, lines)) == len(lines))
        if empty or lines:
            evidence = (*(me.counts(pool) for pool in empty), *me.said(lines))
            yield Found(_I.POOLS_UNBALANCED, NOTE if passed else WARNING, evidence, () if passed else restart)


def _of(message: MessageId, notable_lines: Iterable[NotableLine]) -> list[NotableLine]:
    """Those of them that say this."""
    return [notable for notable in notable_lines if notable.line.message is message]


def conflict(pair: Assessment) -> Iterator[Found]:
    """I-3: both are sorting out who has which lease, or will as soon as they meet."""
    for me, other in pair.sides:
        if me.state in CONFLICT or (me.state is not None and me.state.info.serves and me.heard in CONFLICT):
            yield Found(_I.CONFLICT, WARNING if other.awaited else CRITICAL, (me.says(), me.records(), other.says()))
    if contradicting(pair.primary.state, pair.secondary.state) and together(*pair.servers):
        yield Found(_I.CONFLICT, CRITICAL, (pair.primary.says(), pair.secondary.says()))


def rebuilding(pair: Assessment) -> Iterator[Found]:
    """I-4 and I-8: a server on its way back; I-19 when neither has a history."""
    new = first_meeting(pair)
    for me, other in pair.sides:
        if me.state not in REBUILDING or (me.heard is _S.PARTNER_DOWN and other.lost):
            continue
        help_ = ((_A.START, other.role), (_A.PARTNER_DOWN, me.role)) if other.lost else ()
        weight = NOTE if other.serving else WARNING if other.awaited else CRITICAL
        if new or (other.state in {_S.RECOVER, _S.RECOVER_DONE} and not database_lost(me, other)):
            yield Found(_I.FIRST_START, NOTE, (me.says(), other.says(), *new))
            continue
        lost = database_lost(me, other)
        if lost or (me.state is _S.RECOVER and not (other.serving or other.awaited)):
            yield Found(_I.DATABASE_LOST, max(weight, WARNING), (me.says(), other.says(), *lost), help_)
        if me.state is not _S.RECOVER or not lost:
            yield Found(_I.MCLT_WAIT, weight, (me.says(), other.says()), help_)


def both_stopped(pair: Assessment) -> Iterator[Found]:
    """I-25: no dhcpd runs on either server, and no console is at work on them."""
    if not (pair.primary.gone and pair.secondary.gone) or pair.action:
        return
    last = stopped_last(*pair.servers)
    if last is None:
        unknown = Evidence("", "which of them was stopped last is not known")
        yield Found(_I.BOTH_STOPPED, CRITICAL, (pair.primary.says(), pair.secondary.says(), unknown))
        return
    known = Evidence(last.server.view.name, f"was the last to serve: {last.why}")
    yield Found(
        _I.BOTH_STOPPED,
        CRITICAL,
        (pair.primary.says(), pair.secondary.says(), known),
        ((_A.START, last.server.view.role),),
    )


def stands_still(pair: Assessment) -> Iterator[Found]:
    """I-24: one in recover, the other one done, and nothing moves."""
    found = stuck(*pair.servers)
    if found is not None:
        text = f"has not moved for {age(found.seconds)}: {found.seen}"
        yield Found(
            _I.RECOVERY_STUCK,
            CRITICAL,
            (pair.primary.says(), pair.secondary.says(), Evidence(found.server.view.name, text)),
        )


def clocks(pair: Assessment) -> Iterator[Found]:
    """I-5: clocks that differ, measured or as dhcpd says."""
    evidence: list[Evidence] = []
    weight = None
    if pair.skew is not None and abs(pair.skew) > CLOCK_CLOSE_SECONDS:
        text = f"clock of {pair.secondary.name} is {pair.skew:+.1f} s from that of {pair.primary.name}"
        evidence.append(Evidence("", text))
        weight = WARNING if abs(pair.skew) > CLOCK_LIMIT_SECONDS else NOTE
    for me, _ in pair.sides:
        after = me.since if me.state is _S.NORMAL else 0.0
        if lines := me.lines({_I.CLOCKS_DISAGREE}, 30, after=after):
            evidence += me.said(lines, 1)
            weight = WARNING
    if weight is not None:
        yield Found(_I.CLOCKS_DISAGREE, weight, tuple(evidence))


def misfit(pair: Assessment) -> Iterator[Found]:
    """I-6: roles that are not the configured ones; two servers that serve in one role give from the same half."""
    mixed = role_mismatch(pair)
    if mixed is None:
        return
    weight = CRITICAL if mixed is RoleMismatch.ALIKE and pair.primary.serving and pair.secondary.serving else WARNING
    for me, _ in pair.sides:
        role = role_said(me)
        if role is not None and role is not me.role:
            text = f"says it is the {role.value}; the configuration says {me.role.value}"
            yield Found(_I.CONFIGURATIONS_MISFIT, weight, (Evidence(me.name, text),))


def ways(pair: Assessment) -> Iterator[Found]:
    """I-5, I-6 or I-7: both run, and what was seen of the ways between them tells why they do not meet."""
    if not pair.both_live or pair.healthy or _S.STARTUP in {pair.primary.state, pair.secondary.state}:
        return
    tried = matrix(pair)
    closed = [side.failover for side in tried.sides if side.failover.state.closed]
    # What was seen before the console reached both dhcpd that run now tells of one that was gone then.
    reached = max(view.omapi.since for view in pair.snapshot.servers) + LOOK_SECONDS
    looks = [look for view in pair.snapshot.servers for look in (view.sockets, view.reach) if look]
    if any(look.at < reached and fresh(look, pair.now, TRIED_SECONDS) for look in looks):
        return
    found = diagnose(tried)
    if id_ := found.incident or (_I.LINK_BLOCKED if closed else None):
        yield Found(id_, WARNING, (Evidence("", found.sentence),))


def out_of_contact(pair: Assessment) -> Iterator[Found]:
    """I-7: both run and do not hear each other."""
    for me, other in pair.sides:
        if pair.apart and me.state is not _S.PARTNER_DOWN:
            lines = me.lines({_I.LINK_BLOCKED}, 200)
            yield Found(_I.LINK_BLOCKED, WARNING, (me.says(), other.says(), *me.said(lines, 1)))


def short_leases(pair: Assessment) -> Iterator[Found]:
    """I-11: a server out of contact caps its promises."""
    for me, _ in pair.sides:
        status = me.status
        if me.state is _S.COMMUNICATIONS_INTERRUPTED and me.serving and status:
            text = f"mclt {status.mclt_seconds} s" if status.mclt_seconds else "mclt not known yet"
            yield Found(_I.SHORT_LEASES, NOTE, (me.says(), Evidence(me.name, text)))


def not_serving(pair: Assessment) -> Iterator[Found]:
    """I-12: states that nobody leaves without a hand. A hand-over looks the same and is one."""
    for me, other in pair.sides:
        lines = me.lines({_I.STOPPED_SERVING}, 3600, {LineKind.FATAL})
        if me.state is _S.SHUTDOWN:
            to = me.heard if other.awaited else other.state
            handed = to is _S.PARTNER_DOWN and not lines
            if pair.action:
                lines_of_action = (Evidence(me.name, f"{pair.action} is under way"),)
                yield Found(_I.STOPPED_SERVING, NOTE, (me.says(), other.says(), *lines_of_action))
            elif handed and (other.serving or other.awaited):
                yield Found(_I.STOPPED_SERVING, NOTE, (me.says(), other.says()), ((_A.TAKE_BACK, me.role),))
            else:
                yield Found(
                    _I.STOPPED_SERVING, outage(pair), (me.says(), other.says(), *me.said(lines)), _ways_out(me, other)
                )
        elif me.state in {_S.PAUSED, _S.UNKNOWN}:
            yield Found(
                _I.STOPPED_SERVING, outage(pair), (me.says(), other.says(), *me.said(lines)), _ways_out(me, other)
            )
        elif me.gone and lines:
            yield Found(_I.STOPPED_SERVING, outage(pair), (me.says(), *me.said(lines)), ((_A.START, me.role),))


def _ways_out(me: PairMember, other: PairMember) -> tuple[tuple[Action, Role], ...]:
    """Back with its partner; without one the partner comes first, and this server alone only then."""
    if other.lost:
        return (_A.START, other.role), (_A.PARTNER_DOWN, me.role)
    if (
        other.state in OUT_OF_SERVICE and me.role is Role.SECONDARY
    ):  # both come back together, whichever begins: named once
        return ()
    return ((_A.TAKE_BACK, me.role),)


def restarted_together(pair: Assessment) -> Iterator[Found]:
    """I-10: both start at once."""
    if pair.primary.state is _S.STARTUP and pair.secondary.state is _S.STARTUP:
        yield Found(_I.RESTARTED_TOGETHER, CRITICAL, (pair.primary.says(), pair.secondary.says()))


def declared_down(pair: Assessment) -> Iterator[Found]:
    """I-20: the server that was declared down runs, or could be started, without the one that knows the leases."""
    if pair.action == "rescue":  # it starts the one server that is left, knowingly
        return
    for me, holder in pair.sides:
        mark = marker_on(holder.view)
        stepped = stepped_back(me, holder)
        if mark is None and (last_state(holder) is not _S.PARTNER_DOWN or stepped):
            continue
        who = (Evidence(holder.name, f"{mark.by} declared {me.name} down", mark.since),) if mark else ()
        evidence = (*who, _last(holder), me.says())
        first = ((_A.START, holder.role),)
        if holder.live:
            if holder.state is _S.PARTNER_DOWN and me.lost:
                yield Found(_I.DECLARED_DOWN, NOTE, evidence)
        elif me.live and me.state not in REBUILDING and me.heard is not _S.PARTNER_DOWN and holder.lost:
            yield Found(_I.DECLARED_DOWN, CRITICAL if me.serving else WARNING, evidence, first)
        elif me.lost and holder.lost:
            yield Found(_I.DECLARED_DOWN, outage(pair) if holder.serving is False else WARNING, evidence, first)


def _last(side: PairMember) -> Evidence:
    if side.live or (state := last_state(side)) is None:
        return side.says()
    return Evidence(side.name, f"was last in {state.word}; {side.visibility.value} now")


def alone_and_silent(pair: Assessment) -> Iterator[Found]:
    """I-21: the only living server waits for a partner that is gone."""
    for me, other in pair.sides:
        waits = me.state is not None and me.state is not _S.STARTUP
        if waits and me.state not in CONFLICT and me.heard is _S.PARTNER_DOWN and other.lost:
            if just_heard(me):
                continue
            lines = me.lines({_I.ALONE_AND_SILENT}, 300)
            evidence = (me.says(), me.records(), other.says(), *me.said(lines, 1))
            yield Found(_I.ALONE_AND_SILENT, CRITICAL, evidence, ((_A.START, other.role), (_A.RESCUE, me.role)))


def half_way(pair: Assessment) -> Iterator[Found]:
    """I-22: an action stopped half-way and left something to do."""
    run = interrupted_run(pair)
    if run is None:
        return
    step = f" after step {run.step} of {run.steps}" if run.steps else ""
    evidence = Evidence(run.acting, f"{run.action} of {run.by} stopped{step}: {run.last}")
    wanted = tuple((action, role) for action in Action if action.value == run.action for role in Role)
    yield Found(_I.ACTION_INTERRUPTED, outage(pair), (evidence, pair.primary.says(), pair.secondary.says()), wanted)


Sign = Callable[[Assessment], Iterator[Found]]
SIGNS: tuple[Sign, ...] = (
    half_way, both_stopped, alone_and_silent, declared_down, conflict, not_serving, clocks, misfit, ways, out_of_contact, rebuilding, stands_still, runs_dry, used_up,
    unbalanced, restarted_together, short_leases,
)  # fmt: skip
