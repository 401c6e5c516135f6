"""The audit log: one JSON object a line, on disk before the act it tells of.

Appended by several consoles at once: each line is one write. Nothing in it comes from outside without the sanitiser,
and no secret gets in: known ones and whatever stands behind the word `secret` are taken out of every text.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dhcptui.act import audit_files
from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Outcome, Plan, finding_fields, step_fields
from dhcptui.assess.visibility import assess
from dhcptui.config.loading import ConfigError, PairSettings
from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import NOT_SHOWN, clean, masked
from dhcptui.model.snapshot import PairSnapshot

Record = dict[str, Any]
"""One line as it stands in the file; `entry` makes an AuditEntry of it."""
TEXT_LIMIT = 4000
STEP, ACT, LOCK = "step", "act", "lock"
"""What an intent or outcome is about: a step of the plan, one write or command in it, the lock on a server."""


class AuditError(Exception):
    """The log cannot be written; the text names the file. Nothing may be done that is not written down first."""

    next = "Make room or give the right to write there, then try again."


def default_path() -> Path:
    """Where the log lies: below XDG_STATE_HOME."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "dhcptui" / "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who sits here: for the audit log and for the locks on the servers."""

    user: str
    host: str
    ssh_client: str
    """Address this person came from, if over SSH."""

    @classmethod
    def here(cls) -> Operator:
        """Whoever runs this process; behind sudo the person who called it."""
        try:
            user = os.environ.get("SUDO_USER") or getpass.getuser()
        except (KeyError, OSError):  # a uid without an entry in passwd
            user = f"uid{os.getuid()}"
        client = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
        return cls(clean(user, 60), clean(socket.gethostname(), 80), clean(client, 60))

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.user} on {self.host}"


class AuditLog:
    """The file, and older ones beside it (audit_files). It is opened for each line, so that a rotation misses nobody."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()

    def append(self, record: Record, *, sync: bool = True) -> None:
        """Write one line and, with `sync`, wait until it is on disk. Raises AuditError."""
        line = (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        try:
            audit_files.rotate(self.path, audit_files.MOST_BYTES, audit_files.KEPT)
            file = self._open()
            try:
                if self._torn(file):
                    line = b"\n" + line
                before = os.fstat(file).st_size
                if (written := os.write(file, line)) != len(line):
                    if os.fstat(file).st_size == before + written:  # nobody else has written behind it
                        os.ftruncate(file, before)
                    raise OSError(0, "only a part of a line could be written")
                if sync:
                    os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise AuditError(f"cannot write the audit log {self.path}: {error.strerror}") from error

    def _open(self) -> int:
        new = not self.path.exists()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            mode = os.fstat(file).st_mode
            if not stat.S_ISREG(mode):
                raise OSError(0, "it is not a file")
            if mode & 0o077:
                os.fchmod(file, 0o600)
            if new:
                audit_files.sync_directory(self.path.parent)
        except BaseException:
            os.close(file)
            raise
        return file

    @staticmethod
    def _torn(file: int) -> bool:
        """Whether somebody died in the middle of the last line."""
        size = os.fstat(file).st_size
        return size > 0 and os.pread(file, 1, size - 1) != b"\n"

    def records(self, since: float = 0.0, last_bytes: int | None = None) -> Iterator[Record]:
        """Every whole line from `since` (epoch seconds) on; torn or foreign ones are left out. Raises AuditError."""
        try:
            for line in audit_files.lines(self.path, last_bytes, audit_files.KEPT):
                with suppress(ValueError):
                    record = json.loads(line)
                    if isinstance(record, dict) and entry(record) and record["epoch"] >= since:
                        yield record
        except OSError as error:
            raise AuditError(f"cannot read the audit log {self.path}: {error.strerror}") from error


def entry(record: Record) -> AuditEntry | None:
    """A record as it is shown; None where it is not one of ours."""
    try:
        return AuditEntry(
            float(record["epoch"]),
            clean(str(record["run"]), 64),
            AuditEvent(record["event"]),
            clean(str(record["pair"]), 200),
            clean(str(record["action"]), 64),
            int(record["step"]),
            int(record["steps"]),
            clean(str(record["server"]), 200),
            clean(str(record["text"]), TEXT_LIMIT),
            None if record["ok"] is None else bool(record["ok"]),
        )
    except (KeyError, ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class AuditContext:
    """Where runs are written down, by whom, who is told, and whether somebody wants to leave."""

    log: AuditLog = field(default_factory=AuditLog)
    who: Operator = field(default_factory=Operator.here)
    told: Callable[[AuditEntry], None] = lambda entry: None
    departure: Departure = field(default_factory=Departure)
    patience: float = 0.0
    """So many seconds a dhcpd may work before it answers; 0: as usual."""


def known_secrets(pair: PairSettings) -> tuple[str, ...]:
    """The OMAPI secrets of a pair, to be kept out of every text."""
    found = set()
    for server in (pair.primary, pair.secondary):
        if server.omapi_key:
            with suppress(ConfigError):
                found.add(server.omapi_key.read_secret().decode())
    return tuple(found - {""})


def hide(text: str, known: Sequence[str] = ()) -> str:
    """A text without secrets: dhcpd's complaints quote the line they are about."""
    for each in known:
        text = text.replace(each, NOT_SHOWN)
    return masked(text)


def _safe(value: Any, known: Sequence[str]) -> Any:
    """Every text in a record without secrets, then sanitised: cut first, a secret might leave its beginning behind."""
    if isinstance(value, str):
        return clean(hide(value, known), TEXT_LIMIT)
    if isinstance(value, dict):
        return {key: _safe(each, known) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(each, known) for each in value]
    return value


@dataclass(slots=True)
class AuditRun:
    """One run's hand on the log: it knows pair, action and step."""

    log: AuditLog
    pair: str
    action: str
    steps: int
    server: str
    """The acting server."""
    told: Callable[[AuditEntry], None] = lambda entry: None
    known: tuple[str, ...] = ()
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    step: int = 0
    acted: bool = False
    """Whether the step under way has begun to act: then it is carried to its end, log or no log."""
    has_acted: bool = False
    """Whether any step of the run has written to a server or run a command there."""
    trouble: str = ""
    """Why a line is missing."""

    def write(
        self,
        event: AuditEvent,
        text: str,
        *,
        server: str = "",
        what: str = "",
        ok: bool | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one line; `more` are fields of its own. Raises AuditError."""
        at = time.time()
        record: Record = {
            "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "epoch": round(at, 3),
            "run": self.run,
            "event": event.value,
            "pair": self.pair,
            "action": self.action,
            "step": self.step,
            "steps": self.steps,
            "server": server or self.server,
            "text": text,
            "ok": ok,
            **({"what": what} if what else {}),
            **(more or {}),
        }
        record = _safe(record, self.known)
        # What has happened need not wait for the disk; what is about to happen must.
        self.log.append(record, sync=event is not AuditEvent.OUTCOME and what != STEP)
        if made := entry(record):
            self.told(made)

    def begin_step(self, number: int, title: str, server: str, *, carried: bool = False) -> None:
        """A step starts. Raises AuditError; not for one that is `carried`: an earlier step has begun what must be ended."""
        self.step, self.acted = number, carried
        self.intent(server, title, STEP)
        self.acted = carried

    def intent(self, server: str, text: str, what: str = ACT) -> None:
        """An act is about to happen.

        Raises AuditError, but only before the first act of a step: a step that has begun is not left half-done
        because a disk is full.
        """
        try:
            self.write(AuditEvent.INTENT, text, server=server, what=what)
        except AuditError as error:
            if not self.acted:
                raise
            self.trouble = str(error)
        self.acted = True
        self.has_acted = self.has_acted or what == ACT

    def outcome(self, server: str, text: str, ok: bool, what: str = ACT) -> None:
        """What came of it. It has happened, so a failing log stops only what comes next."""
        try:
            self.write(AuditEvent.OUTCOME, text, server=server, what=what, ok=ok)
        except AuditError as error:
            self.trouble = str(error)

    def begin(self, plan: Plan, typed: str, sentence: str, who: Operator, states: Record) -> None:
        """The run as a whole, with all that was known and confirmed. Raises AuditError."""
        more = {
            "who": who.user,
            "from": {"host": who.host, "ssh_client": who.ssh_client or None},
            **_process(),
            "acting": plan.acting_name,
            "variant": plan.variant,
            "typed": typed,
            "sentence": sentence,
            "states": states,
            "plan": _plan(plan),
        }
        self.write(AuditEvent.BEGIN, plan.headline, more=more)

    def end(self, outcome: Outcome, text: str, states: Record, off_script: Sequence[str] = ()) -> None:
        """How it ended."""
        steps_done, self.step = self.step, 0
        ok = outcome is Outcome.VERIFIED
        more = {"outcome": outcome.value, "at_step": steps_done, "states": states, "off_script": list(off_script)}
        try:
            self.write(AuditEvent.END, text, ok=ok, more=more)
        except AuditError as error:
            self.trouble = str(error)


def states_of(snapshot: PairSnapshot, now: Moment) -> Record:
    """Both servers as the log keeps them."""
    found = {}
    for view in snapshot.servers:
        each = assess(view, now)
        found[view.name] = {
            "state": each.state.word if each.state else None,
            "standing": each.visibility.value,
            "partner_state": each.status.partner_state.word if each.status else None,
            "unacked_updates": each.status.unacked_updates if each.status else None,
            "age_seconds": round(each.age_seconds, 2) if each.age_seconds is not None else None,
        }
    return found


def _plan(plan: Plan) -> Record:
    """The plan without its attachment: a diff of configuration files may hold keys."""
    return {
        "headline": plan.headline,
        "confirm": plan.confirm_text,
        "sentence": plan.ruling.sentence,
        "warnings": list(plan.ruling.warnings),
        "steps": [step_fields(step) for step in plan.steps],
        "findings": [finding_fields(finding) for finding in plan.ruling.findings],
    }


# -- is the writer of a line still alive? ------------------------------------------------------------------------------


def _process() -> Record:
    return {"pid": os.getpid(), "born": _born(os.getpid()), "boot": _boot()}


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _boot() -> str:
    """This start of the machine; empty where it has no such file."""
    return _read("/proc/sys/kernel/random/boot_id").strip()


def _born(pid: int) -> str:
    """When a process started, in ticks: with it a reused pid is not taken for the old one."""
    return (_read(f"/proc/{pid}/stat").rpartition(")")[2].split() + [""] * 20)[19]


def writer_gone(begin: Record, host: str) -> bool:
    """Whether the process that wrote this line is gone. Of another machine's processes nothing is known."""
    origin, pid = begin.get("from"), begin.get("pid")
    if not isinstance(origin, dict) or origin.get("host") != host or not isinstance(pid, int) or pid <= 0:
        return False
    if begin.get("boot") != _boot():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(begin.get("born")) and begin["born"] != _born(pid)
