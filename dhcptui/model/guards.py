"""What may be done, and why not: one table, one function.

dhcpd accepts any state write from any state (failover.c:3065-3127 checks nothing), so every guard is ours. `rule` is
pure; the plan of an action shows its findings, the runner asks again right before the first step.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dhcptui.model.snapshot import Link, Moment, PairSnapshot, Role
from dhcptui.model.standing import ServerStanding, Standing, sighted, stand
from dhcptui.model.states import CONFLICT, REBUILDING, FailoverState
from dhcptui.model.words import age

_S = FailoverState
CLOCK_LIMIT_SECONDS = 30.0
"""Above this offset between the servers we start and declare nothing; dhcpd itself refuses a link above 60 s."""


class Action(Enum):
    """The actions; the value is the word of the command line."""

    SYNC_RESTART = "sync-restart"
    PARTNER_DOWN = "partner-down"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One precondition: what was asked, what was observed, by whom and how long ago."""

    asked: str
    observed: str
    ok: bool
    by: str
    age_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of the guards for one action at one moment."""

    action: Action
    acting: Role
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether every precondition holds."""
        return all(finding.ok for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, worst first; empty when allowed."""
        return tuple(finding.observed for finding in self.findings if not finding.ok)


_RESTARTS_CLOCK = "writing it again would restart the MCLT wait"
_CONFLICT = "conflict resolution is under way: a partner in conflict-done exits on this write"

PARTNER_DOWN_FROM: dict[FailoverState, str] = {
    _S.UNKNOWN: "nobody can say what the write would do",
    _S.STARTUP: "the MCLT would look elapsed and it would take over at once (wait 15 s)",
    _S.NORMAL: "its partner is alive: both would end in potential-conflict and serve nobody",
    _S.COMMUNICATIONS_INTERRUPTED: "",
    _S.PARTNER_DOWN: _RESTARTS_CLOCK,
    _S.POTENTIAL_CONFLICT: _CONFLICT,
    _S.RECOVER: "",
    _S.PAUSED: "it would have to recover first",
    _S.SHUTDOWN: "it has handed over: a second partner-down means potential-conflict on both",
    _S.RECOVER_DONE: "",
    _S.RESOLUTION_INTERRUPTED: _CONFLICT,
    _S.CONFLICT_DONE: _CONFLICT,
    _S.RECOVER_WAIT: "",
}
"""Acting server's state -> why partner-down (4) may not be written; empty where it may."""


def rule(action: Action, acting: Role, snapshot: PairSnapshot, now: Moment) -> Ruling:
    """Whether `action` may be run with `acting` as the acting server, and on what evidence."""
    me, partner = stand(snapshot[acting], now), stand(snapshot[acting.other], now)
    if action is Action.PARTNER_DOWN:
        return _partner_down(acting, me, partner, now)
    if action is Action.SHUTDOWN:
        return _shutdown(acting, me, partner, now)
    return _sync_restart(acting, me, partner, now)


def _says(each: ServerStanding, asked: str, why_not: str, ok: bool) -> Finding:
    """A finding about what a server says of itself over OMAPI."""
    name = each.view.name
    if each.state is not None:
        observed = f"{name} reads {each.state.word}" + (f": {why_not}" if why_not and not ok else "")
    elif each.view.omapi.detail:
        observed = f"{name}: {each.view.omapi.detail}"
    else:
        observed = f"{name} does not answer over OMAPI"
    return Finding(asked, observed, ok, f"OMAPI of {name}", each.age_seconds)


def _partner_down(acting: Role, me: ServerStanding, partner: ServerStanding, now: Moment) -> Ruling:
    why_not = "its state cannot be read" if me.state is None else PARTNER_DOWN_FROM[me.state]
    name, other = me.view.name, partner.view.name
    findings = [
        _partner_omapi(partner, other),
        _partner_process(partner, other, now),
        _says(me, f"{name} is out of contact with its partner", why_not, ok=not why_not),
    ]
    if me.status and me.live:
        recorded = me.status.partner_state
        findings.append(
            Finding(
                f"{name} would answer clients",
                f"{name} recorded {other} as {recorded.word}"
                + (": it would read partner-down and still answer nobody" if _mute(recorded) else ""),
                not _mute(recorded),
                f"OMAPI of {name}",
                me.age_seconds,
            )
        )
    warnings = [
        f"If {other} is alive, both servers will stop serving (potential-conflict).",
        f"{other} must not be started again until it can reach {name}.",
    ]
    if me.state in REBUILDING:
        warnings.append(f"{name} was still rebuilding its leases: what only {other} knew may be given out twice.")
    return Ruling(Action.PARTNER_DOWN, acting, tuple(findings), tuple(warnings))


def _mute(recorded: FailoverState) -> bool:
    return recorded is _S.PARTNER_DOWN or recorded in CONFLICT


def _partner_omapi(partner: ServerStanding, other: str) -> Finding:
    asked = f"{other}'s OMAPI is silent"
    if partner.live and partner.state is not None:
        return Finding(
            asked, f"{other} answers and reads {partner.state.word}", False, f"OMAPI of {other}", partner.age_seconds
        )
    if partner.view.omapi.ok:
        seconds = partner.age_seconds
        since = f" for {age(seconds)}" if seconds is not None else ""
        return Finding(
            asked, f"{other}'s OMAPI connection is open and gives no answer{since}", True, "console", seconds
        )
    if partner.view.omapi.link is Link.CONNECTING:
        return Finding(asked, f"{other} is still being contacted", False, "console")
    return Finding(asked, f"{other}: {partner.view.omapi.detail or 'no answer'}", True, "console")


def _partner_process(partner: ServerStanding, other: str, now: Moment) -> Finding:
    asked = f"{other}'s dhcpd is proven gone"
    seen = partner.view.process
    running = sighted(partner.view, now)
    if running is False and seen:
        return Finding(asked, f"no dhcpd process on {other}", True, f"process table of {other}", seen.age(now))
    if running and seen:
        kind = "a stopped dhcpd" if seen.value.stopped else "dhcpd"
        pids = ", ".join(map(str, seen.value.pids))
        return Finding(
            asked, f"{kind} (pid {pids}) is there on {other}", False, f"process table of {other}", seen.age(now)
        )
    if partner.standing is Standing.UNREACHABLE:
        why = partner.view.ssh.detail or "no SSH"
        return Finding(
            asked, f"{other} cannot be looked into ({why}): its dhcpd may still be running", False, "console"
        )
    return Finding(asked, f"{other}'s process table has not been read yet", False, "console")


def _normal(each: ServerStanding) -> Finding:
    return _says(each, f"{each.view.name} reads normal", "", ok=each.state is _S.NORMAL)


def _queue(each: ServerStanding) -> Finding:
    name, count = each.view.name, each.status.unacked_updates if each.status else 0
    return Finding(
        f"{name} has no unacknowledged updates",
        f"{name} has {count} unacknowledged updates" if count else f"{name}: none",
        each.live and count == 0,
        f"OMAPI of {name}",
        each.age_seconds,
    )


def _clocks(me: ServerStanding, partner: ServerStanding, now: Moment) -> Finding:
    asked = f"clocks agree within {CLOCK_LIMIT_SECONDS:.0f} s"
    mine, theirs = me.view.clock, partner.view.clock
    if mine is None or theirs is None:
        return Finding(asked, "the clocks have not been read yet", False, "console")
    offset = theirs.value.seconds - mine.value.seconds
    observed = f"{partner.view.name}'s clock is {offset:+.1f} s from {me.view.name}'s"
    return Finding(asked, observed, abs(offset) <= CLOCK_LIMIT_SECONDS, "SSH", max(mine.age(now), theirs.age(now)))


def _ssh(each: ServerStanding) -> Finding:
    name, channel = each.view.name, each.view.ssh
    return Finding(
        f"{name} is reachable over SSH", f"{name}: SSH {channel.detail or channel.link.value}", channel.ok, "console"
    )


def _shutdown(acting: Role, me: ServerStanding, partner: ServerStanding, now: Moment) -> Ruling:
    name, other = me.view.name, partner.view.name
    findings = (_normal(me), _normal(partner), _queue(me), _queue(partner), _ssh(me))
    return Ruling(
        Action.SHUTDOWN,
        acting,
        findings,
        (
            f"From then on {other} is alone. If it dies too, {name} will come back silent: only a rescue of its lease file helps.",
        ),
    )


def _sync_restart(acting: Role, me: ServerStanding, partner: ServerStanding, now: Moment) -> Ruling:
    findings = (_normal(me), _normal(partner), _ssh(me), _ssh(partner), _clocks(me, partner, now))
    return Ruling(Action.SYNC_RESTART, acting, findings)
