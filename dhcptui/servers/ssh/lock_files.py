"""What lies beside a server's lease file for every console to see: who is acting, and who must not start.

Two small JSON files. Times in them are by the server's own clock, so consoles need not agree about the time. What is
read here was written by anybody who may write there: it is checked, cut and cleaned.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dhcptui.model.sanitize import clean, is_number
from dhcptui.model.snapshot import DelayedStart, Lock, LockFiles, Lockout
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed
from dhcptui.servers.ssh.shell import RemoteShell

LOCK_SECONDS = 60
"""A lock that was not renewed for this long belongs to a console that is gone."""
Ask = Callable[[Command], Awaitable[Completed]]
"""Runs a small command on a server."""
_HELD = 1
_TEXT_LIMIT = 120
_STEP_LIMIT = 240
_KINDS = {"link": "symbolic link", "directory": "directory"}
"""What may stand at the name of the lock, and is none."""


def new_token() -> str:
    """What tells the holder of a lock from everybody else."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Told:
    """What a lock tells of its run besides, so that whoever finds it half-way, on any machine, can go on from there."""

    peer: str = ""
    """The relationship, by dhcpd's name: another console may call the pair otherwise."""
    run: str = ""
    """The run's id in the audit log of its console."""
    acting: str = ""
    """Role of the acting server."""
    variant: str = ""
    done: int = 0
    """Steps that were verified."""
    steps: int = 0


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What we write into a lock."""

    token: str
    owner: str
    host: str
    pair: str
    action: str
    told: Told = Told()

    def body(self, step: str) -> str:
        """The JSON object without its closing brace: the server adds its times."""
        texts = {"owner": self.owner, "host": self.host, "pair": self.pair, "action": self.action}
        return _open({"token": self.token, **texts, **asdict(self.told), "step": clean(step, _STEP_LIMIT)})


async def read_marks(shell: RemoteShell, directory: str, record: str = "", peer: str = "") -> LockFiles:
    """The marks, and the record of a sync-restart, in one round trip; `unread` where the directory cannot be entered.

    Raises RemoteError.
    """
    answer = await shell.ask(commands.read_marks(directory, record, peer).line)
    return (
        parse_marks(answer.lines) if answer.exit_status == 0 else LockFiles(unread=f"{directory} cannot be looked into")
    )


def parse_marks(lines: list[str]) -> LockFiles:
    """The answer to `commands.read_marks`. A lock that says nothing sensible is still one, until it is old.

    A lock-out that does is not known, which is not the same as none.
    """
    if not lines:
        return LockFiles(unread="nothing was answered")
    unread = ""
    now = _number(lines[0]) or 0.0
    lock: Lock | None = None
    lockout: Lockout | None = None
    sync: SyncRecord | None = None
    start: DelayedStart | None = None
    left: list[Lock] = []
    planted = ""
    for head, text in zip(lines[1::2], lines[2::2], strict=False):
        name, changed, there, kind = [*head.split(), "", "", "", ""][:4]
        if name == commands.LOCK and kind in _KINDS:
            planted = f"{_KINDS[kind]} of {clean(there, 60)}"
        elif name == commands.LOCK:
            written = _number(changed)
            lock = parse_lock(text) or _unknown_lock(written or now, clean(there, 60))
            lock = replace(lock, changed=written or 0.0)
            if lock.expires > now + 2 * LOCK_SECONDS:  # nobody's lock lasts so long: the clock was set back behind it
                lock = replace(lock, expires=now)
        elif name == commands.LEFT and (aside := parse_lock(text)):
            left.append(replace(aside, changed=_number(changed) or 0.0))
        elif name.startswith(commands.LOCKOUT):
            lockout = parse_lockout(text)
            unread = "" if lockout else f"there is a {commands.LOCKOUT}, and it cannot be read"
        elif name == commands.START:
            start = parse_start(text, {"there": True, "gone": False}.get(there))
        elif name == commands.SYNC and (found := SyncRecord.from_json(text)):
            sync = replace(found, at=_number(changed) or 0.0)
    return LockFiles(lock, lockout, start, sync=sync, unread=unread, left=tuple(left), planted=planted)


def parse_start(text: str, there: bool | None = None) -> DelayedStart | None:
    """A delayed start, or None where the text is not one."""
    fields = _fields(text)
    since, earliest, latest = (_number(fields.get(name)) for name in ("since", "earliest", "latest"))
    if since is None or earliest is None or latest is None:
        return None
    return DelayedStart(_text(fields.get("by")) or "unknown", since, earliest, latest, _text(fields.get("job")), there)


def start_body(by: str) -> str:
    """What we write into the file of a delayed start; the server adds times and job."""
    return _open({"by": clean(by, _TEXT_LIMIT)})


def parse_lock(text: str) -> Lock | None:
    """A lock, or None where the text is not one."""
    fields = _fields(text)
    since, expires = _number(fields.get("since")), _number(fields.get("expires"))
    token = fields.get("token")
    if since is None or expires is None or not isinstance(token, str) or not _is_token(token):
        return None
    owner, host, pair, action = (_text(fields.get(name)) for name in ("owner", "host", "pair", "action"))
    if not (owner and host and pair and action):
        return None
    return Lock(
        token=token,
        owner=owner,
        host=host,
        pair=pair,
        action=action,
        step=_text(fields.get("step"), _STEP_LIMIT),
        since=since,
        expires=expires,
        peer=_text(fields.get("peer")),
        run=_text(fields.get("run")),
        acting=_text(fields.get("acting")),
        variant=_text(fields.get("variant")),
        done=_count(fields.get("done")),
        steps=_count(fields.get("steps")),
    )


def parse_lockout(text: str) -> Lockout | None:
    """The marker of a partner-down, or None where the text is not one."""
    fields = _fields(text)
    since, server = _number(fields.get("since")), _text(fields.get("server"))
    if since is None or not server:
        return None
    return Lockout(server, _text(fields.get("by")) or "unknown", since, _text(fields.get("reason"), _STEP_LIMIT))


async def take_lock(ask: Ask, directory: str, claim: LockRequest, step: str) -> Lock | None:
    """Take the lock; None when it is ours now, else the one that is there. Raises RemoteError."""
    command = commands.take_lock(directory, claim.token, claim.body(step), LOCK_SECONDS)
    return _holder(await run(ask, command))


async def renew_lock(ask: Ask, directory: str, claim: LockRequest, step: str, seconds: int) -> Lock | None:
    """Keep the lock for `seconds` more (0: expired, but still there to be read); None, or the one that took its place.

    Raises RemoteError.
    """
    return _holder(await run(ask, commands.renew_lock(directory, claim.token, claim.body(step), seconds)))


async def release_lock(ask: Ask, directory: str, token: str, changed: float = 0) -> bool:
    """Remove the lock with this token (one that cannot be read: if it was last changed then).

    False when it is not there. Raises RemoteError.
    """
    return (await run(ask, commands.release_lock(directory, token, int(changed)))).exit_status == 0


def put_lockout(directory: str, server: str, by: str, reason: str, peer: str = "") -> Command:
    """The command that writes the marker of a partner-down, for one relationship."""
    body = _open({"peer": peer, "server": server, "by": clean(by, _TEXT_LIMIT), "reason": clean(reason, _STEP_LIMIT)})
    return commands.put_lockout(directory, body, peer)


async def run(ask: Ask, command: Command) -> Completed:
    """Run one of the commands on marks. Raises RemoteError, but not for "held"."""
    done = await ask(command)
    if done.exit_status not in {0, _HELD}:
        raise CommandFailed("the mark beside the lease file", done.exit_status, done.stderr)
    return done


def _holder(done: Completed) -> Lock | None:
    if done.exit_status == 0:
        return None
    return parse_lock(clean(done.stdout)) or _unknown_lock(0.0)


def _unknown_lock(changed: float, owner: str = "") -> Lock:
    sentence = "the lock cannot be read" + (
        f": a file of {owner}, {commands.LOCK} beside the lease file" if owner else ""
    )
    return Lock("", "unknown", "unknown", "", "something", sentence, changed, changed + LOCK_SECONDS)


def _open(fields: Mapping[str, str | int]) -> str:
    return json.dumps(fields, separators=(",", ":")).removesuffix("}")


def _fields(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float | None:
    """A time in epoch seconds, or None."""
    if isinstance(value, str):
        value = int(value) if is_number(value) and len(value) < 15 else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 and math.isfinite(value) else None


def _count(value: object) -> int:
    """A small number of steps; 0 where it is none."""
    number = _number(value)
    return int(number) if number is not None and 0 <= number < 1000 else 0


def _text(value: object, limit: int = _TEXT_LIMIT) -> str:
    return clean(value, limit) if isinstance(value, str) else ""


def _is_token(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")
