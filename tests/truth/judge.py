"""What was said, held against what clients met: pure functions over a Record that return each mismatch in words.

A value may be as old as it says, and no older: whoever says "dhcp1 serves, read 1.2 s ago" is right when a client of any
moment of those 1.2 seconds was answered. So a mismatch is only one that lasts longer than the stated age, the poll
that might just have missed it, and what this machine was late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from dhcptui.model.role import Role
from tests.truth.record import NAMES, LockRequest, Move, Record, Tick

POLL_SECONDS = 0.5
"""Between a change in dhcpd and what its own answer to OMAPI and to clients shows; half of it each way."""
OK_SECONDS = 10.0
"""So long "ok" may stand beside newcomers that get no address: pool counters are read every five seconds."""
REFUSED = 3
"""New clients in a row, through all of these seconds."""
SILENCE_SECONDS = 9.0
"""After so long with no answer to anybody it is critical, or not known: a process table counts for six seconds."""
REPORT_SECONDS = 1.5
"""The report's times are whole seconds; a witness counts four times a second."""
PLATEAU_SECONDS = 2.5
"""A state that lasted so long is part of the past that anybody tells."""
SINCE_SECONDS = 2.0
UNWATCHED_SECONDS = 0.4
"""Clients ask four times a second."""
PASSING_SECONDS = 1.0
Judge = Callable[[Record], Iterator[str]]


def serving(record: Record) -> Iterator[str]:
    """Who is said to serve answers clients, and who is said not to does not."""
    for claim in record.claims:
        for said in claim.servers:
            if said.serves is None:
                continue
            ticks = _window(record, claim, said.age)
            if ticks and all((said.role in tick.answered) is not said.serves for tick in ticks):
                yield _told(record, claim, f"{NAMES[said.role]} {_serves(said.serves)} ({said.age:.1f} s old)", ticks)


def headline(record: Record) -> Iterator[str]:
    """The sentence says the same as the clients, whatever stands in the panels."""
    for claim in record.claims:
        wanted = {"both servers serve": len(Role), "nobody serves": 0}
        for words, number in wanted.items():
            if not claim.headline.lower().startswith(words):
                continue
            ticks = _window(record, claim, claim.age)
            if ticks and all(len(tick.answered) != number for tick in ticks):
                yield _told(record, claim, f"{claim.headline!r}", ticks)


def fine(record: Record) -> Iterator[str]:
    """Where it says "ok", both servers answer, and a client never seen before comes to an address."""
    for claim in record.claims:
        if claim.level != "ok":
            continue
        ticks = _window(record, claim, claim.age)
        if ticks and all(len(tick.answered) < len(Role) for tick in ticks):
            yield _told(record, claim, f"ok: {claim.headline!r}", ticks)
            continue
        begin = claim.begin - claim.age - OK_SECONDS - record.slack
        asked = [
            each
            for each in record.newcomers
            if begin <= each.at <= claim.begin - claim.age and _all_answer(record, each.at)
        ]
        if len(asked) >= REFUSED and not any(each.granted for each in asked):
            yield f"{_when(record, claim)}: ok: {claim.headline!r}; {len(asked)} new clients in a row got no address"


def kept(record: Record) -> Iterator[str]:
    """It is not "ok" where leases are granted that no lease file has: a restart forgets who has which address."""
    for claim in record.claims:
        begin = claim.begin - claim.age - OK_SECONDS - record.slack
        new = [each for each in record.newcomers if begin <= each.at <= claim.begin - claim.age and each.granted]
        if claim.level == "ok" and len(new) >= REFUSED and not any(each.recorded for each in new):
            yield f"{_when(record, claim)}: ok: {claim.headline!r}; {len(new)} leases in a row are in no lease file"


def silence(record: Record) -> Iterator[str]:
    """Where nobody answers any client any more, it is critical or not known."""
    for claim in record.claims:
        if claim.level in {"critical", "unknown"}:
            continue
        begin = claim.begin - SILENCE_SECONDS - record.slack
        ticks = _watched(record, begin, claim.end + POLL_SECONDS + record.slack)
        if ticks and not any(tick.answered for tick in ticks):
            yield _told(record, claim, f"{claim.level}: {claim.headline!r}", ticks)


