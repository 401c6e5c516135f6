"""What a soak saw, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.soak.history import CONSOLE, STRANGER, History
from tests.soak.judge import NAMES, REACTION_SECONDS


def text(history: History, tally: Counter[str], refusals: Counter[str], until: float) -> str:
    """Faults by kind, actions by outcome, seconds unserved and by whom, what was held at most."""
    kinds = Counter(fault.kind for fault in history.faults if not fault.kind.startswith("mend"))
    acts = Counter(f"{act.by} {act.what} {act.value}" for act in history.acts if act.what not in {"line", "run"})
    acts.update(f"{act.by} runs {act.value.split()[0]}" for act in history.acts if act.what == "run")
    lines = sum(act.what == "line" for act in history.acts)
    dark: Counter[str] = Counter()
    for began, ended in history.dark(until):
        dark[cause(history, began)] += round(ended - began, 1)  # type: ignore[assignment]
    spent: Counter[str] = Counter()
    for truth, later in zip(history.truths, [*history.truths[1:], None], strict=True):
        words = " / ".join(server.state or "-" for server in truth.servers.values())
        spent[words] += round((later.at if later else until) - truth.at, 2)  # type: ignore[assignment]
    most: Counter[str] = Counter()
    for sample in history.samples:
        most |= Counter(sample.held)
    return "\n".join(
        [
            *_table("faults", kinds),
            *_table("actions", tally),
            *_table("the commonest refusals", Counter(dict(refusals.most_common(12)))),
            *_table("at the servers", acts),
            f"  {lines} command lines that change something, {len(history.audit)} lines of audit log",
            *_table("seconds unserved, by what began them", dark),
            *_table("seconds in the commonest states", Counter(dict(spent.most_common(12)))),
            *_table("held at most", most),
        ]
    )


def _table(title: str, counts: Counter[str]) -> Iterator[str]:
    yield f"{title}:"
    for name, count in sorted(counts.items()):
        yield f"  {count:8g}  {name}"


def cause(history: History, at: float) -> str:
    """What happened last before a moment, where it was close enough to be the cause; dhcpd's own course otherwise."""
    faults = [(f.at, f.kind) for f in history.faults if f.at - 0.01 <= at <= f.until + REACTION_SECONDS]
    acts = [
        (a.at, f"{a.by}: {a.what} {a.value.split()[0]}")
        for a in history.acts
        if a.what != "line" and at - REACTION_SECONDS <= a.at <= at and a.by in {CONSOLE, STRANGER}
    ]
    if found := max([*faults, *acts], default=None):
        return found[1]
    now = history.truth_at(at)
    return "dhcpd itself: " + ", ".join(
        f"{NAMES[role]} {server.state or 'gone'}" for role, server in now.servers.items()
    )
