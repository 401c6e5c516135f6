"""Questions about leases, and what two servers have differently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.engine.lease_report import lease_json, lease_text
from dhcptui.model.leases import (
    Asked,
    LeaseAnswer,
    LeaseView,
    LookUp,
    Outcome,
    differences,
    identifier,
    parse_question,
)
from dhcptui.model.role import Role
from dhcptui.servers.omapi import objects
from tests.unit.making import live, pair

LEASE = LeaseView("10.0.0.9", "active", "02:00:00:00:00:01", 1, "", "", 100, 700, 1000, None, None, 100)


@pytest.mark.parametrize(
    ("text", "asked", "read"),
    [
        ("10.0.0.9", Asked.ADDRESS, "10.0.0.9"),
        (" 10.0.0.009 ", Asked.ADDRESS, "10.0.0.9"),
        ("02:00:5E:10:00:01", Asked.HARDWARE, "02:00:5e:10:00:01"),
        ("2-0-5e-10-0-1", Asked.HARDWARE, "02:00:5e:10:00:01"),
        ("0200.5e10.0001", Asked.HARDWARE, "02:00:5e:10:00:01"),
        ("02005e100001", Asked.HARDWARE, "02:00:5e:10:00:01"),
        ("laptop-7.example.org", Asked.HOST_NAME, "laptop-7.example.org"),
        ("deadbeef", Asked.HOST_NAME, "deadbeef"),
    ],
)
def test_questions(text: str, asked: Asked, read: str) -> None:
    """Several spellings of one hardware address."""
    found = parse_question(text)
    assert found is not None
    assert (found.asked, found.text) == (asked, read)


@pytest.mark.parametrize("text", ["", "10.0.0.256", 'x"; rm', "a b", "-rf", "\x1b[31m", "02:00-5e:10:00:01", "ä"])
def test_no_questions(text: str) -> None:
    """What could be taken for something else on a server is refused."""
    assert parse_question(text) is None


def test_what_is_wrong_and_what_is_dhcpds_way() -> None:
    """Another client or state is a disagreement; a host name on one side is not."""
    other = replace(LEASE, client_hostname="evil", cltt=None, tstp=None, tsfp=1000)
    assert [each.wrong for each in differences(LEASE, other)] == [False] * 4
    wrong = replace(LEASE, binding_state="free", hardware_address="")
    assert [each.attribute for each in differences(LEASE, wrong) if each.wrong] == ["binding state", "hardware address"]
    assert differences(LEASE, LEASE) == ()
    assert differences(LEASE, replace(LEASE, ends=701)) == ()
    assert [each.attribute for each in differences(LEASE, replace(LEASE, ends=702))] == ["ends"]
    free = replace(LEASE, binding_state="free")
    assert differences(free, replace(free, ends=9)) == ()


def test_identifiers_are_printable() -> None:
    """Text as text, bytes in hex, nothing that a terminal would obey."""
    assert identifier(b"\0laptop") == "laptop"
    assert identifier(b"\x01\x02\x00\x00\x00\x00\x01") == "01:02:00:00:00:00:01"
    assert identifier(b"\0\x1b[2J") == "00:1b:5b:32:4a"
    assert identifier(b"") == ""


def test_a_lease_object_off_the_wire() -> None:
    """Flags are one byte; a time of 0 is none; the host name is sanitised."""
    number = (2).to_bytes(4, "big")
    found = objects.lease(
        {b"state": number, b"ip-address": b"\n\0\0\x09", b"pool": number, b"flags": b"\x04", b"cltt": bytes(4),
         b"ends": number, b"hardware-type": number, b"client-hostname": b"a\x1b[31m"}
    )  # fmt: skip
    assert (found.view.binding_state, found.view.flags, found.view.cltt, found.view.ends) == (
        "active",
        ("reserved",),
        None,
        2,
    )
    assert found.view.client_hostname == r"a\x1b[31m"
    assert found.pool_handle == 2


def look_up(one: LeaseAnswer, two: LeaseAnswer) -> LookUp:
    """An answer of both."""
    found = differences(one.lease, two.lease) if one.lease and two.lease else ()
    return LookUp("address 10.0.0.9", 0.0, {Role.PRIMARY: one, Role.SECONDARY: two}, found, ("10.0.0.8",))


def test_the_report_names_both_and_what_they_disagree_on() -> None:
    """Side by side, with the disagreement as a sentence."""
    snapshot = pair(live(Role.PRIMARY), live(Role.SECONDARY))
    found = look_up(LeaseAnswer(Outcome.FOUND, LEASE), LeaseAnswer(Outcome.FOUND, replace(LEASE, ends=9000)))
    text = lease_text(found, snapshot)
    assert "dhcp1 (primary)" in text
    assert "DISAGREE on ends: 1970-01-01T00:11:40Z and 1970-01-01T02:30:00Z" in text
    assert "10.0.0.8" in text
    document = lease_json(found, snapshot)
    assert document["disagree_on"] == ["ends"]
    assert document["servers"]["primary"]["lease"]["tsfp"] is None
    assert found.outcome is Outcome.FOUND


def test_outcomes_together() -> None:
    """One that answers is an answer; two silences are none."""
    silent, absent = LeaseAnswer(Outcome.NO_ANSWER, note="needs OMAPI"), LeaseAnswer(Outcome.NOT_FOUND)
    assert look_up(silent, LeaseAnswer(Outcome.FOUND, LEASE)).outcome is Outcome.FOUND
    assert look_up(silent, absent).outcome is Outcome.NOT_FOUND
    assert look_up(silent, silent).outcome is Outcome.NO_ANSWER
    assert "needs OMAPI" in lease_text(look_up(silent, silent), pair(live(Role.PRIMARY), live(Role.SECONDARY)))
