"""Clients: who answers, for how long, and the log lines of a DISCOVER and a REQUEST, on both servers."""

from __future__ import annotations

import re
import time
from itertools import groupby

import pytest

from tests.contract.conftest import Make
from tests.contract.subject import CI, DOWN, ROLES, Subject

pytestmark = pytest.mark.second_try("a client waits a few seconds for its answer")

ADDRESS = re.compile(r"10\.0\.0\.1\d\d")
PRIMARYS = "02:00:00:00:00:02"
"""By the hash of RFC 3074 and `split 128` the primary's; the next one is the secondary's."""
SECONDARYS = "02:00:00:00:00:01"


def told(subject: Subject, role: str, mark: dict[str, int]) -> list[str]:
    """Lines about clients, leased addresses as ADDRESS; what an impatient client repeats stands there once."""
    lines = [line for line in subject.lines(role, mark) if line.startswith(("DHCP", "reuse_lease"))]
    found: list[str] = []
    for line, _ in groupby(ADDRESS.sub("ADDRESS", line) for line in lines):
        found.append(line)
        # Asked and answered twice before the client took it.
        if found[-4:-2] == found[-2:] and line.startswith("DHCPOFFER"):
            del found[-2:]
    return found


def tells(subject: Subject, role: str, mark: dict[str, int], *lines: str) -> None:
    """Exactly these lines about clients."""
    subject.patiently(lambda: told(subject, role, mark) == list(lines))
    assert told(subject, role, mark) == list(lines)


def seconds(lease: dict[str, str] | None) -> int:
    """The lease time."""
    assert lease
    return int(lease["dhcp-lease-time"])


@pytest.mark.parametrize(("mac", "answers", "host"), [(PRIMARYS, 0, "10.0.0.10"), (SECONDARYS, 1, "10.0.0.20")])
def test_the_hash_decides_who_answers(pair: Subject, mac: str, answers: int, host: str) -> None:
    """One offers, the other says that it leaves the client to its partner; the first lease is MCLT long."""
    mark = pair.mark()
    lease = pair.pair.dhcp_client(mac, timeout=6)
    assert lease
    assert (lease["server"], seconds(lease)) == (host, 15)
    tells(
        pair,
        ROLES[answers],
        mark,
        f"DHCPDISCOVER from {mac} via eth0",
        f"DHCPOFFER on ADDRESS to {mac} via eth0",
        f"DHCPREQUEST for ADDRESS ({host}) from {mac} via eth0",
        f"DHCPACK on ADDRESS to {mac} via eth0",
    )
    tells(
        pair,
        ROLES[1 - answers],
        mark,
        f"DHCPDISCOVER from {mac} via eth0: load balance to peer foo",
        f"DHCPREQUEST for ADDRESS ({host}) from {mac} via eth0: lease owned by peer",
    )
    assert pair.state(ROLES[answers]).unacked == 1
    assert pair.patiently(lambda: pair.state(ROLES[answers]).unacked == 0)


def test_a_renewed_lease_is_as_long_as_configured(pair: Subject) -> None:
    """Once the partner has acknowledged it, the client gets the default-lease-time."""
    first = pair.pair.dhcp_client(SECONDARYS, timeout=6)
    time.sleep(4.2)
    second = pair.pair.dhcp_client(SECONDARYS, timeout=6)
    assert first
    assert second
    assert (second["address"], seconds(second)) == (first["address"], 600)


def test_a_survivor_serves_all_with_short_leases(pair: Subject) -> None:
    """communications-interrupted: everybody is answered, from the own half, for MCLT seconds."""
    pair.kill("secondary")
    pair.until(CI, None, 2)
    for mac in (PRIMARYS, SECONDARYS):
        mark = pair.mark()
        lease = pair.pair.dhcp_client(mac, timeout=6)
        assert lease
        assert int(lease["address"].rpartition(".")[2]) >= 150  # the secondary was given 100..149
        assert (lease["server"], seconds(lease)) == ("10.0.0.10", 15)
        tells(
            pair,
            "primary",
            mark,
            f"DHCPDISCOVER from {mac} via eth0",
            f"DHCPOFFER on ADDRESS to {mac} via eth0",
            f"DHCPREQUEST for ADDRESS (10.0.0.10) from {mac} via eth0",
            f"DHCPACK on ADDRESS to {mac} via eth0",
        )


