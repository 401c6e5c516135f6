"""What now: the one thing to do, in one or two sentences. Names an action only where the guards would allow it.

Pure and total. The questions stand in the order in which they matter at 3 a.m.; the first one that has an answer gives
it. On a terminal of 80 columns an advice has two rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dhcptui.assess.advice_pools import enlarge
from dhcptui.assess.assessment import Assessment, PairMember
from dhcptui.assess.cannot_start import in_the_way
from dhcptui.assess.delayed_start import to_come, when
from dhcptui.assess.diagnosis import diagnose
from dhcptui.assess.evidence import hear_each_other
from dhcptui.assess.guards import judge
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.signs import Probable
from dhcptui.assess.interrupted import (
    RESCUE,
    SYNC,
    exiting,
    interrupted_run,
    lock_held,
    lock_of_gone,
    sync_record,
    unmarked,
)
from dhcptui.assess.links import matrix
from dhcptui.assess.loading import loading, loading_words
from dhcptui.assess.pool_exhausted import shortage
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.assess.role_mismatch import RoleMismatch, role_mismatch
from dhcptui.assess.space import missing
from dhcptui.assess.states_overlap import contradicting, just_changed, just_heard, overlap_seconds, together
from dhcptui.assess.stopped_last import stopped_last
from dhcptui.assess.stuck import stuck
from dhcptui.assess.unnoticed import unnoticed
from dhcptui.assess.visibility import ServerAssessment, Visibility
from dhcptui.assess.waiting import SetBack, set_back
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.sentence import On, Sentence, in_keys
from dhcptui.model.states import CONFLICT, REBUILDING, FailoverState
from dhcptui.model.words import age, clock, joined, span

_S, _A, _I = FailoverState, Action, IncidentId
Advice = Sentence
"""Words, and in their midst the actions whose keys belong there."""
MOST_LETTERS = 140
"""What two rows of a narrow terminal hold, with a word to spare at the end of the first."""
COMPARE = "Compare the failover peer blocks of both: name, role, addresses, ports, mclt. Then restart the wrong one."
APART_SECONDS = 8.0
"""Two that are on their way to each other may be seen out of contact for a moment."""


@dataclass(frozen=True, slots=True)
class _Case(Assessment):
    """Both servers, and the incidents that are named."""

    named: Mapping[IncidentId, Probable]

    def may(self, action: Action, each: ServerAssessment) -> bool:
        """Whether the guards allow it now."""
        return judge(action, self.seen_from(each.role)).allowed

    def bring_up(self, each: ServerAssessment) -> Advice:
        """How a server comes back, without a full stop."""
        if self.may(_A.START, each):
            return _A.START, On(each.name), f" brings {each.name} up"
        if each.gone:
            if missing(each.view, self.now):
                return (f"Put back the lease file of {each.name}, and start it",)
            return (f"Start {each.name} again",)
        return (f"Find out why {each.name} {short(each)}",)

    def weighs(self, id_: IncidentId) -> bool:
        """Whether this incident is named, and is more than a note."""
        return id_ in self.named and self.named[id_].weight > Weight.NOTE

    def blamed(self, id_: IncidentId) -> PairMember | None:
        """The first server whose words speak for a named incident."""
        servers = [item.server for item in self.named[id_].evidence] if self.weighs(id_) else []
        for name in servers:
            for each in self.servers:
                if each.name == name:
                    return each
        return None


def short(each: ServerAssessment) -> str:
    """One server in a few words that follow its name, and why it is so."""
    if each.gone:
        return f"{brief(each)} (dhcpd not running)"
    if each.visibility is Visibility.SILENT and each.stopped:
        return f"{brief(each)} (dhcpd process suspended)"
    if loading(each) and (words := loading_words(each)):
        return f"{brief(each)}, {words}"
    return brief(each)


def brief(each: ServerAssessment) -> str:
    """The same without the reason."""
    if each.silenced and each.state is not None:
        return f"reads {each.state.word} but answers nobody"
    if each.state is _S.SHUTDOWN and each.status and each.status.partner_state is _S.PARTNER_DOWN:
        return "has handed over"
    if each.state is not None:
        words = {
            _S.RECOVER: "fetches the lease database",
            _S.RECOVER_WAIT: "waits out the MCLT",
            _S.RECOVER_DONE: "is back in sync",
            _S.STARTUP: "is starting",
        }
        return words.get(each.state, f"is in {each.state.word}")
    match each.visibility:
        case Visibility.DOWN:
            return "is down"
        case Visibility.SILENT:
            if each.stopped:
                return "is stopped"
            if loading(each):
                return "is reading its lease file"
            return "does not tell its state" if each.view.omapi.detail else "does not answer"
        case Visibility.UNREACHABLE:
            return "cannot be reached"
        case _:
            return "is being contacted"


def advise(pair: Assessment, named: Mapping[IncidentId, Probable]) -> Advice:
    """What now, for a pair of which these incidents were named."""
    case = _Case(pair.snapshot, pair.now, pair.me, pair.partner, named)
    questions: tuple[Callable[[_Case], Advice | None], ...] = (
        _mixed_up, _others_act, _crossed, _exiting, _half_way, _sorting_out, _cannot_write, _refused, _wrong_one, _will_start, _loading, _alone, _silenced, _both_down, _rebuilding,
        _named, _starting, _unseen, _shut, _out_of_contact, _healthy, _none_answers,
    )  # fmt: skip
    found = (advice for ask in questions if (advice := ask(case)))
    return next(found, ("Look at the logs of both servers.",))


def _mixed_up(case: _Case) -> Advice | None:
    """No key works before the roles are as configured: what to mend, and where."""
    one, two = case.primary.name, case.secondary.name
    match role_mismatch(case):
        case None:
            return None
        case RoleMismatch.SWAPPED:
            return (
                f"Exchange {one} and {two} in our configuration: {two} is the primary. No action is allowed before.",
            )
        case RoleMismatch.ONE_SERVER:
            return (
                f"Correct host and port of {two} in our configuration: they lead to {one}. No action is allowed before.",
            )
        case RoleMismatch.ALIKE:
            return (
                "Compare the failover peer blocks of both dhcpd.conf: one must be primary, one secondary."
                " Restart the wrong one.",
            )
        case _:
            return (
                "Compare the failover peer blocks with our configuration: the servers are swapped in it, or one stands twice.",
            )


def _others_act(case: _Case) -> Advice | None:
    """Somebody else is at work, or has just died at it: every action is refused until the lock counts no more."""
    gone = lock_of_gone(case.snapshot, case.now)
    held = lock_held(case.snapshot, case.now) or gone
    if held is None:
        return None
    view, lock = held
    left = max(0.0, lock.expires - view.server_time(case.now))
    if held is gone:
        if advice := _exiting(case):
            return advice
        return (
            f"Wait: the {lock.action} of {lock.owner}@{lock.host} stopped half-way. Its lock ends in {left:.0f} s,"
            " and the way on is told then.",
        )
    who, what = f"{lock.owner}@{lock.host}", f"{lock.action} ({lock.step})" if lock.step else lock.action
    ways = (
        f"Wait: {who} runs {what}. If that console is gone, its lock ends in {left:.0f} s, and the way on is told then.",
        f"Wait: {who} runs {lock.action}. If it is gone, its lock ends in {left:.0f} s, and the way on is told then.",
        f"Wait: somebody else runs {lock.action}.",
    )
    return (next((way for way in ways if len(way) <= MOST_LETTERS), ways[-1]),)


def _exiting(case: _Case) -> Advice | None:
    """A dhcpd that is silent because it was told to exit: nothing is to be found out, only to be waited for."""
    run = exiting(case)
    if run is None or run.role is None:
        return None
    me, other = case.servers if case.primary.role is run.role else (case.secondary, case.primary)
    serves = f" {other.name} serves meanwhile." if other.serving else ""
    return (f"Wait: {me.name}'s dhcpd has been told to exit, which takes it up to about 17 s.{serves}",)


def _crossed(case: _Case) -> Advice | None:
    """Names of relationships that are exchanged: waiting mends nothing, and correcting both crosses them again."""
    if not case.weighs(_I.NAMES_CROSSED):
        return None
    name = case.secondary.name
    return (
        f"The names of two relationships are crossed. Exchange them on {name} only, then restart its dhcpd; see lint.",
    )


def _half_way(case: _Case) -> Advice | None:
    """An action stopped half-way, and a key goes on from there: whatever the states say, it is so because of that run."""
    run = interrupted_run(case)
    if run is None:
        return None
    acting = next((each for each in case.servers if each.role is run.role), None)
    if run.action == SYNC and sync_record(case.snapshot, case.now) and case.may(_A.SYNC_RESTART, case.primary):
        return (f"{run.action} of {run.by} stopped half-way. ", _A.SYNC_RESTART, " goes on with it or rolls it back.")
    if acting is None:
        return None
    if run.action == RESCUE and case.may(_A.RESCUE, acting) and acting.gone:
        return (
            _A.RESCUE,
            On(acting.name),
            f" goes on with the rescue that {run.by} left: {acting.name} is stopped, nobody serves.",
        )
    if unmarked(case) is run.role and case.may(_A.PARTNER_DOWN, acting):
        other = case.secondary if acting is case.primary else case.primary
        return (
            _A.PARTNER_DOWN,
            On(acting.name),
            f" leaves the marker that {run.by} did not: {other.name} must not start alone.",
        )
    if run.action == _A.SHUTDOWN.value and case.may(_A.SHUTDOWN, acting) and case.may(_A.TAKE_BACK, acting):
        begin = f"The shutdown of {run.by} stopped half-way: {acting.name} has handed over. "
        on = On(acting.name)
        return begin, _A.SHUTDOWN, on, " goes on with it, ", _A.TAKE_BACK, on, " takes it back."
    return None


def _sorting_out(case: _Case) -> Advice | None:
    """Conflict resolution, or two that contradict each other until they meet."""
    for each, other in case.sides:
        if each.state is _S.RESOLUTION_INTERRUPTED and other.lost:
            back = case.bring_up(other)
            return (
                *back,
                f": {each.name} serves nobody until both have sorted out their leases. Write no state now.",
            )
    if any(each.state in CONFLICT for each in case.servers):
        return ("Wait: the servers are resolving conflicts and end in normal by themselves. Write no state now.",)
    if not contradicting(case.primary.state, case.secondary.state):
        return None
    if not together(*case.servers):
        return ("Wait a moment: the two are changing their states.",)
    return ("Mend the link between them. When they meet they compare their leases, and serve nobody for seconds.",)


def _cannot_write(case: _Case) -> Advice | None:
    """A lease file that cannot be written: space or rights come first."""
    if (each := case.blamed(_I.LEASE_FILE_UNWRITABLE)) is None:
        return None
    if missing(each.view, case.now):
        return (_lost_file(each),)
    begin = f"Free space below {each.name}'s lease file, or mend its rights; then "
    if case.may(_A.START, each):
        return begin, _A.START, On(each.name), " brings it up."
    return (begin + "restart its dhcpd by hand.",)


def _lost_file(each: ServerAssessment) -> str:
    """No lease file where it is looked for: it was deleted under its dhcpd, which has it open, or it lies elsewhere."""
    name = each.name
    return f"Do not stop {name}'s dhcpd: no file at `leases`. Mend that path; or copy the file back from /proc/PID/fd, then restart."


def _refused(case: _Case) -> Advice | None:
    """A dhcpd that ended over its own configuration."""
    for id_ in (_I.CONFIGURATIONS_MISFIT, _I.NAME_AS_ADDRESS):
        each = case.blamed(id_)
        if each is not None and each.gone:
            what = "write an address for the name in" if id_ is _I.NAME_AS_ADDRESS else "mend"
            begin = f"{each.name}'s dhcpd refuses its configuration: {what} it, test with dhcpd -t; then "
            up = begin, _A.START, On(each.name), " brings it up."
            return up if case.may(_A.START, each) else (begin + "start it.",)
    each = case.blamed(_I.CANNOT_START)
    if each is not None and each.gone:
        return _in_the_way(case, each)
    if case.weighs(_I.CONFIGURATIONS_MISFIT) and Visibility.SILENT in {
        case.primary.visibility,
        case.secondary.visibility,
    }:
        return (COMPARE,)
    return None


def _in_the_way(case: _Case, each: PairMember) -> Advice:
    """What keeps a dhcpd from starting, as its log says it."""
    what = in_the_way(each.why_not({_I.CANNOT_START}))
    name = each.name
    ways = (f"{name}'s dhcpd does not start: {what}", f"{name}'s dhcpd does not start: its log says why")
    begin = next(way for way in ways if len(way) <= MOST_LETTERS - len(". Then U brings it up.") or way is ways[-1])
    return (begin + ". Then ", _A.START, On(name), " brings it up.") if case.may(_A.START, each) else (begin + ".",)


def _wrong_one(case: _Case) -> Advice | None:
    """The server that was in partner-down comes first."""
    if not case.weighs(_I.DECLARED_DOWN):
        return None
    for remedy in case.named[_I.DECLARED_DOWN].remedies:
        holder, other = case.snapshot[remedy.acting].name, case.snapshot[remedy.acting.other].name
        known = f" brings {holder} up first: it knows what was given out while {other} was declared down."
        return _and_starts(case, (remedy.action, On(holder), known))
    return None


def _will_start(case: _Case) -> Advice | None:
    """A server's own timer will bring it up: nobody need be in a hurry, and nobody be surprised."""
    for each, other in case.sides:
        start = to_come(each.view, case.now)
        if each.visibility is not Visibility.DOWN or start is None:
            continue
        last = stopped_last(*case.servers)
        if other.gone and last and last.server is other:
            return None  # that one comes first
        begins = f"{each.name} starts by itself {when(start, each.time)}"
        tail: Advice = (". `dhcptui do start --cancel` takes that off.",)
        if case.may(_A.START, each):
            tail = ". ", _A.START, On(each.name), " starts it now or cancels that."
        ways: tuple[Advice, ...] = (
            (f"{begins} by its clock (asked by {start.by})", *tail),
            (f"{begins} by its clock", *tail),
            (begins, *tail),
        )
        return next((way for way in ways if _letters(way) <= MOST_LETTERS), ways[-1])
    return None


