"""A dhcpd that reads its lease file: it runs, works, and answers nobody before it has read all of it. Pure.

Seen on a real dhcpd: a million leases (434 MB) take it minutes. All the while it holds no file and no port open (the file
is mapped into its memory), so what tells of it is that it works.
"""

from __future__ import annotations

from dhcptui.assess.freshness import WORK_SECONDS, fresh
from dhcptui.assess.space import kilobytes, space
from dhcptui.assess.visibility import ServerAssessment, Visibility, process_seen
from dhcptui.model.snapshot import ServerView
from dhcptui.model.words import span

LARGE_BYTES = 10 * 1024 * 1024


def may_load(view: ServerView) -> bool:
    """Whether its dhcpd runs and has opened no port yet, so that a second look must tell whether it works."""
    look = view.process.value if view.process else None
    return look is not None and bool(look.pids) and not look.stopped and not look.omapi_held and look.ports_seen


def loading(each: ServerAssessment) -> bool:
    """Whether its dhcpd is seen to work, and has opened no OMAPI port yet."""
    seen, work = process_seen(each.view, each.now), fresh(each.view.work, each.now, WORK_SECONDS)
    if each.visibility is not Visibility.SILENT or seen is None or work is None:
        return False
    if not may_load(each.view) or work.value.pid not in seen.value.pids:
        return False
    return work.value.worked_at is not None and each.now.mono - work.value.worked_at <= WORK_SECONDS


def loading_words(each: ServerAssessment) -> str:
    """How large the file is and how long it has taken so far: "434 MB: 3 min so far"; as much of it as is known.

    A small file explains no waiting, so its size is left out.
    """
    size, seen = space(each.view, each.now), each.view.process
    bytes_ = size.value.file_bytes if size and not size.value.missing else 0
    seconds = seen.value.age_seconds if seen else None
    if seen is not None and seconds is not None:
        seconds += int(seen.age(each.now))
    parts = [kilobytes(bytes_)] if bytes_ >= LARGE_BYTES else []
    return ": ".join([*parts, *([f"{span(seconds)} so far"] if seconds is not None else [])])
