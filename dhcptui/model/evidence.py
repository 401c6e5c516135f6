"""Evidence: each precondition with what was observed, by whom and how long ago. The checks of the guard table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dhcptui.model.gone import Gone, Proof, proof, sentence
from dhcptui.model.queues import STANDS_AFTER_SECONDS, queue_words, stands_still
from dhcptui.model.snapshot import Link, Lockout, Moment, PairSnapshot, PartnerReach, Role, Seen
from dhcptui.model.standing import ServerStanding, Standing, stand
from dhcptui.model.states import CONFLICT, FailoverState
from dhcptui.model.vantage import one_place
from dhcptui.model.way_back import OFF, WayBack, way_back
from dhcptui.model.words import age, day_clock

_S = FailoverState
CLOCK_LIMIT_SECONDS = 30.0
"""Above this offset between the servers we start and declare nothing; dhcpd itself refuses a link above 60 s."""
CLOCK_FRESH_SECONDS = 30.0
CLOCK_CLOSE_SECONDS = 5.0
"""Within this they agree."""
REACH_FRESH_SECONDS = 20.0
LINK_FRESH_SECONDS = 15.0
"""A look at the socket tables counts for this long; it is taken every few seconds while a pair is not normal."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One precondition: what was asked, what was observed, by whom and how long ago."""

    asked: str
    observed: str
    ok: bool
    by: str
    age_seconds: float | None = None
    sentence: str = ""
    """Where proof is impossible: what a person must type, and so answer for, to go on without it."""
    pending: bool = False
    """Not ok yet: the answer is on its way."""


@dataclass(frozen=True, slots=True)
class Case:
    """Both servers as they stand when an action is judged."""

    me: ServerStanding
    partner: ServerStanding
    snapshot: PairSnapshot
    now: Moment


def case(acting: Role, snapshot: PairSnapshot, now: Moment) -> Case:
    """Judge both servers at `now`."""
    return Case(stand(snapshot[acting], now), stand(snapshot[acting.other], now), snapshot, now)


def state_allows(each: ServerStanding, table: dict[FailoverState, str], action: str) -> Finding:
    """The server answers, and its state allows the action."""
    name = each.view.name
    asked = f"{name}'s state allows {action}"
    if each.state is not None:
        why_not = table[each.state]
        observed = f"{name} reads {each.state.word}" + (f": {why_not}" if why_not else "")
        return Finding(asked, observed, not why_not, f"OMAPI of {name}", each.age_seconds)
    return Finding(asked, f"{name}: {each.view.omapi.detail or 'no answer over OMAPI'}", False, "console")


def always(each: Case) -> list[Finding]:
    """What every action wants: no dhcpd 3.0.x, roles as configured, and nobody else at work."""
    found = []
    for server in (each.me, each.partner):
        view, name = server.view, server.view.name
        if view.version_3_0:
            observed = f"{name} runs dhcpd {view.version}: its state numbers mean other states"
            found.append(Finding(f"{name} runs dhcpd 4.x", observed, False, f"dhcpd --version on {name}"))
        if server.live and server.status and server.status.role is not view.role:
            observed = f"{name} says it is the {server.status.role.value}; the configuration says {view.role.value}"
            found.append(Finding(f"{name} is the {view.role.value}", observed, False, f"OMAPI of {name}"))
        lock = view.marks.value.lock if view.marks else None
        if lock is not None and lock.expires > view.server_time(each.now):
            observed = f"{lock.owner} on {lock.host} runs {lock.action} ({lock.step})"
            found.append(Finding(f"nobody else acts on {name}", observed, False, f"lock on {name}"))
    return found


def partner_silent(each: Case) -> Finding:
    """The partner's OMAPI gives no answer: an answer is a hard refusal."""
    partner, other = each.partner, each.partner.view.name
    asked = f"{other}'s OMAPI is silent"
    if partner.live and partner.state is not None:
        observed = f"{other} answers and reads {partner.state.word}"
        return Finding(asked, observed, False, f"OMAPI of {other}", partner.age_seconds)
    if partner.view.omapi.ok:
        seconds = partner.age_seconds
        since = f" for {age(seconds)}" if seconds is not None else ""
        return Finding(asked, f"{other}'s OMAPI connection is open, no answer{since}", True, "console", seconds)
    if partner.view.omapi.link is Link.CONNECTING:
        return Finding(asked, f"{other} is still being contacted", False, "console", pending=True)
    return Finding(asked, f"{other}: {partner.view.omapi.detail or 'no answer'}", True, "console")


