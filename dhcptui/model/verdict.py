"""One sentence for a pair: level, headline, who serves, what counts down, what now.

Pure: `derive(snapshot, now)` reads no clock and does no I/O. Levels are those of `dhcptui status`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from dhcptui.model.commands import key_of
from dhcptui.model.guards import Action, rule
from dhcptui.model.incident_signs import Probable, probable
from dhcptui.model.snapshot import Moment, PairSnapshot, Role, ServerView
from dhcptui.model.standing import ServerStanding, Standing, stand
from dhcptui.model.states import CONFLICT, REBUILDING, FailoverState
from dhcptui.model.words import joined

_S = FailoverState
Advice = tuple[str | Action, ...]
"""Words, and in their midst the actions whose keys belong there."""


class Level(Enum):
    """How bad it is; the exit codes of `dhcptui status` follow it."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


_ORDER = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)


def worst(levels: Iterable[Level]) -> Level:
    """The level that several pairs have together: a known outage outweighs not knowing."""
    return max(levels, key=_ORDER.index, default=Level.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Countdown:
    """A wait that dhcpd will end by itself. Times are epoch seconds of the server's own clock."""

    server: str
    what: str
    ends: int
    total_seconds: int
    remaining_seconds: float
    clock_known: bool
    """False: the server's clock was never read, so the console's own was taken for it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The pair, judged at one moment."""

    level: Level
    headline: str
    since: float | None
    """Epoch seconds of the console's clock at which this began; None where it cannot be known."""
    advised: Advice
    """What now; `advice` and `advise` make it a text."""
    primary: ServerStanding
    secondary: ServerStanding
    countdowns: tuple[Countdown, ...]
    incidents: tuple[Probable, ...] = ()
    """What is probably going on, the heaviest first, with the evidence for each."""

    def __getitem__(self, role: Role) -> ServerStanding:
        return self.primary if role is Role.PRIMARY else self.secondary

    @property
    def advice(self) -> str:
        """What now, in one or two sentences, with the keys as they are by default."""
        return self.advise(key_of)

    def advise(self, key: Callable[[Action], str]) -> str:
        """The same with the keys as the user has them."""
        return "".join(key(part) if isinstance(part, Action) else part for part in self.advised)

    @property
    def serving(self) -> tuple[str, ...]:
        """Names of the servers that answer clients now, as far as they can be seen."""
        return tuple(each.view.name for each in (self.primary, self.secondary) if each.serving)


def derive(snapshot: PairSnapshot, now: Moment) -> Verdict:
    """Judge a pair at `now`."""
    pair = (stand(snapshot.primary, now), stand(snapshot.secondary, now))
    level, headline = _judge(pair)
    return Verdict(
        level=level,
        headline=headline,
        since=_since(pair),
        advised=_advice(snapshot, pair, now),
        primary=pair[0],
        secondary=pair[1],
        countdowns=tuple(found for each in pair if (found := countdown(each, snapshot[each.view.role.other], now))),
        incidents=probable(snapshot, now),
    )


def recover_wait_ends(view: ServerView, partner: ServerView) -> int | None:
    """When the server's recover-wait ends: local-stos + mclt on its own clock (proven to the second), or None.

    The start of the state is no use: local-stos is not touched on entering recover-wait (failover.c:1825).
    """
    if view.status is None or view.status.value.local_state is not _S.RECOVER_WAIT:
        return None
    return view.status.value.local_stos + _mclt(view, partner)


def countdown(each: ServerStanding, partner: ServerView, now: Moment) -> Countdown | None:
    """What counts down on one server, if anything does."""
    view, status = each.view, each.status
    if not each.live or status is None:
        return None
    mclt = _mclt(view, partner)
    ends = status.local_stos + mclt
    remaining = ends - view.server_time(now)
    if each.state is _S.RECOVER_WAIT:
        what = f"{view.name} answers clients again in"
    elif each.state is _S.PARTNER_DOWN and remaining > 0:
        what = f"{view.name} may use {partner.name}'s free addresses in"
    else:
        return None
    return Countdown(view.name, what, ends, mclt, max(0.0, remaining), view.clock is not None)


def _mclt(view: ServerView, partner: ServerView) -> int:
    """The pair's MCLT in seconds: a secondary reads 0 until it has met its primary once."""
    mine = view.status.value.mclt_seconds if view.status else 0
    return mine or (partner.status.value.mclt_seconds if partner.status else 0)


def _since(pair: tuple[ServerStanding, ServerStanding]) -> float | None:
    times = [
        float(round(each.status.local_stos - (each.view.clock.value.seconds if each.view.clock else 0.0)))
        for each in pair
        if each.live and each.status and each.state not in {_S.STARTUP, _S.RECOVER_WAIT}
    ]
    return max(times) if times else None


def _judge(pair: tuple[ServerStanding, ServerStanding]) -> tuple[Level, str]:
    """Level and headline. The order of the questions is the order in which they matter at 3 a.m."""
    a, b = pair
    live = [each for each in pair if each.live]
    states = [each.state for each in live]
    serving = [each for each in pair if each.serving]
    if not live:
        return _judge_blind(pair)
    if wrong := next((each for each in live if each.status and each.status.role is not each.view.role), None):
        said = wrong.status.role.value if wrong.status else ""
        return (
            Level.WARNING,
            f"{wrong.view.name} says it is the {said}: the configuration has the servers swapped, or one twice",
        )
    if len(live) == 2 and states.count(_S.PARTNER_DOWN) == 2:
        return Level.CRITICAL, "both servers read partner-down: each gives out the other's addresses"
    if len(live) == 2 and _S.PARTNER_DOWN in states and {_S.NORMAL, _S.COMMUNICATIONS_INTERRUPTED} & set(states):
        return Level.CRITICAL, "one server reads partner-down while the other serves: addresses may be given out twice"
    if any(state in CONFLICT for state in states):
        return (
            Level.CRITICAL,
            f"{joined(e.view.name for e in serving) + ' serves' if serving else 'nobody serves'}: resolving conflicts",
        )
    if not serving:
        return Level.CRITICAL, _nobody(pair)
    if states == [_S.NORMAL, _S.NORMAL] and len(serving) == 2:
        return Level.OK, "both servers serve"
    if len(serving) == 2:
        return Level.WARNING, "both servers serve, but out of contact: each from its own half, short leases"
    return Level.WARNING, _alone(serving[0], b if serving[0] is a else a)


def _judge_blind(pair: tuple[ServerStanding, ServerStanding]) -> tuple[Level, str]:
    """No server tells its state now."""
    if all(each.serving is False for each in pair):
        return Level.CRITICAL, "nobody serves: " + " and ".join(f"{e.view.name} {_short(e)}" for e in pair)
    if any(each.standing in {Standing.DOWN, Standing.SILENT} and each.view.status for each in pair) or any(
        each.serving is False for each in pair
    ):
        return Level.CRITICAL, "nobody is seen serving: " + " and ".join(f"{e.view.name} {_short(e)}" for e in pair)
    if all(each.standing is Standing.UNSEEN for each in pair):
        return Level.UNKNOWN, "contacting both servers"
    return Level.UNKNOWN, "nothing is known: " + " and ".join(f"{e.view.name} {_short(e)}" for e in pair)


def _nobody(pair: tuple[ServerStanding, ServerStanding]) -> str:
    silenced = [each for each in pair if each.silenced]
    if silenced:
        name, state = silenced[0].view.name, silenced[0].state
        return (
            f"{name} reads {state.word if state else '?'} but answers nobody: it recorded its partner as partner-down"
        )
    verb = "nobody serves" if all(each.serving is False for each in pair) else "nobody is seen serving"
    return f"{verb}: " + " and ".join(f"{each.view.name} {_short(each)}" for each in pair)


def _alone(server: ServerStanding, other: ServerStanding) -> str:
    how = {
        _S.PARTNER_DOWN: "serves alone",
        _S.COMMUNICATIONS_INTERRUPTED: "serves from its own half, short leases",
        _S.NORMAL: "serves",
    }.get(server.state or _S.UNKNOWN, "serves")
    return f"{server.view.name} {how}; {other.view.name} {_short(other)}"


def _short(each: ServerStanding) -> str:
    """One server in a few words, for a headline."""
    if each.silenced and each.state is not None:
        return f"reads {each.state.word} but answers nobody"
    if each.state is not None:
        words = {
            _S.SHUTDOWN: "has handed over",
            _S.RECOVER: "fetches the lease database",
            _S.RECOVER_WAIT: "waits out the MCLT",
            _S.RECOVER_DONE: "is back in sync",
            _S.STARTUP: "is starting",
        }
        return words.get(each.state, f"is in {each.state.word}")
    match each.standing:
        case Standing.DOWN:
            return "is down (dhcpd not running)"
        case Standing.SILENT:
            process = each.view.process
            if process and process.value.stopped:
                return "is stopped (dhcpd process suspended)"
            return "tells no state" if each.view.omapi.detail else "does not answer"
        case Standing.UNREACHABLE:
            return "cannot be reached"
        case _:
            return "is being contacted"


def _advice(snapshot: PairSnapshot, pair: tuple[ServerStanding, ServerStanding], now: Moment) -> Advice:
    """What now. Names an action only where the guards would allow it."""
    a, b = pair
    if a.state is _S.NORMAL and b.state is _S.NORMAL and a.serving and b.serving:
        begin = "Nothing to do. If one server must stop for a while, use "
        return begin, Action.SHUTDOWN, " (clean shutdown): its partner takes over at once."
    for each, other in ((a, b), (b, a)):
        if each.live and other.standing in {Standing.DOWN, Standing.UNREACHABLE, Standing.SILENT}:
            return _advice_alone(snapshot, each, other, now)
        if each.silenced and other.live:
            return ("Wait until the partner has left partner-down; this server answers nobody before.",)
    if all(each.standing is Standing.DOWN for each in pair):
        return ("Start the server that was stopped last; it knows most. Then start the other one.",)
    if any(each.state in CONFLICT for each in pair):
        return ("Wait: the servers are resolving conflicts and end in normal by themselves. Write no state now.",)
    if any(each.state in REBUILDING for each in pair):
        return ("Wait: the returning server resynchronises and goes back to normal by itself.",)
    if a.state is _S.SHUTDOWN or b.state is _S.SHUTDOWN:
        off, on = (a, b) if a.state is _S.SHUTDOWN else (b, a)
        if rule(Action.TAKE_BACK, off.view.role, snapshot, now).allowed:
            begin = f"{off.view.name} has handed over to {on.view.name}; its dhcpd still runs. "
            return begin, Action.TAKE_BACK, " takes its clients back."
        return (f"{off.view.name} is in shutdown and serves nobody. Look at {on.view.name} first.",)
    if a.state is _S.COMMUNICATIONS_INTERRUPTED and b.state is _S.COMMUNICATIONS_INTERRUPTED:
        return (
            "Both run but do not hear each other: check the failover port between them and both clocks. Not a case for partner-down.",
        )
    if any(each.standing is Standing.UNSEEN for each in pair):
        return ("Wait a moment: the servers are being contacted.",)
    trouble = next((each for each in pair if each.view.ssh.advice or each.view.omapi.advice), None)
    if trouble is not None:
        return (f"{trouble.view.name}: {trouble.view.omapi.advice or trouble.view.ssh.advice}",)
    return ("Look at the logs of both servers.",)


def _advice_alone(snapshot: PairSnapshot, each: ServerStanding, other: ServerStanding, now: Moment) -> Advice:
    """One server answers the console, the other one does not."""
    name, away = each.view.name, other.view.name

    def may(action: Action, role: Role) -> bool:
        return rule(action, role, snapshot, now).allowed

    if may(Action.START, other.view.role):
        start: Advice = (Action.START, f" brings {away} up")
    elif other.standing is Standing.DOWN:
        start = (f"Start {away} again",)
    else:
        start = (f"Find out why {away} {_short(other)}",)
    if may(Action.RESCUE, each.view.role):
        return *start, ". If it cannot come back, ", Action.RESCUE, f" (rescue) makes {name} serve again."
    if may(Action.PARTNER_DOWN, each.view.role):
        begin, end = ". If it stays away for long, ", f" on {name} (partner-down) lets it take over all addresses."
        return *start, begin, Action.PARTNER_DOWN, end
    if each.state is _S.PARTNER_DOWN:
        return *start, f". Coming back it resynchronises before it serves; until then {name} serves alone."
    return *start, "."