def test_a_young_lease_is_confirmed_unchanged(pair: Subject) -> None:
    """dhcp-cache-threshold: under a quarter of its time nothing is written, and the log says so."""
    pair.kill("secondary")
    pair.until(CI, None, 2)
    pair.pair.dhcp_client(PRIMARYS, timeout=6)
    mark = pair.mark()
    pair.pair.dhcp_client(PRIMARYS, timeout=6)
    lines = [re.sub(r"age \d+", "age N", line) for line in told(pair, "primary", mark)]
    reuse = "reuse_lease: lease age N (secs) under 25% threshold, reply with unaltered, existing lease for ADDRESS"
    assert lines == [
        reuse,
        f"DHCPDISCOVER from {PRIMARYS} via eth0",
        f"DHCPOFFER on ADDRESS to {PRIMARYS} via eth0",
        reuse,
        f"DHCPREQUEST for ADDRESS (10.0.0.10) from {PRIMARYS} via eth0",
        f"DHCPACK on ADDRESS to {PRIMARYS} via eth0",
    ]


def test_who_does_not_respond_says_why(make: Make) -> None:
    """recover-wait answers nobody; its partner in partner-down answers all."""
    subject = make(mclt=12)
    subject.kill("secondary")
    subject.until(CI, None, 2)
    subject.write("primary", DOWN)
    subject.start("secondary")
    subject.until(DOWN, "recover-wait", 5)
    mark = subject.mark()
    lease = subject.pair.dhcp_client(SECONDARYS, timeout=6)
    assert lease
    assert lease["server"] == "10.0.0.10"
    assert (
        told(subject, "secondary", mark)[0] == f"DHCPDISCOVER from {SECONDARYS} via eth0: not responding (recover wait)"
    )


def test_a_small_pool_runs_dry(make: Make) -> None:
    """Its half given out, a survivor has nothing left while the dead partner's half lies idle."""
    subject = make(mclt=60, range=("10.0.0.100", "10.0.0.103"))
    subject.kill("secondary")
    subject.until(CI, None, 2)
    for number in (1, 2):
        assert subject.pair.dhcp_client(f"02:00:00:00:01:{number:02x}", timeout=5)
    mark = subject.mark()
    assert subject.pair.dhcp_client("02:00:00:00:01:03", timeout=2) is None
    first = told(subject, "primary", mark)[0]
    assert first == "DHCPDISCOVER from 02:00:00:00:01:03 via eth0: peer holds all free leases"
    for role, state in (("primary", "free"), ("primary", "active")):
        assert state in subject.servers[role].leases.read_text()


def test_partner_down_takes_the_other_half_after_mclt(make: Make) -> None:
    """The partner's leases become usable at stos + mclt, and not before."""
    subject = make(mclt=4, range=("10.0.0.100", "10.0.0.101"), default_lease_time=3)
    subject.kill("secondary")
    subject.until(CI, None, 2)
    assert subject.pair.dhcp_client("02:00:00:00:01:01", timeout=5)
    stos = subject.write("primary", DOWN).local_stos
    mark = subject.mark()
    assert subject.pair.dhcp_client("02:00:00:00:01:02", timeout=1) is None or time.time() > stos + 4
    assert any("peer holds all free leases" in line for line in told(subject, "primary", mark))
    time.sleep(max(0.0, stos + 5.2 - time.time()))
    assert subject.pair.dhcp_client("02:00:00:00:01:02", timeout=5)


def test_lease_file(pair: Subject) -> None:
    """Records as dhcpd writes them: the lease, then the states, mclt on the secondary only."""
    lease = pair.pair.dhcp_client(PRIMARYS, timeout=6)
    assert lease
    pair.patiently(lambda: pair.state("primary").unacked == 0, patience=5)
    text = pair.servers["primary"].leases.read_text()
    block = text[text.rindex(f"lease {lease['address']} {{") :].split("}")[0]
    date = r"\d \d{4}/\d\d/\d\d \d\d:\d\d:\d\d;\n"
    pattern = rf"""lease {re.escape(lease["address"])} {{
  starts {date}  ends {date}  tstp {date}  tsfp {date}  atsfp {date}  cltt {date}  binding state active;
  next binding state expired;
  hardware ethernet {PRIMARYS};
"""
    assert re.fullmatch(pattern, block), block
    for role, mclt in (("primary", ""), ("secondary", "  mclt 15;\n")):
        text = pair.servers[role].leases.read_text()
        record = text[text.rindex('\nfailover peer "foo" state {') :].split("}")[0]
        pattern = rf'\nfailover peer "foo" state {{\n  my state normal at {date}  partner state normal at {date}{mclt}'
        assert re.fullmatch(pattern, record), record
    head = (
        "# The format of this file is documented in the dhcpd.leases(5) manual page.\n"
        "# This lease file was written by isc-dhcp-4.4.3-P1\n\n"
        "# authoring-byte-order entry is generated, DO NOT DELETE\nauthoring-byte-order little-endian;\n"
    )
    assert text.startswith(head)