def _and_starts(case: _Case, advice: Advice) -> Advice:
    """The same, with what will start by itself, where there is room for it."""
    for each in case.servers:
        start = to_come(each.view, case.now)
        if each.gone and start is not None:
            more = f" {each.name} starts by itself {when(start, each.time)}."
            return (*advice, more) if _letters((*advice, more)) <= MOST_LETTERS else advice
    return advice


def _letters(advice: Advice) -> int:
    """How long it is, with a key of one letter for each action."""
    return len(in_keys(advice, lambda _: "K"))


def _alone(case: _Case) -> Advice | None:
    """One server answers the console, the other one does not."""
    for each, other in case.sides:
        if not each.live or not other.lost:
            continue
        name = each.name
        if each.silenced and just_heard(each):
            return (f"Wait a moment: {other.name} has just told {name} its state, and is starting.",)
        start = case.bring_up(other)
        if waits := unnoticed(each, other):
            return *start, f". {name} notices by {waits.by}, and can take over all addresses only then."
        if case.may(_A.RESCUE, each):
            return *start, ". If it cannot come back, ", _A.RESCUE, On(name), f" (rescue) makes {name} serve again."
        if each.state is _S.STARTUP:
            return *start, f". {name} is starting: within 15 s it goes on by what its lease file says."
        if case.may(_A.PARTNER_DOWN, each):
            end = (
                "makes it serve alone"
                if each.state in {*REBUILDING, *OUT_OF_SERVICE}
                else "lets it take over all addresses"
            )
            return (
                *start,
                ". If it stays away for long, ",
                _A.PARTNER_DOWN,
                On(name, said=True),
                f" (partner-down) {end}.",
            )
        if each.state is _S.PARTNER_DOWN and each.serving:
            return *start, f". Coming back it resynchronises before it serves; until then {name} serves alone."
        return *start, "."
    return None


