"""Log lines: prefixes, years, the whole lexicon, folding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.logs.lexicon import LEXICON, REASONS, look_up
from dhcptui.logs.lines import Folder, LogRow, parse
from dhcptui.logs.zone import Zone
from dhcptui.model.log_line import LineKind, LogLine, Mover, Transition
from dhcptui.model.states import FailoverState

R, S, L, W, E, F, C = (
    LineKind.ROUTINE,
    LineKind.STATE,
    LineKind.LINK,
    LineKind.WARNING,
    LineKind.ERROR,
    LineKind.FATAL,
    LineKind.CLIENT,
)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
AT = datetime(2026, 11, 22, 11, 33, 5, tzinfo=UTC).timestamp()
DISCOVER = "DHCPDISCOVER from 00:16:3e:11:22:33 (laptop) via eth0"
BALANCE = "pool 55d0c8a7b0a0 192.168.1.0/24  total 100  free 52  backup 48  lts"

# Section 1 of log-lexicon.md, one sample or more of every line: (message, class, incident).
SAMPLES: list[tuple[str, LineKind, str | None]] = [
    # 1.1
    ("failover peer foo: connection refused", L, "I-7"),
    ("failover peer foo: host unreachable", L, "I-7"),
    ("failover peer foo: no local address.", F, "I-6"),
    ("failover peer foo: 'address' parameter fails to resolve to an IPv4 address", E, "I-17"),
    ("ns.example.net: host unknown.", E, "I-17"),
    ("ns.example.net: temporary name server failure", E, "I-17"),
    ("ns.example.net: name server failed", E, "I-17"),
    ("dhcp_failover_send_connect: not connected", L, "I-7"),
    ("dhcp_failover_send_connectack: not connected", L, "I-7"),
    ("Failover CONNECT from foo: time offset too large", E, "I-5"),
    ("Failover CONNECT from foo: missing relationship-name", E, "I-6"),
    ("Failover CONNECT from bar: unknown failover relationship name", E, "I-6"),
    ("Failover CONNECT from foo: invalid HBA", E, "I-6"),
    ("Failover CONNECT from foo: no memory", E, None),
    ("Failover CONNECT from foo: something new", E, "I-6"),
    ("failover: disconnect: time offset too large", L, "I-5"),
    ("failover: disconnect: unknown failover relationship name", L, "I-6"),
    ("failover: connect: no matching state.", E, "I-6"),
    ("WARNING: failover as of versions 3.1.0 and on are not reverse compatible with versions 3.0.x.", E, "I-16"),
    ("failover: listener: no matching state", W, "I-6"),
    ("failover: listener: picayune failure.", E, None),
    ("Failover CONNECT to foo rejected: Connection rejected, time mismatch too great.", E, "I-5"),
    ("Failover CONNECT to foo rejected: Connection rejected, invalid MCLT.", E, "I-6"),
    ("Failover CONNECT to foo rejected: Connection rejected, duplicate connection.", R, None),
    ("Failover CONNECTACK from foo: time offset too large", E, "I-5"),
    ("Failover CONNECTACK from foo: remote failover relationship name bar does not match", E, "I-6"),
    ("Failover CONNECTACK from foo: already connected", E, None),
    ("Failover DISCONNECT from foo: Connection rejected, time mismatch too great.", L, "I-5"),
    ("Failover DISCONNECT from foo: No traffic within sufficient time.", L, "I-7"),
    ("peer foo: disconnected", L, "I-1"),
    ("failover: link startup timeout", L, "I-7"),
    ("dhcp_failover_put_message: something went wrong.", L, "I-7"),
    ("timeout waiting for failover peer foo", L, "I-1"),
    # 1.2 and 1.3
    ("failover peer foo: I move from recover-done to normal", S, None),
    ("failover peer foo: I move from normal to communications-interrupted", S, "I-1"),
    ("failover peer foo: I move from communications-interrupted to partner-down", S, "I-20"),
    ("failover peer foo: I move from partner-down to potential-conflict", S, "I-3"),
    ("failover peer foo: I move from recover to recover-wait", S, "I-4"),
    ("failover peer foo: I move from normal to shutdown", S, "I-12"),
    ("failover peer foo: I move from normal to startup", S, None),
    ("failover peer foo: peer moves from normal to normal", S, None),
    ("failover peer foo: peer moves from shutdown to recover", S, "I-8"),
    ("failover peer foo: Both servers normal", S, "I-10"),
    ("failover peer foo: Invalid state: 42", F, "I-12"),
    ("Peer foo: Invalid state transition normal to recover-wait.", F, "I-12"),
    ("failover peer foo: requesting full update from peer", S, "I-8"),
    ("Peer foo moves to normal during conflict resolution - panic, shutting down.", F, "I-12"),
    ("Peer foo: Unexpected move to conflict-done.", E, "I-3"),
    ("Peer foo: Invalid attempt to move from normal to paused while local state is conflict-done.", F, "I-12"),
    ("Both servers have entered recover-done!", R, "I-19"),
    ("Secondary is in conflict_done state after conflict resolution, this is illegal.", F, "I-12"),
    ("Unable to record current failover state for foo", E, "I-13"),
    # 1.4
    ("Sending updates to foo.", R, None),
    ("Sent update request message to foo", S, "I-3"),
    ("Sent update request all message to foo", S, "I-8"),
    ("Failed to send update request all message to foo: not connected", E, "I-8"),
    ("Sent update done message to foo", S, "I-8"),
    ("Received update request while old update still flying!  Silently discarding old request.", R, "I-8"),
    ("Update request from foo: sending update", S, "I-3"),
    ("Update request from foo: nothing pending", S, "I-3"),
    ("Update request all from foo: sending update", S, "I-8"),
    ("Update request all from foo: nothing pending", S, "I-8"),
    ("failover peer foo: peer update completed.", S, "I-8"),
    ("Spurious update-done message.", W, "I-3"),
    # 1.5
    ("pool response: 12 leases", R, "I-2"),
    ("peer foo: Got POOLREQ, answering negatively!  Peer may be out of leases or database inconsistent.", W, "I-2"),
    (f"balancing {BALANCE} 2  max-own (+/-)10", R, "I-15"),
    (f"balancing {BALANCE} -50  max-own (+/-)10  (requesting peer rebalance!)", W, "I-2"),
    (f"balanced {BALANCE} 0  max-misbal 15", R, "I-15"),
    (f"IMBALANCED {BALANCE} 50  max-misbal 15", W, "I-2"),
    ("Unknown IP-flags set in BNDUPD (0x8).", W, "I-16"),
    ("bind update on 10.0.0.100 from foo rejected: incoming update is less critical than outgoing update", R, "I-9"),
    ("bind update on 10.0.0.100 from foo rejected: unknown IP address", E, "I-9"),
    ("bind update on 10.0.0.100 from foo rejected: 10.0.0.100: invalid state transition: active to free", E, "I-9"),
    ("bind update on 10.0.0.100 from foo rejected: database update failed", E, "I-13"),
    ("bind update on 10.0.0.100 from foo rejected: Missing binding information.", W, "I-9"),
    ("bind update on 10.0.0.100 from foo rejected: a text nobody knows", E, "I-9"),
    ("bind update on 10.0.0.100 got ack from foo: no such lease.", W, "I-9"),
    ("bind update on 10.0.0.100 got ack from foo: xid mismatch.", W, "I-9"),
    ("can't commit lease 10.0.0.100 on giveaway", E, "I-13"),
    ("can't commit lease 10.0.0.100 for mac addr affinity", E, "I-13"),
    ("can't commit lease 10.0.0.100 for client affinity", E, "I-13"),
    # 1.6
    ("message length wait: unexpected end of file", E, "I-16"),
    ("FAILOVER: message overflow at option code.", E, "I-16"),
    ("FAILOVER: invalid message type: 99", E, "I-16"),
    ("FAILOVER: message overflow at length.", E, "I-16"),
    ("FAILOVER: message overflow at data.", E, "I-16"),
    ("FAILOVER: digest not at end of message", E, "I-16"),
    ("FAILOVER: duplicate option mclt", E, "I-16"),
    ("FAILOVER: option size (4:2), option mclt", E, "I-16"),
    ("FAILOVER: no memory getting mclt(4)", E, "I-16"),
    ("FAILOVER: no memory getting mclt (4)", E, "I-16"),
    ("FAILOVER: option_len 3 not mclt4", E, "I-16"),
    ("FAILOVER: option mclt: bad type 9", E, "I-16"),
    ("IP addrlen=6, should be 4.", E, "I-16"),
    # 1.7
    ("Impossible case at failover.c:639.", F, "I-18"),
    ("Impossible condition at failover.c:2425.", F, "I-18"),
    ("dhcp_failover_put_message: vsnprintf would truncate", F, "I-18"),
    ("bogus type in failover_make_option: 7", F, "I-18"),
    ("dhcp_failover_make_option: tbuf overflow", F, "I-18"),
    ("dhcp_failover_process_bind_update: impossible outbuf overflow", F, "I-18"),
    ("ack_queue_tail: lp -> next_pending", F, "I-18"),
    ("next pending on ack queue tail.", F, "I-18"),
    ("next pending on update queue lease.", F, "I-18"),
    ("state -> ack_queue_tail", F, "I-18"),
    # 1.8
    (
        "ERROR: Failover peer, foo, has no referring pools. You must refer to each peer in at least one pool declaration.",
        F,
        "I-6",
    ),
    (
        "WARNING: load balancing will be disabled for failover peer, foo, because its load balance max secs is 0",
        W,
        None,
    ),
    ("Failover configuration sanity check failed", F, "I-6"),
    ("Can't register failover state object type: no memory", F, None),
    ("Can't register failover link object type: no memory", F, None),
    ("Can't register failover listener object type: no memory", F, None),
    ("Can't allocate failover peer foo: no memory", F, None),
    ("Corrupt lease file - possible data loss!", E, "I-8"),
    ("Can't start OMAPI protocol: address already in use", W, None),
    ("There's already a DHCP server running.", F, "I-28"),
    ("Server starting service.", S, "I-10"),
    ("OMAPI key omapi: not found", F, None),
    ("Received signal 15, initiating shutdown.", S, None),
    # 1.9
    (f"{DISCOVER}: peer holds all free leases", W, "I-1"),
    (f"{DISCOVER}: network 10.0.0.0/24: no free leases", E, "I-23"),
    (f"{DISCOVER}: load balance to peer foo", R, "I-15"),
    (f"{DISCOVER}: cancel load balance to peer foo - no free leases", R, "I-15"),
    (f"{DISCOVER}: lease owned by peer", R, "I-1"),
    (f"{DISCOVER}: lease in transition state expired", R, "I-15"),
    ("uid lease 10.0.0.7 for client 00:16:3e:11:22:33 is duplicate on 10.0.0.0/24", R, "I-15"),
    ("Lease conflict at 10.0.0.7", W, "I-20"),
    ("Abandoning IP address 10.0.0.7: pinged before offer", W, None),
    ("Abandoning IP address 10.0.0.7: declined.", W, None),
    ("Wrote 101 leases to leases file.", R, None),
    ("write_failover_state: unable to write state foo", E, "I-13"),
    ("commit_leases: unable to commit, fflush(): No space left on device", E, "I-13"),
    ("commit_leases: unable to commit, fsync(): Input/output error", E, "I-13"),
    ("Can't create new lease file: Permission denied", E, "I-13"),
    ("Can't install new lease database /l/dhcpd.leases.1 to /l/dhcpd.leases: Permission denied", E, "I-13"),
    ("lease 10.0.0.7 state changed from active to free", W, None),
    ("lease 10.0.0.7 state change from active to free failed.", W, None),
    ("lease 10.0.0.7 end changed from 1700000000 to 1700000060", W, None),
    ("lease 10.0.0.7 end change from 1700000000 to 1700000060 failed", W, None),
    # section 0, and a start that is refused
    ("exiting.", F, None),
    ("Configuration file errors encountered -- exiting", F, "I-6"),
    (
        "Can't open lease database /var/lib/dhcp/dhcpd.leases: Permission denied -- check for failed database rewrite attempt!",
        F,
        "I-28",
    ),
    ("Can't bind to dhcp address: Address already in use", F, "I-28"),
    ("Not configured to listen on any interfaces!", F, "I-28"),
    ("Can't open /etc/dhcp/dhcpd.conf: Permission denied", F, "I-28"),
    ("Open a socket for LPF: Operation not permitted", F, "I-28"),
    ("Interface eth0 matches multiple shared networks", F, "I-6"),
    ("No subnet declaration for eth1 (10.1.1.1).", W, None),
    ("send_packet: Operation not permitted", E, None),
    ("/etc/dhcp/dhcpd.conf line 12: semicolon expected.", E, "I-6"),
    ("If you think you have received this message due to a bug rather", R, None),
    ("than a configuration issue please read the section on submitting", R, None),
    ("bugs on either our web page at www.isc.org or in the README file", R, None),
    ("before submitting a bug.  These pages explain the proper", R, None),
    ("process and the information we find helpful for debugging.", R, None),
    ("Internet Systems Consortium DHCP Server 4.4.3-P1", R, None),
    # not in the lexicon
    (DISCOVER, C, None),
    ("DHCPREQUEST for 10.0.0.7 (10.0.0.10) from 00:16:3e:11:22:33 via eth0: wrong network.", C, None),
    ("reuse_lease: lease age 5 (secs) under 25% threshold, reply with unaltered, existing lease for 10.0.0.7", C, None),
]

# Table 2.3.
SILENT = {
    " (startup)": "I-10",
    " (recovering)": "I-4",
    " (recover wait)": "I-4",
    " (recover done)": "I-4",
    " (resolving conflicts)": "I-3",
    " (shut down)": "I-12",
    " (paused)": "I-12",
    " (my state unknown)": "I-12",
    " (peer demands: recovering)": "I-21",
    " (peer demands: resolving conflicts)": "I-3",
}


def judged(message: str, pid: int = 1) -> LogLine:
    """A message as dhcpd's syslog line, parsed."""
    return parse(f"Nov 22 11:33:05 dhcp1 dhcpd[{pid}]: {message}", NOW)


