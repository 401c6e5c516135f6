"""What bringing a dhcpd up has in common: clocks first, then process and OMAPI, never the unit.

On Debian the unit of a dhcpd that was stopped over OMAPI stays "active (exited)" and `start` does nothing, so the
configured restart command is used and the outcome is judged by what runs and answers.
"""

from __future__ import annotations

import shlex
from functools import partial

from dhcptui.act.actions.base import Context, Step, StepFailed
from dhcptui.act.actions.start_watch import Fate, Upcoming
from dhcptui.act.operations import run_on
from dhcptui.assess.evidence import CLOCK_CLOSE_SECONDS, CLOCK_LIMIT_SECONDS
from dhcptui.config.loading import ServerSettings
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.watch.clocks import moment

CLOCKS_SECONDS = 60.0
PID_SECONDS = 5.0


def restart_command(server: ServerSettings) -> Command:
    """The configured command that brings dhcpd up."""
    return commands.restart(shlex.join(server.restart))


def clocks_step(server: ServerSettings) -> Step:
    """Wait until both clocks agree."""
    return Step.wait(
        server,
        "wait until the clocks agree",
        f"within {CLOCK_LIMIT_SECONDS:.0f} s of each other",
        partial(when_clocks_agree, within=CLOCK_LIMIT_SECONDS),
    )


def start_step(server: ServerSettings) -> Step:
    """Run the restart command and see dhcpd come up."""
    return Step.on(
        server,
        f"start dhcpd on {server.name}",
        run_on(server, restart_command(server)),
        f"a dhcpd process on {server.name}, and its OMAPI answers",
        bring_up_planned,
    )


def offset_seconds(snapshot: PairSnapshot) -> float | None:
    """How far the two servers' clocks are apart; None where one was never read."""
    one, two = snapshot.primary.clock, snapshot.secondary.clock
    return None if one is None or two is None else abs(one.value.seconds - two.value.seconds)


async def when_clocks_agree(context: Context, within: float = CLOCK_CLOSE_SECONDS) -> str:
    """Both clocks this close; a partner that cannot be looked into has no say."""
    if not context.snapshot[context.acting.other].ssh.ok:
        return f"{context.partner.name}'s clock cannot be read"

    def agree(snapshot: PairSnapshot, _now: Moment) -> bool:
        offset = offset_seconds(snapshot)
        return offset is not None and offset <= within

    offset = offset_seconds(context.snapshot)
    if offset is not None and offset > CLOCK_LIMIT_SECONDS:
        raise StepFailed(
            f"the clocks are {offset:.1f} s apart", "Set the clocks first; dhcpd refuses a link above 60 s."
        )
    if not await context.until(agree, CLOCKS_SECONDS):
        offset = offset_seconds(context.snapshot)
        raise StepFailed(f"the clocks are still {offset or 0:.1f} s apart", "Set the clocks first.")
    return f"{offset_seconds(context.snapshot) or 0:.1f} s apart"


async def bring_up_planned(context: Context) -> str:
    """As `bring_up`, with the restart command that was confirmed."""
    return await bring_up(context, context.planned.role, context.planned_command())


async def bring_up(context: Context, role: Role, command: Command) -> str:
    """Run the restart command; verified by a process and an OMAPI answer younger than the command."""
    server = context.pair[role]
    coming = Upcoming(context, role, pids(context, role))
    fate = await coming.watch(command)
    if fate is Fate.READING:
        raise StepFailed(coming.why, f"It works: wait until {server.name} answers, then look at the pair again.")
    if fate is not Fate.UP:
        raise StepFailed(coming.why, f"Look at the log of {server.name}.")
    pid, state = await pid_now(context, role), context.visibility(role).state
    return f"dhcpd (pid {pid}) answers: {state.word if state else '?'}"


async def pid_now(context: Context, role: Role) -> str:
    """The process number of a dhcpd that has just come up; "?" where no look tells it.

    An earlier look may have met the test of its configuration that many restart commands run first.
    """
    asked = moment().mono
    await context.until(lambda snapshot, now: _seen_since(snapshot, role, asked) != (), PID_SECONDS)
    found = _seen_since(context.snapshot, role, asked)
    return str(found[0]) if found else "?"


def _seen_since(snapshot: PairSnapshot, role: Role, asked: float) -> tuple[int, ...]:
    seen = snapshot[role].process
    return seen.value.pids if seen is not None and seen.at > asked else ()


def pids(context: Context, role: Role) -> tuple[int, ...]:
    """Of the dhcpd that was seen last on a server."""
    seen = context.snapshot[role].process
    return seen.value.pids if seen else ()
