"""A line of the log, judged, and lines worth remembering, as values. What makes them is in `logs/`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple

from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.messages import MessageId
from dhcptui.model.states import FailoverState

NO_SPACE = "No space left on device"
"""What the C library says of a full disk, as dhcpd logs it."""
Slots = tuple[tuple[str, str], ...]
"""(name, text) of what stands in a line where the lexicon's format has a slot."""


class LineKind(StrEnum):
    """How a log line is to be taken, not the level dhcpd logged it at."""

    ROUTINE = "routine"
    STATE = "state"  # a step of the failover state machine
    LINK = "link"  # the connection between the two servers
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"  # the process ends, or serves nobody until someone acts
    CLIENT = "client"  # DHCPDISCOVER and its kin: noise unless somebody looks for it
    OTHER = "other"  # not dhcpd
    UNREAD = "unread"  # in a format that is not known here: it may say anything


class Mover(Enum):
    """Whose state a line of dhcpd's tells of: `I move from`, `peer moves from`."""

    ME = "me"
    """The server that logs it."""
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class Transition:
    """A state change a line tells of."""

    who: Mover
    peer: str
    from_state: FailoverState
    to_state: FailoverState


class LogLine(NamedTuple):
    """One log line, judged. All text in it is sanitised. (A tuple: a frozen dataclass takes four times as long to make.)

    `stamp`: seconds since the epoch by the clock of the server (None: the line carries no time), `clock`: the same as
    "HH:MM:SS" in UTC, `text`: the message without its prefix, `incident`: one of the catalogue, `meaning`: the line in
    plain words ("" for lines the lexicon does not know). Lines with equal `fold_key` say the same of different
    addresses, or twice; None is never folded, nor folded across. `subject`: the address that differs. `teller`: the
    program that logged it, where that was not dhcpd. `message`: what it says, whatever its wording (None: not known).
    `host`: the name that stands in the line ("": none). `times`: how often it was said, where a syslog wrote that once.
    `server`: whose line it is, in a view that has those of several; `words`: the message alone there, as `text` names the server.
    """

    stamp: float | None
    clock: str
    text: str
    pid: int | None
    kind: LineKind
    incident: IncidentId | None = None
    meaning: str = ""
    transition: Transition | None = None
    fold_key: str | None = None
    subject: str | None = None
    teller: str = ""
    message: MessageId | None = None
    slots: Slots = ()
    host: str = ""
    times: int = 1
    server: str = ""
    words: str = ""

    def slot(self, name: str) -> str:
        """What stands in the line for this slot of its format; "" where the format has none of that name."""
        return next((text for slot, text in self.slots if slot == name), "")

    @property
    def peer(self) -> str:
        """The failover relationship it names, by dhcpd's name; "" where it names none."""
        return self.slot("peer")

    @property
    def disk_full(self) -> bool:
        """Whether it names a full disk as the reason."""
        return NO_SPACE in self.slot("error")


@dataclass(frozen=True, slots=True)
class NotableLine:
    """A remarkable line, or several that say the same. Times are epoch seconds by the clock of the server."""

    line: LogLine
    """The latest of them."""
    count: int
    first_at: float
    last_at: float
    refused: tuple[tuple[float, str], ...] = ()
    """Of lines that turn clients away: when each client was turned away last, for those of the last minutes."""

    @property
    def text(self) -> str:
        """The latest line, and how often it was said."""
        return self.line.text if self.count == 1 else f"{self.line.text} ({self.count} times)"