def _silenced(case: _Case) -> Advice | None:
    """A server whose living partner is in partner-down answers nobody until that one has left it."""
    for each, other in case.sides:
        if each.silenced and other.live:
            return (f"Wait until {other.name} has left partner-down; {each.name} answers nobody before.",)
    return None


def _both_down(case: _Case) -> Advice | None:
    """Both are stopped: which one first."""
    if not all(each.gone for each in case.servers):
        return None
    last = stopped_last(*case.servers)
    if last is None:
        return ("Start the server that was stopped last; it knows most. Then start the other one.",)
    first, other = last.server, case.secondary if last.server is case.primary else case.primary
    if not case.may(_A.START, first):
        sentence = f"Start {first.name} first: it was the last to serve. Then start {other.name}."
        return _and_starts(case, (sentence,))
    up = f" brings {first.name} up first: it was the last to serve. Then start {other.name}."
    return _and_starts(case, (_A.START, On(first.name), up))


def _rebuilding(case: _Case) -> Advice | None:
    """A server on its way back: whether waiting helps."""
    for each, other in case.sides:
        if each.state not in REBUILDING:
            continue
        if wait := set_back(each, other.view):
            return _clock_set(each, wait)
        serves = f" {other.name} serves meanwhile." if other.serving else ""
        if apart := _apart(case, serves, f"{each.name} does not hear {other.name}"):
            return apart
        if other.serving:
            name = other.name
            return (f"Wait: {each.name} resynchronises and goes back to normal by itself. {name} serves meanwhile.",)
        if other.state in REBUILDING:
            if found := stuck(*case.servers):
                name = found.server.name
                return (f"Restart {name}'s dhcpd: its recover has not moved for {age(found.seconds)}; {found.seen}.",)
            return ("Wait: both exchange their leases and go to normal by themselves. Never empty both lease files.",)
    return None


