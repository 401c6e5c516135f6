"""OMAPI's wire format: the vectors of the reference, and nothing but typed errors from anything else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.config.settings import ALGORITHMS
from dhcptui.servers.omapi import codec
from dhcptui.servers.omapi.errors import OmapiProtocolError
from dhcptui.servers.omapi.objects import SettableState, failover_status, lease, pool

SECRET = base64.b64encode(b"0123456789abcdef")


def entry(name: str, value: bytes) -> bytes:
    """One dictionary entry, written out by hand."""
    return len(name).to_bytes(2, "big") + name.encode() + len(value).to_bytes(4, "big") + value


def test_open_failover_state_vector() -> None:
    """OPEN of a failover-state is byte for byte what dhcpd's own omshell would send."""
    data = codec.encode(codec.OPEN, 1, message={b"type": b"failover-state"}, object_={b"name": b"foo"})
    head = bytes.fromhex("00000000 00000000 00000001 00000000 00000001 00000000")
    assert data == head + entry("type", b"failover-state") + b"\0\0" + entry("name", b"foo") + b"\0\0"


def test_startup_vector() -> None:
    """Version 100, header size 24."""
    assert bytes.fromhex("0000006400000018") == codec.STARTUP


@pytest.mark.parametrize(("algorithm", "size"), list(zip(ALGORITHMS, (16, 20, 28, 32, 48, 64), strict=True)))
def test_signatures(algorithm: str, size: int) -> None:
    """Each algorithm signs with its own size; our decoder accepts it and refuses a changed byte."""
    authenticator = codec.Key("k", algorithm, SECRET).authenticator()
    authenticator.authid = 7
    data = codec.encode(codec.OPEN, 1, object_={b"name": b"foo"}, authenticator=authenticator)
    assert data[:8] == (7).to_bytes(4, "big") + size.to_bytes(4, "big")
    for changed, signed in ((data, True), (data[:-1] + bytes([data[-1] ^ 1]), False)):
        decoder = codec.Decoder()
        decoder.authenticator = authenticator
        (message,) = decoder.feed(codec.STARTUP + changed)
        assert message.signed is signed


def test_secret_is_never_shown() -> None:
    """A key can be printed in an error without its secret."""
    key = codec.Key("k", "hmac-md5", SECRET)
    assert SECRET.decode() not in repr(key)
    with pytest.raises(ValueError, match="not base64") as caught:
        codec.Key("k", "hmac-md5", b"!!secret!!")
    assert "secret!!" not in str(caught.value)
    with pytest.raises(ValueError, match="hmac-sha512"):
        codec.Key("k", "hmac-sha3", SECRET)


def test_messages_in_pieces() -> None:
    """Bytes come as they like: one at a time or many messages at once."""
    stream = codec.STARTUP + b"".join(codec.encode(codec.UPDATE, n, handle=n) for n in range(1, 400))
    decoder = codec.Decoder()
    assert [message.id for message in decoder.feed(stream)] == list(range(1, 400))
    decoder = codec.Decoder()
    assert [m.id for byte in stream[:200] for m in decoder.feed(bytes([byte]))] == [1, 2, 3, 4, 5, 6]


def test_too_large_a_message() -> None:
    """A message over 64 KiB is refused when it passes the limit, not collected to its end."""
    decoder = codec.Decoder()
    decoder.feed(codec.STARTUP + bytes(24) + b"\0\1a" + (1 << 31).to_bytes(4, "big"))
    with pytest.raises(OmapiProtocolError):
        any(decoder.feed(bytes(4096)) for _ in range(100))


def test_a_stranger_on_the_port() -> None:
    """Something else on the port is named as that, with the key to look at."""
    with pytest.raises(OmapiProtocolError, match="does not speak OMAPI") as caught:
        codec.Decoder().feed(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    assert "omapi_port" in caught.value.advice


@given(st.lists(st.binary(max_size=300), max_size=20), st.booleans())
def test_garbage_gives_typed_errors_only(pieces: list[bytes], greeted: bool) -> None:
    """Whatever comes, there are messages or an OmapiProtocolError, nothing else."""
    decoder = codec.Decoder()
    try:
        if greeted:
            decoder.feed(codec.STARTUP)
        for piece in pieces:
            decoder.feed(piece)
    except OmapiProtocolError:
        pass


@given(
    st.dictionaries(
        st.sampled_from([b"local-state", b"mclt", b"hierarchy", b"state", b"ip-address", b"name"]),
        st.binary(max_size=9),
    )
)
def test_objects_of_any_shape(attributes: dict[bytes, bytes]) -> None:
    """An object with missing or odd attributes is a protocol error, never a wrong value or a crash."""
    for decode in (failover_status, lease, pool):
        try:
            decode(attributes)
        except OmapiProtocolError as error:
            assert "attribute" in str(error)  # noqa: PT017 - either outcome is right


def test_only_three_states_can_be_written() -> None:
    """Anything but 4, 6 and 8 cannot be expressed."""
    assert {state.value.number for state in SettableState} == {4, 6, 8}
