"""Evidence: each precondition with what was observed, by whom and how long ago. The checks of the guard table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.declared import LastWord, last_word, marker_on, read_since, strange_marker, took_over
from dhcptui.assess.freshness import CLOCK_SECONDS, LINK_SECONDS, REACH_SECONDS, SIGHTING_SECONDS, fresh, fresh_reach
from dhcptui.assess.gone import Gone, Proof, proof, sentence
from dhcptui.assess.interrupted import holder_gone
from dhcptui.assess.queues import STANDS_AFTER_SECONDS, queue_words, stands_still
from dhcptui.assess.return_path import OUT_OF_SERVICE, ReturnPath, return_path
from dhcptui.assess.vantage import one_place
from dhcptui.assess.visibility import ServerAssessment, Visibility, impostor, other_leases
from dhcptui.model.snapshot import Link, ServerView
from dhcptui.model.states import CONFLICT, FailoverState
from dhcptui.model.words import age, day_clock

_S = FailoverState
CLOCK_LIMIT_SECONDS = 30.0
"""Above this offset between the servers we start and declare nothing; dhcpd itself refuses a link above 60 s."""
CLOCK_CLOSE_SECONDS = 5.0
"""Within this they agree."""


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
    seen: bool = True
    """False: it was not seen, which is never `ok`; what that means says `matters`."""
    matters: bool = True
    """Whether it stands in the way that it was not seen; False: it is said, and that is all."""

    def __post_init__(self) -> None:
        """What was not seen is never called fine."""
        if self.ok and not self.seen:
            raise ValueError(f"not seen, and yet fine: {self.asked}")

    @property
    def holds(self) -> bool:
        """Whether nothing is in the way: seen and fine, or not seen where that is no matter."""
        return self.ok or not (self.seen or self.matters)


def state_allows(each: ServerAssessment, table: dict[FailoverState, str], action: str) -> Finding:
    """The server answers, and its state allows the action."""
    name = each.view.name
    asked = f"{name}'s state allows {action}"
    if each.state is not None:
        why_not = table[each.state]
        observed = f"{name} reads {each.state.word}" + (f": {why_not}" if why_not else "")
        return Finding(asked, observed, not why_not, f"OMAPI of {name}", each.age_seconds)
    return Finding(asked, f"{name}: {each.view.omapi.detail or 'no answer over OMAPI'}", False, "console", seen=False)


def always(each: Assessment) -> list[Finding]:
    """What every action wants: no dhcpd 3.0.x, roles as configured, and nobody else at work."""
    return [found for server in (each.me, each.partner) for check in ALWAYS for found in check(server, each)]


def version_known(server: ServerAssessment, each: Assessment) -> list[Finding]:
    """No dhcpd 3.0.x: its state numbers mean other states."""
    del each
    view, name = server.view, server.name
    if view.version_3_0:
        observed = f"{name} runs dhcpd {view.version}: its state numbers mean other states"
        return [Finding(f"{name} runs dhcpd 4.x", observed, False, f"dhcpd --version on {name}")]
    if server.live and not view.version and view.ssh.link is Link.FAILED:
        return [_unread(f"{name} runs dhcpd 4.x", f"its version cannot be read ({view.ssh.detail})")]
    return []


def role_as_configured(server: ServerAssessment, each: Assessment) -> list[Finding]:
    """Each server has the role that the configuration gives it."""
    del each
    view, name = server.view, server.name
    if server.live and server.status and server.status.role is not view.role:
        observed = f"{name} says it is the {server.status.role.value}; the configuration says {view.role.value}"
        return [Finding(f"{name} is the {view.role.value}", observed, False, f"OMAPI of {name}")]
    return []


def nobody_else_acts(server: ServerAssessment, each: Assessment) -> list[Finding]:
    """Nobody else holds the lock of a server. One whose holder is known to be gone keeps everybody out all the same."""
    view, name = server.view, server.name
    lock = view.lock_files.value.lock if view.lock_files else None
    left = lock.expires - server.time if lock else 0.0
    if lock is not None and left > 0:
        observed = f"{lock.owner} on {lock.host} runs {lock.action} ({lock.step})"
        if holder_gone(lock, each.snapshot):
            observed = f"the {lock.action} of {lock.owner} on {lock.host} stopped; its lock ends in {left:.0f} s"
        return [Finding(f"nobody else acts on {name}", observed, False, f"lock on {name}")]
    if view.ssh.link is Link.FAILED:
        observed = f"whether there is a lock on {name} cannot be read ({view.ssh.detail})"
        return [_unread(f"nobody else acts on {name}", observed)]
    return []


def answers_itself(server: ServerAssessment, each: Assessment) -> list[Finding]:
    """Who answers over OMAPI is the server's own dhcpd."""
    view, name = server.view, server.name
    if not server.live or view.process is None:
        return []
    if who := other_leases(view, each.now):
        observed = f"{name}'s dhcpd has another lease file than `leases` says ({who}): mend that first"
        by = f"processes of {name}"
        return [Finding(f"{name}'s lease file is the configured one", observed, False, by, view.process.age(each.now))]
    if not impostor(view, each.now):
        return []
    observed = f"{name}'s OMAPI answers, and its dhcpd is not there ({view.process.value.lone})"
    by = f"processes and sockets of {name}"
    return [Finding(f"{name}'s dhcpd is the one that answers", observed, False, by, view.process.age(each.now))]