def partner_gone(each: Case) -> Finding:
    """The partner's dhcpd is proven gone: nobody holds its lease file or ports, or its host is silent to all."""
    partner, other = each.partner, each.partner.view.name
    asked = f"{other}'s dhcpd is proven gone"
    found = proof(partner.view, each.now)
    if found.gone is not Gone.UNSEEN:
        return _judged(found, asked, other, {Gone.UNPROVEN, Gone.HELD})
    if partner.standing is Standing.UNREACHABLE:
        return _gone_by_silence(each, asked)
    if partner.view.process_note:
        return Finding(asked, f"{other}: {partner.view.process_note}", False, "console")
    return Finding(asked, f"{other}'s processes have not been looked at yet", False, "console", pending=True)


def _judged(found: Proof, asked: str, name: str, sworn: set[Gone]) -> Finding:
    """A look as a finding: where it could not see everything, a person may answer for the rest (`sworn`)."""
    return Finding(
        asked,
        found.observed,
        found.gone is Gone.PROVEN,
        f"processes and sockets of {name}",
        found.age_seconds,
        sentence(name) if found.gone in sworn else "",
        pending=found.gone is Gone.CONTRADICTED,
    )


def _gone_by_silence(each: Case, asked: str) -> Finding:
    """No look into the partner is possible: two places must meet silence, and a person must answer for the rest."""
    name, other = each.me.view.name, each.partner.view.name
    ssh = each.partner.view.ssh
    reach: Seen[PartnerReach] | None = each.me.view.reach
    if ssh.answered:
        observed = f"{other}'s host answers the console ({ssh.detail}): its dhcpd may still be running"
        return Finding(asked, observed, False, "console")
    off = f"I know that {other} is off"
    if reach is None or reach.age(each.now) > REACH_FRESH_SECONDS + 2 * reach.value.took_seconds:
        if each.me.view.ssh.link is Link.FAILED:
            observed = f"{other} is unreachable from here, and {name} cannot be asked ({each.me.view.ssh.detail})"
            return Finding(asked, observed, False, "console", sentence=off)
        return Finding(
            asked, f"{other} is unreachable from here; {name} has not tried it yet", False, "console", pending=True
        )
    seconds = reach.age(each.now)
    if reach.value.alive is None:
        why_not = f"tried {reach.value.took_seconds:.0f} s, no answer" if reach.value.unanswered else "cannot try it"
        observed = f"{other} is unreachable from here; {name} {why_not}: whether its dhcpd runs cannot be proven"
        return Finding(asked, observed, False, "console", seconds, off)
    if reach.value.alive:
        tried = reach.value
        observed = (
            f"unreachable from here, but {name} reaches {tried.address}"
            f" (ping {tried.ping.value}, failover port {tried.failover_port.value}, ssh {tried.ssh_port.value})"
        )
        return Finding(asked, observed, False, f"{name} over SSH", seconds)
    if one := one_place(each.me.view, each.partner.view):
        observed = (
            f"{other} is unreachable from {name}; {one}, so that this is one place and not two; whether {other}'s dhcpd"
            " runs cannot be proven"
        )
        return Finding(asked, observed, False, f"{name} alone", seconds, f"I know that {other} is off")
    observed = f"{other} is unreachable from here and from {name}; whether its dhcpd runs cannot be proven"
    return Finding(asked, observed, False, f"console and {name}", seconds, off)


def would_answer(each: Case) -> Finding:
    """The survivor would answer clients: its recorded partner state does not silence it."""
    name, other = each.me.view.name, each.partner.view.name
    recorded = each.me.status.partner_state if each.me.status and each.me.live else None
    asked = f"{name} would answer clients"
    if recorded is None:
        return Finding(asked, f"what {name} recorded of {other} is not known", False, "console")
    mute = recorded is _S.PARTNER_DOWN or recorded in CONFLICT
    why = ": it would read partner-down and still answer nobody (see rescue)" if mute else ""
    return Finding(
        asked, f"{name} recorded {other} as {recorded.word}{why}", not mute, f"OMAPI of {name}", each.me.age_seconds
    )


def recorded_partner_down(each: Case) -> Finding:
    """The sign of the trap: the living server recorded its partner as partner-down."""
    name, other = each.me.view.name, each.partner.view.name
    recorded = each.me.status.partner_state if each.me.status and each.me.live else None
    word = recorded.word if recorded else "nothing known"
    return Finding(
        f"{name} is silenced by a recorded partner-down",
        f"{name} recorded {other} as {word}",
        recorded is _S.PARTNER_DOWN,
        f"OMAPI of {name}",
        each.me.age_seconds,
    )