@pytest.mark.parametrize(("message", "kind", "incident"), SAMPLES)
def test_the_lexicon(message: str, kind: LineKind, incident: str | None) -> None:
    """Every line of section 1 gets its class and its incident."""
    line = judged(message)
    assert (line.kind, line.incident, line.text) == (kind, incident, message)


def test_every_entry_has_a_sample() -> None:
    """No entry of the table is left without a sample, or hidden behind a more general one."""
    silent = [f"{DISCOVER}: not responding (news)"] + [
        text + why for why in SILENT for text in (f"{DISCOVER}: not responding", "foo: ignored")
    ]
    met = {id(found[0]) for message in [*(sample[0] for sample in SAMPLES), *silent] if (found := look_up(message))}
    assert [entry.format for entry in LEXICON if id(entry) not in met] == []


def test_every_entry_and_reason_says_what_it_means() -> None:
    """Meanings are there for people: short, without a full stop."""
    meanings = [*(entry.meaning for entry in LEXICON), *(reason.meaning for reason in REASONS)]
    assert all(0 < len(meaning) < 120 and not meaning.endswith(".") for meaning in meanings)


@pytest.mark.parametrize(("suffix", "incident"), SILENT.items())
def test_a_server_that_does_not_serve_says_so(suffix: str, incident: str) -> None:
    """`not responding` and `ignored` are warnings whatever the client is; the suffix names the incident."""
    for message in (f"{DISCOVER}: not responding{suffix}", f"foo: ignored{suffix}"):
        line = judged(message)
        assert (line.kind, line.incident) == (W, incident)
        assert line.meaning


