"""Room on the file system of the lease file: dhcpd answers clients without it, and records nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.evidence import Finding
from dhcptui.assess.freshness import SPACE_SECONDS, fresh
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.snapshot import LeaseSpace, ServerView

FULL_BYTES = 8 * 1024
"""With less than two pages free the next leases may not be recorded."""
SPARE_BYTES = 64 * 1024
"""A start writes the whole lease file anew beside the old one, and goes on writing."""
NO_FILE = "there is no lease file where the configuration of this console says"


def space(view: ServerView, now: Moment) -> Seen[LeaseSpace] | None:
    """The last look at it, unless that is old."""
    return fresh(view.space, now, SPACE_SECONDS) if view.ssh.ok else None


def full(view: ServerView, now: Moment) -> bool:
    """Whether it was seen that what dhcpd gives out can hardly be recorded."""
    seen = space(view, now)
    return seen is not None and seen.value.free_bytes < FULL_BYTES


def missing(view: ServerView, now: Moment) -> bool:
    """Whether it was seen that there is no lease file where it belongs."""
    seen = space(view, now)
    return seen is not None and seen.value.missing


def lease_file(each: Assessment) -> Finding:
    """The lease file is there: a dhcpd that stops without one does not start again."""
    name = each.me.name
    asked, by = f"{name}'s lease file is there", f"ls on {name}"
    seen = space(each.me.view, each.now)
    if seen is None:
        return Finding(
            asked,
            f"{name}'s lease file has not been looked at{_why(each.me.view)}",
            False,
            by,
            seen=False,
            matters=False,
        )
    return Finding(
        asked, _gone(name) if seen.value.missing else "it is", not seen.value.missing, by, seen.age(each.now)
    )


def partner_records(each: Assessment) -> Finding:
    """Whoever is to serve alone can record what it gives out: its lease file is there, and its disk is not full."""
    name = each.partner.name
    asked, by = f"{name} can record what it gives out", f"df and ls on {name}"
    seen = space(each.partner.view, each.now)
    if seen is None:
        observed = f"{name}'s lease file and the space for it have not been seen{_why(each.partner.view)}"
        return Finding(asked, observed, False, by, seen=False, matters=False)
    if seen.value.missing:
        return Finding(asked, _gone(name), False, by, seen.age(each.now))
    observed = f"{name}: {kilobytes(seen.value.free_bytes)} free below its lease file"
    return Finding(asked, observed, not full(each.partner.view, each.now), by, seen.age(each.now))


def _why(view: ServerView) -> str:
    """The reason in brackets, where the look at it was answered with one."""
    return f" ({view.space_note})" if view.space_note and view.ssh.ok else ""


def _gone(name: str) -> str:
    return (
        f"{name} has no lease file at `leases`: dhcpd does not start without one; mend that path, or put it back first"
    )


def lease_space(each: Assessment) -> Finding:
    """The lease file fits a second time on the acting server's disk: dhcpd writes it anew when it starts."""
    return _fits(each.me)


def partner_lease_space(each: Assessment) -> Finding:
    """The same for its partner."""
    return _fits(each.partner)


SPACE_CHECKS: tuple[Callable[[Assessment], Finding], ...] = (lease_space, partner_lease_space)


def _fits(server: ServerAssessment) -> Finding:
    name, now = server.name, server.now
    asked, by = f"{name} has disk space for its lease file", f"df on {name}"
    seen = space(server.view, now)
    if seen is None:
        observed = f"the free space below {name}'s lease file has not been seen{_why(server.view)}"
        return Finding(asked, observed, False, by, seen=False, matters=False)
    if seen.value.missing:
        return Finding(asked, _gone(name), False, by, seen.age(now))
    free, need = seen.value.free_bytes, seen.value.file_bytes + SPARE_BYTES
    observed = f"{kilobytes(free)} free; the lease file has {kilobytes(seen.value.file_bytes)}"
    if free < need:
        observed = f"{name}: {observed}: free space first, dhcpd writes the whole file anew when it starts"
    return Finding(asked, observed, free >= need, by, seen.age(now))


def kilobytes(number: int) -> str:
    """A size for people."""
    return f"{number / 1024 / 1024:.0f} MB" if number >= 10 * 1024 * 1024 else f"{number / 1024:.0f} kB"
