"""Runs in the audit log that never came to their end, and the word that they need no more attention."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.act.audit import LOCK, STEP, AuditLog, AuditRun, Operator, Record, entry, writer_gone
from dhcptui.act.plan import Outcome
from dhcptui.model.audit import AuditEntry, AuditEvent, Interrupted
from dhcptui.model.sanitize import clean
from dhcptui.model.states import FailoverState

LAST_BYTES = 4 * 1024 * 1024
"""How far back the log is read: months."""
DISMISSED, SETTLED = "dismissed", "settled"


@dataclass(slots=True)
class _Run:
    begin: Record
    last: Record
    begun: bool = False
    done: int = 0
    interrupted: bool = False


def look_back(log: AuditLog, pair: str) -> tuple[Interrupted | None, frozenset[str]]:
    """The newest run of this pair that stopped half-way, and was neither followed by a good one nor dismissed; and the runs of
    this pair that somebody dismissed, or that were settled. Raises AuditError.
    """
    open_runs: dict[str, _Run] = {}
    dismissed: set[str] = set()
    for record in log.records(last_bytes=LAST_BYTES):
        if record["pair"] == pair:
            _follow(open_runs, record)
            if record.get("outcome") in {DISMISSED, SETTLED}:
                dismissed.add(record["run"])
    host = Operator.here().host
    for run in reversed(open_runs.values()):
        if run.begun and (run.interrupted or writer_gone(run.begin, host)):
            return _interrupted(run), frozenset(dismissed - {""})
    return None, frozenset(dismissed - {""})


def recent_records(log: AuditLog, pair: str, since: float = 0.0) -> list[tuple[AuditEntry, str]]:
    """What was done on this pair: each entry, and who did it where it says so; a lock is no act. Raises AuditError."""
    return [
        (made, clean(str(record.get("who", "")), 200))
        for record in log.records(since, last_bytes=LAST_BYTES)
        if record["pair"] == pair and record.get("what") not in {STEP, LOCK} and (made := entry(record))
    ]


def _follow(runs: dict[str, _Run], record: Record) -> None:
    event = AuditEvent(record["event"])
    if event is AuditEvent.BEGIN:
        runs[record["run"]] = _Run(record, record)
        return
    run = runs.get(record["run"])
    if run is None:
        return
    if event is AuditEvent.END:
        _ended(runs, run, record)
        return
    if record["step"] > 0:
        run.begun, run.last = True, record
    if event is AuditEvent.OUTCOME and record.get("what") == STEP and record["ok"]:
        run.done = record["step"]


def _ended(runs: dict[str, _Run], run: _Run, record: Record) -> None:
    if record.get("outcome") == Outcome.INTERRUPTED.value:
        run.interrupted = True
        return
    del runs[record["run"]]
    if record.get("outcome") == Outcome.VERIFIED.value and _both_normal(record):
        for name, older in list(runs.items()):
            if older.interrupted or writer_gone(older.begin, Operator.here().host):
                del runs[name]
    elif record.get("outcome") == Outcome.VERIFIED.value:
        for name, older in list(runs.items()):
            if older.begin["action"] == record["action"] and (older.interrupted or not older.begun):
                del runs[name]
        _drop_dead(runs, record["action"])


def _both_normal(record: Record) -> bool:
    """Whether a run ended with a pair that was whole: then nothing is left of an earlier one."""
    states = record.get("states")
    found = (
        [each.get("state") for each in states.values() if isinstance(each, dict)] if isinstance(states, dict) else []
    )
    return len(found) > 1 and set(found) == {FailoverState.NORMAL.word}


def _drop_dead(runs: dict[str, _Run], action: str) -> None:
    """A later good run of the same action settles a killed one, too; one that still runs elsewhere is not settled."""
    host = Operator.here().host
    for name, older in list(runs.items()):
        if older.begin["action"] == action and writer_gone(older.begin, host):
            del runs[name]


def _interrupted(run: _Run) -> Interrupted:
    return Interrupted(
        run=run.begin["run"],
        pair=run.begin["pair"],
        action=run.begin["action"],
        acting=clean(str(run.begin.get("acting", "")), 200),
        step=run.done,
        steps=int(run.begin["steps"]),
        at=float(run.last["epoch"]),
        by=clean(str(run.begin.get("who", "")), 200),
        last=clean(str(run.last["text"]), 500),
    )


def settle(log: AuditLog, run: Interrupted) -> None:
    """Nothing is left to do about this run, as the servers say now: it is not told again. Raises AuditError."""
    hand = AuditRun(log, run.pair, run.action, run.steps, run.acting, run=run.run)
    hand.write(AuditEvent.END, "nothing is left to do about it", more={"outcome": SETTLED})


def dismiss(log: AuditLog, run: Interrupted, who: Operator) -> None:
    """Say that this run needs no more attention. Raises AuditError."""
    hand = AuditRun(log, run.pair, run.action, run.steps, run.acting, run=run.run)
    hand.write(AuditEvent.END, f"dismissed by {who.text}", more={"outcome": DISMISSED, "who": who.user})