def _clock_set(each: ServerAssessment, wait: SetBack) -> Advice:
    """A wait that a clock has made longer: until when it lasts by that clock, and what ends it in time."""
    name, until, left = each.name, clock(wait.ends), span(wait.remaining_seconds)
    if not wait.behind_seconds:
        return (f"Wait until {until} by {name}'s clock ({left}): it ran ahead when its last state began.",)
    ways = (
        f"Set {name}'s clock right: it was set back, so its wait lasts until {until} by it ({left}). Set right, it ends in time.",
        f"Set {name}'s clock right: set back, it makes the wait last until {until} ({left}).",
    )
    return (next((way for way in ways if len(way) <= MOST_LETTERS), ways[-1]),)


def _named(case: _Case) -> Advice | None:
    """A host name where an address belongs."""
    each = case.blamed(_I.NAME_AS_ADDRESS)
    if each is None or not each.live or each.state is _S.NORMAL:
        return None
    return (f"Write an address for the host name in {each.name}'s dhcpd.conf, then restart its dhcpd by hand.",)


def _starting(case: _Case) -> Advice | None:
    """A start that looks for its partner, for 15 s at most."""
    starting = [each for each in case.servers if each.state is _S.STARTUP]
    if len(starting) == 2:
        return ("Wait: both are starting and serve again within 15 s. Do not restart them meanwhile.",)
    if starting:
        return (f"Wait: {starting[0].name} is starting and looks for its partner for up to 15 s.",)
    return None