@pytest.mark.parametrize(
    "name",
    [
        "x: not responding (startup)",
        "x) via eth0: peer holds all free leases",
        "failover peer foo: I move from normal to shutdown",
        "x: load balance to peer foo",
        "x: lease in transition state free",
        "x: not responding",
        "x: lease owned by peer",
        "exiting.",
    ],
)
def test_a_client_cannot_forge_a_line(name: str) -> None:
    """What a client calls itself stands in the middle of a line and judges nothing."""
    assert judged(f"DHCPACK on 10.0.0.7 to 00:16:3e:11:22:33 ({name}) via eth0").kind is C
    assert judged(f"DHCPDISCOVER from 00:16:3e:11:22:33 ({name}) via eth0: load balance to peer foo").incident == "I-15"


def test_transitions() -> None:
    """Both kinds of transition are taken apart; other lines have none."""
    mine = judged("failover peer foo: I move from recover-done to normal").transition
    peers = judged("failover peer my peer: peer moves from normal to communications-interrupted").transition
    assert mine == Transition(Mover.ME, "foo", FailoverState.RECOVER_DONE, FailoverState.NORMAL)
    assert peers == Transition(Mover.PEER, "my peer", FailoverState.NORMAL, FailoverState.COMMUNICATIONS_INTERRUPTED)
    assert judged("failover peer foo: Both servers normal").transition is None


