"""Going on with an action that stopped half-way: preconditions that know what is so because of that run. Pure."""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.evidence import Finding
from dhcptui.assess.interrupted import stopped_by_rescue, stopped_in_restart, sync_record, unmarked
from dhcptui.model.states import FailoverState

_S = FailoverState


def one_serves(each: Assessment) -> Finding:
    """While the server that the interrupted run was restarting is brought up again, its partner serves."""
    role = stopped_in_restart(each)
    record = sync_record(each.snapshot, each.now)
    server = each.me if role is each.me.role else each.partner
    other = each.other(server)
    by = record.by if record else "?"
    asked = f"{other.name} serves while {server.name} goes on"
    sentence = f"the sync-restart of {by} stopped while it restarted {server.name}"
    nobody = other.serving is False and server.serving is False
    serves = (
        "serves" if other.serving else "serves nobody either: nothing is lost" if nobody else "is not seen to serve"
    )
    ok = other.serving is True or nobody
    observed, seen = f"{sentence}; {other.name} {serves}", other.serving is not None
    return Finding(asked, observed, ok, f"record of {by}", other.age_seconds, seen=seen)


def left_stopped(each: Assessment) -> Finding:
    """The acting server is stopped because of the interrupted rescue, which goes on from there."""
    name = each.me.name
    stopped = stopped_by_rescue(each) is each.me.role
    sentence = (
        f"an interrupted rescue stopped dhcpd on {name} and has not started it again"
        if stopped
        else "no rescue was left"
    )
    asked, looked = f"{name} is stopped by an interrupted rescue", each.me.view.lock_files is not None
    if not looked:
        sentence = f"what was left beside {name}'s lease file has not been looked at"
    return Finding(asked, sentence, stopped, f"lock on {name}", seen=looked)


def reading(each: Assessment) -> list[str]:
    """A word for whoever would restart a dhcpd that may still be reading its leases."""
    role = stopped_in_restart(each)
    if role is None or each[role].live or not each[role].running:
        return []
    return [
        f"{each[role].name} runs and does not answer: if it still reads its leases, wait for it. Going on restarts it."
    ]


_STOP_FROM = {_S.NORMAL: _S.NORMAL, _S.SHUTDOWN: _S.PARTNER_DOWN}
"""State of the server that stops -> its partner's: healthy, or handed over already."""


def left_unmarked(each: Assessment) -> Finding:
    """The acting server is in partner-down by an interrupted run, which has not left the marker for other consoles."""
    name = each.me.name
    so = unmarked(each) is each.me.role
    lock_files = each.me.view.lock_files
    seen = each.me.state is not None and lock_files is not None and not lock_files.value.unread
    sentence = f"an interrupted run put {name} into partner-down and left no marker" if so else "no such run was left"
    asked, by = f"{name} is in partner-down and not marked", f"OMAPI and files of {name}"
    if not seen:
        sentence = f"whether {name} is in partner-down with a marker is not known"
    return Finding(asked, sentence, so and seen, by, each.me.age_seconds, seen=seen)


def handed_over_or_healthy(each: Assessment) -> Finding:
    """Both are normal, or the acting server has handed over already: then only its dhcpd is left to stop."""
    me, partner = each.me, each.partner
    seen = me.state is not None and partner.state is not None
    fits = seen and me.state in _STOP_FROM and _STOP_FROM[me.state] is partner.state
    states = " and ".join(f"{one.name} reads {one.state.word if one.state else 'nothing'}" for one in (me, partner))
    return Finding(
        "both are normal, or it has handed over",
        states,
        fits,
        f"OMAPI of {me.name} and {partner.name}",
        seen=seen,
    )
