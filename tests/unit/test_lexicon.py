"""The lexicon is complete: every reason text in every line that carries one, and every format in dhcpd itself."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.assess.incidents.catalogue import BY_ID, Weight
from dhcptui.assess.incidents.explanation import TRANSITIONS, Explanation, explain
from dhcptui.logs.lexicon import LEXICON, REASONS, TARGET_INCIDENT, look_up, look_up_reason
from dhcptui.logs.lines import parse
from dhcptui.logs.start_failures import TABLE
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.messages import MessageId
from dhcptui.model.states import FailoverState
from tests.unit.test_loglines import DISCOVER, NOW, SAMPLES, SILENT, judged

R, W, E, L = LineKind.ROUTINE, LineKind.WARNING, LineKind.ERROR, LineKind.LINK
F = LineKind.FATAL
S = FailoverState

# Tables 2.1 and 2.2 of the reference, and what F:567, 1402 and 5684 add: text, class, incident, a word of the meaning.
TEXTS: list[tuple[str, LineKind, str | None, str]] = [
    ("Illegal IP address (not part of any address pool).", E, "I-9", "ranges"),
    ("Fatal conflict exists: address in use by other client.", E, "I-9", "both served"),
    ("Missing binding information.", W, "I-9", "fault"),
    ("Outdated binding information.", W, "I-9", "fault"),
    ("Less critical binding information.", R, "I-9", "harmless"),
    ("Connection rejected, time mismatch too great.", E, "I-5", "60 s"),
    ("Connection rejected, invalid MCLT.", E, "I-6", "mclt"),
    ("Connection rejected, invalid failover partner.", E, "I-6", "name"),
    ("Connection rejected, duplicate connection.", R, None, "harmless"),
    ("Connection rejected, unknown reason.", E, None, "no reason"),
    ("Unknown Error.", E, None, "no reason"),
    ("Reason code out of range.", E, None, "no reason"),
    ("Undefined-77: This reason code is not defined in the protocol standard.", E, None, "no reason"),
    ("Hash bucket assignment conflict.", E, "I-6", "split"),
    ("IP not reserved on this server.", E, "I-9", "reservations"),
    ("No traffic within sufficient time.", L, "I-7", "silent"),
    ("Protocol version mismatch.", E, "I-16", "versions"),
    ("TLS not supported.", E, "I-16", "no dhcpd"),
    ("TLS supported but not configured.", E, "I-16", "no dhcpd"),
    ("TLS required but not supported by partner.", E, "I-16", "no dhcpd"),
    ("Message digest not supported.", E, "I-16", "no dhcpd"),
    ("Message digest not configured.", E, "I-16", "no dhcpd"),
    ("Message digest failed to compare.", E, "I-16", "no dhcpd"),
    ("Missing message digest.", E, "I-16", "no dhcpd"),
    ("time offset too large", E, "I-5", "60 s"),
    ("missing relationship-name", E, "I-6", "names no"),
    ("unknown failover relationship name", E, "I-6", "name"),
    ("remote failover relationship name bar does not match", E, "I-6", "name"),
    ("invalid HBA", E, "I-6", "split"),
    ("already connected", E, None, "harmless"),
    ("incoming update is less critical than outgoing update", R, "I-9", "harmless"),
    ("unknown IP address", E, "I-9", "ranges"),
    ("IP address is covered by a different failover relationship state", E, "I-9", "pools name different"),
    ("10.0.0.7: invalid state transition: active to free", E, "I-9", "both served"),
    ("Address is not reserved.", E, "I-9", "reservations"),
    ("Address is not allocated to BOOTP.", E, "I-9", "reservations"),
    ("BNDUPD without CHADDR", E, "I-16", "protocol"),
    ("BNDUPD to ABANDONED with a CHADDR", E, "I-16", "protocol"),
    ("BNDUPD to ABANDONED with client-id", E, "I-16", "protocol"),
    ("chaddr too long", E, "I-16", "protocol"),
    ("binding update lacks required options", E, "I-16", "protocol"),
    ("database update failed", E, "I-13", "cannot write"),
    ("no memory", E, None, "out of memory"),
    ("xid mismatch", W, "I-9", "harmless"),
    ("no such lease", E, "I-9", "configurations differ"),
]
# The lines that carry a reason, with the class that the line has by itself; None: the reason decides.
CARRIERS: list[tuple[str, LineKind | None, str]] = [
    ("Failover CONNECT from foo: {}", E, "the secondary refuses"),
    ("failover: disconnect: {}", L, "closed after refusing"),
    ("Failover CONNECT to foo rejected: {}", None, "the partner refuses"),
    ("Failover CONNECTACK from foo: {}", E, "the primary refuses"),
    ("Failover DISCONNECT from foo: {}", L, "the partner closed"),
    ("bind update on 10.0.0.7 from foo rejected: {}", None, "rejects this server's update"),
    ("bind update on 10.0.0.7 got ack from foo: {}.", W, "fits no update"),
]


@pytest.mark.parametrize(("carrier", "own", "begins"), CARRIERS)
def test_every_reason_in_every_line_that_carries_one(carrier: str, own: LineKind | None, begins: str) -> None:
    """Class, incident and meaning are those of the tables."""
    for text, kind, incident, word in TEXTS:
        line = judged(carrier.format(text))
        assert (line.kind, line.incident) == (own or kind, incident), text
        assert begins in line.meaning
        assert word in line.meaning


def test_every_carrier_and_every_reason_is_there() -> None:
    """No line with a reason and no reason of our table is left out above."""
    carriers = {found[0].format for carrier, _, _ in CARRIERS if (found := look_up(carrier.format("x")))}
    assert carriers == {entry.format for entry in LEXICON if "{reason}" in entry.format}
    reasons = [look_up_reason(text) for text, *_ in TEXTS]
    assert {id(each[0]) for each in reasons if each} == {id(reason) for reason in REASONS}


@pytest.mark.parametrize("message", [sample[0] for sample in SAMPLES])
def test_every_line_has_its_meaning(message: str) -> None:
    """What a known line means is what its entry says, with the reason where there is one."""
    line, found = judged(message), look_up(message)
    if found is None:
        assert (line.meaning, line.slots) == ("", ())
        return
    entry, match = found
    reason = look_up_reason(match.groupdict().get("reason") or "")
    assert line.meaning == (f"{entry.words}: {reason[0].meaning}" if reason else entry.words)
    assert (line.message, dict(line.slots)) == (
        entry.message,
        match.groupdict() | (reason[1].groupdict() if reason else {}),
    )
    assert line.incident is None or line.incident in BY_ID


@pytest.mark.parametrize("target", S)
@pytest.mark.parametrize("who", ["I move", "peer moves"])
def test_every_transition_is_explained(target: FailoverState, who: str) -> None:
    """Weight and who serves by the state it leads to (table 1.3), whoever moves."""
    start = S.STARTUP if target is S.NORMAL else S.NORMAL
    line = judged(f"failover peer foo: {who} from {start.word} to {target.word}")
    said = explain(line)
    assert said.weight is TRANSITIONS[target][0]
    assert target.word in said.meaning
    assert ("this server" in said.meaning) == (who == "I move")
    assert said.serves
    assert (said.incident.id if said.incident else None) == TARGET_INCIDENT.get(target)
    assert (said.weight is Weight.CRITICAL) == (
        target in {S.POTENTIAL_CONFLICT, S.CONFLICT_DONE, S.RESOLUTION_INTERRUPTED, S.PAUSED, S.UNKNOWN}
    )


def test_a_state_said_again_is_no_change() -> None:
    """`peer moves from normal to normal` is legal, and no news."""
    said = explain(judged("failover peer foo: peer moves from normal to normal"))
    assert "once more" in said.meaning
    assert (said.weight, said.serves) == (None, "")
    unknown = explain(judged("failover peer foo: peer moves from unknown-state to unknown-state"))
    assert unknown.weight is Weight.CRITICAL  # which one it was is not known, and none is good


def test_an_explanation_says_what_to_do() -> None:
    """A line with an incident leads to its remedy and where to look."""
    said = explain(judged("Failover CONNECT to foo rejected: Connection rejected, time mismatch too great."))
    assert said == Explanation(
        E, said.meaning, incident=BY_ID[IncidentId.CLOCKS_DISAGREE], look=BY_ID[IncidentId.CLOCKS_DISAGREE].look
    )
    assert "60 s" in said.meaning
    assert (
        explain(judged(f"{DISCOVER}: not responding (peer demands: recovering)")).incident
        is BY_ID[IncidentId.ALONE_AND_SILENT]
    )
    assert explain(judged(DISCOVER)).meaning == "a client looks for a server"
    assert explain(parse("Nov 22 11:33:05 dhcp1 cron[7]: hello", NOW)).meaning.startswith("another program")


@given(st.text() | st.binary() | st.sampled_from([sample[0] for sample in SAMPLES]))
def test_explain_takes_anything(raw: str | bytes) -> None:
    """Whatever a log holds, there is something to say of it."""
    assert explain(parse(raw, NOW)).meaning


def test_every_message_is_told_by_a_line() -> None:
    """No id without a row; and whatever repeats, relays or asks for a client is known by the same id."""
    of_clients = {
        line.message for name in MessageId.__members__ if (line := judged(f"{name} on x")).kind is LineKind.CLIENT
    }
    assert len(of_clients) == 11
    reused = {judged("reuse_lease: lease age 5 (secs) under 25% threshold").message}
    told = {entry.message for entry in LEXICON} | {each.message for each in TABLE} | of_clients | reused
    assert told == set(MessageId)


@pytest.mark.parametrize(
    ("text", "message", "slots"),
    [
        ("peer foo: disconnected", MessageId.DISCONNECTED, {"peer": "foo"}),
        ("message repeated 3 times: [ timeout waiting for failover peer foo]", MessageId.PARTNER_TIMEOUT, {"peer": "foo"}),
        ("/etc/dhcp/dhcpd.conf line 12: semicolon expected.", MessageId.CONFIGURATION_ERROR,
         {"file": "/etc/dhcp/dhcpd.conf", "line": "12", "what": "semicolon expected."}),
        (DISCOVER, MessageId.DHCPDISCOVER, {}),
        (f"message repeated 3 times: [ {DISCOVER}]", MessageId.DHCPDISCOVER, {}),
        ("DHCPDISCOVERY of nothing", None, {}),
        ("no such line", None, {}),
    ],
)  # fmt: skip
def test_what_a_line_says_comes_with_it(text: str, message: MessageId | None, slots: dict[str, str]) -> None:
    """Its id, and what stands in the slots of its format."""
    line = judged(text)
    assert (line.message, dict(line.slots), line.peer) == (message, slots, slots.get("peer", ""))


def test_what_others_tell_has_an_id() -> None:
    """The kernel, systemd, and a shell that writes what dhcpd printed; another program says nothing of dhcpd."""
    at = "Nov 22 11:33:05 dhcp1"
    for text, message in (
        ("systemd[1]: Failed to start ISC DHCP IPv4 server.", MessageId.START_FAILED),
        ("sh[7]: Can't bind to dhcp address: Address already in use", MessageId.PORT_TAKEN),
        ("sh[7]: /etc/dhcp/dhcpd.conf line 12: semicolon expected.", MessageId.CONFIGURATION_ERROR),
        ("sh[7]: Server starting service.", None),
        ("cron[7]: exiting.", None),
    ):
        assert parse(f"{at} {text}", NOW).message is message, text


# -- dhcpd itself

DHCPD = Path(shutil.which("dhcpd") or "/usr/sbin/dhcpd")
_CONVERSION = re.compile(r"%(?:\.\*)?[-+ #0-9]*(?:ll|l|h|z)?([a-zA-Z])")
_FILLS = {
    "s": ("foo", "10.0.0.7", "normal", "full update from peer", "no free leases", "IMBALANCED", ""),
    "m": ("No space left on device",),
}  # fmt: skip
OF_ITS_PARSER = {
    # "FILE line N: ..." stands before these; every such line is an error in the configuration
    'expecting "failover peer".', "expecting failover peer name.", "failover peer name %s: no memory",
    "failover peer reference not %s", "failover peers may only be %s", "redeclaration of failover peer %s",
    "unknown failover peer: %s", "unknown failover state", "primary failover server must have hba or split.",
    "primary failover server must have mclt.", "range declarations where there is a failover", "no memory for peer name %s",
}  # fmt: skip
NO_LINES = {
    # pieces of other texts, names of object types, what goes into the lease file, help
    " failover peer ", 'failover peer "%s" state {', 'failover" statement.   The failover protocol', "failover-link",
    "failover-listener", "failover-state", "failover.c", "dhcp_failover_make_option",
    "dhcp_failover_process_bind_update", "the failover protocol specification.",
}  # fmt: skip


def strings(data: bytes) -> set[str]:
    """Printable strings of a binary, as strings(1) finds them."""
    return {found.decode() for found in re.findall(rb"[\x20-\x7e\t]{4,}", data)}


def instances(format_: str) -> list[str]:
    """The format with values in the place of its conversions, all combinations of a few."""
    parts = _CONVERSION.split(format_)
    fills = [_FILLS.get(kind, ("7",)) for kind in parts[1::2]]
    return [
        parts[0] + "".join(value + text for value, text in zip(values, parts[2::2], strict=True))
        for values in itertools.islice(itertools.product(*fills), 3000)
    ]


@pytest.mark.lab
def test_no_failover_format_of_dhcpd_is_unknown() -> None:
    """Every text of the installed dhcpd about failover or a peer is a line of the table, a reason, or no line at all."""
    formats = {
        text for text in strings(DHCPD.read_bytes()) if re.search(r"failover|peer %(\.\*)?s", text, re.IGNORECASE)
    }
    assert len(formats) > 60
    unknown = {
        text
        for text in formats - OF_ITS_PARSER - NO_LINES
        if not any(look_up(line) or look_up_reason(line) for line in instances(text))
    }
    assert unknown == set()


@pytest.mark.parametrize("text", sorted(OF_ITS_PARSER))
def test_what_the_parser_says_is_an_error_in_the_configuration(text: str) -> None:
    """With file and line before it."""
    line: LogLine = judged(f"/etc/dhcp/dhcpd.conf line 12: {instances(text)[0]}")
    assert (line.kind, line.incident) == (E, "I-6")


def test_silence_is_explained() -> None:
    """`not responding` says who is silent, and leads to an incident."""
    for suffix, incident in SILENT.items():
        said = explain(judged(f"{DISCOVER}: not responding{suffix}"))
        assert said.incident is BY_ID[IncidentId(incident)]
        assert "serves nobody" in said.meaning


@pytest.mark.parametrize(
    ("text", "kind", "incident", "remedy"),
    [
        ("Can't open lease database /var/lib/dhcp/dhcpd.leases: Permission denied --", F, "I-28", "AppArmor"),
        ("Can't bind to dhcp address: Address already in use", F, "I-28", "who holds UDP port 67"),
        ("Not configured to listen on any interfaces!", F, "I-28", "subnet declaration"),
        ("Interface eth0 matches multiple shared networks", F, "I-6", "two shared networks"),
        ("No subnet declaration for eth1 (10.1.1.1).", W, None, "declare the network"),
    ],
)
def test_why_dhcpd_does_not_start(text: str, kind: LineKind, incident: str | None, remedy: str) -> None:
    """Each reason is fatal and says what to do; an interface that is left out is no reason by itself."""
    line = judged(text)
    assert (line.kind, line.incident) == (kind, incident)
    assert remedy in line.meaning
