"""OMAPI byte for byte in shape: attributes, order, widths, handles, errors."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.contract.conftest import Make
from tests.contract.raw import DELETE, NOTIFY, OPEN, REFRESH, UPDATE, Frame, Talk, u32
from tests.contract.subject import CI, ROLES, Subject
from tests.lab.omapi import Key

pytestmark = pytest.mark.second_try("times that dhcpd tells are held against a clock")

SHAPE = [
    ("name", 3), ("partner-address", 8), ("partner-port", 4), ("local-address", 8), ("local-port", 4),
    ("max-outstanding-updates", 4), ("mclt", 4), ("load-balance-max-secs", 4), ("load-balance-hba", 32),
    ("partner-state", 4), ("local-state", 4), ("partner-stos", 4), ("local-stos", 4), ("hierarchy", 4),
    ("last-packet-sent", 4), ("last-timestamp-received", 4), ("skew", 4), ("max-response-delay", 4),
    ("cur-unacked-updates", 4),
]  # fmt: skip
NO_AUTHENTICATOR = (0x60009, "No authenticator on message")
NO_KEY_GIVEN = (27, "can't create new object")
NO_MATCH = (23, "no object matches specification")
NO_HANDLE = (23, "no matching handle")
NO_UPDATE = "can't update object"
FOO = {"name": b"foo"}


def shape(frame: Frame) -> list[tuple[str, int]]:
    """Names and widths in the order of the wire."""
    return [(name, len(value)) for name, value in frame.fields.items()]


def numbers(frame: Frame) -> dict[str, int]:
    """Every attribute as an integer."""
    return {name: int.from_bytes(value, "big") for name, value in frame.fields.items()}


@pytest.fixture
def known(pair: Subject) -> Iterator[Talk]:
    """An authenticated connection to the primary of a pair of its own."""
    assert pair.key
    with pair.talk("primary") as talk:
        talk.authenticate(pair.key)
        yield talk


def test_failover_state(calm: Subject) -> None:
    """The whole object on both servers, with its mistakes: pointer bytes for addresses, zeros for what is never set."""
    assert calm.key
    for role in ROLES:
        with calm.talk(role) as talk:
            opened = talk.authenticate(calm.key)
            assert (opened.opcode, opened.authid, opened.handle, opened.signed) == (UPDATE, 0, 1, False)
            assert opened.fields == {"name": b"omapi", "algorithm": b"hmac-sha256.SIG-ALG.REG.INT."}
            frame = talk.open("failover-state", FOO)
        assert (frame.opcode, frame.authid, frame.message, frame.signed) == (UPDATE, 1, {}, True)
        assert shape(frame) == SHAPE
        found = numbers(frame)
        assert {name: found[name] for name in ("partner-port", "local-port", "max-outstanding-updates", "mclt")} == {
            "partner-port": 520, "local-port": 520, "max-outstanding-updates": 10, "mclt": 15,
        }  # fmt: skip
        assert (found["local-state"], found["partner-state"]) == (2, 2)
        assert found["hierarchy"] == ROLES.index(role)
        assert (found["max-response-delay"], found["load-balance-max-secs"], found["cur-unacked-updates"]) == (60, 3, 0)
        assert [found[name] for name in ("last-packet-sent", "last-timestamp-received", "skew")] == [0, 0, 0]
        assert frame.fields["load-balance-hba"] == b"\xff" * 16 + bytes(16)
        assert frame.fields["partner-address"][5:] == frame.fields["local-address"][5:]  # both are of one heap
        assert frame.fields["partner-address"] != frame.fields["local-address"]
        assert abs(found["local-stos"] - time.time()) < 20


def test_hash_buckets_are_unknown_until_the_partner_was_met(pair: Subject) -> None:
    """A secondary that has not yet heard CONNECT in this process leaves load-balance-hba out."""
    assert pair.key
    for role in ROLES:
        pair.kill(role)
    pair.start("secondary")
    with pair.talk("secondary") as talk:
        talk.authenticate(pair.key)
        frame = talk.open("failover-state", FOO)
    assert shape(frame) == [each for each in SHAPE if each[0] != "load-balance-hba"]
    assert numbers(frame)["local-state"] == 1
    assert numbers(frame)["mclt"] == 15


def test_without_authentication(calm: Subject) -> None:
    """Only the authenticator may be opened; everything else is told so, without a signature."""
    with calm.talk("primary") as talk:
        for frame in (
            talk.open("failover-state", FOO),
            talk.open("control"),
            talk.open("nonsense"),
            talk.ask(REFRESH, {}, {}, handle=1),
        ):
            assert (frame.status, frame.signed, frame.handle) == (NO_AUTHENTICATOR, False, 0)
        assert talk.open("authenticator").status == NO_KEY_GIVEN
        assert talk.open("authenticator", {"name": b"omapi"}).status == NO_MATCH


@pytest.mark.parametrize(("name", "algorithm"), [("nobody", "hmac-sha256"), ("omapi", "hmac-md5")])
def test_unknown_key(calm: Subject, name: str, algorithm: str) -> None:
    """A name or an algorithm that dhcpd.conf does not have is simply not found."""
    with calm.talk("primary") as talk:
        assert talk.authenticate(Key(name, algorithm, "d3Jvbmc=")).status == NO_MATCH


def test_wrong_secret(calm: Subject) -> None:
    """The authenticator opens all the same; the first signed request is refused, without text and without signature."""
    with calm.talk("primary") as talk:
        assert talk.authenticate(Key("omapi", "hmac-sha256", "d3Jvbmc=")).opcode == UPDATE
        for _ in range(2):
            frame = talk.open("failover-state", FOO)
            assert (frame.status, list(frame.message), frame.authid) == ((0x6000B, ""), ["result"], 0)


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha512", None])
def test_key_algorithms(make: Make, algorithm: str | None) -> None:
    """Each algorithm signs; a port without omapi-key answers anybody."""
    subject = make(key_algorithm=algorithm)
    with subject.talk("secondary") as talk:
        if subject.key:
            assert talk.authenticate(subject.key).opcode == UPDATE
        frame = talk.open("failover-state", FOO)
        assert (frame.opcode, frame.signed) == (UPDATE, bool(algorithm))


def test_refusals(known: Talk) -> None:
    """STATUS numbers and texts, one by one; the connection stays good."""
    handle = known.open("failover-state", FOO).handle
    for frame, status in (
        (known.open("failover-state", {"name": b"fooo"}), NO_MATCH),
        (known.open("failover-state"), NO_KEY_GIVEN),
        (known.open("failover-state", {"nme": b"foo"}), NO_KEY_GIVEN),
        (known.open("nonsense", FOO), NO_HANDLE),
        (known.ask(OPEN, {}, {}), NO_HANDLE),
        (known.ask(REFRESH, {}, {}, handle=9999), NO_HANDLE),
        (known.ask(UPDATE, {}, {"local-state": u32(2)}, handle=9999), NO_HANDLE),
        (known.ask(UPDATE, {}, {"nonsense": u32(2)}, handle=handle), (23, NO_UPDATE)),
        (known.ask(UPDATE, {}, {"mclt": u32(2)}, handle=handle), (0, "")),
        (known.open("failover-state", FOO | {"nonsense": u32(1)}, update=1), (23, NO_UPDATE)),
        (known.open("failover-state", FOO | {"local-state": b"\1"}, update=1), (0x60003, NO_UPDATE)),
        (known.open("failover-state", FOO, create=1, exclusive=1), (18, "specified object already exists")),
        (known.open("failover-state", {"name": b"new"}, create=1), NO_KEY_GIVEN),
        (known.open("failover-state", {"handle": u32(999)}), NO_MATCH),
        (known.open("failover-state", {"handle": u32(handle), "name": b"bar"}), (0x60007, "object lookup failed")),
        (known.ask(DELETE, {}, {}, handle=handle), (27, "")),
        (known.ask(DELETE, {}, {}, handle=9999), NO_HANDLE),
        (known.ask(NOTIFY, {}, {}, handle=handle), (27, "notify not implemented yet")),
        (known.open("failover-link"), (27, "unsearchable object type")),
        (known.open("pool"), NO_KEY_GIVEN),
        (known.open("lease"), NO_KEY_GIVEN),
        (known.open("host", {"name": b"x"}), NO_MATCH),
    ):
        assert (frame.status, frame.signed, frame.authid, frame.fields) == (status, True, 1, {})
    control = known.open("control")
    assert control.fields == {"state": u32(0)}
    assert known.ask(UPDATE, {}, {"state": u32(1)}, handle=control.handle).status == (0x60003, NO_UPDATE)
    assert known.ask(UPDATE, {}, {"nonsense": u32(1)}, handle=control.handle).status == (23, NO_UPDATE)
    again = known.open("failover-state", FOO)
    assert shape(again) == SHAPE
    assert numbers(again)["mclt"] == 15


def test_leases_and_pools(pair: Subject, known: Talk) -> None:
    """A lease leads to its pool; handles count from 1 in the order in which objects are first shown."""
    assert known.open("failover-state", FOO).handle == 2
    first = known.open("lease", {"ip-address": b"\x0a\0\0\x64"})
    assert shape(first) == [
        ("state", 4), ("ip-address", 4), ("subnet", 4), ("pool", 4), ("ends", 4), ("starts", 4), ("tstp", 4),
        ("tsfp", 4), ("atsfp", 4), ("cltt", 4), ("flags", 1),
    ]  # fmt: skip
    found = numbers(first)
    assert (first.handle, found["subnet"], found["pool"]) == (3, 4, 5)
    assert (found["state"], found["ends"], found["cltt"]) == (7, 0, 0)
    assert found["tstp"] == found["tsfp"] == found["atsfp"] == found["starts"]
    second = known.open("lease", {"ip-address": b"\x0a\0\0\xc8"})
    assert (second.handle, numbers(second)["pool"], numbers(second)["state"]) == (6, 5, 1)
    pool = known.ask(REFRESH, {}, {}, handle=5)
    assert list(numbers(pool).items()) == [("lease-count", 101), ("free-leases", 51), ("backup-leases", 50)]
    assert known.ask(REFRESH, {}, {}, handle=4).fields == {}
    assert known.open("lease", {"ip-address": b"\x0a\0\0\x63"}).status == NO_MATCH
    unknown = {"hardware-address": bytes.fromhex("020000000099"), "hardware-type": u32(1)}
    assert known.open("lease", unknown).status == NO_MATCH
    given = pair.pair.dhcp_client("02:00:00:00:00:02", timeout=6)
    assert given
    with_client = known.open("lease", {"ip-address": bytes(map(int, given["address"].split(".")))})
    assert [name for name, _ in shape(with_client)][4:6] == ["hardware-address", "hardware-type"]
    found = numbers(with_client)
    assert (found["state"], found["hardware-type"], found["hardware-address"]) == (2, 1, 0x020000000002)
    assert found["ends"] - found["starts"] == 15
    assert found["tstp"] - found["starts"] == 607
    by_mac = known.open("lease", {"hardware-address": bytes.fromhex("020000000002"), "hardware-type": u32(1)})
    assert by_mac.fields["ip-address"] == with_client.fields["ip-address"]


def test_writing(pair: Subject, known: Talk) -> None:
    """OPEN with update gives the new object in the same reply, UPDATE by handle a STATUS 0; both move."""
    written = known.open("failover-state", FOO | {"local-state": u32(8)}, update=1)
    assert shape(written) == SHAPE
    assert (numbers(written)["local-state"], numbers(written)["partner-state"]) == (8, 2)
    pair.until("shutdown", "partner-down", 2)
    time.sleep(0.1)
    assert numbers(known.open("failover-state", FOO))["partner-state"] == 4
    done = known.ask(UPDATE, {}, {"local-state": u32(6)}, handle=written.handle)
    assert (done.status, list(done.message), done.signed) == ((0, ""), ["result"], True)
    pair.normal(timeout=6)


def test_any_state_is_taken(pair: Subject) -> None:
    """On a survivor dhcpd takes every state that it has a name for, and reads it back."""
    pair.kill("secondary")
    pair.until(CI, None, 2)
    for number in (0, 2, 3, 5, 7, 9, 10, 11, 254):
        before = time.time()
        state = pair.write("primary", number)
        assert int.from_bytes(state.raw["local-state"], "big") == number
        if number != 254:
            assert state.local_stos >= int(before)
    assert pair.servers["primary"].is_running()


def test_a_number_that_is_no_state_ends_dhcpd(pair: Subject) -> None:
    """A local-state that dhcpd has no name for is written down, logged as unknown-state, and kills it."""
    mark = pair.mark()
    with pair.talk("primary") as talk:
        assert pair.key
        talk.authenticate(pair.key)
        with pytest.raises((EOFError, ConnectionError)):
            talk.open("failover-state", FOO | {"local-state": u32(200)}, update=1)
    assert pair.patiently(lambda: not pair.servers["primary"].is_running())
    told = pair.story("primary", mark)
    assert told[:2] == ["I move from normal to unknown-state", "Impossible case at failover.c:1716."]
    assert told[-1] == "exiting."
    pair.until("no-answer", CI, 2)


def test_what_ends_a_connection(pair: Subject) -> None:
    """An unknown opcode, and an answer to nothing, are answered by closing."""
    assert pair.key
    for opcode in (0, 99):
        with pair.talk("primary") as talk:
            talk.authenticate(pair.key)
            talk.send(opcode, {}, {})
            with pytest.raises((EOFError, ConnectionError)):
                talk.read()


def test_a_stopped_dhcpd_lets_in_and_answers_later(pair: Subject) -> None:
    """SIGSTOP: the kernel still accepts; after SIGCONT what was sent meanwhile is answered."""
    assert pair.key
    with pair.talk("primary") as talk:
        talk.authenticate(pair.key)
        pair.servers["primary"].pause()
        assert pair.words() == ("no-answer", "normal")
        talk.send(OPEN, {"type": b"failover-state"}, FOO)
        pair.servers["primary"].resume()
        assert shape(talk.read()) == SHAPE
    assert pair.words() == ("normal", "normal")
