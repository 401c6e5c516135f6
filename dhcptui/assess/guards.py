"""What may be done, and why not: one table, one function.

dhcpd accepts any state write from any state (failover.c:3065-3127 checks nothing), so every guard is ours. `rule` is
pure and total: it answers every combination of action, both servers' states and evidence. The plan of an action shows
its findings; the runner asks again right before the first step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dhcptui.assess import evidence as ev
from dhcptui.assess import peer_guards as pg
from dhcptui.assess.assessment import Assessment, assess_pair
from dhcptui.assess.evidence import Finding
from dhcptui.assess.interrupted import stopped_by_rescue, stopped_in_restart, unmarked
from dhcptui.assess.queues import stands_still
from dhcptui.assess.resumed import (
    handed_over_or_healthy,
    left_stopped,
    left_unmarked,
    one_serves,
    reading,
)
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.assess.space import SPACE_CHECKS, lease_file, lease_space, partner_records
from dhcptui.assess.unnoticed import not_yet
from dhcptui.assess.written_files import written_by_people
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import CONFLICT, REBUILDING, FailoverState

_S = FailoverState


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of the guards for one action at one moment."""

    action: Action
    acting: Role
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Those of the warnings that only tell what cannot be read: that a try of it has ended meanwhile is no change."""

    @property
    def allowed(self) -> bool:
        """Whether every precondition holds, or can be sworn to (see `sentence`)."""
        return all(finding.holds or finding.sentence for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, worst first; empty when allowed."""
        return tuple(finding.observed for finding in self.findings if not finding.holds and not finding.sentence)

    @property
    def pending(self) -> bool:
        """Whether it is refused only until answers that are on their way have come."""
        missing = [finding for finding in self.findings if not finding.holds and not finding.sentence]
        return bool(missing) and all(finding.pending for finding in missing)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What somebody must answer for, each once."""
        asked = (finding.sentence for finding in self.findings if not finding.holds and finding.sentence)
        return tuple(dict.fromkeys(asked))

    @property
    def sentence(self) -> str:
        """What must be typed beside the confirmation, because proof is impossible; empty when all is proven."""
        return " and ".join(self.sentences)


ANY = ""
_CONFLICT = "conflict resolution is under way; a partner in conflict-done exits on a state write"
_FULL_WAIT = "it is neither in shutdown nor paused: a full resynchronisation with a full MCLT wait would follow"
_SERVES = "it answers its clients as it is"
_UNNOTICED = "it has not noticed yet that its partner is gone"
_NOT_NORMAL = "both must be normal"
_RESTART_ONLY_HEALTHY = "restarts are staged so that one server always serves: both must be normal"

PARTNER_DOWN_FROM: dict[FailoverState, str] = {
    _S.UNKNOWN: "nobody can say what the write would do",
    _S.STARTUP: "the MCLT would look elapsed and it would take over at once (wait 15 s)",
    _S.NORMAL: "its partner is alive: both would end in potential-conflict and serve nobody",
    _S.COMMUNICATIONS_INTERRUPTED: ANY,
    _S.PARTNER_DOWN: "writing it again would restart the MCLT wait",
    _S.POTENTIAL_CONFLICT: _CONFLICT,
    _S.RECOVER: ANY,
    _S.PAUSED: ANY,
    _S.SHUTDOWN: ANY,
    _S.RECOVER_DONE: ANY,
    _S.RESOLUTION_INTERRUPTED: _CONFLICT,
    _S.CONFLICT_DONE: _CONFLICT,
    _S.RECOVER_WAIT: ANY,
}
"""Acting server's state -> why partner-down (4) may not be written; empty where it may (dhcpd-failover facts 4.3)."""

ONLY_NORMAL: dict[FailoverState, str] = {state: ANY if state is _S.NORMAL else _NOT_NORMAL for state in _S}
STOPS_FROM = {state: ANY if state in {_S.NORMAL, _S.SHUTDOWN} else _NOT_NORMAL for state in _S}
STOPS_BESIDE = {state: ANY if state in {_S.NORMAL, _S.PARTNER_DOWN} else _NOT_NORMAL for state in _S}
"""A clean shutdown begins with both normal, or goes on from a hand-over."""
ONLY_NORMAL_RESTART = {state: ANY if state is _S.NORMAL else _RESTART_ONLY_HEALTHY for state in _S}