@pytest.mark.parametrize(
    ("prefix", "stamp", "pid"),
    [
        ("Nov 22 11:33:05 dhcp1 dhcpd[123]: ", AT, 123),
        ("Nov 22 11:33:05 dhcp1 dhcpd: ", AT, None),
        ("Nov 22 11:33:05 dhcp1 daemon.info dhcpd[123]: ", AT, 123),
        ("2026-11-22T11:33:05.250000+00:00 dhcp1 dhcpd[123]: ", AT + 0.25, 123),
        ("2026-11-22T12:33:05.250000+01:00 dhcp1 dhcpd[123]: ", AT + 0.25, 123),
        ("2026-11-22T06:03:05-05:30 dhcp1 dhcpd[123]: ", AT, 123),
        ("2026-11-22T11:33:05.250000+0000 dhcp1 dhcpd[1]: ", AT + 0.25, 1),
        ("2026-11-22T11:33:05Z dhcp1 dhcpd[1]: ", AT, 1),
        (f"{AT + 0.25:.6f} dhcp1 dhcpd[1]: ", AT + 0.25, 1),
        ("dhcpd[1]: ", None, 1),
        ("dhcpd: ", None, None),
        ("", None, None),
    ],
)
def test_prefixes(prefix: str, stamp: float | None, pid: int | None) -> None:
    """Every form of prefix gives the same message, the time and the pid; as text and as bytes."""
    message = "failover peer foo: Both servers normal"
    for raw in (prefix + message, (prefix + message + "\n").encode()):
        line = parse(raw, NOW)
        assert (line.text, line.kind, line.pid) == (message, S, pid)
        assert line.stamp == (pytest.approx(stamp) if stamp else None)
        assert line.clock == ("11:33:05" if stamp else "--:--:--")