def _queue(server: ServerStanding, now: Moment, returns: str) -> Finding:
    """Updates under way are traffic: the first step waits for them. Only a queue that stands still is asked about."""
    name, known = server.view.name, server.live and server.status is not None
    waiting = server.status.unacked_updates if server.status else 0
    still = known and stands_still(server, now)
    observed = f"{name}: {queue_words(server)} unacknowledged" if known and waiting else f"{name}: none"
    if still:
        observed += f", and no answer for more than {STANDS_AFTER_SECONDS:.0f} s"
    return Finding(
        f"{name}'s updates are acknowledged",
        observed if known else f"{name}: not known",
        known and not still,
        f"OMAPI of {name}",
        server.age_seconds,
        f"{returns} may wait for the MCLT" if still else "",
    )


def queue_empty(each: Case) -> Finding:
    """The leaver's queue is worked off: what is unacknowledged when it leaves costs its return the full MCLT."""
    return _queue(each.me, each.now, each.me.view.name)


def partner_queue_empty(each: Case) -> Finding:
    """The same for its partner."""
    return _queue(each.partner, each.now, each.me.view.name)


def _ssh(server: ServerStanding) -> Finding:
    name, channel = server.view.name, server.view.ssh
    return Finding(
        f"{name} is reachable over SSH", f"{name}: SSH {channel.detail or channel.link.value}", channel.ok, "console"
    )


def ssh(each: Case) -> Finding:
    """The acting server can be looked into."""
    return _ssh(each.me)


def partner_ssh(each: Case) -> Finding:
    """The partner can be looked into."""
    return _ssh(each.partner)


def clocks(each: Case) -> Finding:
    """Both clocks were read and agree well enough for dhcpd to keep its link."""
    asked = f"clocks agree within {CLOCK_LIMIT_SECONDS:.0f} s"
    mine, theirs = each.me.view.clock, each.partner.view.clock
    if mine is None or theirs is None or max(mine.age(each.now), theirs.age(each.now)) > CLOCK_FRESH_SECONDS:
        return Finding(asked, "the clocks have not been read yet", False, "console", pending=True)
    offset = theirs.value.seconds - mine.value.seconds
    observed = f"{each.partner.view.name}'s clock is {offset:+.1f} s from {each.me.view.name}'s"
    ok = abs(offset) <= CLOCK_LIMIT_SECONDS
    return Finding(asked, observed, ok, "SSH", max(mine.age(each.now), theirs.age(each.now)))


def clocks_close(each: Case) -> Finding:
    """Both clocks were read and agree as well as each restart wants it: what a later step asks is asked first."""
    found = clocks(each)
    mine, theirs = each.me.view.clock, each.partner.view.clock
    if not found.ok or mine is None or theirs is None:
        return found
    close = abs(theirs.value.seconds - mine.value.seconds) <= CLOCK_CLOSE_SECONDS
    observed = found.observed if close else f"{found.observed}: set it right first, no server is restarted before"
    return replace(found, asked=f"clocks agree within {CLOCK_CLOSE_SECONDS:.0f} s", observed=observed, ok=close)


def clocks_if_known(each: Case) -> Finding:
    """Both clocks agree, unless the partner's cannot be read: then it has no say."""
    if each.partner.view.ssh.ok:
        return clocks(each)
    return Finding("clocks agree", f"{each.partner.view.name}'s clock cannot be read", True, "console")


def process_gone(each: Case) -> Finding:
    """The acting server's own dhcpd is proven gone; judged by what is held, never by the unit or a name."""
    name = each.me.view.name
    asked = f"{name}'s dhcpd is not running"
    found = proof(each.me.view, each.now)
    if found.gone is Gone.UNSEEN:
        why = each.me.view.process_note or each.me.view.ssh.detail or "not yet"
        return Finding(asked, f"{name}: its processes cannot be looked at ({why})", False, "console")
    return _judged(found, asked, name, {Gone.UNPROVEN})  # with a port of it taken it would not come up as it should


def lockout_of(each: Case, server: ServerStanding) -> Lockout | None:
    """The marker that names `server`, lying on its partner."""
    holder = each.partner if server is each.me else each.me
    lockout = holder.view.marks.value.lockout if holder.view.marks else None
    return lockout if lockout and lockout.server == server.view.name else None


