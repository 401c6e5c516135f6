"""rescue: the only living server answers nobody, because it recorded its dead partner as partner-down.

No OMAPI write helps (proven on a real pair): the recorded partner state can only be changed in the lease file, with
dhcpd stopped. A failover record appended there wins over all earlier ones (server/db.c:766-818).
"""

from __future__ import annotations

import asyncio
import posixpath
import time

from dhcptui.config import PairSettings
from dhcptui.engine.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.engine.actions.coming_up import start_step
from dhcptui.engine.clocks import moment
from dhcptui.model.guards import Action, rule
from dhcptui.model.plan import PlannedStep
from dhcptui.model.snapshot import Moment, PairSnapshot, Role
from dhcptui.model.standing import sighted, stand
from dhcptui.remote import commands
from dhcptui.remote.tail import LogSource

STOP_SECONDS = 10.0
SERVE_SECONDS = 30.0
"""dhcpd spends 15 s in startup, looking for its partner."""
_BACKUP = ".dhcptui-rescue"


def script(pair: PairSettings, acting: Role) -> ActionScript:
    """`acting` is the living, silent server."""
    me, partner = pair[acting], pair[acting.other]
    sudo = me.sudo
    return ActionScript(
        Action.RESCUE,
        f"Make {me.name} serve again: its lease file is told that {partner.name} was in normal.",
        me.name,
        (
            Step(PlannedStep(f"look at {partner.name} once more", partner.name, "", "it is still gone"), _look_again),
            Step(
                PlannedStep(
                    f"stop dhcpd on {me.name}",
                    me.name,
                    commands.stop_process(0).as_root(sudo).line.replace(" 0", " PID"),
                    "no dhcpd process, and none comes back by itself",
                ),
                _stop,
            ),
            Step(
                PlannedStep(
                    "back up the lease file",
                    me.name,
                    commands.copy(me.leases, _backup(me.leases, "STAMP")).as_root(sudo).line,
                    "exit status 0",
                    f"copies {me.leases} to {_backup(me.leases, 'STAMP')}",
                ),
                _back_up,
            ),
            Step(
                PlannedStep(
                    "append the failover record",
                    me.name,
                    commands.append(me.leases).as_root(sudo).line + f"  <- {_says(pair.peer)}",
                    "it is the last record of the file",
                    f"appends to {me.leases}: {_says(pair.peer)}",
                ),
                _append,
            ),
            start_step(me),
            Step(
                PlannedStep(
                    f"see {me.name} serve", me.name, "", "communications-interrupted, no client told `not responding`"
                ),
                _serves,
            ),
        ),
        f"{me.name} serves every client from its own half, with short leases.",
        f"If {partner.name} stays away, P on {me.name} (partner-down) gives it all addresses.",
    )


def record(peer: str, at: float, mclt_seconds: int | None) -> str:
    """The failover record as dhcpd writes it itself: UTC, weekday 0 is Sunday; mclt on a secondary only."""
    stamp = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime(at))
    mclt = f"  mclt {mclt_seconds};\n" if mclt_seconds is not None else ""
    return (
        f'failover peer "{peer}" state {{\n'
        f"  my state communications-interrupted at {stamp};\n"
        f"  partner state normal at {stamp};\n{mclt}}}\n"
    )


def _says(peer: str) -> str:
    """The record in one line, for plans."""
    return f'failover peer "{peer}" state {{ my state communications-interrupted; partner state normal; }}'


def _backup(leases: str, stamp: str) -> str:
    return posixpath.join(posixpath.dirname(leases), f"{_BACKUP}-{stamp}")


async def _look_again(context: Context) -> str:
    await context.fresh()
    ruling = rule(Action.RESCUE, context.acting, context.snapshot, moment())
    if not ruling.allowed:
        raise StepFailed("; ".join(ruling.reasons), "Nothing was changed.")
    return "; ".join(finding.observed for finding in ruling.findings[1:3])


async def _stop(context: Context) -> str:
    acting = context.acting
    seen = context.snapshot[acting].process
    for pid in seen.value.pids if seen else ():
        await context.command(acting, commands.stop_process(pid), check=False)
    gone = await context.until(lambda snapshot, now: sighted(snapshot[acting], now) is False, STOP_SECONDS)
    await asyncio.sleep(1.0)
    await context.fresh()
    if not gone or sighted(context.snapshot[acting], moment()) is not False:
        raise StepFailed(
            f"dhcpd on {context.me.name} does not stay stopped", "Stop its service by hand, then run the rescue again."
        )
    return f"no dhcpd process on {context.me.name}"


async def _back_up(context: Context) -> str:
    backup = _backup(context.me.leases, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    await context.command(context.acting, commands.copy(context.me.leases, backup))
    return f"the lease file as it was: {backup}"


async def _append(context: Context) -> str:
    view = context.snapshot[context.acting]
    mclt = view.status.value.mclt_seconds if view.status and context.acting is Role.SECONDARY else None
    text = record(context.pair.peer, view.server_time(moment()), mclt)
    await context.command(context.acting, commands.append(context.me.leases), input_=text.encode())
    done = await context.command(context.acting, commands.last_lines(context.me.leases, text.count("\n")))
    if done.stdout.decode("utf-8", "replace") != text:
        raise StepFailed(
            "the lease file does not end with the record", "dhcpd was not started. Look at the lease file."
        )
    return "the record is the last one of the file"


async def _serves(context: Context) -> str:
    acting = context.acting

    def serving(snapshot: PairSnapshot, now: Moment) -> bool:
        return stand(snapshot[acting], now).serving is True

    if not await context.until(serving, SERVE_SECONDS):
        state = context.standing(acting).state
        raise StepFailed(
            f"{context.me.name} reads {state.word if state else 'nothing'} after {SERVE_SECONDS:.0f} s",
            f"Look at the log of {context.me.name}; the old lease file lies beside the new one.",
        )
    done = await context.command(acting, LogSource.parse(context.me.log).last(200), check=False)
    tail = done.stdout.decode("utf-8", "replace").rpartition("I move from startup to ")[2]
    if "not responding" in tail:
        raise StepFailed(
            f"{context.me.name} still tells clients `not responding`", f"Look at the log of {context.me.name}."
        )
    state = context.standing(acting).state
    return f"{context.me.name} reads {state.word if state else '?'} and serves"
