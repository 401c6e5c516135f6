"""What "proven gone" means: nobody holds the server's lease file or its ports, and everything could be looked at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dhcptui.assess.visibility import process_seen
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import Link, ServerView
from dhcptui.model.words import joined


class Gone(Enum):
    """What a look at a server's processes, files and sockets proves."""

    PROVEN = "nobody holds what is ours"
    THERE = "somebody does, or may"
    HELD = "somebody who is seen and is not known to be it holds a port of it"
    UNPROVEN = "not everything could be looked at"
    CONTRADICTED = "OMAPI answers, and nobody seems to hold its port"
    UNSEEN = "nothing was looked at recently"


@dataclass(frozen=True, slots=True)
class Proof:
    """The judgement, what was observed in words, and how old that is."""

    gone: Gone
    observed: str
    age_seconds: float | None = None


def proof(view: ServerView, now: Moment) -> Proof:
    """Whether the server's dhcpd is proven gone."""
    name, seen = view.name, process_seen(view, now)
    if seen is None:
        return Proof(Gone.UNSEEN, f"{name}'s processes have not been looked at recently")
    age, look = seen.age(now), seen.value
    if look.pids:
        kind = "a stopped dhcpd" if look.stopped else "dhcpd"
        holds = f": it holds the {joined(map(str, look.holds))}" if look.holds else ""
        return Proof(Gone.THERE, f"{kind} (pid {', '.join(map(str, look.pids))}) is there on {name}{holds}", age)
    if look.held:
        held = Gone.THERE if look.holder_unseen else Gone.HELD  # unseen, it may well be the dhcpd that is asked about
        return Proof(held, f"on {name} somebody holds what is its dhcpd's: {'; '.join(look.held)}", age)
    if view.omapi.link is Link.OK and view.status and view.status.at >= seen.at:
        return Proof(
            Gone.CONTRADICTED,
            f"{name}'s OMAPI has answered, and nobody there seems to hold its port: looking again",
            age,
        )
    if not look.proven_gone:
        why = "; ".join(look.unseen) or "its sockets cannot be read"
        return Proof(Gone.UNPROVEN, f"whether {name}'s dhcpd runs is not known: {why}", age)
    besides = f" ({'; '.join(look.others)}: not ours)" if look.others else ""
    return Proof(Gone.PROVEN, f"no dhcpd on {name}: nobody holds its lease file or its ports{besides}", age)


def sentence(name: str) -> str:
    """What must be typed where it cannot be proven."""
    return f"I know that {name}'s dhcpd is gone"
