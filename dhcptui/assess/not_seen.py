"""What it means for a plan that a precondition was not seen: one row for each check of the guard table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from dhcptui.assess import evidence as ev
from dhcptui.assess import peer_guards as pg
from dhcptui.assess import resumed
from dhcptui.assess.space import lease_file, lease_space, partner_lease_space, partner_records
from dhcptui.assess.written_files import written_by_people


class Meaning(Enum):
    """What follows when something was not seen. The value is the word of the documentation."""

    REFUSED = "refused"
    SENTENCE = "a typed sentence"
    NO_MATTER = "no matter"


@dataclass(frozen=True, slots=True)
class Unseen:
    """What follows, first in the worst case, and why."""

    meanings: tuple[Meaning, ...]
    why: str


_R, _S, _N = Meaning.REFUSED, Meaning.SENTENCE, Meaning.NO_MATTER

STATE = Unseen((_R,), "without its state nobody can say what a write would do")
"""Of the states of both servers, where a row asks for them."""

UNSEEN: Mapping[Callable[..., object], Unseen] = {
    ev.partner_silent: Unseen(
        (_R, _N),
        "refused while it is still being contacted; where there is no way to ask, the next check must prove it",
    ),
    ev.partner_gone: Unseen(
        (_R, _S),
        "refused while a look is under way or fails; where none is possible, or not at everything, it is sworn to",
    ),
    ev.would_answer: Unseen((_R,), "what it recorded decides whether it would serve anybody"),
    ev.clocks_if_known: Unseen(
        (_R, _N),
        "no matter where its partner cannot be looked into: then no clock of it counts; else the clocks are awaited",
    ),
    ev.clocks: Unseen((_R,), "dhcpd refuses a link above 60 s, and a state's times would be wrong"),
    ev.clocks_close: Unseen((_R,), "each restart waits for that, so it is known before the first"),
    ev.queue_empty: Unseen((_R,), "what is unacknowledged costs the return a full MCLT"),
    ev.partner_queue_empty: Unseen((_R,), "what is unacknowledged costs the return a full MCLT"),
    ev.ssh: Unseen((_R,), "the steps go through it"),
    ev.partner_ssh: Unseen((_R,), "the steps go through it"),
    ev.hear_each_other: Unseen((_R,), "it takes both servers' own words"),
    written_by_people: Unseen(
        (_R, _N),
        "refused while dhcpd.conf is being read; no matter where it cannot be: dhcpd -t reads it before anything",
    ),
    ev.process_gone: Unseen(
        (_R, _S), "refused where nothing was looked at; where not everything could be looked at it is sworn to"
    ),
    ev.start_order: Unseen(
        (_R, _S, _N),
        "refused while a look is under way; sworn to where its partner cannot be reached, or the marker or its"
        " partner's last state cannot be read;"
        " no matter where its partner answers, which resynchronises it",
    ),
    ev.recorded_partner_down: Unseen((_R,), "it is the sign that a rescue is what is needed"),
    resumed.handed_over_or_healthy: Unseen((_R,), "both servers' states are what it is about"),
    resumed.one_serves: Unseen((_R,), "else nobody might serve"),
    resumed.left_unmarked: Unseen((_R,), "it goes on only from where it was left"),
    resumed.left_stopped: Unseen((_R,), "it goes on only from where it was left"),
    lease_file: Unseen((_N,), "dhcpd has it open as far as anybody knows; the way back looks again"),
    lease_space: Unseen((_N,), "the start itself is watched; a full disk ends it at once, and that is told"),
    partner_records: Unseen((_N,), "a partner that serves now has recorded so far, as far as anybody knows"),
    partner_lease_space: Unseen((_N,), "the start itself is watched; a full disk ends it at once, and that is told"),
    pg.untouched: Unseen((_N,), "nothing is done to them"),
    pg.when_started: Unseen((_N,), "nothing is taken from them; the warnings name what is not known"),
    pg.when_stopped: Unseen((_R, _S), "refused while it is being read; where it cannot be read it is sworn to"),
    pg.when_restarted: Unseen((_R, _S), "refused while it is being read; where it cannot be read it is sworn to"),
    pg.when_restarted_in_turn: Unseen(
        (_R, _S), "refused while it is being read; where it cannot be read it is sworn to"
    ),
    ev.version_known: Unseen((_N,), "it is said where SSH fails: 3.0.x is older than any server that is still met"),
    ev.role_as_configured: Unseen((_N,), "a server that does not answer is refused for its state, or is gone"),
    ev.answers_itself: Unseen((_N,), "OMAPI is taken at its word until two looks have seen nobody of ours behind it"),
    ev.nobody_else_acts: Unseen((_N,), "a lock is advice between consoles; the run says which server has none"),
}
"""Check -> what it means that it was not seen."""