def test_stamps_without_a_zone_are_the_servers() -> None:
    """The server's offset shifts local stamps, and only those."""
    east = Zone(2 * 3600)
    assert parse("Nov 22 13:33:05 dhcp1 dhcpd[1]: x", NOW, east).stamp == AT
    assert parse("2026-11-22 13:33:05 dhcp1 dhcpd[1]: x", NOW, east).stamp == AT
    assert parse("Nov 22 13:33:05 dhcp1 dhcpd[1]: x", NOW, east).clock == "11:33:05"
    assert parse("2026-11-22T11:33:05+00:00 dhcp1 dhcpd[1]: x", NOW, east).stamp == AT


@pytest.mark.parametrize(
    ("now", "stamp", "year"),
    [
        ("2026-11-22", "Nov 22 11:33:05", 2026),
        ("2026-11-22", "Nov 23 11:33:05", 2025),  # a day and a half ahead: last year's
        ("2026-12-31T12:00", "Jan  1 00:00:01", 2027),  # the server's clock is a little ahead
        ("2027-01-01", "Dec 31 23:59:59", 2026),
        ("2026-03-01", "Feb 29 10:00:00", 2024),
        ("2028-03-01", "Feb 29 10:00:00", 2028),
    ],
)
def test_the_year_of_a_stamp_without_one(now: str, stamp: str, year: int) -> None:
    """The latest year that puts it no more than a day ahead of now."""
    line = parse(f"{stamp} dhcp1 dhcpd[1]: x", datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp())
    assert line.stamp is not None
    assert datetime.fromtimestamp(line.stamp, UTC).year == year


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            "Nov 22 11:33:05 dhcp1 cron[7]: failover peer foo: Both servers normal",
            "cron: failover peer foo: Both servers normal",
        ),
        ("Nov 22 11:33:05 dhcp1 systemd[1]: Stopped ISC DHCP IPv4 server.", "systemd: Stopped ISC DHCP IPv4 server."),
        ("cron[7]: hello", "cron: hello"),
        ("-- Boot 6b9b0c3a --", "-- Boot 6b9b0c3a --"),
        ("Nov 22 11:33:05 dhcp1 -- MARK --", "-- MARK --"),
    ],
)
def test_other_programs(raw: str, text: str) -> None:
    """Whoever is not dhcpd cannot speak for it."""
    line = parse(raw, NOW)
    assert (line.kind, line.text, line.transition) == (LineKind.OTHER, text, None)


def test_what_rsyslog_folded_is_judged() -> None:
    """`message repeated` is the message in it, and counts as often as it says."""
    line = judged("message repeated 3 times: [ timeout waiting for failover peer foo]")
    assert (line.kind, line.incident, line.times) == (L, "I-1", 3)
    assert fold([judged("timeout waiting for failover peer foo"), line])[0].summary == "(4 times)"


@given(st.text() | st.binary())
def test_parse_takes_anything(raw: str | bytes) -> None:
    """No input raises, and what comes out is one printable line."""
    line = parse(raw, NOW)
    assert line.text.isprintable()


@pytest.mark.parametrize("stamp", ["Nov 31 11:33:05", "Xyz 22 11:33:05", "2026-13-45T11:33:05Z"])
def test_impossible_dates(stamp: str) -> None:
    """A stamp that is no date is no stamp; the message still counts."""
    line = parse(f"{stamp} dhcp1 dhcpd[1]: exiting.", NOW)
    assert (line.stamp, line.clock, line.kind) == (None, "--:--:--", F)


