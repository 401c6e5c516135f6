"""Both shared directories compared: what a sync-restart would change, and what an interrupted one has left. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.evidence import Finding
from dhcptui.model.moments import Moment
from dhcptui.model.sync_record import ROLLING_BACK, SyncRecord

ASKED = "the shared directories were compared"
REACHES = "what is copied gets into dhcpd's chroot"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both shared directories at one moment, and what a copy would change. Names are sanitised."""

    source: str
    target: str
    read_at: float
    """Mono seconds."""
    source_files: int = 0
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    """Same content, another mode or owner."""
    only_on_target: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()
    source_digest: str = ""
    target_digest: str = ""
    target_exists: bool = True
    record: SyncRecord | None = None
    """Of an earlier run that did not come to its end."""
    backup_there: bool = False
    """Whether the backup that `record` names exists."""
    mirror: bool = False
    """Whether a copy removes what exists only on the target."""
    blind: tuple[str, ...] = ()
    """Servers whose tar tells no access control lists: whether a copy would lose one is not known."""
    error: str = ""
    """Why there is no comparison; empty where there is one."""
    roots: tuple[tuple[str, str], ...] = ()
    """Servers whose dhcpd reads its dhcpd.conf in a chroot, each with that directory: `dhcpd -t` is told of it."""
    left_outside: tuple[str, ...] = ()
    """Why what is copied would not get into the chroot of a dhcpd, server by server."""

    @property
    def nothing_to_copy(self) -> bool:
        """Whether the target is already as a copy would make it."""
        gone = self.only_on_target if self.mirror else ()
        return self.target_exists and not (self.new or self.changed or self.modes or gone)

    @property
    def resumable(self) -> SyncRecord | None:
        """The interrupted run, if the directories are still as it left them: then only its rest is to do."""
        record = self.record
        in_place = self.nothing_to_copy and record is not None and record.digest == self.source_digest
        if record is not None and ROLLING_BACK in record.done:
            return None
        return record if in_place and not self.error else None

    @property
    def revertible(self) -> SyncRecord | None:
        """The interrupted run, if its backup can be put back."""
        record = self.record
        there = self.backup_there or (record is not None and ROLLING_BACK in record.done)
        return record if record and record.stamp and there else None

    @property
    def attachment(self) -> tuple[str, ...]:
        """What is confirmed: the digests stand in it because secrets and what is cut off do not show in the diff."""
        if self.error:
            return ()
        there = f"sha256 {self.target_digest[:16]}" if self.target_exists else "not there yet"
        sums = f"{self.source}: sha256 {self.source_digest[:16]}, {self.target}: {there}"
        return (sums, *self.diff)

    @property
    def words(self) -> str:
        """The comparison in one sentence."""
        if self.nothing_to_copy:
            sentence = f"nothing to copy: both have the same {_count(self.source_files, 'file')}"
        else:
            names = (*self.new, *self.changed, *self.modes)
            parts = ((self.new, "new"), (self.changed, "changed"), (self.modes, "with another mode or owner"))
            counts = ", ".join(f"{len(group)} {word}" for group, word in parts if group)
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            sentence = f"{_count(self.source_files, 'file')} on {self.source}; {counts or 'none differs'}"
            sentence += f": {', '.join(names[:5])}{more}" if names else ""
        if self.only_on_target:
            fate = "to be removed" if self.mirror else "kept"
            sentence += f"; {len(self.only_on_target)} only on {self.target}, {fate}"
        if self.blind:
            sentence += f"; access control lists not looked at on {' and '.join(self.blind)} (its tar tells none)"
        return sentence

    def finding(self, now: Moment) -> Finding:
        """The comparison as a precondition."""
        by = f"files on {self.source} and {self.target}"
        return Finding(ASKED, self.error or self.words, not self.error, by, max(0.0, now.mono - self.read_at))

    def reaches_chroots(self, now: Moment) -> Finding:
        """Whether each dhcpd would be started with the copied files; asked where one runs in a chroot that gets copies."""
        by = f"rc.conf of {self.source} and {self.target}"
        age = max(0.0, now.mono - self.read_at)
        return Finding(REACHES, "; ".join(self.left_outside), False, by, age)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


BEING_COMPARED = Finding(ASKED, "the shared directories are being compared", False, "console", pending=True)