def state(record: Record) -> Iterator[str]:
    """The state a server is said to be in now is one that it said of itself."""
    for claim in record.claims:
        for said in claim.servers:
            if said.state is None:
                continue
            read = record.read(said.role, *_span(record, claim, said.age))
            states = {each.state for each in read}
            if len(read) > 1 and len(states) == 1 and states.isdisjoint({said.state}):
                seen = next(iter(states)) or "no answer"
                yield f"{_when(record, claim)}: {NAMES[said.role]} is {said.state}; its own word was {seen} all the time"


def since(record: Record) -> Iterator[str]:
    """Both servers are not said to serve since before the last time that one of them did not."""
    for claim in record.claims:
        if claim.since is None or not claim.headline.lower().startswith("both servers serve"):
            continue
        ticks = record.between(claim.since + SINCE_SECONDS + record.slack, claim.begin - claim.age - POLL_SECONDS)
        run = _longest(ticks, lambda tick: len(tick.answered) < len(Role))
        if run and run[-1].at - run[0].at > SINCE_SECONDS + record.slack:
            lost = run[-1].at - run[0].at
            yield (
                f"{_when(record, claim)}: {claim.headline!r} since {_clock(record, claim.since)}, but one of them"
                f" answered nobody for {lost:.1f} s from {_clock(record, run[0].at)} on"
            )


def report(record: Record) -> Iterator[str]:
    """The report's table says of no stretch the opposite of what clients met there."""
    for role in Role:
        for wrong in _runs(_lies(record, role)):
            lasted = wrong[-1].at - wrong[0].at
            if lasted > REPORT_SECONDS + record.slack:
                served = role in wrong[0].answered
                yield (
                    f"report: {NAMES[role]} {_serves(not served)} from {_clock(record, wrong[0].at)} to"
                    f" {_clock(record, wrong[-1].at)} ({lasted:.1f} s); clients were {'' if served else 'not '}answered;"
                    f" after {record.last_step(wrong[0].at)}"
                )


def report_sum(record: Record) -> Iterator[str]:
    """The sum of the report's table is its window, and its stretches follow each other without a gap."""
    if record.window is None or record.served_seconds is None:
        return
    wanted = record.window[1] - record.window[0]
    if abs(record.served_seconds - wanted) > 1.5:
        yield f"report: the table's sum is {record.served_seconds:.1f} s of {wanted:.1f} s"
    for one, two in pairwise(record.stretches):
        if abs(one.end - two.begin) > 1.1:
            yield f"report: a gap from {_clock(record, one.end)} to {_clock(record, two.begin)}"


def timeline(record: Record) -> Iterator[str]:
    """Each state that lasted is told, by each teller that tells anything; and none that was not there."""
    for source in sorted({move.source for move in record.moves}):
        moves = [move for move in record.moves if move.source == source]
        for role in Role:
            yield from _untold(record, role, source, [move for move in moves if move.role is role])


def invented(record: Record) -> Iterator[str]:
    """No move is told to a state in the midst of a time in which the server said another one.

    One that gives no answer may still move, and log it: a dhcpd that was told to end does. And one that goes on at
    once (conflict resolution takes a few milliseconds) is seen by nobody but the log.
    """
    for move in record.moves:
        margin = PLATEAU_SECONDS + record.slack
        read = record.read(move.role, move.at - margin, move.at + margin)
        states = {each.state for each in read}
        if _passing(record, move):
            continue
        if len(read) > 4 and len(states) == 1 and states.isdisjoint({move.state, None}):
            seen = next(iter(states))
            yield f"{move.source}: {NAMES[move.role]} moves to {move.state} at {_clock(record, move.at)}, but it said {seen} all around"


ASPECTS: dict[str, Judge] = {
    each.__name__: each
    for each in (serving, headline, fine, kept, silence, state, since, report, report_sum, timeline, invented)
}


