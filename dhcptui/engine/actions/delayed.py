"""A restart at a later time that needs no console: a transient timer of systemd, or a job of `at`."""

from __future__ import annotations

from dhcptui.config import ServerSettings
from dhcptui.engine.actions.base import Context, StepFailed
from dhcptui.engine.actions.coming_up import when_clocks_agree
from dhcptui.engine.locks import why
from dhcptui.remote import sync_commands
from dhcptui.remote.commands import Command
from dhcptui.remote.errors import CommandFailed

MAX_SECONDS = 7 * 24 * 3600


def delayed_command(server: ServerSettings, seconds: int) -> Command:
    """What schedules a server's restart, for plans. Raises ValueError."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError("a restart can be delayed by one second to seven days")
    return sync_commands.restart_later(server.restart, seconds)


async def schedule_restart(context: Context, server: ServerSettings, seconds: int) -> str:
    """Schedule one restart once the clocks agree; returns what will run it, and when. Raises StepFailed.

    The outcome of that restart is nobody's to verify: look at the pair when its time has come.
    """
    command = delayed_command(server, seconds)
    await when_clocks_agree(context)
    try:
        done = await context.command(server.role, command)
    except CommandFailed as error:
        raise StepFailed(
            f"no delayed restart on {server.name}: {why(error)}",
            f"Restart {server.name} by hand when its time has come; nothing was scheduled.",
        ) from error
    return f"restart of {server.name} scheduled by " + done.stdout.decode("utf-8", "replace").strip()
