"""The invariants of a soak, each a pure function over a history: what was seen to break it, in words.

`since` leaves out what an earlier call has judged; a running soak is judged every second, from there on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from dhcptui.act.audit import TEXT_LIMIT
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from tests.soak.history import CONSOLE, NOT_RUNNING, STRANGER, Act, Fault, History, LockRequest, Truth

NAMES = {Role.PRIMARY: "dhcp1", Role.SECONDARY: "dhcp2"}
REACTION_SECONDS = 1.0
"""Within this the partner has followed what an act did to a server: a practice pair takes milliseconds."""
KNOWING_SECONDS = 3.0
"""What happened less than this before an act need not have been known to the console: a status counts as fresh for
1.5 s, a process table is read every two seconds."""
CALL_SECONDS = 10.0
"""An intent is followed by its write within this; a call over OMAPI is given up after 8 s."""
HELD_UP_SECONDS = 30.0
"""A lock that is given back through a cable that is cut comes after the end of its run, when the cable is whole again."""
EPOCH_SECONDS = 0.002
"""The audit log's times are rounded to milliseconds."""
LOOSE_SECONDS = 0.05
MAY_WRITE = {"local-state": {"4", "6", "8"}, "control": {"2"}}
_WRITE = re.compile(r"set (?:local-)?state = (\d+)")
_FED = re.compile(r" \(with \d+ bytes of input\)$")
_LOCK = "$l.busy"
"""Every command that takes, renews or gives back the lock beside the lease file makes this directory first."""
Judge = Callable[[History, float, float], Iterator[str]]


# -- 1. never both unserved because of us ------------------------------------------------------------------------------


def service(history: History, since: float, until: float) -> Iterator[str]:
    """No act of ours puts out the last light.

    Where at least one server answered clients right before an act of a console, at least one answers at every moment
    of the reaction to it, unless something else that darkens happened during it or too shortly before to be known.
    One plan may announce it: to start a server that served alone beside a partner that does. What the others warn of
    (a partner that lives, or dies later) needs another fault; what a person swears to falsely is judged by `conflicts`.
    """
    for act in _ours(history, since, until):
        if not history.truth_before(act.at).serving:
            continue
        out = next((t for t in history.between(act.at, act.at + REACTION_SECONDS) if not t.serving), None)
        if out is None or _darkened(history, act.at - KNOWING_SECONDS, out.at) or _announced(history, act):
            continue
        yield f"{_told(act)} left nobody serving {out.at - act.at:.3f} s later: {_both(out)}"


def conflicts(history: History, since: float, until: float) -> Iterator[str]:
    """No partner-down of ours beside a living partner: that is what both servers pay for with potential-conflict.

    At the write the partner's dhcpd did not run; or it came to life too shortly before to be known; or a person had
    to swear that it is off, because nobody could look.
    """
    for act in _ours(history, since, until):
        if (act.what, act.value) != ("local-state", "4"):
            continue
        partner = act.role.other
        if not history.truth_before(act.at).servers[partner].running:
            continue
        begun = [fault for fault in _near(history, act.at - KNOWING_SECONDS, act.at) if fault.lights]
        if begun or _started(history, partner, act.at - KNOWING_SECONDS, act.at) or _sworn(history, act):
            continue
        yield f"{_told(act)} while {NAMES[partner]}'s dhcpd ran: {_both(history.truth_before(act.at))}"


def verified(history: History, since: float, until: float) -> Iterator[str]:
    """A run that says "verified" leaves somebody serving, unless something darkened the pair too lately to be known."""
    for record in reversed(history.audit):
        at = history.logged(record)
        if at <= since:
            return
        if at > until or record["event"] != "end" or record.get("outcome") != "verified":
            continue
        lit = any(truth.serving for truth in history.between(at - KNOWING_SECONDS / 2, at))
        if not lit and not _darkened(history, at - KNOWING_SECONDS, at):
            yield f"{record['action']} on {record['server']} was verified while nobody served: {record['text']}"


def _announced(history: History, act: Act) -> bool:
    """The plan that was confirmed had said that nobody would be served for a moment."""
    begun = [
        r for r in history.audit if r["event"] == "begin" and r["action"] == "start" and history.logged(r) <= act.at
    ]
    words = " ".join(begun[-1]["plan"]["warnings"]) if begun and act.what == "run" else ""
    return bool(begun) and begun[-1]["server"] == NAMES[act.role] and "nobody is served" in words


def _darkened(history: History, since: float, until: float) -> bool:
    strangers = (each for each in history.acts if each.by == STRANGER and since <= each.at <= until)
    return any(fault.darkens for fault in _near(history, since, until)) or any(True for _ in strangers)


def _near(history: History, since: float, until: float) -> list[Fault]:
    return [fault for fault in history.faults if fault.until >= since and fault.at <= until]


def _started(history: History, role: Role, since: float, until: float) -> bool:
    """Another console brought it up meanwhile."""
    return any(
        act.role is role and act.what == "run" and act.value.startswith("restart") and since <= act.at <= until
        for act in history.acts
    )


def _sworn(history: History, act: Act) -> bool:
    intent = _intent(history, act)
    begin = next((each for each in history.audit if intent and each["run"] == intent["run"]), None)
    return begin is not None and bool(begin.get("sentence"))