def _loading(case: _Case) -> Advice | None:
    """A dhcpd that reads its lease file: a restart would make it begin anew."""
    busy = [each for each in case.servers if loading(each)]
    if not busy:
        return None
    names = joined(each.name for each in busy)
    verb, they = ("answer", "they have") if len(busy) == 2 else ("answers", "it has")
    return (f"Wait: {names} {verb} once {they} read all leases. Do not restart dhcpd meanwhile: it would begin anew.",)


def _shut(case: _Case) -> Advice | None:
    """A server that was told to stop serving: whoever did it must take it back."""
    for off, on in case.sides:
        if off.state not in {_S.SHUTDOWN, _S.PAUSED, _S.UNKNOWN}:
            continue
        name, other = off.name, on.name
        if off.state is _S.SHUTDOWN and case.may(_A.TAKE_BACK, off):
            return (
                f"{name} has handed over to {other}; its dhcpd still runs. ",
                _A.TAKE_BACK,
                On(name),
                " takes its clients back.",
            )
        if case.may(_A.TAKE_BACK, off):
            if on.serving:
                return (
                    f"{name} stays in {off.state.word}, no restart ends it; {other} serves meanwhile. ",
                    _A.TAKE_BACK,
                    On(name),
                    f" makes {name} serve its half again.",
                )
            return (
                "Nobody serves, and no restart ends that. ",
                _A.TAKE_BACK,
                On(name),
                f" makes {name} and {other} serve again.",
            )
        if not hear_each_other(case.seen_from(off.role)).holds:
            if any(just_changed(each) for each in case.servers):
                return ("Wait a moment: the two are changing their states.",)
            return (f"Mend the link between the two, then take {name} back: it stays in {off.state.word} till then.",)
        serves = f"{other} serves meanwhile." if on.serving else "Nobody serves now."
        begin = f"{name} stays in {off.state.word} until somebody sets another state; no restart ends it."
        return (f"{begin} See its log for who did it. {serves}",)
    return None


def _out_of_contact(case: _Case) -> Advice | None:
    """Both serve and do not hear each other."""
    states = {case.primary.state, case.secondary.state}
    if _S.COMMUNICATIONS_INTERRUPTED not in states or not states <= {_S.COMMUNICATIONS_INTERRUPTED, _S.NORMAL}:
        return None
    end = " Both live: not a case for partner-down."
    if advice := _trouble(case, end):
        return advice
    begin = "Both run but do not hear each other: check the failover port between them and both clocks."
    return (begin + " Not a case for partner-down.",)