def fold(lines: list[LogLine]) -> list[LogRow]:
    """What a pane shows of `lines`."""
    folder, rows = Folder(), list[LogRow]()
    for line in lines:
        row, back = folder.add(line)
        if back:
            rows[-back] = row
        else:
            rows.append(row)
    return rows


def rejected(n: int, reason: str = "incoming update is less critical than outgoing update") -> LogLine:
    """One of the lines of a pair's first start."""
    return judged(f"bind update on 10.0.0.{n} from foo rejected: {reason}")


def test_the_flood_of_a_first_start_is_one_row() -> None:
    """101 rejections for 101 addresses fold into one row with count and range, whatever their order."""
    rows = fold([rejected(n) for n in [150, *range(149, 99, -1), *range(151, 201)]])
    assert len(rows) == 1
    assert rows[0].count == 101
    assert rows[0].summary == "(101 times, 10.0.0.100 - 10.0.0.200)"


def test_addresses_are_compared_as_numbers() -> None:
    """10.0.0.9 comes before 10.0.0.10."""
    assert fold([rejected(10), rejected(9)])[0].span == ("10.0.0.9", "10.0.0.10")


def test_reasons_are_not_mixed() -> None:
    """Another reason is another row; a reason that repeats the address still folds."""
    rows = fold([rejected(1), rejected(2, "unknown IP address"), rejected(3)])
    assert [row.count for row in rows] == [2, 1]
    rows = fold([rejected(n, f"10.0.0.{n}: invalid state transition: active to free") for n in (1, 2)])
    assert [row.count for row in rows] == [2]


def test_refusals_in_turn_fold_into_two_rows() -> None:
    """The two lines of a refused handshake, every 5 s, become two rows that say until when."""
    lines = [
        parse(f"Nov 22 11:33:{second:02} dhcp1 dhcpd[1]: {message}", NOW)
        for second in range(5, 60, 5)
        for message in (
            "Failover CONNECT from foo: time offset too large",
            "failover: disconnect: time offset too large",
        )
    ]
    rows = fold(lines)
    assert [row.count for row in rows] == [11, 11]
    assert rows[0].summary == "(11 times, until 11:33:55)"
    assert rows[0].last_line is lines[-2]


def test_silence_folds_across_clients() -> None:
    """`not responding` counts clients in one row: who asked does not matter."""
    rows = fold(
        [judged(f"DHCPDISCOVER from 00:16:3e:00:00:{n:02x} via eth0: not responding (recovering)") for n in range(30)]
    )
    assert [row.summary for row in rows] == ["(30 times)"]


def test_nothing_folds_across_a_state_change() -> None:
    """A transition is never folded, and what follows it is news."""
    move = judged("failover peer foo: peer moves from normal to normal")
    assert [row.count for row in fold([rejected(1), move, rejected(2), move, move])] == [1, 1, 1, 1, 1]


def test_another_process_says_it_anew() -> None:
    """The same text from another pid (a restart, a `dhcpd -t`) is a row of its own."""
    message = "Wrote 101 leases to leases file."
    assert [row.count for row in fold([judged(message, 1), judged(message, 2), judged(message, 2)])] == [1, 2]


def test_a_repeat_looks_back_a_few_rows_only() -> None:
    """Beyond four other rows a repeat is a new row."""
    noise = [judged(f"DHCPDISCOVER from 00:16:3e:00:00:{n:02x} via eth0") for n in range(4)]
    first = rejected(1)
    assert len(fold([first, *noise[:3], rejected(2)])) == 4
    assert len(fold([first, *noise, rejected(2)])) == 6


@given(
    st.lists(
        st.sampled_from(
            [rejected(1), rejected(2), judged(DISCOVER), judged("exiting."), judged("peer foo: disconnected")]
        )
    )
)
def test_no_line_is_lost(lines: list[LogLine]) -> None:
    """The counts add up to the lines, and rows stand in the order of their first lines."""
    rows = fold(lines)
    assert sum(row.count for row in rows) == len(lines)
    assert [row.line for row in rows if row.line.fold_key is None] == [line for line in lines if line.fold_key is None]


def test_clear_starts_anew() -> None:
    """After `clear` a repeat is a new row."""
    folder = Folder()
    folder.add(rejected(1))
    folder.clear()
    assert folder.add(rejected(1)).back == 0
