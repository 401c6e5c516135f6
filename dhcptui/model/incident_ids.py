"""The ids of the incidents that a failover pair is known to meet. The catalogue, assess/incidents/catalogue.py, has a row for each. Pure."""

from __future__ import annotations

from enum import StrEnum


class IncidentId(StrEnum):
    """An incident; the value is what screens, documents and JSON call it."""

    ALONE_ON_HALF = "I-1"
    POOLS_UNBALANCED = "I-2"
    CONFLICT = "I-3"
    MCLT_WAIT = "I-4"
    CLOCKS_DISAGREE = "I-5"
    CONFIGURATIONS_MISFIT = "I-6"
    LINK_BLOCKED = "I-7"
    DATABASE_LOST = "I-8"
    UPDATES_REJECTED = "I-9"
    RESTARTED_TOGETHER = "I-10"
    SHORT_LEASES = "I-11"
    STOPPED_SERVING = "I-12"
    LEASE_FILE_UNWRITABLE = "I-13"
    LEASE_FILE_EDITED = "I-14"
    NOISE = "I-15"
    VERSIONS_DIFFER = "I-16"
    NAME_AS_ADDRESS = "I-17"
    DIED = "I-18"
    FIRST_START = "I-19"
    DECLARED_DOWN = "I-20"
    ALONE_AND_SILENT = "I-21"
    ACTION_INTERRUPTED = "I-22"
    POOL_EXHAUSTED = "I-23"
    RECOVERY_STUCK = "I-24"
    BOTH_STOPPED = "I-25"
    BOTH_DATABASES_LOST = "I-26"
    NAMES_CROSSED = "I-27"
    CANNOT_START = "I-28"
