"""sync-restart: copy the shared directory, test on both servers, restart one after the other.

Nothing is restarted before `dhcpd -t` passed on both. The copy is staged beside its target and swapped in by rename;
the old directory stays as a backup. Files that exist only on the target are kept unless the pair says `mirror = true`.
How far a run has come lies beside the directory, so that a second console can resume or roll back a first one's.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.act.actions.bring_up import restart_command
from dhcptui.act.operations import Run, run_on
from dhcptui.act.sync import copy as sync_copy
from dhcptui.act.sync.compare import COPIED, read_command
from dhcptui.act.sync.copy import SyncRun
from dhcptui.act.sync.staged_restart import turn
from dhcptui.assess.assessment import Assessment
from dhcptui.assess.comparison import BEING_COMPARED, Comparison
from dhcptui.assess.evidence import Finding
from dhcptui.assess.guards import Ruling
from dhcptui.assess.interrupted import LEFT_TO_ROLL_BACK, ROLLBACK
from dhcptui.assess.peer_guards import afterwards
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.config.platforms import PLATFORMS
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.sync_record import ROLLING_BACK
from dhcptui.servers.ssh import sync_commands
from dhcptui.servers.ssh.commands import Command


def script(pair: PairSettings, acting: Role, comparison: Comparison | None = None, variant: str = "") -> ActionScript:
    """`acting` plays no part: source and order come from the configuration."""
    del acting
    run = SyncRun(pair, comparison)
    if variant == ROLLBACK:
        return _rollback(run)
    left = _left_to_restart(run)
    copying = comparison is None or not comparison.nothing_to_copy
    steps = (
        *_reading(run),
        *((_copying(run)) if copying else _only_testing(run)),
        *(_turn(run, server) for server in left),
        _tidy(run),
    )
    return ActionScript(
        Action.SYNC_RESTART,
        _headline(run, left),
        pair.name,
        steps,
        "Both servers run the new configuration and read normal.",
        "Nothing to do.",
        _expected(pair),
        "Sync-restart again: it resumes what was put in place, or begins anew.",
        both_served,
    )


BEFORE_COMPARED = "Sync + restart, or the rest of an interrupted run: the directories are being compared."
"""Headline of a plan that does not know yet what it will do."""


def _headline(run: SyncRun, left: list[ServerSettings]) -> str:
    """What it does, in one sentence."""
    found, restarts = run.comparison, ", then ".join(server.name for server in left)
    if found and found.error:
        return "Sync + restart: the directories could not be compared."
    if found and found.resumable:
        return f"Resume the run that {found.resumable.by} began: " + (f"restart {restarts}." if left else "clear up.")
    if found and found.nothing_to_copy:
        return f"Nothing to copy: test, restart {restarts}."
    return f"Copy {run.source.shared_dir} from {run.source.name} to {run.target.name}, test, restart {restarts}."


def both_served(each: Assessment) -> str:
    """Who serves every other relationship of the two."""
    return afterwards(each, each.me, each.partner)


def _left_to_restart(run: SyncRun) -> list[ServerSettings]:
    resumed = run.comparison.resumable if run.comparison else None
    done = resumed.done if resumed else ()
    return [run.pair[role] for role in run.pair.restart_order if f"restarted {run.pair[role].name}" not in done]


def restarted(pair: PairSettings, comparison: Comparison | None, variant: str = "") -> frozenset[Role]:
    """Which servers a run would restart."""
    run = SyncRun(pair, comparison)
    if variant == ROLLBACK:
        return frozenset({run.target.role} if sync_copy.was_restarted(run, run.target.role) else ())
    return frozenset(server.role for server in _left_to_restart(run))


def _expected(pair: PairSettings) -> frozenset[tuple[str, str]]:
    """What a restart makes each server go through."""
    states = (FailoverState.STARTUP, FailoverState.COMMUNICATIONS_INTERRUPTED, FailoverState.NORMAL)
    return frozenset((pair[role].name, state.word) for role in Role for state in states)


def judged(
    ruling: Ruling,
    pair: PairSettings,
    comparison: Comparison | None,
    now: Moment,
    *,
    variant: str = "",
    stopped: str = "",
) -> Ruling:
    """The guards' ruling with what the comparison adds: a precondition, and a word on an interrupted run.

    `stopped`: name of the server that is not normal because an interrupted run was restarting it: nothing but that run
    may go on.
    """
    if comparison is None:
        return replace(ruling, findings=(*ruling.findings, BEING_COMPARED))
    if variant == ROLLBACK:
        findings, newer = [_revertible(comparison, now)], sync_copy.runs_newer(SyncRun(pair, comparison))
        if stopped and stopped != comparison.target:
            findings.append(_only_one_left(comparison, stopped, now))
        warnings = (*ruling.warnings, f"The two will differ: {newer}.") if newer else ruling.warnings
        return replace(ruling, findings=(*ruling.findings, *findings), warnings=warnings)
    if stopped and not comparison.error:
        ruling = replace(ruling, findings=(*ruling.findings, _resumable(comparison, now)))
    warnings = ruling.warnings
    if record := comparison.record:
        how_far = ", ".join(record.done) or ("the new files put in place" if comparison.backup_there else "nothing")
        sentence = f"A run of {record.by} did not come to its end. Done by then: {how_far}."
        if comparison.resumable is None:
            sentence += " The directories have changed since: this is a new run."
        elif comparison.revertible:
            sentence += f" It can also be rolled back to the directory of {record.stamp}."
        warnings = (*warnings, sentence)
    chroots = (comparison.reaches_chroots(now),) if comparison.left_outside else ()
    return replace(ruling, findings=(*ruling.findings, comparison.finding(now), *chroots), warnings=warnings)


def _only_one_left(comparison: Comparison, stopped: str, now: Moment) -> Finding:
    """A rollback restarts the copy target, which is the one that serves while the source is down."""
    observed = f"{stopped} went down in its restart, and only {comparison.target} serves: go on with the run instead"
    by = f"record on {comparison.target}"
    return Finding("a rollback leaves a server that serves", observed, False, by, now.mono - comparison.read_at)


def _resumable(comparison: Comparison, now: Moment) -> Finding:
    """Both directories are as the interrupted run left them: only its rest may be done with a server down."""
    there = comparison.resumable is not None
    begun = comparison.record is not None and ROLLING_BACK in comparison.record.done
    otherwise = (
        "it was being rolled back: only that goes on"
        if begun
        else "they have changed since: bring both servers to normal before a new run"
    )
    observed = "as it left them" if there else otherwise
    by = f"files on {comparison.source} and {comparison.target}"
    return Finding("the interrupted run can go on from its files", observed, there, by, now.mono - comparison.read_at)


def _revertible(comparison: Comparison, now: Moment) -> Finding:
    record = comparison.revertible
    observed = (
        f"the directory of {record.stamp} lies on {comparison.target} (run of {record.by}: {', '.join(record.done)})"
        if record
        else comparison.error
        if comparison.error and not comparison.record
        else f"no interrupted run with a backup lies on {comparison.target}"
    )
    return Finding(
        LEFT_TO_ROLL_BACK, observed, record is not None, f"files on {comparison.target}", now.mono - comparison.read_at
    )


def chroot_notes(pair: PairSettings, snapshot: PairSnapshot) -> tuple[str, ...]:
    """Where dhcpd runs in a chroot: which file it reads, and which one `dhcpd -t` tests; a sentence a server."""
    notes = []
    for role in Role:
        server, seen = pair[role], snapshot[role].process
        if seen is None or not (root := seen.value.chroot):
            continue
        conf = server.dhcpd_conf
        if seen.value.conf_root:
            sentence = f"it, and dhcpd -t with `-chroot {root}`, read {conf} and what that includes in there"
        elif PLATFORMS[server.platform].copies_files if server.platform else conf == PLATFORMS["freebsd"].dhcpd_conf:
            sentence = (
                f"it reads a copy of {conf} in there, which the start script makes at each start: dhcpd -t tests {conf};"
                " what it includes is copied with dhcpd_includedir only"
            )
        elif conf.startswith(f"{root.rstrip('/')}/"):
            sentence = f"dhcpd -t tests {conf}, as it is seen from outside"
        else:
            sentence = f"dhcpd -t tests {conf}; how dhcpd was built decides whether it reads that one, or {root}{conf}"
        notes.append(f"{server.name}'s dhcpd runs in the chroot {root}: {sentence}.")
    return tuple(notes)


def _line(server: ServerSettings, command: Command) -> str:
    """A command exactly as it will run on that server."""
    return command.as_root(server.sudo).line


def _test_line(run: SyncRun, server: ServerSettings) -> str:
    return _line(server, run.test_command(server))


def _reading(run: SyncRun) -> tuple[Step, ...]:
    source, target = run.source, run.target
    return (
        Step.on(
            source,
            f"read {source.name}'s files again",
            run_on(source, read_command(source), f"reads every file below {source.shared_dir}"),
            "all of it is read",
            partial(sync_copy.read_source, run),
        ),
        Step.on(
            target,
            f"read {target.name}'s files again",
            run_on(target, read_command(target), f"reads every file below {target.shared_dir}"),
            "both directories are as they were when you confirmed",
            partial(sync_copy.read_target, run),
        ),
        Step.on(source, *_testing(run, source), "exit status 0", partial(sync_copy.test_source, run)),
    )


def _testing(run: SyncRun, server: ServerSettings) -> tuple[str, Run]:
    return f"test the configuration of {server.name}", run_on(server, run.test_command(server))


def _only_testing(run: SyncRun) -> tuple[Step, ...]:
    passes = f"exit status 0; noted in {run.place.record}"
    if run.record.stamp and COPIED not in run.record.done:
        passes = f"exit status 0, else {run.target.shared_dir} is swapped back"
    return (Step.on(run.target, *_testing(run, run.target), passes, partial(sync_copy.test_target, run)),)


def _copying(run: SyncRun) -> tuple[Step, ...]:
    target, place = run.target, run.place
    read_back = _line(target, sync_commands.read_tree(sync_commands.staged(place.staging)))
    return (
        Step.on(
            target,
            f"copy {target.name}'s directory beside it",
            run_on(
                target,
                sync_commands.stage(place.directory, place.staging),
                f"copies {place.directory} to {place.staging}, which nobody else can enter",
            ),
            f"{read_back}: what was confirmed",
            partial(sync_copy.stage, run),
            briefly="the copy is read back and is what was confirmed",
        ),
        Step.on(
            target,
            "unpack what differs into the copy",
            run_on(
                target,
                sync_commands.unpack(place.staging),
                f"unpacks into an empty directory in {place.staging}, and moves it into the copy",
            ),
            f"{_line(target, sync_commands.merge(place.staging))}; {read_back}: the very files",
            partial(sync_copy.unpack, run),
            briefly="the copy is read back and holds the very files",
        ),
        Step.on(
            target,
            "swap it in, keeping a backup",
            run_on(
                target,
                sync_commands.swap_in(place.staging, place.directory, place.backups, place.record),
                f"renames {place.directory} to {place.backups}-STAMP, and {place.staging} to {place.directory}",
            ),
            f"{_test_line(run, target)} passes, else swapped back",
            partial(sync_copy.swap, run),
        ),
    )


def _turn(run: SyncRun, server: ServerSettings) -> Step:
    fallback = ", else its old files are put back and it is restarted once" if server is run.target else ""
    verified = f"clocks agree before; then a new dhcpd, OMAPI answers, both read normal, other relationships as before{fallback}; noted in the record"
    operation = run_on(server, restart_command(server))
    return Step.on(server, f"restart {server.name}", operation, verified, partial(turn, run))


def _tidy(run: SyncRun) -> Step:
    brief = f"removes {run.place.record}, and all but the newest {sync_copy.KEEP_BACKUPS} backups"
    operation = run_on(run.target, sync_copy.tidy_command(run), brief)
    return Step.on(
        run.target, f"clear up on {run.target.name}", operation, "exit status 0", partial(sync_copy.tidy, run)
    )


def _nothing_to_roll_back(run: SyncRun) -> ActionScript:
    """What is shown before the interrupted run was read, and where there is none."""
    title = f"look for an interrupted run on {run.target.name}"
    step = Step.wait(run.target, title, "it has left a backup", _none_left)
    known = (
        f"none with a backup is known on {run.target.name}." if run.comparison else "its directories are being read."
    )
    headline = f"Roll back an interrupted sync-restart: {known}"
    return ActionScript(Action.SYNC_RESTART, headline, run.pair.name, (step,), "", "")


async def _none_left(context: Context) -> str:
    raise StepFailed("there is no interrupted run to roll back", "Nothing was changed.")


def _rollback(run: SyncRun) -> ActionScript:
    """The copy target only: the source's files were never touched, and a restart of it would change nothing."""
    target, place = run.target, run.place
    if not run.record.stamp:
        return _nothing_to_roll_back(run)
    backup = place.backup(run.record.stamp)
    restarted, newer = sync_copy.was_restarted(run, target.role), sync_copy.runs_newer(run)
    # Its old files are in place already: a failure to come up has nothing older to fall back on.
    steps = [
        Step.on(
            target,
            f"put {backup or 'the backup'} back",
            run_on(
                target,
                sync_copy.back_command(run),
                f"renames {place.directory} to {place.rejected}, and the backup to {place.directory}",
            ),
            f"{_test_line(run, target)} passes",
            partial(sync_copy.roll_back, run),
        )
    ]
    if restarted:
        after = SyncRun(run.pair, run.comparison)
        after.record = replace(run.record, stamp="")
        steps.append(_turn(after, target))
    return ActionScript(
        Action.SYNC_RESTART,
        f"Roll back the run that {run.record.by} began: {target.name} gets its old {target.shared_dir} again"
        + (" and restarts." if restarted else "; it had not been restarted yet."),
        run.pair.name,
        (*steps, _tidy(run)),
        f"{target.name} has its old directory again; what it replaced lies in {place.rejected}."
        + (f" {newer}." if newer else ""),
        sync_copy.after_way_back(run),
        _expected(run.pair),
        f"The rest by hand: dhcpd on {target.name} must be restarted with its old files if it runs the new ones.",
        both_served,
    )
