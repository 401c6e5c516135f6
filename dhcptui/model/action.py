"""The seven actions, by the names that the command line and the audit log use."""

from __future__ import annotations

from enum import Enum


class Action(Enum):
    """The actions; the value is the word of the command line."""

    SYNC_RESTART = "sync-restart"
    PARTNER_DOWN = "partner-down"
    SHUTDOWN = "shutdown"
    HAND_OVER = "hand-over"
    TAKE_BACK = "take-back"
    START = "start"
    RESCUE = "rescue"
