"""How far one server can be seen and whether it serves: the ground under verdict and guards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dhcptui.model.failover import FailoverStatus
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import Link, ServerView
from dhcptui.model.states import FailoverState, serves

STALE_AFTER_SECONDS = 1.5
"""A status older than this looks stale: the poll runs every second."""

LONGEST_TRIP_SECONDS = 1.5
"""A link may be this slow; an answer that took longer was held up, by a cut or a dhcpd that was stopped."""

SIGHTING_FRESH_SECONDS = 6.0
"""A look at the process table counts as evidence for this long; it runs every two seconds."""


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
    visibility: Visibility
    serving: bool | None
    """True, False, or None where it cannot be known."""
    age_seconds: float | None
    """Age of the status on screen; None when there is none."""

    @property
    def live(self) -> bool:
        """Whether the status is fresh enough to be called the present."""
        return self.visibility is Visibility.LIVE

    @property
    def status(self) -> FailoverStatus | None:
        """The last status read, live or not."""
        return self.view.status.value if self.view.status else None

    @property
    def state(self) -> FailoverState | None:
        """The state the server says of itself *now*; None unless live."""
        return self.status.local_state if self.live and self.status else None

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


def process_running(view: ServerView, now: Moment) -> bool | None:
    """Whether a dhcpd of ours is there: somebody holds its files or ports. None unless that was looked at recently.

    False is what is shown and waited for; whether it is *proven* gone says `assess/gone.py`.
    """
    if view.process is None or not view.ssh.ok or view.process.age(now) > SIGHTING_FRESH_SECONDS:
        return None
    seen = view.process.value
    return True if seen.running else False if seen.ports_seen else None


def no_process(view: ServerView, now: Moment) -> bool:
    """Whether no dhcpd of ours is seen, though a stranger may have taken a port of it; False where nothing was seen."""
    seen = view.process
    if seen is None or not view.ssh.ok or seen.age(now) > SIGHTING_FRESH_SECONDS:
        return False
    return not seen.value.pids and seen.value.ports_seen


def answers_since(view: ServerView, start: float, now: Moment) -> bool:
    """Whether the server has answered a question that was asked after `start` (mono), and that counts as the present."""
    return view.status is not None and view.status.at > start and assess(view, now).live


def impostor(view: ServerView, now: Moment) -> bool:
    """Whether who answers over OMAPI is not its dhcpd: two looks saw nobody of ours behind the port, and it answered."""
    seen = view.process
    if seen is None or not view.ssh.ok or seen.age(now) > SIGHTING_FRESH_SECONDS:
        return False
    return seen.value.refuted and bool(seen.value.lone)


def fresh_seconds(round_trip_seconds: float) -> float:
    """How long after its question a status counts as the present.

    On a slow link an answer has waited for its way, and the next one has its own before it.
    """
    return STALE_AFTER_SECONDS + 3 * min(round_trip_seconds, LONGEST_TRIP_SECONDS)


def assess(view: ServerView, now: Moment) -> ServerAssessment:
    """Judge one server at `now`."""
    visibility = _standing(view, now)
    serving: bool | None = None
    if visibility is Visibility.LIVE and view.status:
        status = view.status.value
        # One who only answers OMAPI gives out no addresses: whether anybody does there, nobody has seen.
        serving = None if impostor(view, now) else serves(status.local_state, status.partner_state)
    elif visibility is Visibility.DOWN or (process_running(view, now) and view.process and view.process.value.stopped):
        serving = False
    return ServerAssessment(view, visibility, serving, view.status.age(now) if view.status else None)


def _standing(view: ServerView, now: Moment) -> Visibility:
    if view.omapi.ok and view.status and view.status.age(now) <= fresh_seconds(view.omapi.round_trip_seconds or 0.0):
        return Visibility.LIVE
    running = process_running(view, now)
    if running is False and not view.omapi.ok:
        return Visibility.DOWN
    if _greeting(view) and not (running and view.process and view.process.value.stopped):
        return Visibility.UNSEEN
    if running is not None or view.omapi.ok:
        return Visibility.SILENT
    if view.ssh.ok or view.ssh.link.value == "connecting" or view.omapi.link.value == "connecting":
        return Visibility.UNSEEN if view.status is None else Visibility.SILENT
    return Visibility.UNREACHABLE


def _greeting(view: ServerView) -> bool:
    """Whether its dhcpd has neither told its state nor failed to: the first answer over OMAPI is on its way."""
    return view.status is None and view.omapi.link in {Link.CONNECTING, Link.OK}
