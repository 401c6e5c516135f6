"""sync-restart: one server's turn to restart, judged by process, OMAPI and both states; never by the unit.

A server that does not come up with the new configuration gets its old one back, if it was the target of the copy, and
is restarted once. Its partner serves all the while and is not touched.
"""

from __future__ import annotations

import shlex

from dhcptui.act.actions.base import Context, StepFailed, both_normal
from dhcptui.act.actions.bring_up import offset_seconds, pid_now, pids, when_clocks_agree
from dhcptui.act.actions.died_again import GoneAgain
from dhcptui.act.actions.others import OthersBack, case_now, unsworn
from dhcptui.act.actions.start_watch import Fate, Upcoming
from dhcptui.act.sync.copy import SyncRun, after_way_back, forget, put_back, runs_newer
from dhcptui.assess.evidence import CLOCK_LIMIT_SECONDS
from dhcptui.assess.peer_guards import Interruption, interrupted
from dhcptui.assess.visibility import Visibility, assess
from dhcptui.config.loading import ServerSettings
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.watch.clocks import moment

BOTH_NORMAL_SECONDS = 120.0
"""dhcpd tries its partner again after 5 s, or after 90 s when the first attempt was refused at once."""


class DidNotComeUp(Exception):
    """dhcpd died or never answered after the restart."""


async def turn(run: SyncRun, context: Context) -> str:
    """Restart the server of this step and see both normal."""
    role = context.planned.role
    server, other = context.pair[role], context.pair[role.other]
    try:
        clocks = await when_clocks_agree(context)
        await context.fresh()
    except StepFailed as error:
        raise StepFailed(str(error), f"{server.name} was not restarted. {_left(run)}") from error
    mine, theirs = context.visibility(role), context.visibility(role.other)
    if not theirs.serving and not (mine.serving is theirs.serving is False):  # where nobody serves nothing is lost
        raise StepFailed(
            f"{other.name} does not serve now",
            f"{server.name} was not restarted, so that somebody serves. {_left(run)}",
        )
    case = case_now(context, role)
    findings = interrupted(case, Interruption.STAGED, case.me)
    if alone := unsworn(context, findings):
        raise StepFailed("; ".join(alone), f"{server.name} was not restarted. {_left(run)}")
    others = OthersBack(context, role)
    await run.note(context, f"restarting {server.name}")
    began = moment().mono
    attempt = ""
    try:
        pid = await _restart(context, run, server)
    except DidNotComeUp as failure:
        if server is run.target and run.record.stamp:
            raise await _with_old_files(context, run, failure) from failure
        pid = await _once_more(context, run, server, failure)
        attempt = f", at the second attempt ({failure})"
    back = await _others_back(others, context, run, server)
    offset = offset_seconds(context.snapshot)
    if offset is None or offset > CLOCK_LIMIT_SECONDS:
        raise StepFailed(f"the clocks are {offset or 0:.1f} s apart", "Set the clocks before anything is restarted.")
    await run.note(context, f"restarted {server.name}")
    took = moment().mono - began
    return (
        f"new dhcpd on {server.name} (pid {pid}), {_how_well(context, server)}{back} {took:.1f} s after the restart began{attempt};"
        f" clocks {clocks}{run.trouble}"
    )


async def _others_back(others: OthersBack, context: Context, run: SyncRun, server: ServerSettings) -> str:
    """The other relationships of this dhcpd are as before: no restart of the partner takes their only server."""
    try:
        back = await others.wait()
    except StepFailed as error:
        other = context.pair[server.role.other].name
        raise StepFailed(str(error), f"{other} was not restarted after it. {_left(run)}") from error
    return f", {back}" if back else ""


