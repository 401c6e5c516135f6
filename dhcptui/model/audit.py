"""What the audit log holds, as values: who did what, where, when, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dhcptui.model.role import Role


class AuditEvent(Enum):
    """What an entry tells. An intent is on disk before the act; an act without its outcome was interrupted."""

    BEGIN = "begin"
    INTENT = "intent"
    OUTCOME = "outcome"
    END = "end"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log, as the command log shows it. `text` is sanitised and holds no secret."""

    at: float
    """Epoch seconds of the console's clock."""
    run: str
    """One id for all entries of one action."""
    event: AuditEvent
    pair: str
    action: str
    step: int
    """From 1; 0 for the run as a whole."""
    steps: int
    server: str
    text: str
    """The command or write (intent), what was observed (outcome), the result (end)."""
    ok: bool | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a lock that was to be broken, or of a run that was to be dismissed."""

    done: bool
    text: str
    """What happened, or why nothing did."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An action that never came to its end: its console died, or whoever sat there left."""

    run: str
    pair: str
    action: str
    acting: str
    step: int
    """Steps that were verified before it stopped."""
    steps: int
    at: float
    by: str
    last: str
    """The last intent or outcome written."""
    role: Role | None = None
    """Of the acting server; None where it is not known."""