def judge(record: Record) -> dict[str, list[str]]:
    """All that is wrong, by aspect; aspects without a fault are left out."""
    found = {name: list(aspect(record)) for name, aspect in ASPECTS.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


# -- the words ---------------------------------------------------------------------------------------------------------


def _passing(record: Record, move: Move) -> bool:
    """Whether the same teller has the server leave that state again at once."""
    return any(
        each is not move and each.source == move.source and each.role is move.role and each.state != move.state
        and move.at <= each.at <= move.at + PASSING_SECONDS
        for each in record.moves
    )  # fmt: skip


def _all_answer(record: Record, at: float) -> bool:
    """Whether both servers answered those they know: then a newcomer that gets nothing is refused."""
    ticks = record.between(at - 0.5, at + 0.5)
    return bool(ticks) and all(len(tick.answered) == len(Role) for tick in ticks)


def _span(record: Record, claim: LockRequest, age: float) -> tuple[float, float]:
    margin = POLL_SECONDS + record.slack
    return claim.begin - age - margin, claim.end + margin


def _window(record: Record, claim: LockRequest, age: float) -> Sequence[Tick]:
    """The ticks that may have been meant; none where the window was not watched as a whole."""
    begin, end = _span(record, claim, age)
    if not record.ticks or begin < record.ticks[0].at or end > record.ticks[-1].at:
        return ()
    return _watched(record, begin, end)


def _watched(record: Record, begin: float, end: float) -> Sequence[Tick]:
    """All ticks of a stretch; none where a part of it has none: clients that were answered late prove nothing there."""
    ticks = record.between(begin, end)
    times = [begin, *(tick.at for tick in ticks), end]
    return ticks if all(two - one < UNWATCHED_SECONDS for one, two in pairwise(times)) else ()


def _told(record: Record, claim: LockRequest, what: str, ticks: Sequence[Tick]) -> str:
    met = "; ".join(sorted({" and ".join(sorted(NAMES[role] for role in t.answered)) or "nobody" for t in ticks}))
    return f"{_when(record, claim)}: {what}, but from {_clock(record, ticks[0].at)} on answered: {met}"


def _when(record: Record, claim: LockRequest) -> str:
    return f"{claim.source} at {_clock(record, claim.begin)} (after {record.last_step(claim.begin)})"


def _clock(record: Record, at: float) -> str:
    """Seconds since the beginning of the sequence."""
    begin = record.ticks[0].at if record.ticks else 0.0
    return f"{at - begin:+.1f} s"


def _serves(value: bool) -> str:
    return "serves" if value else "does not serve"


def _longest(ticks: Iterable[Tick], holds: Callable[[Tick], bool]) -> list[Tick]:
    best: list[Tick] = []
    for run in _runs((tick, holds(tick)) for tick in ticks):
        best = max(best, run, key=len)
    return best


def _runs(marked: Iterable[tuple[Tick, bool]]) -> Iterator[list[Tick]]:
    """Unbroken runs of marked ticks."""
    run: list[Tick] = []
    for tick, lock_files in marked:
        if lock_files:
            run.append(tick)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _lies(record: Record, role: Role) -> Iterator[tuple[Tick, bool]]:
    """Each tick of the report's window, and whether the report says the opposite of what was met."""
    for stretch in record.stretches:
        said = stretch.serves[role]
        for tick in record.between(stretch.begin, stretch.end):
            yield tick, said is not None and (role in tick.answered) is not said


def _untold(record: Record, role: Role, source: str, moves: Sequence[Move]) -> Iterator[str]:
    plateaus = _plateaus(record, role)
    for (_, _, before), (begin, end, now) in pairwise(plateaus):
        if now is None or now == before or end - begin < PLATEAU_SECONDS + record.slack:
            continue
        told = [move for move in moves if move.state == now]
        margin = PLATEAU_SECONDS + record.slack
        if not any(begin - margin <= move.at <= begin + margin for move in told):
            yield f"{source}: {NAMES[role]} was {now} from {_clock(record, begin)} on; no such move is told"


def _plateaus(record: Record, role: Role) -> list[tuple[float, float, str | None]]:
    """(begin, end, state) of one server, times without an answer left out."""
    found: list[tuple[float, float, str | None]] = []
    for each in record.readings.get(role, ()):
        if each.state is None:
            continue
        if found and found[-1][2] == each.state:
            found[-1] = (found[-1][0], each.at, each.state)
        else:
            found.append((each.at, each.at, each.state))
    return found