TAKE_BACK_FROM: dict[FailoverState, str] = {
    state: ANY if state in OUT_OF_SERVICE else _CONFLICT if state in CONFLICT
    else "its resynchronisation is under way: writing recover again would restart the wait" if state in REBUILDING
    else _FULL_WAIT
    for state in _S
}  # fmt: skip
"""Acting server's state -> why recover (6) may not be written."""

TAKE_BACK_PARTNER: dict[FailoverState, str] = {
    state: ANY if state in {_S.PARTNER_DOWN, _S.COMMUNICATIONS_INTERRUPTED, *OUT_OF_SERVICE, *REBUILDING}
    else "it is still starting (15 s)" if state is _S.STARTUP
    else _CONFLICT if state in CONFLICT
    else "it has not noticed yet that its partner has stopped serving: look again in a moment" if state is _S.NORMAL
    else "nobody can say what would follow"
    for state in _S
}  # fmt: skip
"""Partner's state -> why not; which way it is then depends on both (assess/return_path.py)."""

RESCUE_FROM: dict[FailoverState, str] = {
    state: ANY if state in {_S.PARTNER_DOWN, _S.COMMUNICATIONS_INTERRUPTED, *OUT_OF_SERVICE, *REBUILDING}
    else "it is still starting (15 s)" if state is _S.STARTUP
    else _CONFLICT if state in CONFLICT
    else _SERVES if state.info.serves
    else "its silence has another cause than a recorded partner-down"
    for state in _S
}  # fmt: skip
"""Acting server's state -> why its lease file may not be edited."""
RESCUE_SILENCED = {state: _UNNOTICED if why is _SERVES else why for state, why in RESCUE_FROM.items()}
"""The same of one that a recorded partner-down silences: it does not serve as it is, it has not noticed yet."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: which states allow an action, and what must be observed besides."""

    acting: dict[FailoverState, str] | None
    """The acting server's state -> why not; None: its dhcpd does not run, so it has none."""
    partner: dict[FailoverState, str] | None
    """The partner's state -> why not; None: the action does not need the partner to answer."""
    checks: tuple[Callable[[Assessment], Finding], ...]
    source: str
    """Where the facts behind the row come from."""
    others: Callable[[Assessment], list[Finding]] = pg.untouched
    """What it does to the other relationships of a dhcpd: a finding for each."""


RULES: dict[Action, Rule] = {
    Action.PARTNER_DOWN: Rule(
        PARTNER_DOWN_FROM,
        None,
        (ev.partner_silent, ev.partner_gone, ev.would_answer, ev.clocks_if_known),
        "seen on a real pair; failover.c:1827, 2024-2441",
    ),
    Action.SHUTDOWN: Rule(
        STOPS_FROM,
        STOPS_BESIDE,
        (
            handed_over_or_healthy,
            ev.queue_empty,
            ev.partner_queue_empty,
            ev.ssh,
            ev.clocks,
            lease_file,
            partner_records,
        ),
        "seen on a real pair; failover.c:1831 (unacknowledged updates cost the return a full MCLT, seen on the pair)",
        pg.when_stopped,
    ),
    Action.HAND_OVER: Rule(
        ONLY_NORMAL,
        ONLY_NORMAL,
        (ev.queue_empty, ev.partner_queue_empty, ev.clocks, partner_records),
        "seen on a real pair; failover.c:1831",
    ),
    Action.TAKE_BACK: Rule(
        TAKE_BACK_FROM, TAKE_BACK_PARTNER, (ev.hear_each_other,), "each way seen on a real pair; failover.c:1831, 1963"
    ),
    Action.START: Rule(
        None,
        None,
        (ev.process_gone, ev.clocks_if_known, ev.start_order, lease_space),
        "seen on a real pair; dhcpd.conf(5) on the partner that must not start",
        pg.when_started,
    ),
    Action.SYNC_RESTART: Rule(
        ONLY_NORMAL_RESTART,
        ONLY_NORMAL_RESTART,
        (written_by_people, ev.ssh, ev.partner_ssh, ev.clocks_close, *SPACE_CHECKS),
        "ISC KB AA-01043; clocks: seen on a real pair",
        pg.when_restarted_in_turn,
    ),
    Action.RESCUE: Rule(
        RESCUE_FROM,
        None,
        (ev.recorded_partner_down, ev.partner_silent, ev.partner_gone, ev.ssh, lease_space),
        "seen on a real pair; failover.c:1720-1741, db.c:766-818",
        pg.when_restarted,
    ),
}


