"""A start of dhcpd that is scheduled on a server: whether it is still to come, and what to say of it."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.assess import evidence as ev
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.evidence import Finding
from dhcptui.assess.guards import Ruling
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import DelayedStart, PairSnapshot, ServerView
from dhcptui.model.words import clock, day, minute

_AFTER = "after "
"""Variant of start: later; the seconds stand behind it."""
CANCEL = "cancel"
"""Variant of start: take a scheduled one off again."""
AT_ONCE = "at once"
"""Variant of start: the scheduled one is taken off first."""
EXACT_SECONDS = 5.0
"""Within this a time is said to the second: so well does a timer of systemd keep it."""
LATE_SECONDS = 60.0


def after(seconds: int) -> str:
    """The variant of start that waits so long."""
    return f"{_AFTER}{seconds}"


def seconds_of(variant: str) -> int | None:
    """How long a variant of start waits; None where it is another one."""
    return int(variant.removeprefix(_AFTER)) if variant.startswith(_AFTER) else None


def scheduled(view: ServerView) -> DelayedStart | None:
    """What is scheduled on a server, as its files say."""
    return view.lock_files.value.start if view.lock_files else None


def to_come(view: ServerView, now: Moment) -> DelayedStart | None:
    """What is scheduled and will begin, as far as is known: its job is not gone, and it is not overdue."""
    start = scheduled(view)
    if start is None or start.there is False or view.server_time(now) > start.latest + LATE_SECONDS:
        return None
    return start


def when(start: DelayedStart, now: float) -> str:
    """When it begins: "at 03:20:13 UTC", "between 03:20 and 03:25 UTC"."""
    date = day(start.earliest, now)
    if start.latest - start.earliest <= EXACT_SECONDS:
        return f"at {date}{clock(start.earliest)} UTC"
    return f"between {date}{minute(start.earliest)} and {minute(start.latest)} UTC"


def said(view: ServerView, now: Moment) -> str:
    """What every console must know of it; empty where nothing is scheduled."""
    return next(iter(ways_to_say(view, now)), "")


def ways_to_say(view: ServerView, now: Moment) -> tuple[str, ...]:
    """The same, and without who scheduled it; none where nothing is scheduled."""
    start = scheduled(view)
    if start is None:
        return ()
    times, by = f"{when(start, view.server_time(now))} by its clock", f"(scheduled by {start.by})"
    if to_come(view, now) is None:
        begin = f"{view.name} was to be started {times}"
        gone = "its job is gone" if start.there is False else "it has not begun"
        return f"{begin} {by}, and {gone}", f"{begin}, and {gone}"
    return f"{view.name} will be started {times} {by}", f"{view.name} will be started {times}"


def variant_of(variant: str, snapshot: PairSnapshot, acting: Role) -> str:
    """A start at once takes off first what is scheduled."""
    if variant in {"", AT_ONCE}:
        return AT_ONCE if scheduled(snapshot[acting]) else ""
    return variant


def judged(ruling: Ruling, snapshot: PairSnapshot, now: Moment, variant: str) -> Ruling:
    """The guards' answer for a variant of start: to cancel one needs no more than the server, and that there is one."""
    view = snapshot[ruling.acting]
    words = said(view, now)
    by = f"file on {view.name}"
    if variant == CANCEL:
        case = assess_pair(snapshot, now).seen_from(ruling.acting)
        known = Finding(f"a start is scheduled on {view.name}", words or "none is", bool(words), by)
        return Ruling(ruling.action, ruling.acting, (known, ev.ssh(case), *ev.always(case)))
    if seconds_of(variant) is not None and words:
        again = Finding(f"no start is scheduled on {view.name} yet", f"{words}: cancel it first", False, by)
        return replace(ruling, findings=(again, *ruling.findings))
    if words:
        return replace(ruling, warnings=(f"{words}: that is taken off first.", *ruling.warnings))
    return ruling
