"""What `dhcptui lease` prints: one lease as both servers hold it, side by side, or as JSON of schema 1."""

from __future__ import annotations

from typing import Any

from dhcptui.model.leases import LeaseView, LookUp, Outcome
from dhcptui.model.role import Role
from dhcptui.model.sanitize import is_number
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.words import iso

SCHEMA = 1
EXIT_CODES = {Outcome.FOUND: 0, Outcome.SEVERAL: 0, Outcome.NOT_FOUND: 1, Outcome.NO_ANSWER: 3}
_TIMES = ("starts", "ends", "tstp", "tsfp", "atsfp", "cltt")
_WIDTH = 22


def lease_text(found: LookUp, snapshot: PairSnapshot) -> str:
    """For a person. Times are UTC by each server's own clock."""
    answers = [found.answers[role] for role in Role]
    rows = [
        ("", *(f"{view.name} ({view.role.value})" for view in snapshot.servers)),
        ("", *(each.outcome.value for each in answers)),
    ]
    cells = [_cells(each.lease) for each in answers]
    for name in cells[0]:
        row = (name, *(each[name] for each in cells))
        if any(row[1:]):
            rows.append(row)
    wide = max(_WIDTH, *(len(row[1]) for row in rows)) + 2
    lines = [found.question, *(f"  {name:<18}{one:<{wide}}{two}".rstrip() for name, one, two in rows)]
    for view, each in zip(snapshot.servers, answers, strict=True):
        if each.note:
            lines.append(f"  {view.name}: {each.note}")
    lines += [
        f"  DISAGREE on {each.attribute}: {_moment(each.attribute, each.primary)} and"
        f" {_moment(each.attribute, each.secondary)}: {each.meaning}"
        for each in found.differences
        if each.wrong
    ]
    if found.also:
        lines.append(f"  the same client also had, or was offered: {', '.join(found.also)}")
    return "\n".join(lines)


def lease_json(found: LookUp, snapshot: PairSnapshot) -> dict[str, Any]:
    """For scripts: times ISO 8601 in UTC by each server's own clock, null where a server has none."""
    return {
        "schema": SCHEMA,
        "pair": snapshot.pair,
        "question": found.question,
        "outcome": found.outcome.value,
        "servers": {
            view.role.value: {
                "name": view.name,
                "outcome": found.answers[view.role].outcome.value,
                "note": found.answers[view.role].note,
                "lease": _json(found.answers[view.role].lease),
            }
            for view in snapshot.servers
        },
        "disagree_on": [each.attribute for each in found.differences if each.wrong],
        "also": list(found.also),
    }


def _json(lease: LeaseView | None) -> dict[str, Any] | None:
    if lease is None:
        return None
    return {
        "address": lease.address,
        "binding_state": lease.binding_state,
        "hardware_address": lease.hardware_address or None,
        "hardware_type": lease.hardware_type,
        "client_identifier": lease.client_identifier or None,
        "client_hostname": lease.client_hostname or None,
        **{name: iso(getattr(lease, name)) for name in _TIMES},
        "flags": list(lease.flags),
    }


def _cells(lease: LeaseView | None) -> dict[str, str]:
    """Every row's word and its text; empty where there is none."""
    words = ("address", "binding state", "hardware", "client identifier", "host name", *_TIMES, "flags")
    if lease is None:
        return dict.fromkeys(words, "")
    who = (lease.hardware_address, lease.client_identifier, lease.client_hostname)
    times = (iso(getattr(lease, name)) or "" for name in _TIMES)
    return dict(zip(words, (lease.address, lease.binding_state, *who, *times, " ".join(lease.flags)), strict=True))


def _moment(attribute: str, text: str) -> str:
    return iso(int(text)) or text if attribute in _TIMES and is_number(text) else text
