"""What every console must say: who else acts, which server is locked out, what was left half-done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dhcptui.assess.delayed_start import ways_to_say
from dhcptui.assess.guards import rule
from dhcptui.assess.interrupted import RESCUE, SYNC, holder_gone
from dhcptui.model.action import Action
from dhcptui.model.audit import Interrupted
from dhcptui.model.commands import DISMISS
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Lock, Lockout, PairSnapshot
from dhcptui.model.words import day, joined, minute
from dhcptui.ui.keymap import Commands
from dhcptui.ui.line import BLANK, Line, line
from dhcptui.ui.style import ACCENT, MUTED, WARNING, Glyphs, Part, text

DEFAULT = Commands()
Way = tuple[str, ...]
"""One banner in words, longest first."""


def banners(
    snapshot: PairSnapshot,
    interrupted: Interrupted | None,
    now: Moment,
    glyphs: Glyphs,
    *,
    acting: bool = False,
    commands: Commands = DEFAULT,
) -> Line:
    """All there is to say in one row, most pressing first; blank when there is nothing. `acting`: the lock is ours."""
    held, left = _locks(snapshot, now)
    lines = [] if acting else held
    lines += _lockouts(snapshot, now)
    lines += _scheduled(snapshot, now, commands)
    if interrupted is not None and not acting:
        lines.append(_half_done(interrupted, now, commands))
    elif not acting:
        lines += left
    if not lines:
        return BLANK
    depth = max(len(way) for way in lines)
    whole = [_row([way[min(at, len(way) - 1)] for way in lines], glyphs) for at in range(depth)]
    more = len(lines) - 1
    first = [_row([words], glyphs, more) for words in lines[0]] if more else []
    return line(*whole, *first)


def _row(words: Sequence[str], glyphs: Glyphs, more: int = 0) -> Content:
    parts: list[Part] = [(f"{glyphs.warn} ", f"bold {WARNING}")]
    for at, each in enumerate(words):
        parts += [(f"  {glyphs.dot}  ", MUTED)] if at else []
        parts.append((each, WARNING))
    parts += [(f"  +{more} more", ACCENT)] if more else []
    return text(*parts)


def _locks(snapshot: PairSnapshot, now: Moment) -> tuple[list[Way], list[Way]]:
    """Each holder once: who acts now; and who was stopped half-way and left an expired lock to say so."""
    found: dict[str, tuple[Lock, list[str], bool]] = {}
    for view in snapshot.servers:
        lock = view.lock_files.value.lock if view.lock_files else None
        if lock is not None and not holder_gone(lock, snapshot):
            holds = lock.expires > view.server_time(now)
            found.setdefault(lock.token, (lock, [], holds))[1].append(view.name)
    held = [_acts(lock, names) for lock, names, holds in found.values() if holds]
    return held, [_left(lock, names) for lock, names, holds in found.values() if not holds]


def _acts(lock: Lock, names: Sequence[str]) -> Way:
    who = f"{lock.owner}@{lock.host} runs {lock.action}"
    return _cleaned(f"{who} on {joined(names)} ({lock.step})", f"{who} ({lock.step})", who)


def _left(lock: Lock, names: Sequence[str]) -> Way:
    what = f"{lock.action} of {lock.owner}@{lock.host} stopped half-way"
    return _cleaned(f"{what} on {joined(names)} ({lock.step})", f"{what} ({lock.step})", what)


def _lockouts(snapshot: PairSnapshot, now: Moment) -> list[Way]:
    """Markers of a partner-down; `view` is the survivor that holds it."""
    found: list[tuple[Lockout, str]] = [
        (view.lock_files.value.lockout, view.name)
        for view in snapshot.servers
        if view.lock_files is not None and view.lock_files.value.lockout is not None
    ]
    return [
        _comes_back(lockout, survivor, now)
        if _may_start(lockout.server, snapshot, now)
        else _cleaned(
            f"{lockout.server} was declared down by {lockout.by} at {_when(lockout.since, now)}:"
            f" do not start it before it can reach {survivor}",
            f"{lockout.server} declared down by {lockout.by} at {_when(lockout.since, now)}:"
            f" start only if it reaches {survivor}",
            f"{lockout.server} was declared down: start it only if it reaches {survivor}",
        )
        for lockout, survivor in found
    ]


def _may_start(server: str, snapshot: PairSnapshot, now: Moment) -> bool:
    """Whether the guards allow its start, as the advice says then: one judgement, one sentence."""
    role = next((view.role for view in snapshot.servers if view.name == server), None)
    return role is not None and rule(Action.START, role, snapshot, now).allowed


def _comes_back(lockout: Lockout, survivor: str, now: Moment) -> Way:
    head = f"{lockout.server} was declared down by {lockout.by} at {_when(lockout.since, now)}"
    return _cleaned(
        f"{head}: it may start, {survivor} answers and resynchronises it",
        f"{lockout.server} declared down by {lockout.by}: it may start, {survivor} resynchronises it",
        f"{lockout.server} was declared down: it may start, {survivor} answers",
    )


def _scheduled(snapshot: PairSnapshot, now: Moment, commands: Commands) -> list[Way]:
    """Starts that a server's own timer will run."""
    key = next((each.shown_key for each in commands if each.action is Action.START), "")
    more = f": {key} cancels it" if key and not commands.read_only else ""
    ways = (ways_to_say(view, now) for view in snapshot.servers)
    return [_cleaned(f"{way[0]}{more}", *way) for way in ways if way]


def _half_done(run: Interrupted, now: Moment, commands: Commands) -> Way:
    key = next((each.shown_key for each in commands if each.action and each.action.value == run.action), "")
    tells = commands.key("look.audit")
    done = "" if commands.read_only else commands.key(DISMISS)
    resumes = run.action in {SYNC, RESCUE} and bool(key)
    step = f"after step {run.step} of {run.steps}" if run.steps else f"half-way ({run.last})"
    begin = f"{run.action} was interrupted {step}"
    at = f" ({_when(run.at, now)})" if run.at else ""
    when = begin + at
    tail = f": {f'{key} resumes, ' if resumes else ''}command log {tells}{f', {done} when dealt with' if done else ''}"
    return _cleaned(
        f"{run.action} of {run.by} was interrupted {step}{at}{tail}",
        f"{when}: {f'{key} resumes, ' if resumes else ''}command log {tells}{f', {done} when dealt with' if done else ''}",
        f"{when}: {f'{key} resumes, ' if resumes else ''}{tells} tells",
        begin,
    )


def _when(epoch: float, now: Moment) -> str:
    """A time in UTC without seconds: "11:33Z", "22 Nov 11:33Z"."""
    return f"{day(epoch, now.wall)}{minute(epoch)}Z"


def _cleaned(*words: str) -> Way:
    return tuple(clean(each, 300) for each in words)
