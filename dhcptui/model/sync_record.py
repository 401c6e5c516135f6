"""How far a sync-restart has come, as it lies beside the copy target's directory for whoever finds it interrupted. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from dhcptui.model.sanitize import clean

RESTARTING, RESTARTED = "restarting ", "restarted "
ROLLING_BACK = "rolling back"
"""Noted before the old directory is put back: from then on only the rollback goes on."""


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """One line of JSON, removed at the end of the run."""

    run: str
    digest: str
    """Of the source tree it copied."""
    by: str
    stamp: str = ""
    """Names the backup; empty: nothing was copied, or there was nothing before."""
    done: tuple[str, ...] = ()
    """"copied", then "restarting X" and "restarted X"."""
    at: float = field(default=0.0, compare=False)
    """When it was last written, by the server's clock; 0 where that was not read. It is no part of the line."""

    def to_json(self) -> str:
        """As it lies on the server."""
        return '{"stamp": ' + json.dumps(self.stamp) + ", " + self.without_stamp()

    def without_stamp(self) -> str:
        """The rest of the JSON object behind the stamp: the server itself sets that one."""
        rest = {"run": self.run, "digest": self.digest, "by": self.by, "done": list(self.done)}
        return json.dumps(rest)[1:]

    @classmethod
    def from_json(cls, raw: bytes | str) -> SyncRecord | None:
        """What lies on the server; None where it is not ours, or damaged."""
        try:
            found: dict[str, Any] = json.loads(raw)
            return cls(
                clean(str(found["run"]), 40),
                str(found["digest"]),
                clean(str(found["by"]), 100),
                str(found["stamp"]) if str(found["stamp"]).isalnum() else "",
                tuple(clean(str(word), 80) for word in found["done"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    @property
    def restarting(self) -> str:
        """Name of the server that was being restarted when it stopped; empty for none."""
        begun = [word.removeprefix(RESTARTING) for word in self.done if word.startswith(RESTARTING)]
        return next((name for name in reversed(begun) if RESTARTED + name not in self.done), "")

    @property
    def words(self) -> str:
        """How far it came: "copied, restarted dhcp2"."""
        steps = [word for word in self.done if not word.startswith(RESTARTING) or word == RESTARTING + self.restarting]
        return ", ".join(steps) or "the new files put in place"
