"""rescue: the only living server answers nobody, because it recorded its dead partner as partner-down.

No OMAPI write helps (proven on a real pair): the recorded partner state can only be changed in the lease file, with
dhcpd stopped. A failover record appended there wins over all earlier ones (server/db.c:766-818).

What it needs is tried while dhcpd still runs. From then on each step looks at the partner first: once it is back
nothing more is done, and dhcpd is started as it was.
"""

from __future__ import annotations

import asyncio
import posixpath
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.act.actions.bring_up import bring_up, bring_up_planned, restart_command
from dhcptui.act.actions.died_again import GoneAgain
from dhcptui.act.actions.others import OthersBack, unsworn
from dhcptui.act.locks import why
from dhcptui.act.operations import Run, run_on
from dhcptui.assess.guards import rule
from dhcptui.assess.peer_guards import afterwards
from dhcptui.assess.visibility import assess, no_process, process_running
from dhcptui.config.loading import PairSettings
from dhcptui.logs.legibility import Legibility
from dhcptui.logs.lines import parse_lines
from dhcptui.model.action import Action
from dhcptui.model.log_line import LogLine, Mover
from dhcptui.model.messages import MessageId
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import On
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.servers.ssh import rescue_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, RemoteError
from dhcptui.servers.ssh.holder_commands import stop_if
from dhcptui.servers.ssh.tail import LogSource
from dhcptui.watch.clocks import moment

STOP_SECONDS = 10.0
SERVE_SECONDS = 30.0
"""dhcpd spends 15 s in startup, looking for its partner."""
COPY_SECONDS = 120.0
_BACKUP = ".dhcptui-rescue"
_AS_BEFORE = "else dhcpd is started again as it was"


@dataclass(slots=True)
class Rescue:
    """One rescue: what its steps hand on to each other."""

    leases: str = ""
    """The file that the running dhcpd has open."""
    backup: str = ""
    text: str = ""
    """The record, once it stands in the file."""