async def _restart(context: Context, run: SyncRun, server: ServerSettings) -> str:
    """Restart and wait; returns the new pid, as text. Raises DidNotComeUp, or StepFailed where trying again makes no sense."""
    role, other = server.role, context.pair[server.role.other].name
    coming = Upcoming(context, role, pids(context, role))
    match await coming.watch(context.planned_command()):
        case Fate.DEAD | Fate.IDLE:
            raise DidNotComeUp(coming.why)
        case Fate.OLD:
            raise StepFailed(coming.why, "Check the restart command in the configuration. " + _left(run))
        case Fate.READING:
            raise StepFailed(
                coming.why,
                f"It works, so nothing was rolled back, and {other} serves. Once {server.name} answers, sync-restart"
                " resumes; --wait SECONDS waits longer.",
            )
        case Fate.LOST:
            raise _lost(context, run, server, coming.why)
    since, gone = moment().mono, GoneAgain(context, role)
    alone = context.visibility(role.other).visibility is Visibility.DOWN

    def well(snapshot: PairSnapshot, now: Moment) -> bool:
        """By what was read after it came up: both normal, or it serves where its partner's dhcpd does not run."""
        each = assess(snapshot[role], now)
        if alone:
            return each.serving is True and each.view.status is not None and each.view.status.at > since
        return both_normal(snapshot, now, since)

    came = await gone.until(well, BOTH_NORMAL_SECONDS)
    if gone.dead:
        raise DidNotComeUp(gone.why)
    if not came:
        raise StepFailed(
            f"not both normal after {moment().mono - since:.0f} s: {_words(context)}",
            f"{other} was not restarted after it. " + _left(run),
        )
    return await pid_now(context, role)


def _how_well(context: Context, server: ServerSettings) -> str:
    other = context.pair[server.role.other].name
    down = context.visibility(server.role.other).visibility is Visibility.DOWN
    return f"it serves ({other}'s dhcpd does not run)" if down else "both read normal"


def _lost(context: Context, run: SyncRun, server: ServerSettings, why: str) -> StepFailed:
    other = context.pair[server.role.other].name
    return StepFailed(
        f"{server.name} was lost during its restart, whether it came up is not known: {why}",
        f"{other} was not touched. When {server.name} answers again, sync-restart offers to resume. " + _left(run),
    )


def _left(run: SyncRun) -> str:
    """What remains on disk after a stop."""
    if not run.record.stamp:
        return "No copied file waits to be undone; sync-restart does the rest."
    return f"The new files stay on {run.target.name}; sync-restart resumes, or rolls back to {run.place.backup(run.record.stamp)}."


async def _with_old_files(context: Context, run: SyncRun, failure: DidNotComeUp) -> StepFailed:
    """Put the copy target's old directory back and start it once more; returns what to raise."""
    server, other = run.target, context.pair[run.target.role.other]
    await put_back(context, run)
    sentence = f"{server.name} did not come up with the new configuration: {failure}. Its old directory is back"
    newer = runs_newer(run)
    rest = f"What was refused lies in {run.place.rejected} on {server.name}."
    rest = f"{after_way_back(run)} {rest}" if newer else f"{other.name} was not touched. {rest}"
    if newer:
        sentence += f" ({newer})"
    try:
        await _restart(context, run, server)
    except (DidNotComeUp, StepFailed) as again:
        return StepFailed(f"{sentence}, but with it: {again}", f"Look at the log of {server.name}. {rest}")
    await forget(context, run)
    return StepFailed(
        f"{sentence} and it runs with it again; {_how_well(context, server)}.",
        rest,
    )


async def _once_more(context: Context, run: SyncRun, server: ServerSettings, failure: DidNotComeUp) -> str:
    """No older files to give back: try again once. Raises StepFailed."""
    other = context.pair[server.role.other]
    own = "its own files are not touched" if server is run.source else "no file was changed"
    try:
        return await _restart(context, run, server)
    except DidNotComeUp as again:
        raise StepFailed(
            f"{failure}; a second attempt: {again}; {own}",
            f"{other.name} was not touched after that and serves. Look at the log of {server.name}; to try by hand:"
            f" {shlex.join(server.restart)}. " + (_left(run) if server is run.source else ""),
        ) from again


def _words(context: Context) -> str:
    pair = (context.visibility(Role.PRIMARY), context.visibility(Role.SECONDARY))
    return " and ".join(
        f"{each.view.name} reads {each.state.word if each.state else each.visibility.value}" for each in pair
    )