ALWAYS = (version_known, role_as_configured, answers_itself, nobody_else_acts)


def _unread(asked: str, observed: str) -> Finding:
    """Not seen, which is said and is no matter."""
    return Finding(asked, observed, False, "console", seen=False, matters=False)


def planted(each: Assessment) -> tuple[str, ...]:
    """What stands at the name of a lock, and is none: nobody is kept out by it, and somebody should look who made it."""
    return tuple(planted_words(server.view) for server in (each.me, each.partner) if planted_words(server.view))


def planted_words(view: ServerView) -> str:
    """What stands at the name of this server's lock and is none, and what to do about it; empty where nothing does."""
    found = view.lock_files.value.planted if view.lock_files else ""
    sentence = (
        f"{view.name}: a {found} stands beside the lease file as .dhcptui-lock. It is no lock and keeps nobody out;"
    )
    return f"{sentence} remove it, and see who may write there." if found else ""


def partner_silent(each: Assessment) -> Finding:
    """The partner's OMAPI gives no answer: an answer is a hard refusal."""
    partner, other = each.partner, each.partner.name
    asked = f"{other}'s OMAPI is silent"
    if partner.live and partner.state is not None:
        observed = f"{other} answers and reads {partner.state.word}"
        return Finding(asked, observed, False, f"OMAPI of {other}", partner.age_seconds)
    if partner.view.omapi.ok:
        seconds = partner.age_seconds
        since = f" for {age(seconds)}" if seconds is not None else ""
        return Finding(asked, f"{other}'s OMAPI connection is open, no answer{since}", True, "console", seconds)
    if partner.view.omapi.link is Link.CONNECTING:
        return Finding(asked, f"{other} is still being contacted", False, "console", pending=True, seen=False)
    if partner.view.omapi.answered:
        return Finding(asked, f"{other} answers: {partner.view.omapi.detail}", False, f"OMAPI of {other}")
    if partner.view.omapi.untried:
        return _unread(asked, f"{other}'s OMAPI was not asked ({partner.view.omapi.detail}): others must prove it gone")
    return Finding(asked, f"{other}: {partner.view.omapi.detail or 'no answer'}", True, "console")


def partner_gone(each: Assessment) -> Finding:
    """The partner's dhcpd is proven gone: nobody holds its lease file or ports, or its host is silent to all."""
    partner, other = each.partner, each.partner.name
    asked = f"{other}'s dhcpd is proven gone"
    found = proof(partner.view, each.now)
    if found.gone is not Gone.UNSEEN:
        return _judged(found, asked, other, {Gone.UNPROVEN, Gone.HELD})
    if partner.visibility is Visibility.UNREACHABLE:
        return _gone_by_silence(each, asked)
    if partner.view.process_note:
        return Finding(asked, f"{other}: {partner.view.process_note}", False, "console", seen=False)
    observed = f"{other}'s processes have not been looked at yet"
    return Finding(asked, observed, False, "console", pending=True, seen=False)


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
        seen=found.gone is not Gone.UNPROVEN,
    )


