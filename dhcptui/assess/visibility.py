"""How far one server can be seen and whether it serves: the ground under verdict and guards."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dhcptui.assess.freshness import SIGHTING_SECONDS, fresh, status_seconds
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Link, ProcessSighting, ServerView
from dhcptui.model.states import FailoverState, serves


class Visibility(Enum):
    """How far a server can be seen. The value is the word on the screen."""

    UNSEEN = "not contacted yet"
    LIVE = "answers"
    SILENT = "does not answer"
    DOWN = "dhcpd not running"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class ServerAssessment:
    """What one server's own witness says, judged at one moment."""

    view: ServerView
    now: Moment = field(compare=False)
    visibility: Visibility
    serving: bool | None
    """True, False, or None where it cannot be known."""
    age_seconds: float | None
    """Age of the status on screen; None when there is none."""
    status: FailoverStatus | None
    """The last status read, live or not."""
    state: FailoverState | None
    """The state the server says of itself *now*; None unless live."""
    running: bool | None
    """Whether somebody holds what is its dhcpd's, see `process_running`."""

    @property
    def name(self) -> str:
        """Its label."""
        return self.view.name

    @property
    def role(self) -> Role:
        """Its place in the pair."""
        return self.view.role

    @property
    def live(self) -> bool:
        """Whether the status is fresh enough to be called the present."""
        return self.visibility is Visibility.LIVE

    @property
    def gone(self) -> bool:
        """Whether its dhcpd is seen not to run."""
        return self.visibility is Visibility.DOWN

    @property
    def lost(self) -> bool:
        """Whether it was looked for and tells nothing now."""
        return self.visibility in {Visibility.DOWN, Visibility.SILENT, Visibility.UNREACHABLE}

    @property
    def heard(self) -> FailoverState | None:
        """What it has recorded of its partner *now*; None unless live."""
        return self.status.partner_state if self.live and self.status else None

    @property
    def time(self) -> float:
        """Now by its own clock, in epoch seconds."""
        return self.view.server_time(self.now)

    @property
    def stopped(self) -> bool:
        """Whether its dhcpd was seen last as stopped, by a signal or a tracer."""
        return self.view.process is not None and self.view.process.value.stopped

    @property
    def awaited(self) -> bool:
        """Whether it is still being contacted: that it serves is not known yet, nor that it does not."""
        if self.visibility is not Visibility.UNSEEN:
            return False
        unread = self.view.process is None and not self.view.process_note
        return unread or _greeting(self.view) or self.view.ssh.link is Link.CONNECTING

    @property
    def silenced(self) -> bool:
        """Reads as a serving state and yet answers nobody, because of the partner state it has recorded."""
        return self.state is not None and self.state.info.serves and self.serving is False


def process_seen(view: ServerView, now: Moment) -> Seen[ProcessSighting] | None:
    """The last look at the server's processes and sockets; None where that is old, or SSH does not work any more."""
    return fresh(view.process, now, SIGHTING_SECONDS) if view.ssh.ok else None


def process_running(view: ServerView, now: Moment) -> bool | None:
    """Whether a dhcpd of ours is there: somebody holds its files or ports. None unless that was looked at recently.

    False is what is shown and waited for; whether it is *proven* gone says `assess/gone.py`.
    """
    if (seen := process_seen(view, now)) is None:
        return None
    return True if seen.value.running else False if seen.value.ports_seen else None


def no_process(view: ServerView, now: Moment) -> bool:
    """Whether no dhcpd of ours is seen, though a stranger may have taken a port of it; False where nothing was seen."""
    seen = process_seen(view, now)
    return seen is not None and not seen.value.pids and seen.value.ports_seen


def answers_since(view: ServerView, start: float, now: Moment) -> bool:
    """Whether the server has answered a question that was asked after `start` (mono), and that counts as the present."""
    return view.status is not None and view.status.at > start and assess(view, now).live


def impostor(view: ServerView, now: Moment) -> bool:
    """Whether who answers over OMAPI is not its dhcpd: two looks saw nobody of ours behind the port, and it answered."""
    seen = process_seen(view, now)
    return seen is not None and seen.value.refuted and bool(seen.value.lone)


def unread(view: ServerView) -> list[tuple[str, str]]:
    """What cannot be looked at though SSH works, and why: ("clock, locks", reason); a shared reason stands once."""
    locks = view.lock_files.value.unread if view.lock_files else ""
    names: dict[str, list[str]] = {}
    for name, reason in (
        ("clock", view.clock_note),
        ("processes", view.process_note),
        ("locks", locks),
        ("disk space", view.space_note),
        ("time zone", view.zone_note),
    ):
        if reason and view.ssh.ok:
            names.setdefault(reason, []).append(name)
    return [(", ".join(several), reason) for reason, several in names.items()]


def other_leases(view: ServerView, now: Moment) -> str:
    """Who answers over OMAPI with another lease file than the configured one, by a fresh look; empty: nobody."""
    seen = process_seen(view, now)
    return seen.value.other_leases if seen is not None else ""


def assess(view: ServerView, now: Moment) -> ServerAssessment:
    """Judge one server at `now`."""
    return ServerAssessment(*judged(view, now))


Judged = tuple[
    ServerView, Moment, Visibility, bool | None, float | None, FailoverStatus | None, FailoverState | None, bool | None
]


def judged(view: ServerView, now: Moment) -> Judged:
    """The fields of a ServerAssessment."""
    status = view.status.value if view.status else None
    age_seconds = view.status.age(now) if view.status else None
    running = process_running(view, now)
    stopped = bool(running and view.process and view.process.value.stopped)
    visibility = _visibility(view, age_seconds, running, stopped)
    serving: bool | None = None
    state = None
    if visibility is Visibility.LIVE and status:
        state = status.local_state
        # One who only answers OMAPI gives out no addresses: whether anybody does there, nobody has seen.
        serving = None if impostor(view, now) else serves(state, status.partner_state)
    elif visibility is Visibility.DOWN or stopped:
        serving = False
    return view, now, visibility, serving, age_seconds, status, state, running


def _visibility(view: ServerView, age_seconds: float | None, running: bool | None, stopped: bool) -> Visibility:
    if view.omapi.ok and age_seconds is not None and age_seconds <= status_seconds(view.omapi.round_trip_seconds):
        return Visibility.LIVE
    if running is False and not view.omapi.ok:
        return Visibility.DOWN
    if _greeting(view) and not stopped:
        return Visibility.UNSEEN
    if running is not None or view.omapi.ok:
        return Visibility.SILENT
    if view.ssh.ok and view.omapi.link is Link.FAILED and (view.process is not None or view.process_note):
        return Visibility.SILENT  # all was tried: waiting longer brings nothing
    if view.ssh.ok or Link.CONNECTING in {view.ssh.link, view.omapi.link}:
        return Visibility.UNSEEN if view.status is None else Visibility.SILENT
    return Visibility.UNREACHABLE


def _greeting(view: ServerView) -> bool:
    """Whether its dhcpd has neither told its state nor failed to: the first answer over OMAPI is on its way."""
    return view.status is None and view.omapi.link in {Link.CONNECTING, Link.OK}
