"""The audit log's own invariants, over its bytes and its parsed lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.soak.history import History

WITHOUT_RUN = {"clear lock-out", "clear up", "break-lock"}
"""Single acts beside a run: an intent and its outcome, no begin and no end."""
AFTERWARDS = {"dismissed", "settled"}
"""Ends written of a run that stopped half-way, by whoever finds it: a person, or a console that reads it has no more to do."""
LONGEST_RUN_SECONDS = 200.0
"""A run that has written nothing for so long, and whose console lives, has lost its end."""
FIELDS = {"at", "epoch", "run", "event", "pair", "action", "step", "steps", "server", "text", "ok"}


class Reader:
    """Reads the file as it grows; what it holds is never allowed to be anything but whole lines of JSON."""

    def __init__(self, path: Path, secrets: Sequence[str]) -> None:
        self._path, self._secrets = path, [each.encode() for each in secrets]
        self._offset = 0

    def read(self, history: History, *, torn: int = 0) -> Iterator[str]:
        """Append what is new to the history; yields what is wrong. `torn`: so many lines may be cut, by SIGKILL."""
        if not self._path.exists():
            return
        mode = self._path.stat().st_mode & 0o777
        if mode != 0o600:
            yield f"{self._path.name} has mode {mode:o}"
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for secret in self._secrets:
            if secret in whole:
                yield "a secret stands in the audit log"
        cut = 0
        for line in whole.splitlines():
            broken, record = parse(line)
            if record is not None:
                history.audit.append(record)
            else:
                cut += 1
                if cut > torn:
                    yield f"{broken}: {line[:200]!r}"


def parse(line: bytes) -> tuple[str, dict[str, Any] | None]:
    """One line: what is wrong with it, or what it says."""
    try:
        record = json.loads(line)
    except ValueError as error:
        return f"not JSON ({error})", None
    if not isinstance(record, dict) or not record.keys() >= FIELDS:
        return "fields are missing", None
    return "", record


def runs(history: History, until: float) -> Iterator[str]:
    """Every run has its begin, what was typed is what had to be typed, every intent has its outcome, and then the end."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in history.audit:
        if history.logged(record) <= until:
            found.setdefault(record["run"], []).append(record)
    for run, records in found.items():
        for broken in _run(history, records, until):
            yield f"run {run} ({records[0]['action']} on {records[0]['server']}): {broken}"


def _run(history: History, records: list[dict[str, Any]], until: float) -> Iterator[str]:
    own = [record for record in records if record.get("outcome") not in AFTERWARDS]
    events = [record["event"] for record in own]
    first = records[0]
    if first["action"] in WITHOUT_RUN:
        if events not in (["intent", "outcome"], ["intent"]):
            yield f"it says {events}"
        return
    if first["event"] != "begin" or events.count("begin") != 1:
        yield f"it begins with {events[:3]}"
        return
    if (first["typed"], first["sentence"]) != (first["plan"]["confirm"], first["plan"]["sentence"]):
        yield f"typed was {first['typed']!r} and {first['sentence']!r}, not what the plan asked for"
    if (
        len(own) < len(records)
        and own[-1].get("outcome") not in {"interrupted", "failed"}
        and first["pid"] not in history.killed
    ):
        yield f"it is said to be over afterwards, but it did not stop half-way: {events[-3:]}"
    if "end" in events:
        if events.count("end") != 1 or events[-1] != "end":
            yield f"it goes on after its end: {events[-3:]}"
        lacking = _acts(records, "intent") - _acts(records, "outcome")
        surplus = _acts(records, "outcome") - _acts(records, "intent")
        if lacking:
            yield f"no outcome of {dict(lacking)}"
        if surplus:
            yield f"no intent of {dict(surplus)}"
    elif first["pid"] not in history.killed and history.logged(records[-1]) < until - LONGEST_RUN_SECONDS:
        yield f"it has no end, and its console was not killed; the last word is {records[-1]['text'][:100]!r}"


def _acts(records: list[dict[str, Any]], event: str) -> Counter[tuple[str, int, str]]:
    return Counter((r.get("what", ""), r["step"], r["server"]) for r in records if r["event"] == event)