def start_order(each: Case) -> Finding:
    """A server that was declared down starts only while its survivor is there to resynchronise it."""
    name, other = each.me.view.name, each.partner.view.name
    lockout = lockout_of(each, each.me)
    asked = f"{name} would not start unsynchronised"
    if lockout is None:
        return Finding(asked, f"no lock-out for {name} on {other}", True, f"files on {other}")
    said = f"{name} was declared down by {lockout.by} ({day_clock(lockout.since, each.now.wall)} UTC)"
    if each.partner.live:
        return Finding(asked, f"{said}; {other} answers and will resynchronise it", True, f"files on {other}")
    return Finding(asked, f"{said} and {other} does not answer: start {other} first", False, f"files on {other}")


_BOTH_ALONE = {
    (_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN),
    (_S.PARTNER_DOWN, _S.COMMUNICATIONS_INTERRUPTED),
    (_S.PARTNER_DOWN, _S.PARTNER_DOWN),
}
"""What a stopped server wrote down last, and its partner's state now: when they meet they compare their leases."""


def start_warnings(each: Case) -> list[str]:
    """What will happen when the acting server starts."""
    name, other = each.me.view.name, each.partner.view.name
    recorded = each.me.view.recorded.value.state if each.me.view.recorded else None
    if (recorded, each.partner.state) in _BOTH_ALONE:
        return [
            f"{name} last served alone ({recorded.word if recorded else '?'}), and {other} is in"
            f" {each.partner.state.word if each.partner.state else '?'}: both go through potential-conflict,"
            " and for a moment nobody is served."
        ]
    if each.partner.state is _S.PARTNER_DOWN:
        return [f"{name} fetches the leases from {other} first; it may wait out the MCLT before it answers clients."]
    if not each.partner.live:
        return [f"{other} does not answer: {name} decides alone by what its lease file says, after 15 s of startup."]
    return []


def hear_each_other(each: Case) -> Finding:
    """Unless the partner serves for both already: the two hear each other, so that they can go back together."""
    me, partner = each.me, each.partner
    name, other = me.view.name, partner.view.name
    asked = f"{name} and {other} hear each other"
    if me.state is None or partner.state is None:
        return Finding(asked, "asked of two servers that answer", True, "console")
    if me.state is _S.SHUTDOWN and partner.state is _S.PARTNER_DOWN:
        return Finding(asked, f"{other} has heard that {name} is in shutdown", True, f"OMAPI of {other}")
    by = f"OMAPI of {name} and {other}"
    for one, two in ((me, partner), (partner, me)):
        heard = one.status.partner_state if one.status else None
        if heard is not two.state:
            observed = (
                f"{one.view.name} has recorded {two.view.name} as {heard.word if heard else 'nothing known'}, and it reads"
                f" {two.state.word if two.state else '?'}: mend the link between the two first"
            )
            return Finding(asked, observed, False, by)
    if way_back(me.state, partner.state) is None and me.state in OFF:
        observed = f"{other} does not take over from {name}: mend the link between the two first"
        return Finding(asked, observed, False, by)
    tables = [view.sockets for view in (me.view, partner.view) if view.sockets]
    fresh = [table for table in tables if table.age(each.now) <= LINK_FRESH_SECONDS]
    if any(not table.value.established for table in fresh):
        observed = "there is no failover connection between the two: mend the link first"
        return Finding(asked, observed, False, "socket tables", max(table.age(each.now) for table in fresh))
    return Finding(asked, "each has recorded the other's state as it is", True, by)


def way_back_warnings(each: Case) -> list[str]:
    """How long it takes until the acting server answers clients, and who does meanwhile."""
    name, other = each.me.view.name, each.partner.view.name
    mclt = max((one.status.mclt_seconds if one.status else 0) for one in (each.me, each.partner))
    wait = f"the MCLT ({age(mclt)})"
    match way_back(each.me.state, each.partner.state):
        case WayBack.BY_SHUTDOWN:
            return [
                f"If updates were unacknowledged when it was paused, {name} waits out {wait}; {other} serves meanwhile."
            ]
        case WayBack.TOGETHER:
            return [
                f"Nobody serves now. Both are normal within seconds; if one loses the link meanwhile, after {wait}."
            ]
        case WayBack.JOIN:
            return [f"Nobody serves now. Both are normal within seconds, or once {other} has waited out {wait}."]
        case _:
            return []
