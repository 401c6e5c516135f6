"""A start at a later time that needs no console: a transient timer of systemd, or a job of `at`; and taking it off."""

from __future__ import annotations

from dhcptui.act.actions.base import Context, Step, StepFailed
from dhcptui.act.actions.bring_up import when_clocks_agree
from dhcptui.act.audit import Operator
from dhcptui.act.locks import directory, why
from dhcptui.act.operations import run_on
from dhcptui.assess.delayed_start import scheduled, when
from dhcptui.config.loading import ServerSettings
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.servers.ssh import delayed_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed
from dhcptui.servers.ssh.lock_files import start_body
from dhcptui.watch.clocks import moment

MAX_SECONDS = 7 * 24 * 3600
SEEN_SECONDS = 10.0


def delayed_command(server: ServerSettings, seconds: int) -> Command:
    """What schedules a server's restart, for plans. Raises ValueError."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError("a restart can be delayed by one second to seven days")
    body = start_body(Operator.here().text)
    return delayed_commands.start_later(directory(server), body, server.restart, seconds)


async def schedule_restart(context: Context) -> str:
    """Schedule the restart of this step once the clocks agree; returns what will run it, and when. Raises StepFailed.

    The outcome of that restart is nobody's to verify: look at the pair when its time has come.
    """
    server = context.pair[context.planned.role]
    await when_clocks_agree(context)
    try:
        done = await context.command(server.role, context.planned_command())
    except CommandFailed as error:
        undone = delayed_commands.nothing_done(error.exit_status)
        raise StepFailed(
            f"no delayed restart on {server.name}: {why(error)}",
            f"Restart {server.name} by hand when its time has come; "
            + (
                "nothing was scheduled."
                if undone
                else f"whether a job is left there is not known: look at {server.name}."
            ),
            untouched=undone,
        ) from error
    job = done.stdout.decode("utf-8", "replace").strip()
    if not await context.until(lambda snapshot, now: scheduled(snapshot[server.role]) is not None, SEEN_SECONDS):
        raise StepFailed(
            f"{job} was taken, but its file cannot be read back", f"Look at {server.name}: atq, systemctl."
        )
    start = scheduled(context.snapshot[server.role])
    times = when(start, context.snapshot[server.role].server_time(moment())) if start else "?"
    return f"restart of {server.name} scheduled {times} by its clock ({job})"


def cancel_step(server: ServerSettings) -> Step:
    """Take a scheduled start off, and see that it is gone."""
    command = delayed_commands.cancel_start(directory(server))

    async def cancel(context: Context) -> str:
        start = moment().mono
        try:
            done = await context.command(server.role, context.planned_command())
        except CommandFailed as error:
            raise StepFailed(
                f"the start of {server.name} is still scheduled: {why(error)}",
                f"Look at {server.name}: atq, or systemctl list-timers.",
                untouched=delayed_commands.nothing_done(error.exit_status),
            ) from error

        def gone(snapshot: PairSnapshot, now: Moment) -> bool:
            del now
            lock_files = snapshot[server.role].lock_files
            return lock_files is not None and lock_files.at > start and lock_files.value.start is None

        if not await context.until(gone, SEEN_SECONDS):
            raise StepFailed(f"the scheduled start still stands in {directory(server)}", f"Look at {server.name}.")
        return f"{done.stdout.decode('utf-8', 'replace').strip()} is gone"

    return Step.on(
        server,
        f"cancel the scheduled start of {server.name}",
        run_on(server, command, f"takes the job of systemd (or at) off on {server.name}"),
        "its job and its file are gone",
        cancel,
    )