RESUMED: dict[Action, Rule] = {
    Action.SYNC_RESTART: Rule(
        None,
        None,
        (written_by_people, one_serves, ev.ssh, ev.partner_ssh, ev.clocks_close, *SPACE_CHECKS),
        "seen on a real pair: a run that stopped in a restart is resumed or rolled back with that server down",
    ),
    Action.PARTNER_DOWN: Rule(
        None,
        None,
        (left_unmarked, ev.ssh),
        "the write is not repeated, since it would restart the MCLT wait; only the marker is left",
    ),
    Action.RESCUE: Rule(
        None,
        None,
        (left_stopped, ev.partner_silent, ev.partner_gone, ev.ssh, lease_space),
        "seen on a real pair: a rescue that stopped after its stop goes on with dhcpd down",
    ),
}
"""The rows for going on with a run that stopped half-way: "not normal" is so because of that run."""


def row_for(action: Action, case: Assessment) -> Rule:
    """The row that judges an action: that of a run that stopped half-way where the pair is as that run left it."""
    if action is Action.SYNC_RESTART and stopped_in_restart(case) is not None:
        return RESUMED[action]
    if action is Action.PARTNER_DOWN and unmarked(case) is case.me.role:
        return RESUMED[action]
    if action is Action.RESCUE and stopped_by_rescue(case) is case.me.role:
        return RESUMED[action]
    return RULES[action]


def rule(action: Action, acting: Role, snapshot: PairSnapshot, now: Moment) -> Ruling:
    """Whether `action` may be run with `acting` as the acting server, and on what evidence."""
    return judge(action, assess_pair(snapshot, now).seen_from(acting))


def judge(action: Action, case: Assessment) -> Ruling:
    """The same on a judgement that is made already: `case.me` acts."""
    row = row_for(action, case)
    findings = [check(case) for check in row.checks]
    mine = RESCUE_SILENCED if row.acting is RESCUE_FROM and case.me.silenced else row.acting
    tables = ((case.me, mine), (case.partner, row.partner))
    states = [ev.state_allows(server, table, action.value) for server, table in tables if table is not None]
    if action is Action.PARTNER_DOWN:
        states = [not_yet(case, found) for found in states]
    # What matters most stands first: a living partner for the actions against it, the states for all others.
    findings = states + findings if row.partner is not None else findings + states
    findings += [*row.others(case), *ev.always(case)]
    # A local user may make it and take it away all the time: that changes nothing of what was read and confirmed.
    planted = ev.planted(case)
    texts = (*warnings(action, case), *planted)
    return Ruling(action, case.me.role, tuple(findings), texts, (*pg.unread(case), *planted))


def warnings(action: Action, case: Assessment) -> tuple[str, ...]:
    """What a person must know before an allowed action."""
    name, other = case.me.name, case.partner.name
    texts: list[str] = []
    if action is Action.PARTNER_DOWN:
        texts += [
            f"If {other} is alive, both servers will stop serving (potential-conflict).",
            f"{other} must not be started again until it can reach {name}.",
            *pg.left_waiting(case),
        ]
        if case.me.state in REBUILDING:
            texts.append(f"{name} was still rebuilding its leases: what only {other} knew may be given out twice.")
        if case.me.state in OUT_OF_SERVICE:
            texts.append(f"{other}'s return may go through potential-conflict: for a moment nobody is served then.")
        if case.me.state is _S.RECOVER_WAIT:
            # dhcpd does not cancel the timer: seen on a real pair.
            texts.append(
                f"When its recover-wait ends, {name} leaves partner-down again and serves nobody: this is needed once more then."
            )
    elif action in {Action.SHUTDOWN, Action.HAND_OVER}:
        texts.append(
            f"From then on {other} is alone. If it dies too, {name} will stay silent: only a rescue of its lease file helps."
        )
    elif action is Action.RESCUE:
        texts += [
            f"Leases that only {other} knew may be given out twice.",
            f"{other}'s return goes through potential-conflict: for a moment nobody is served.",
        ]
    elif action is Action.START:
        texts += ev.start_warnings(case) + pg.coming_up(case)
        if stopped_in_restart(case) is case.me.role:
            texts.append(
                f"{name} went down in a sync-restart that stopped half-way: that one goes on, or is rolled back."
                " This only starts it, with the files that are there now."
            )
    elif action is Action.TAKE_BACK:
        texts += ev.way_back_warnings(case)
    if action is Action.SYNC_RESTART:
        texts += reading(case)
    if action in {Action.SHUTDOWN, Action.HAND_OVER} and any(stands_still(each) for each in case.servers):
        texts.append(f"With unacknowledged updates {name}'s return waits for the full MCLT.")
    return tuple(texts)
