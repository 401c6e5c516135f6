"""Going on with an action that stopped half-way: preconditions that know what is so because of that run. Pure."""

from __future__ import annotations

from dhcptui.assess.evidence import Case, Finding
from dhcptui.assess.interrupted import stopped_by_rescue, stopped_in_restart, sync_record, unmarked
from dhcptui.assess.visibility import process_running
from dhcptui.model.states import FailoverState

_S = FailoverState


def one_serves(each: Case) -> Finding:
    """While the server that the interrupted run was restarting is brought up again, its partner serves."""
    role = stopped_in_restart(each.snapshot, each.now)
    record = sync_record(each.snapshot, each.now)
    server = each.me if role is each.me.view.role else each.partner
    other = each.partner if server is each.me else each.me
    by = record.by if record else "?"
    asked = f"{other.view.name} serves while {server.view.name} goes on"
    said = f"the sync-restart of {by} stopped while it restarted {server.view.name}"
    nobody = other.serving is False and server.serving is False
    serves = (
        "serves" if other.serving else "serves nobody either: nothing is lost" if nobody else "is not seen to serve"
    )
    ok = other.serving is True or nobody
    observed, seen = f"{said}; {other.view.name} {serves}", other.serving is not None
    return Finding(asked, observed, ok, f"record of {by}", other.age_seconds, seen=seen)


def left_stopped(each: Case) -> Finding:
    """The acting server is stopped because of the interrupted rescue, which goes on from there."""
    name = each.me.view.name
    stopped = stopped_by_rescue(each.snapshot, each.now) is each.me.view.role
    said = (
        f"an interrupted rescue stopped dhcpd on {name} and has not started it again"
        if stopped
        else "no rescue was left"
    )
    asked, looked = f"{name} is stopped by an interrupted rescue", each.me.view.lock_files is not None
    if not looked:
        said = f"what was left beside {name}'s lease file has not been looked at"
    return Finding(asked, said, stopped, f"lock on {name}", seen=looked)


def reading(each: Case) -> list[str]:
    """A word for whoever would restart a dhcpd that may still be reading its leases."""
    role = stopped_in_restart(each.snapshot, each.now)
    server = next((one for one in (each.me, each.partner) if one.view.role is role), None)
    if server is None or server.live or not process_running(server.view, each.now):
        return []
    name = server.view.name
    return [f"{name} runs and does not answer: if it still reads its leases, wait for it. Going on restarts it."]


_STOP_FROM = {_S.NORMAL: _S.NORMAL, _S.SHUTDOWN: _S.PARTNER_DOWN}
"""State of the server that stops -> its partner's: healthy, or handed over already."""


def left_unmarked(each: Case) -> Finding:
    """The acting server is in partner-down by an interrupted run, which has not left the marker for other consoles."""
    name = each.me.view.name
    so = unmarked(each.snapshot, each.now) is each.me.view.role
    lock_files = each.me.view.lock_files
    seen = each.me.state is not None and lock_files is not None and not lock_files.value.unread
    said = f"an interrupted run put {name} into partner-down and left no marker" if so else "no such run was left"
    asked, by = f"{name} is in partner-down and not marked", f"OMAPI and files of {name}"
    if not seen:
        said = f"whether {name} is in partner-down with a marker is not known"
    return Finding(asked, said, so and seen, by, each.me.age_seconds, seen=seen)


def handed_over_or_healthy(each: Case) -> Finding:
    """Both are normal, or the acting server has handed over already: then only its dhcpd is left to stop."""
    me, partner = each.me, each.partner
    seen = me.state is not None and partner.state is not None
    fits = seen and me.state in _STOP_FROM and _STOP_FROM[me.state] is partner.state
    said = " and ".join(f"{one.view.name} reads {one.state.word if one.state else 'nothing'}" for one in (me, partner))
    return Finding(
        "both are normal, or it has handed over",
        said,
        fits,
        f"OMAPI of {me.view.name} and {partner.view.name}",
        seen=seen,
    )