# -- 2. never a write outside a plan -----------------------------------------------------------------------------------


def writes(history: History, since: float, until: float) -> Iterator[str]:
    """Every write and every command that changes a server stands in the audit log as an intent before it reaches it.

    One intent pays for one act. The lock beside the lease file is taken by an intent of its own, and kept and given
    back while that run lasts.
    """
    paid: set[int] = set()
    for act in history.acts:
        if act.by != CONSOLE or act.what == "run":  # what runs was a command line before
            continue
        if not since - 2 * CALL_SECONDS < act.at <= until:
            continue
        allowed = MAY_WRITE.get(act.what)
        if act.what != "line" and (allowed is None or act.value not in allowed):
            broken = "no plan may write that"
        elif act.what == "line" and _LOCK in act.value:
            broken = "" if _locks(history, act) else "no run under way had announced a lock"
        elif (intent := _intent(history, act, paid)) is not None:
            paid.add(id(intent))
            broken = ""
        else:
            broken = "the audit log had announced no such act"
        if broken and act.at > since:
            yield f"{_told(act)}: {broken}"


def _intent(history: History, act: Act, paid: Collection[int] = ()) -> dict[str, Any] | None:
    """The newest line of the audit log that announces this act."""
    record: dict[str, Any]
    for record in reversed(history.audit):
        at = history.logged(record)
        if at > act.at + EPOCH_SECONDS or id(record) in paid:
            continue
        if at < act.at - CALL_SECONDS:
            return None
        if record["event"] == "intent" and record["server"] == NAMES[act.role] and _announces(record["text"], act):
            return record
    return None


def _announces(text: str, act: Act) -> bool:
    if act.what == "line":
        return _FED.sub("", text) == clean(act.value, TEXT_LIMIT) or _clears(text, act.value)
    found = _WRITE.search(text)
    about = "open control" if act.what == "control" else "open failover-state"
    return found is not None and about in text and found[1] == act.value


def _clears(text: str, line: str) -> bool:
    """The marker of a partner-down that is over is announced in words."""
    place = text.partition("remove ")[2].rpartition("/.dhcptui-lockout")[0]
    return bool(place) and place in line and 'rm -f "$o"' in line


def _locks(history: History, act: Act) -> bool:
    """Whether a run has announced its lock on this server, and is not over."""
    over: set[str] = set()
    for record in reversed(history.audit):
        at = history.logged(record)
        if at > act.at + EPOCH_SECONDS:
            continue
        if record["event"] == "end" and at < act.at - HELD_UP_SECONDS:
            over.add(record["run"])
        if record["action"] == "break-lock" and at < act.at - CALL_SECONDS:
            continue  # it has no end
        announced = record.get("what") == "lock" and record["event"] == "intent"
        if announced and record["server"] == NAMES[act.role] and record["run"] not in over:
            return True
    return False


# -- 4. what is said is so ---------------------------------------------------------------------------------------------


def claims(history: History, since: float, until: float) -> Iterator[str]:
    """What a console says of a server was so at some moment within the age it gives."""
    for claim in reversed(history.claims):
        if claim.at < since - LOOSE_SECONDS:
            break
        if since < claim.at <= until and not any(map(_holds(claim), history.between(claim.since, claim.at))):
            live = "is" if claim.live else "was"
            seen = " then ".join(
                truth.servers[claim.role].state or NOT_RUNNING for truth in history.between(claim.since, claim.at)
            )
            yield (
                f"{claim.by}: {NAMES[claim.role]} {live} {claim.state}, not older than {claim.at - claim.since:.2f} s;"
                f" it was {seen}"
            )


def _holds(claim: LockRequest) -> Callable[[Truth], bool]:
    def holds(truth: Truth) -> bool:
        server = truth.servers[claim.role]
        return not server.running if claim.state == NOT_RUNNING else server.state == claim.state

    return holds


# -- 5. nothing grows --------------------------------------------------------------------------------------------------


def growth(history: History, since: float, until: float, limits: Mapping[str, int] | None = None) -> Iterator[str]:
    """Descriptors, threads, tasks, connections and handles stay below their limits (a name matches by its beginning)."""
    for sample in history.samples:
        if since < sample.at <= until:
            for name, count in sample.held.items():
                limit = next((most for begin, most in (limits or LIMITS).items() if name.startswith(begin)), None)
                if limit is not None and count > limit:
                    yield f"{count} {name}, more than {limit}"


LIMITS = {
    "descriptors": 200,
    "threads": 64,
    "tasks": 80,
    "OMAPI connections": 16,
    "OMAPI handles": 16,
}
"""Of a pair with four consoles; see a soak's summary for what it used."""


# -- words -------------------------------------------------------------------------------------------------------------

LIVE: Sequence[Judge] = (service, conflicts, verified, writes, claims, growth)


def _ours(history: History, since: float, until: float) -> Iterator[Act]:
    return (act for act in history.acts if act.by == CONSOLE and act.what != "line" and since < act.at <= until)


def _told(act: Act) -> str:
    value = act.value if len(act.value) < 300 else act.value[:300] + "..."
    return f"{act.by}, on {NAMES[act.role]}: {act.what} {value}"


def _both(truth: Truth) -> str:
    return " / ".join(server.state or NOT_RUNNING for server in truth.servers.values())