def script(pair: PairSettings, acting: Role) -> ActionScript:
    """`acting` is the living, silent server."""
    me, partner = pair[acting], pair[acting.other]
    run, says = Rescue(), _says(pair.peer)
    backup = _backup(me.leases, "STAMP")

    def script_on_me(command: Command, summary: str, input_text: str = "") -> Run:
        """Which lease file, which backup and which process is known only when it runs."""
        return run_on(me, command, summary, *command.script_words, input_text=input_text)

    others: list[OthersBack] = []

    async def look_again(context: Context) -> str:
        seen = await _look_again(context)
        others.append(OthersBack(context, acting))
        return seen

    async def serves(context: Context) -> str:
        seen = await _serves(context)
        back = await others[0].wait()
        return f"{seen}; {back}" if back else seen

    return ActionScript(
        Action.RESCUE,
        f"Make {me.name} serve again: its lease file is told that {partner.name} was in normal.",
        me.name,
        (
            Step.wait(partner, f"look at {partner.name} once more", "it is still gone", look_again),
            Step.on(
                me,
                "try what the rescue needs, while dhcpd runs",
                script_on_me(
                    rescue_commands.try_room(me.leases, backup),
                    f"copies the lease file that dhcpd has open ({me.leases}, or the one in its chroot) to {backup}",
                ),
                "the lease file that dhcpd has open is found; there is room for a backup and for two more of it",
                partial(_try, run),
            ),
            Step.on(
                me,
                f"stop dhcpd on {me.name}",
                script_on_me(
                    stop_if("PID", "START"), "ends dhcpd (SIGTERM), if it is still the process that was looked at"
                ),
                f"{partner.name} is still gone before; nobody holds the lease file or its ports, and no dhcpd comes back",
                partial(_stop, run),
            ),
            Step.on(
                me,
                "back up the lease file as it is now",
                script_on_me(
                    rescue_commands.back_up(me.leases, backup),
                    f"copies the lease file to {backup} again, where it has changed",
                ),
                f"{partner.name} is still gone, and the copy is the very file; {_AS_BEFORE}",
                partial(_back_up, run),
                carried=True,
            ),
            Step.on(
                me,
                "append the failover record",
                script_on_me(
                    rescue_commands.append_record(me.leases), f"appends to the lease file: {says}", input_text=says
                ),
                f"{partner.name} is still gone, and it is the last record of the file, whole; {_AS_BEFORE}",
                partial(_append, run),
                carried=True,
            ),
            Step.on(
                me,
                f"start dhcpd on {me.name}",
                run_on(me, restart_command(me)),
                f"{partner.name} is still gone, else the record is taken away first;"
                f" a dhcpd process on {me.name}, and its OMAPI answers",
                partial(_start, run),
                carried=True,
            ),
            Step.wait(
                me,
                f"see {me.name} serve",
                "communications-interrupted, no client told `not responding`, other relationships as before",
                serves,
            ),
        ),
        f"{me.name} serves every client of {pair.peer} from its own half, with short leases.",
        (
            f"If {partner.name} stays away, ",
            Action.PARTNER_DOWN,
            On(me.name, said=True),
            " (partner-down) gives it all addresses.",
        ),
        if_interrupted=(Action.RESCUE, On(me.name, said=True), " goes on from there, also with dhcpd stopped."),
        begins_at=3,
        afterwards=lambda each: afterwards(each, each.me),
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
    if new := unsworn(context, ruling.findings):
        raise StepFailed("; ".join(new), "Nothing was written.")
    return "; ".join(finding.observed for finding in ruling.findings[1:3])


def _back(context: Context) -> str:
    """What tells that the partner is back; empty where nothing does."""
    role, now = context.acting.other, moment()
    partner = assess(context.snapshot[role], now)
    if partner.live:
        return f"{context.partner.name} is back: it answers, and reads {partner.state.word if partner.state else '?'}"
    if process_running(context.snapshot[role], now) is True:
        return f"{context.partner.name} is back: a dhcpd process runs there"
    return ""


async def _try(run: Rescue, context: Context) -> str:
    """Find the file, and room, before anything is stopped."""
    await context.fresh()
    name, unstopped = context.me.name, f"dhcpd on {context.me.name} was not stopped, and its lease file not written."
    if back := _back(context):
        raise StepFailed(back, unstopped + " Make a new plan.")
    seen = context.snapshot[context.acting].process
    pids = seen.value.pids if seen else ()
    where = rescue_commands.open_leases(context.me.leases, pids)
    try:
        done = await context.command(context.acting, where) if pids else None
    except CommandFailed as error:
        raise StepFailed(f"which lease file dhcpd has open on {name} is not known: {why(error)}", unstopped) from error
    # With dhcpd stopped, as an interrupted rescue has left it, only the configuration tells.
    answer = done.stdout.decode("utf-8", "surrogateescape") if done else f"configured {context.me.leases}"
    how, _, path = answer.rstrip("\n").partition(" ")
    if not path.startswith("/"):
        raise StepFailed(f"which lease file dhcpd has open on {name} is not known", unstopped)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    # Not to be guessed: whoever may write there must not be able to have the name before us.
    backup = _backup(path, f"{stamp}-{secrets.token_hex(8)}")
    try:
        command = context.planned_command(rescue_commands.try_room(path, backup))
        await context.command(context.acting, command, timeout=COPY_SECONDS)
    except RemoteError as error:
        raise StepFailed(
            f"no backup of {clean(path, 200)} on {name}: {why(error)}",
            f"{unstopped} Mend that (make room) and try again.",
        ) from error
    run.leases, run.backup = path, backup
    means = {"open": "which dhcpd has open", "configured": "by our configuration: dhcpd is stopped"}.get(
        how, "by dhcpd's command line"
    )
    return f"the lease file is {clean(path, 200)} ({means}); first backup: {clean(backup, 200)}"


async def _stop(run: Rescue, context: Context) -> str:
    acting = context.acting
    await context.fresh()
    if back := _back(context):
        raise StepFailed(back, f"dhcpd on {context.me.name} was not stopped. {clean(run.backup, 200)} may be removed.")
    seen = context.snapshot[acting].process
    if seen and seen.value.held:
        raise StepFailed(
            f"what holds {'; '.join(seen.value.held)}, is not known to be {context.me.name}'s dhcpd",
            "Nothing was stopped. Look at that process, and stop it by hand if it is.",
        )
    for pid, born in zip(seen.value.pids, seen.value.born, strict=True) if seen else ():
        await context.command(acting, context.planned_command(stop_if(pid, born)), check=False)
    gone = await context.until(lambda snapshot, now: no_process(snapshot[acting], now), STOP_SECONDS)
    await asyncio.sleep(1.0)
    try:
        await context.fresh()
    except StepFailed as error:
        raise await _given_up(context, run, str(error)) from error
    look = context.snapshot[acting].process
    if not gone or not no_process(context.snapshot[acting], moment()):
        raise StepFailed(
            f"dhcpd on {context.me.name} does not stay stopped", "Stop its service by hand, then run the rescue again."
        )
    if look and look.value.held:
        raise await _given_up(context, run, f"a port of dhcpd was taken meanwhile: {'; '.join(look.value.held)}")
    return f"nobody holds {context.me.name}'s lease file or its ports"


async def _unless_back(context: Context, run: Rescue) -> None:
    """Look at the partner once more, with our dhcpd stopped. Raises StepFailed, with dhcpd started again."""
    try:
        await context.fresh()
    except StepFailed as error:
        raise await _given_up(context, run, str(error)) from error
    if back := _back(context):
        raise await _given_up(context, run, back)


async def _given_up(context: Context, run: Rescue, reason: str) -> StepFailed:
    """The failure of a step with dhcpd stopped: the record is taken away again, and dhcpd started as it was."""
    name, what = context.me.name, "the lease file was not written"
    if run.text:
        try:
            take = rescue_commands.take_away(run.leases)
            await context.command(context.acting, take, input_=run.text.encode())
            run.text, what = "", "the record was taken away again"
        except RemoteError as error:
            what = f"the record still stands in {clean(run.leases, 200)} ({why(error)})"
    look = f"Look at both servers. The lease file as it was: {clean(run.backup, 200)}."
    try:
        up = await bring_up(context, context.acting, restart_command(context.me))
    except (StepFailed, RemoteError) as error:
        return StepFailed(f"{reason}; {what}; dhcpd on {name} could NOT be started again: {why(error)}", look)
    return StepFailed(f"{reason}; {what}, and dhcpd on {name} was started again: {up}", look)


async def _back_up(run: Rescue, context: Context) -> str:
    await _unless_back(context, run)
    try:
        command = context.planned_command(rescue_commands.back_up(run.leases, run.backup))
        await context.command(context.acting, command, timeout=COPY_SECONDS)
    except RemoteError as error:
        raise await _given_up(context, run, f"no backup: {why(error)}") from error
    return f"the lease file as it was: {clean(run.backup, 200)}"


async def _append(run: Rescue, context: Context) -> str:
    await _unless_back(context, run)
    view = context.snapshot[context.acting]
    mclt = view.status.value.mclt_seconds if view.status and context.acting is Role.SECONDARY else None
    text = record(context.pair.peer, view.server_time(moment()), mclt)
    try:
        command = context.planned_command(rescue_commands.append_record(run.leases))
        await context.command(context.acting, command, input_=text.encode())
    except CommandFailed as error:
        raise await _given_up(context, run, f"no record in {clean(run.leases, 200)}: {why(error)}") from error
    except RemoteError as error:
        run.text = text  # it may have arrived
        raise await _given_up(context, run, f"no answer to the record: {why(error)}") from error
    run.text = text
    return f"the record is the last one of {clean(run.leases, 200)}"


async def _start(run: Rescue, context: Context) -> str:
    await _unless_back(context, run)
    return await bring_up_planned(context)


async def _serves(context: Context) -> str:
    acting = context.acting

    def serving(snapshot: PairSnapshot, now: Moment) -> bool:
        return assess(snapshot[acting], now).serving is True

    gone, began = GoneAgain(context, acting), moment().mono
    served = await gone.until(serving, SERVE_SECONDS)
    with suppress(StepFailed):  # whether the partner is back is asked now, and not what was seen before
        await context.fresh()
    reads, back = context.reads(acting), _back(context)
    if not served:
        raise StepFailed(
            (gone.why if gone.dead else f"{reads} after {moment().mono - began:.0f} s")
            + (f", and {back}" if back else ""),
            f"Look at the log of {context.me.name}; the old lease file lies beside the new one.",
        )
    if back:
        raise StepFailed(
            f"{reads} and serves; but {back}",
            "Both are up: this is no rescue any more. Look at what each reads, and follow what now says.",
        )
    done = await context.command(acting, LogSource.parse(context.me.log).last(200), check=False)
    silent = _silent(parse_lines(done.stdout.splitlines(), moment().wall)) if done.exit_status == 0 else None
    if silent:
        raise StepFailed(
            f"{context.me.name} still tells clients `not responding`", f"Look at the log of {context.me.name}."
        )
    unread = "" if silent is False else "; its log, which would tell of clients it turns away, could not be read"
    return f"{reads} and serves{unread}"


def _silent(lines: Sequence[LogLine]) -> bool | None:
    """Whether dhcpd has told a client since its last start that it does not respond; None where its log is not understood."""
    legibility = Legibility()
    legibility.add(lines)
    if legibility.unreadable:
        return None
    silent = False
    for line in lines:
        move = line.transition
        if move is not None and move.who is Mover.ME and move.from_state is FailoverState.STARTUP:
            silent = False
        silent = silent or line.message is MessageId.NOT_RESPONDING
    return silent
