"""docs/witnesses.md: for each sentence that the console can say, who carries it, and what is said without that witness.

What can be said is taken from the code: the texts of headline.py, the questions behind "what now", the incidents, the
checks of the guards, the causes of the reachability matrix, the kinds of the report. tests/unit/test_witnesses.py fails
when one of them has no row here, or a row has lost its sentence.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import ModuleType

from dhcptui.assess import advice, headline, unnoticed
from dhcptui.assess.contradictions import Kind
from dhcptui.assess.diagnosis import Cause
from dhcptui.assess.evidence import ALWAYS
from dhcptui.assess.guards import RESUMED, RULES
from dhcptui.assess.history.service import Span
from dhcptui.assess.history.timeline import EventKind, Source
from dhcptui.assess.incidents.catalogue import INCIDENTS
from dhcptui.assess.not_seen import UNSEEN
from dhcptui.assess.visibility import Visibility

SLOT = "…"


class Witness(Enum):
    """Who has seen something, as it is called on the page; READ_FROM says what it is read from."""

    OMAPI = "OMAPI"
    PARTNER = "its partner's OMAPI"
    PROCESS = "processes"
    LOG = "its log"
    PARTNER_LOG = "its partner's log"
    LEASES = "lease file"
    CLOCK = "clock"
    CONSOLE = "this console"
    REACH = "the servers' own tries"
    CONF = "dhcpd.conf"
    DISK = "free space"
    MARKS = "marks"
    AUDIT = "audit log"


W = Witness
READ_FROM = {
    W.OMAPI: "what dhcpd says of itself, asked every second; older than 1.5 s it looks stale and proves nothing",
    W.PARTNER: "what the other dhcpd has recorded of it; with the time at which it did, by the other one's clock",
    W.PROCESS: "who holds the lease file, the failover port, port 67 and the OMAPI port, looked at over SSH every two seconds",
    W.LOG: "the log that the configuration names, followed over SSH; init script, systemd and kernel are read where they write into it",
    W.PARTNER_LOG: "the other server's log: disconnected, timeout, peer moves",
    W.LEASES: "the last failover records that dhcpd wrote, read over SSH where OMAPI does not answer, and for the past",
    W.CLOCK: "`date` on the server, half the round trip taken out, every few seconds",
    W.CONSOLE: "what this console, or `watch`, saw of a server and when: the only witness of what nobody wrote down",
    W.REACH: "ping, SSH port and failover port, tried from each server towards the other",
    W.CONF: "both servers' dhcpd.conf with its includes",
    W.DISK: "`df` below the lease file, asked over SSH now and then; older than five minutes it is not seen",
    W.MARKS: "locks and lock-outs that consoles leave beside the lease file",
    W.AUDIT: "what this console's operators did",
}


@dataclass(frozen=True, slots=True)
class Row:
    """Sentences of one kind. `said`: their keys in the code; `missing`: what is said without these witnesses."""

    said: tuple[str, ...]
    carried: tuple[Witness, ...]
    missing: str


NOT_KNOWN = "nothing is known"
# fmt: off
HEADLINES: tuple[Row, ...] = (
    Row(("both servers serve", "both servers serve, but out of contact: each from its own half, short leases"), (W.OMAPI,),
        "no state of one: `… serves; … cannot be reached`. Of both: `nothing is known: …`, never `both serve`"),
    Row(("serves alone", "serves from its own half, short leases", "… serves from its half", "…, not noticed yet (will by …): … …"), (W.OMAPI, W.PROCESS, W.REACH),
        "the other one `cannot be reached` or `does not answer`; `not noticed yet` only where two places saw it gone"),
    Row(("both serve",), (W.OMAPI, W.PROCESS), "behind a contradiction; `nobody is seen serving` where neither is seen to"),
    Row(("nobody serves", "nobody serves: "), (W.OMAPI, W.PROCESS),
        "`nobody is seen serving`: one of them could not be asked, and could not be looked into"),
    Row(("nobody is seen serving", "nobody is seen serving: "), (W.CONSOLE, W.OMAPI), "`nothing is known: …`"),
    Row(("not known who serves: ",), (W.CONSOLE, W.OMAPI), "this is what is said until both were read; then who serves, or `nobody is seen serving`"),
    Row(("nothing is known: ", "contacting both servers"), (W.CONSOLE,), "this is what is said without any witness"),
    Row(("… reads … but answers nobody: it recorded its partner as …",), (W.OMAPI,), "the state alone: whether it answers is not known"),
    Row(("…: resolving conflicts", "nobody serves for a moment: the two are changing their states", "…; the two are changing their states"), (W.OMAPI, W.CLOCK),
        "without a clock two states that contradict each other count as one moment: the worse sentence is said"),
    Row(("both servers read partner-down: each gives out the other's addresses",
         "one server reads partner-down while the other serves: addresses may be given out twice"), (W.OMAPI, W.CLOCK),
        "of one that does not answer the lease file is told, with its age"),
    Row(("two servers that may both give out the same addresses: …", "… (…: ……)"), (W.LEASES,), "`does not answer`, without a state"),
    Row(("… serves, and does not know what … gave out: addresses may be given out twice",), (W.MARKS, W.LOG, W.LEASES, W.OMAPI),
        "no mark, no log and no record of a partner-down: only the states are told"),
    Row(("… has no address left for new clients; … …", "… has no address left for new clients", "serves, out of contact"), (W.OMAPI, W.LOG),
        "counters older than 30 s are not used: the refusals in the log speak alone, or nothing is said of pools"),
    Row(("…, but …",), (W.OMAPI, W.LOG, W.CLOCK), "what was not seen adds nothing to the sentence; it is never `well`"),
    Row(("both have lost their leases: addresses in use may be given out again",), (W.OMAPI, W.LOG, W.CONSOLE), "not said: without earlier leases a new pair looks alike"),
    Row(("the pools do not balance",), (W.OMAPI, W.LOG), "not said"),
    Row(("lease updates are rejected",), (W.LOG,), "not said; an unread log is named on the server's panel"),
    Row(("their clocks are far apart",), (W.CLOCK, W.LOG), "a clock that was not read is `not known`; dhcpd's own refusal speaks alone"),
    Row(("… has no lease file in its place", "…; …: what it gives out is not recorded"), (W.LOG, W.DISK, W.OMAPI), "a state refused over OMAPI speaks alone; else not said"),
    Row(("… of … stopped half-way", "… stopped half-way", ", but"), (W.MARKS, W.AUDIT), "not said: without marks and audit log nobody knows of a run"),
    Row(("…; our configuration has … and … swapped", "… …; … is the same server, so who else serves is not seen", "serves nobody",
         "both servers serve as …, from one half: addresses may be given out twice", "…; both say they are …", "…; … says it is …"), (W.OMAPI,),
        "a server that does not answer has no role to compare: not said"),
)
ADVICE: tuple[Row, ...] = (
    Row(("_mixed_up",), (W.OMAPI,), "the next question is asked"),
    Row(("_others_act", "_half_way"), (W.MARKS, W.AUDIT), "without marks nobody is known to be at work: the plan says which server has none"),
    Row(("_exiting",), (W.MARKS, W.AUDIT, W.OMAPI), "it `does not answer`: that it was told to exit is not known without marks and audit log"),
    Row(("_crossed",), (W.LOG,), "compare the failover peer blocks; `dhcptui lint` reads them"),
    Row(("_sorting_out",), (W.OMAPI, W.CLOCK), "without a clock: as if both states were of one moment"),
    Row(("_cannot_write",), (W.LOG, W.DISK, W.OMAPI), "the server is `down` or `does not answer`: start it, look at its log"),
    Row(("_refused",), (W.LOG, W.PROCESS), "bring it up; the start itself then tells dhcpd's first complaint"),
    Row(("_wrong_one",), (W.MARKS, W.LOG, W.LEASES), "the guard of `start` wants a sentence, since nobody saw that it was not declared down"),
    Row(("_will_start",), (W.MARKS,), "a server that is down, as without one: whether a start is scheduled is told only where its mark was read"),
    Row(("_loading",), (W.PROCESS, W.DISK), "`does not tell its state`: that dhcpd works takes two looks at its CPU time, and how large its lease file is the size of that"),
    Row(("_alone", "_silenced", "_both_down"), (W.OMAPI, W.PROCESS, W.REACH, W.LEASES), "`Find out why …`: an action is named only where its guard allows it"),
    Row(("_rebuilding",), (W.OMAPI, W.CLOCK, W.LEASES, W.REACH, W.LOG), "without tries and log the states alone tell that the two are apart; without the clock no word of one that was set back; without the lease files a full queue is not called stuck"),
    Row(("_named",), (W.LOG,), "the next question is asked"),
    Row(("_starting", "_shut"), (W.OMAPI,), "the next question is asked"),
    Row(("_out_of_contact",), (W.REACH, W.CLOCK, W.LOG, W.CONF), "`check the failover port between them and both clocks`: no cause is named"),
    Row(("_healthy",), (W.OMAPI, W.LOG, W.CLOCK), "`Nothing to do.` only where both answer and are normal"),
    Row(("_unseen", "_none_answers"), (W.CONSOLE,), "what the failed connection itself advises"),
)
INCIDENT_ROWS: tuple[Row, ...] = (
    Row(("I-1", "I-2", "I-11", "I-23"), (W.OMAPI, W.LOG), "counters older than 30 s do not count: named by the lines of the log alone, or not"),
    Row(("I-3", "I-4", "I-10", "I-12", "I-21"), (W.OMAPI, W.LOG), "of a server that does not answer only the past is told, as a note"),
    Row(("I-5",), (W.CLOCK, W.LOG), "named by dhcpd's refusal alone; a clock that was not read is no evidence for either"),
    Row(("I-6", "I-17", "I-27"), (W.LOG, W.OMAPI, W.REACH), "without the log: `the two do not hear each other`, with what the tries show; `dhcptui lint` compares the files"),
    Row(("I-7",), (W.REACH, W.LOG, W.OMAPI), "`blocked` is said only where a try met it; else that they do not hear each other"),
    Row(("I-8", "I-14", "I-19"), (W.LOG, W.OMAPI), "a recover without a log is a server on its way back: I-4"),
    Row(("I-9", "I-16", "I-20"), (W.LOG, W.MARKS, W.OMAPI), "not named by the log; what the marks and the states show is told"),
    Row(("I-13",), (W.LOG, W.DISK, W.OMAPI), "named by the free space alone, or by a state that was refused over OMAPI; else not"),
    Row(("I-15",), (W.LOG,), "never named: a label of lines"),
    Row(("I-18", "I-28"), (W.PROCESS, W.LOG), "dhcpd is seen not to run, and why is not known; without processes it `does not answer`"),
    Row(("I-22",), (W.MARKS, W.AUDIT), "not named"),
    Row(("I-24",), (W.OMAPI, W.LEASES, W.CONSOLE), "where a lease file could not be looked at a full queue is not called stuck: the wait is told"),
    Row(("I-25",), (W.PROCESS, W.LEASES, W.LOG, W.CONSOLE), "`both stopped` wants both looks; which served last is `not known` without the others"),
    Row(("I-26",), (W.OMAPI, W.LOG, W.CONSOLE), "not named: without earlier leases a new pair looks alike"),
)
CHECKS: tuple[Row, ...] = (
    Row(("partner_silent", "would_answer", "recorded_partner_down", "handed_over_or_healthy", "hear_each_other", "one_serves", "queue_empty",
         "partner_queue_empty", "role_as_configured"), (W.OMAPI,), ""),
    Row(("partner_gone", "process_gone"), (W.PROCESS, W.REACH), ""),
    Row(("answers_itself",), (W.PROCESS, W.OMAPI), ""),
    Row(("clocks", "clocks_close", "clocks_if_known"), (W.CLOCK,), ""),
    Row(("ssh", "partner_ssh", "version_known"), (W.CONSOLE,), ""),
    Row(("start_order",), (W.MARKS, W.LEASES, W.PARTNER), ""),
    Row(("written_by_people",), (W.CONF,), ""),
    Row(("lease_file", "partner_records", "lease_space", "partner_lease_space"), (W.DISK,), ""),
    Row(("untouched", "when_stopped", "when_started", "when_restarted", "when_restarted_in_turn"), (W.CONF, W.OMAPI), ""),
    Row(("left_unmarked", "left_stopped"), (W.MARKS, W.AUDIT, W.PROCESS), ""),
    Row(("nobody_else_acts",), (W.MARKS,), ""),
)
"""What follows where it was not seen stands in assess/not_seen.py, for each of them."""
CONTRADICTIONS: tuple[Row, ...] = (
    Row((Kind.IMPOSTOR.value,), (W.OMAPI, W.PROCESS), "OMAPI is taken at its word until two looks have seen nobody of ours behind it"),
    Row((Kind.LEASES.value,), (W.PROCESS,), "not said: whose the configured lease file is, is not known"),
    Row((Kind.SILENT.value,), (W.PROCESS, W.OMAPI), "`does not answer`: whether its dhcpd runs is not known"),
    Row((Kind.PARTNER.value,), (W.PARTNER, W.OMAPI, W.CLOCK), "not said: two readings of which nobody knows that they are of one moment contradict nothing"),
    Row((Kind.LOG.value,), (W.LOG, W.OMAPI, W.CLOCK), "not said; why the log is not read stands on the server's panel"),
)
STANDINGS: tuple[Row, ...] = (
    Row((Visibility.LIVE.value,), (W.OMAPI,), "one of the others; the last state stands greyed, with its age"),
    Row((Visibility.DOWN.value,), (W.PROCESS,), "`does not answer`, or `unreachable`: never `not running` without a look"),
    Row((Visibility.SILENT.value, Visibility.UNREACHABLE.value, Visibility.UNSEEN.value), (W.CONSOLE,), "these are what is said without a witness; the lease file's last state stands beside them with its age"),
)
REPORT: tuple[Row, ...] = (
    Row(("both", "one", "nobody"), (W.CONSOLE, W.LOG, W.LEASES, W.PARTNER_LOG), "`not known`, for the whole stretch from the last sign of life; the sum of the table is the window"),
    Row(("unknown",), (W.CONSOLE,), "the first line names the log that could not be read"),
    Row((EventKind.MOVE.value, Source.LOG.value), (W.LOG,), "the same move by the partner's log, the lease file or OMAPI, with that source and its whole seconds"),
    Row((Source.PARTNER_LOG.value,), (W.PARTNER_LOG,), "not told"),
    Row((Source.LEASE_FILE.value,), (W.LEASES,), "not told"),
    Row((Source.OMAPI.value,), (W.OMAPI,), "not told"),
    Row((EventKind.ACTION.value, Source.AUDIT.value), (W.AUDIT,), "a note: the audit log could not be read"),
    Row((EventKind.START.value, EventKind.END.value, EventKind.FAILED.value), (W.LOG,), "an end that nobody wrote is told by what the console saw, or by the partner's `disconnected`"),
    Row((EventKind.LINK.value,), (W.LOG, W.PARTNER_LOG), "not told"),
)
CAUSES: tuple[Row, ...] = (
    Row((Cause.NONE.value, Cause.NOT_CONNECTED.value), (W.REACH, W.PROCESS), "`not known`; what is inferred from an established connection says so, with its age"),
    Row((Cause.UNKNOWN.value,), (W.CONSOLE,), "this is what is said without a witness"),
    Row((Cause.CONSOLE_PATH.value, Cause.HOST_GONE.value, Cause.LOGIN.value, Cause.OMAPI.value), (W.CONSOLE, W.REACH), "without a try from the partner: `has not been able to try it`"),
    Row((Cause.HELD.value, Cause.LISTENER_MISSING.value), (W.PROCESS,), "`not known`"),
    Row((Cause.WRONG_PEER.value, Cause.TRANSLATED.value), (W.CONF, W.REACH, W.PROCESS), "`not known`: addresses are compared only where both files were read"),
    Row((Cause.NETWORK_ONE_WAY.value, Cause.NETWORK.value, Cause.PORT_ONE_WAY.value, Cause.PORT.value, Cause.UNREACHED.value, Cause.REFUSED.value), (W.REACH,), "`not known`; the port is blamed only where something else passes"),
    Row((Cause.CLOCKS.value,), (W.CLOCK, W.LOG), "`open, but not connected`"),
)
OTHERS: tuple[tuple[str, tuple[Witness, ...], str], ...] = (
    ("`since …` of a server or a pair", (W.OMAPI, W.PROCESS, W.LOG, W.CONSOLE), "`since not known`; never before the last time that anybody saw something else"),
    ("a countdown: recover-wait, or a partner's addresses in partner-down", (W.OMAPI, W.CLOCK), "`by our clock: …'s was never read`; without a state there is none"),
    ("free, backup and used of a pool; how long its addresses last", (W.OMAPI,), "the counters say how old they are; `not watched long enough` instead of a forecast"),
    ("what a line of the log means", (W.LOG,), "the pane says why the log is not read; a line that the lexicon does not know has no meaning"),
    ("the time of an event or a line", (W.CLOCK, W.LOG), "marked: it lies ahead of its server's clock, or from before a clock or zone was set back"),
    ("who holds the lock, or declared a server down", (W.MARKS,), "whether somebody did is not known; where it matters a sentence is asked"),
    ("a finding of `dhcptui lint`", (W.CONF,), "exit 3 and the reason; nothing is called well that was not read"),
)
# fmt: on


def sentences(module: ModuleType) -> dict[str, str]:
    """Each text of more than one word in the functions of a module, slots as …, with the function that says it."""
    found: dict[str, str] = {}
    for function in ast.parse(inspect.getsource(module)).body:
        if isinstance(function, ast.FunctionDef):
            found |= dict.fromkeys(_texts(function), function.name)
    return found


def _texts(function: ast.FunctionDef) -> Iterator[str]:
    inside = {id(each) for node in ast.walk(function) if isinstance(node, ast.JoinedStr) for each in ast.walk(node)}
    for statement in ast.walk(function):
        if isinstance(statement, ast.Expr):  # a docstring, or a note
            inside |= {id(each) for each in ast.walk(statement)}
    for node in ast.walk(function):
        text = _text(node) if isinstance(node, ast.JoinedStr) or id(node) not in inside else ""
        if len(text.replace(SLOT, "").split()) > 1:
            yield text


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each) or SLOT for each in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def headlines() -> list[str]:
    """Every text that a headline can be made of."""
    waits = [text for text, function in sentences(unnoticed).items() if function == "unnoticed_words"]
    return [*sentences(headline), *waits]


def questions() -> list[str]:
    """The questions behind "what now", in their order: the names in `advise`."""
    tree = ast.parse(inspect.getsource(advice.advise))
    tuples = [node.value for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)]
    return [each.id for one in tuples if isinstance(one, ast.Tuple) for each in one.elts if isinstance(each, ast.Name)]


def _checks() -> Iterator[Callable[..., object]]:
    yield from ALWAYS
    for rule in (*RULES.values(), *RESUMED.values()):
        yield from (*rule.checks, rule.others)


def checks() -> dict[str, str]:
    """Every check of the guards, with the first line of what it says."""
    return {check.__name__: (check.__doc__ or "").splitlines()[0] for check in _checks()}


def spans() -> list[str]:
    """What a stretch of the report can be."""
    known = (True, False, None)
    return list(dict.fromkeys(Span(0, 1, one, two).word for one in known for two in known))


def everything() -> dict[str, tuple[list[str], tuple[Row, ...]]]:
    """Section -> what the code can say, and the rows that stand for it."""
    return {
        "Headlines": (headlines(), HEADLINES),
        "What now": (questions(), ADVICE),
        "Witnesses that contradict each other": ([each.value for each in Kind], CONTRADICTIONS),
        "Incidents": ([each.id for each in INCIDENTS], INCIDENT_ROWS),
        "Findings of a plan": (list(checks()), CHECKS),
        "How far a server is seen": ([each.value for each in Visibility], STANDINGS),
        "The way between the servers": ([each.value for each in Cause], CAUSES),
        "Report and timeline": ([*spans(), *(each.value for each in (*EventKind, *Source))], REPORT),
    }


def witnesses() -> str:
    """docs/witnesses.md: every kind of sentence, its witnesses, and what is said without them."""
    page = [
        "# Witnesses",
        "",
        "<!-- written by `make docs` from tools/documents/witnesses.py, which is checked against the code -->",
        "",
        "Nothing is said that nobody saw. For each sentence of the console: who carries it, and what is said when that witness",
        "is missing. More than one witness: the first that can tell speaks, and where two contradict each other, that is said.",
        "",
        "| witness | what it is read from |",
        "|---|---|",
        *(f"| {each.value} | {READ_FROM[each]} |" for each in Witness),
    ]
    for head, (_, rows) in everything().items():
        page += ["", f"## {head}", "", "| sentence | witness | without it |", "|---|---|---|"]
        page += (
            _findings(rows)
            if rows is CHECKS
            else [_line(_named(head, row.said), row.carried, row.missing) for row in rows]
        )
    page += ["", "## What stands beside them", "", "| sentence | witness | without it |", "|---|---|---|"]
    page += [_line(said, carried, missing) for said, carried, missing in OTHERS]
    return "\n".join(page) + "\n"


def _findings(rows: Iterable[Row]) -> Iterator[str]:
    """One line a check: each has an answer of its own to not having been seen."""
    words, unseen = checks(), {check.__name__: found for check, found in UNSEEN.items()}
    for row in rows:
        for key in row.said:
            found = unseen[key]
            meanings = " or ".join(each.value for each in found.meanings)
            yield _line(words[key], row.carried, f"**{meanings}** ({found.why})")


def _line(said: str, carried: Iterable[Witness], missing: str) -> str:
    cells = (said, ", ".join(each.value for each in carried), missing)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _named(head: str, keys: Iterable[str]) -> str:
    """The keys of a row as a reader knows them."""
    if head == "Incidents":
        titles = {each.id.value: each.title for each in INCIDENTS}
        return "<br>".join(f"{each} {titles[each]}" for each in keys)
    if head == "What now":
        return "<br>".join(_asked(each) for each in keys)
    return "<br>".join(f"`{each.strip()}`" for each in keys)


def _asked(name: str) -> str:
    """What a question behind "what now" is about, in its own words."""
    return (getattr(advice, name).__doc__ or "").strip().splitlines()[0]