def _gone_by_silence(each: Assessment, asked: str) -> Finding:
    """No look into the partner is possible: two places must meet silence, and a person must answer for the rest."""
    name, other = each.me.name, each.partner.name
    ssh = each.partner.view.ssh
    reach = fresh_reach(each.me.view.reach, each.now, REACH_SECONDS)
    if ssh.answered:
        observed = f"{other}'s host answers the console ({ssh.detail}): its dhcpd may still be running"
        return Finding(asked, observed, False, "console")
    off = f"I know that {other} is off"
    if reach is None:
        if each.me.view.ssh.link is Link.FAILED:
            observed = f"{other} is unreachable from here, and {name} cannot be asked ({each.me.view.ssh.detail})"
            return Finding(asked, observed, False, "console", sentence=off, seen=False)
        observed = f"{other} is unreachable from here; {name} has not tried it yet"
        return Finding(asked, observed, False, "console", pending=True, seen=False)
    seconds = reach.age(each.now)
    if reach.value.alive is None:
        why_not = f"tried {reach.value.took_seconds:.0f} s, no answer" if reach.value.unanswered else "cannot try it"
        observed = f"{other} is unreachable from here; {name} {why_not}: whether its dhcpd runs cannot be proven"
        return Finding(asked, observed, False, "console", seconds, off, seen=False)
    if reach.value.alive:
        tried = reach.value
        observed = (
            f"unreachable from here, but {name} reaches {tried.address}"
            f" (ping {tried.ping.value}, failover port {tried.failover_port.value}, ssh {tried.ssh_port.value})"
        )
        return Finding(asked, observed, False, each.me.view.looked_by, seconds)
    if one := one_place(each.me.view, each.partner.view):
        observed = (
            f"{other} is unreachable from {name}; {one}, so that this is one place and not two; whether {other}'s dhcpd"
            " runs cannot be proven"
        )
        return Finding(asked, observed, False, f"{name} alone", seconds, off, seen=False)
    observed = f"{other} is unreachable from here and from {name}; whether its dhcpd runs cannot be proven"
    return Finding(asked, observed, False, f"console and {name}", seconds, off, seen=False)


def would_answer(each: Assessment) -> Finding:
    """The survivor would answer clients: its recorded partner state does not silence it."""
    name, other = each.me.name, each.partner.name
    recorded = each.me.heard
    asked = f"{name} would answer clients"
    if recorded is None:
        return Finding(asked, f"what {name} recorded of {other} is not known", False, "console", seen=False)
    mute = recorded is _S.PARTNER_DOWN or recorded in CONFLICT
    why = ": it would read partner-down and still answer nobody (see rescue)" if mute else ""
    return Finding(
        asked, f"{name} recorded {other} as {recorded.word}{why}", not mute, f"OMAPI of {name}", each.me.age_seconds
    )


def recorded_partner_down(each: Assessment) -> Finding:
    """The sign of the trap: the living server recorded its partner as partner-down."""
    name, other = each.me.name, each.partner.name
    recorded = each.me.heard
    word = recorded.word if recorded else "nothing known"
    return Finding(
        f"{name} is silenced by a recorded partner-down",
        f"{name} recorded {other} as {word}",
        recorded is _S.PARTNER_DOWN,
        f"OMAPI of {name}",
        each.me.age_seconds,
        seen=recorded is not None,
    )


def _queue(server: ServerAssessment, returns: str) -> Finding:
    """Updates under way are traffic: the first step waits for them. Only a queue that stands still is asked about."""
    name, known = server.name, server.live and server.status is not None
    waiting = server.status.unacked_updates if server.status else 0
    still = known and stands_still(server)
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
        seen=known,
    )


def queue_empty(each: Assessment) -> Finding:
    """The leaver's queue is worked off: what is unacknowledged when it leaves costs its return the full MCLT."""
    return _queue(each.me, each.me.name)


def partner_queue_empty(each: Assessment) -> Finding:
    """The same for its partner."""
    return _queue(each.partner, each.me.name)


def _ssh(server: ServerAssessment) -> Finding:
    name, channel = server.name, server.view.ssh
    asked, observed = f"{name} is reachable over SSH", f"{name}: SSH {channel.detail or channel.link.value}"
    if server.view.local:
        asked, observed = f"{name} is where the console runs", f"{name}: {channel.detail or 'asked without SSH'}"
    tried = channel.link is not Link.CONNECTING
    return Finding(asked, observed, channel.ok, "console", pending=not tried, seen=tried)


def ssh(each: Assessment) -> Finding:
    """The acting server can be looked into."""
    return _ssh(each.me)


def partner_ssh(each: Assessment) -> Finding:
    """The partner can be looked into."""
    return _ssh(each.partner)