def _trouble(case: _Case, end: str) -> Advice | None:
    """What keeps two that run from meeting, where that is known, and what to do about it; then `end`, where it fits."""
    if case.weighs(_I.CLOCKS_DISAGREE):
        return _fit("Set the clocks right, best by NTP: the link comes back by itself.", end)
    found = diagnose(matrix(case))
    if found.incident is _I.CONFIGURATIONS_MISFIT or (
        found.incident is not _I.LINK_BLOCKED and case.weighs(_I.CONFIGURATIONS_MISFIT)
    ):
        look = found.look_at if found.incident is _I.CONFIGURATIONS_MISFIT else ""
        return _fit(look + " Then restart the wrong one." if look else COMPARE, end)
    return _fit(found.look_at, end) if found.look_at and found.incident is _I.LINK_BLOCKED else None


def _apart(case: _Case, end: str, deaf: str) -> Advice | None:
    """The same for a server on its way back: None while nothing is known to be wrong, or that is too new to last."""
    lasted = overlap_seconds(*case.servers)
    if lasted is not None and lasted < APART_SECONDS:
        return None
    if not any(
        case.weighs(id_) for id_ in (_I.CLOCKS_DISAGREE, _I.CONFIGURATIONS_MISFIT, _I.LINK_BLOCKED, _I.NAME_AS_ADDRESS)
    ):
        return None
    if named := _named(case):
        return named
    return _trouble(case, end) or _fit(f"Mend the link between the two: {deaf}, and waits for it.", end)


def _fit(sentence: str, more: str) -> Advice:
    return (sentence + more if len(sentence + more) <= MOST_LETTERS else sentence,)


def _healthy(case: _Case) -> Advice | None:
    """Both normal: pools, updates, clocks, or nothing to do."""
    if not case.healthy:
        return None
    restart = case.may(_A.SYNC_RESTART, case.primary)
    found = shortage(case)
    if found and (found.critical or not (case.weighs(_I.POOLS_UNBALANCED) or case.weighs(_I.UPDATES_REJECTED))):
        return enlarge(found, case, restart, MOST_LETTERS)
    if case.weighs(_I.BOTH_DATABASES_LOST):
        return (
            "Both forgot every lease; a client is known again when it renews. Watch for addresses in use twice till then.",
        )
    if case.weighs(_I.POOLS_UNBALANCED) and restart:
        return (
            "Compare pools and ranges of both. ",
            _A.SYNC_RESTART,
            " (sync + restart) sets the balancing going again.",
        )
    if case.weighs(_I.UPDATES_REJECTED) and restart:
        return (
            "Make the ranges of both configurations equal: ",
            _A.SYNC_RESTART,
            " (sync + restart) copies and restarts.",
        )
    if case.weighs(_I.CLOCKS_DISAGREE):
        return ("Set the clocks right, best by NTP: above 60 s dhcpd refuses to connect again.",)
    if not any(case.may(_A.SHUTDOWN, each) for each in case.servers):
        return ("Nothing to do.",)
    begin = "Nothing to do. If one server must stop for a while, use "
    return begin, _A.SHUTDOWN, " (clean shutdown): its partner takes over at once."


def _unseen(case: _Case) -> Advice | None:
    """Servers that have not been contacted yet."""
    if any(each.visibility is Visibility.UNSEEN for each in case.servers):
        return ("Wait a moment: the servers are being contacted.",)
    return None


def _none_answers(case: _Case) -> Advice | None:
    """Neither tells its state; at most one is proven to be down."""
    for each, other in case.sides:
        if each.gone:
            if not case.may(_A.START, each):
                return (f"Find out why {other.name} {short(other)}, and start {each.name} again.",)
            return *case.bring_up(each), f". Then find out why {other.name} {short(other)}."
    if all(each.visibility is Visibility.UNREACHABLE for each in case.servers):
        for each, _ in case.sides:
            if each.view.ssh.advice:
                return (_told(each, each.view.ssh.advice),)
        return ("Look at the console's own network first, then at both hosts.",)
    for each, _ in case.sides:
        if told_by := each.view.omapi.advice or each.view.ssh.advice:
            return (_told(each, told_by),)
    return (f"Find out why {case.primary.name} {short(case.primary)}, and {case.secondary.name} too.",)


def _told(each: ServerAssessment, advice: str) -> str:
    """What a failed connection advises, as a sentence."""
    return f"{each.name}: {advice.rstrip('.')}."