def clocks(each: Assessment) -> Finding:
    """Both clocks were read and agree well enough for dhcpd to keep its link."""
    asked = f"clocks agree within {CLOCK_LIMIT_SECONDS:.0f} s"
    mine, theirs = (fresh(one.view.clock, each.now, CLOCK_SECONDS) for one in (each.me, each.partner))
    if mine is None or theirs is None:
        observed, coming = "the clocks have not been read yet", True
        for view in (each.me.view, each.partner.view):
            if view.clock_note or view.ssh.link is Link.FAILED:
                why = view.clock_note if view.ssh.ok else view.ssh.detail
                observed, coming = f"{view.name}'s clock cannot be read ({why})", False
                break
        return Finding(asked, observed, False, "console", pending=coming, seen=False)
    offset = theirs.value.seconds - mine.value.seconds
    observed = f"{each.partner.name}'s clock is {offset:+.1f} s from {each.me.name}'s"
    ok = abs(offset) <= CLOCK_LIMIT_SECONDS
    return Finding(asked, observed, ok, "SSH", max(mine.age(each.now), theirs.age(each.now)))


def clocks_close(each: Assessment) -> Finding:
    """Both clocks were read and agree as well as each restart wants it: what a later step asks is asked first."""
    found = clocks(each)
    if not found.ok or each.skew is None:
        return found
    close = abs(each.skew) <= CLOCK_CLOSE_SECONDS
    observed = found.observed if close else f"{found.observed}: set it right first, no server is restarted before"
    return replace(found, asked=f"clocks agree within {CLOCK_CLOSE_SECONDS:.0f} s", observed=observed, ok=close)


def clocks_if_known(each: Assessment) -> Finding:
    """Both clocks agree, unless the partner's cannot be read: then it has no say."""
    if each.partner.view.ssh.ok:
        return clocks(each)
    return _unread("clocks agree", f"{each.partner.name}'s clock cannot be read")


def process_gone(each: Assessment) -> Finding:
    """The acting server's own dhcpd is proven gone; judged by what is held, never by the unit or a name."""
    name = each.me.name
    asked = f"{name}'s dhcpd is not running"
    found = proof(each.me.view, each.now)
    if found.gone is Gone.UNSEEN:
        why = each.me.view.process_note or each.me.view.ssh.detail or "not yet"
        observed, to_come = f"{name}: its processes cannot be looked at ({why})", why == "not yet"
        return Finding(asked, observed, False, "console", pending=to_come, seen=False)
    return _judged(found, asked, name, {Gone.UNPROVEN})  # with a port of it taken it would not come up as it should


def start_order(each: Assessment) -> Finding:
    """A server that was declared down starts only while its survivor is there to resynchronise it."""
    name, partner = each.me.name, each.partner.view
    lockout, live = marker_on(partner), each.partner.live
    asked, by = f"{name} would not start unsynchronised", f"files on {partner.name}"
    if lockout is not None:
        sentence = f"{name} was declared down by {lockout.by} ({day_clock(lockout.since, each.now.wall)} UTC)"
        if live:
            return Finding(asked, f"{sentence}; {partner.name} answers and will resynchronise it", True, by)
        return Finding(asked, f"{sentence} and {partner.name} does not answer: start {partner.name} first", False, by)
    if not live and (word := took_over(each.partner, each.me)):
        return _took_over(each, asked, word)
    if why := _lockout_unseen(each):
        return _perhaps_declared_down(each, asked, why)
    if live:
        return Finding(asked, f"no lock-out for {name} on {partner.name}", True, by)
    word = last_word(each.partner)
    last = f"{partner.name} was last in {word.state.word if word else '?'} ({word.source if word else '?'})"
    return Finding(asked, f"{last}; no lock-out for {name} on it", word is not None, by, seen=word is not None)


def _took_over(each: Assessment, asked: str, word: LastWord) -> Finding:
    """Its partner has left word of a partner-down and does not answer: it knows what was given out meanwhile."""
    name, other = each.me.name, each.partner.name
    since = f" since {day_clock(word.since, each.partner.time)} UTC" if word.since else ""
    sentence = f"{other} was last in partner-down ({word.source}{since}) and does not answer"
    mine, by = last_word(each.me), f"{word.source} of {other}"
    if mine and mine.state is _S.PARTNER_DOWN:  # each declared the other one down: one of them must come first
        return Finding(asked, f"{sentence}; so was {name}", False, by, sentence=f"I know that {name} served last")
    return Finding(asked, f"{sentence}: start {other} first, it knows what was given out", False, by)


def _lockout_unseen(each: Assessment) -> str:
    """Why it is not known whether it was declared down; empty where all that tells of it was looked at recently."""
    view = each.partner.view
    if not view.ssh.ok:
        return f"{view.name} is not reached: {view.ssh.detail or view.ssh.link.value}"
    if (lock_files := fresh(view.lock_files, each.now, SIGHTING_SECONDS)) is None:
        return (view.lock_files.value.unread if view.lock_files else "") or view.process_note or "not looked at yet"
    if why := lock_files.value.unread or strange_marker(view):
        return why
    if each.partner.live or (read_since(view) and last_word(each.partner)):
        return ""
    return view.recorded_note or f"what {view.name} wrote down last is not read yet"


def _perhaps_declared_down(each: Assessment, asked: str, why: str) -> Finding:
    """That it was not is not seen: no matter where the partner will resynchronise it, pending, or else sworn to."""
    name, partner = each.me.name, each.partner.view
    sentence, by = f"whether {name} was declared down is not seen ({why})", f"files on {partner.name}"
    if each.partner.live:
        observed = f"{sentence}; {partner.name} answers and will resynchronise it"
        return Finding(asked, observed, False, by, seen=False, matters=False)
    unread = partner.lock_files is not None and (partner.lock_files.value.unread or strange_marker(partner))
    never = partner.process_note or partner.recorded_note or unread
    if partner.ssh.link is Link.CONNECTING or (partner.ssh.ok and not never):
        return Finding(asked, sentence, False, by, pending=True, seen=False)
    return Finding(asked, sentence, False, by, sentence=f"I know that {name} was not declared down", seen=False)


_BOTH_ALONE = {
    (_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN),
    (_S.PARTNER_DOWN, _S.COMMUNICATIONS_INTERRUPTED),
    (_S.PARTNER_DOWN, _S.PARTNER_DOWN),
}
"""What a stopped server wrote down last, and its partner's state now: when they meet they compare their leases."""


def start_warnings(each: Assessment) -> list[str]:
    """What will happen when the acting server starts."""
    name, other = each.me.name, each.partner.name
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


def hear_each_other(each: Assessment) -> Finding:
    """Unless the partner serves for both already: the two hear each other, so that they can go back together."""
    me, partner = each.me, each.partner
    name, other = me.name, partner.name
    asked = f"{name} and {other} hear each other"
    if me.state is None or partner.state is None:
        return Finding(asked, "it takes two servers that answer", False, "console", seen=False)
    if me.state is _S.SHUTDOWN and partner.state is _S.PARTNER_DOWN:
        return Finding(asked, f"{other} has heard that {name} is in shutdown", True, f"OMAPI of {other}")
    by = f"OMAPI of {name} and {other}"
    for one, two in ((me, partner), (partner, me)):
        heard = one.status.partner_state if one.status else None
        if heard is not two.state:
            observed = (
                f"{one.name} has recorded {two.name} as {heard.word if heard else 'nothing known'}, and it reads"
                f" {two.state.word if two.state else '?'}: mend the link between the two first"
            )
            return Finding(asked, observed, False, by)
    if return_path(me.state, partner.state) is None and me.state in OUT_OF_SERVICE:
        observed = f"{other} does not take over from {name}: mend the link between the two first"
        return Finding(asked, observed, False, by)
    tables = [table for one in (me, partner) if (table := fresh(one.view.sockets, each.now, LINK_SECONDS))]
    if any(not table.value.established for table in tables):
        observed = "there is no failover connection between the two: mend the link first"
        return Finding(asked, observed, False, "socket tables", max(table.age(each.now) for table in tables))
    return Finding(asked, "each has recorded the other's state as it is", True, by)


def way_back_warnings(each: Assessment) -> list[str]:
    """How long it takes until the acting server answers clients, and who does meanwhile."""
    name, other = each.me.name, each.partner.name
    mclt = max((one.status.mclt_seconds if one.status else 0) for one in (each.me, each.partner))
    wait = f"the MCLT ({age(mclt)})"
    match return_path(each.me.state, each.partner.state):
        case ReturnPath.BY_SHUTDOWN:
            return [
                f"If updates were unacknowledged when it was paused, {name} waits out {wait}; {other} serves meanwhile."
            ]
        case ReturnPath.TOGETHER:
            return [
                f"Nobody serves now. Both are normal within seconds; if one loses the link meanwhile, after {wait}."
            ]
        case ReturnPath.JOIN:
            return [f"Nobody serves now. Both are normal within seconds, or once {other} has waited out {wait}."]
        case _:
            return []
