"""What can go wrong over OMAPI, as types. Every text is fit for the screen."""

from __future__ import annotations

from enum import Enum, auto

from dhcptui.model.sanitize import clean

_MEANING = {
    1: "dhcpd is out of memory",
    6: "no permission",
    18: "exists already",
    23: "not found",
    25: "failure",
    26: "I/O error: dhcpd cannot write its lease file (disk full, or no right to write)",
    27: "not implemented, or the object has no key",
    34: "unexpected",
    0x60003: "invalid argument",
    0x60005: "unchanged",
    0x60006: "several objects match",
    0x60007: "key conflict",
    0x60020: "unknown attribute",
}


class OmapiError(Exception):
    """Any failure over OMAPI. `advice` says what to do about it; it may be empty."""

    def __init__(self, text: str, advice: str = "") -> None:
        super().__init__(text)
        self.advice = advice


class OmapiClosed(OmapiError):
    """The connection ended: dhcpd died, was restarted, or closed it."""


class OmapiTimeout(OmapiError):
    """No answer before the deadline. The connection stays: dhcpd works in order and may only be busy."""


class OmapiUnconfirmed(OmapiError):
    """A state write was sent and no answer came: it may have taken effect, or take effect later. Never repeat it."""


class OmapiTooSlow(OmapiError):
    """A write was not sent: what was read before it would have been too old to write on."""


class OmapiChanged(OmapiError):
    """A write was not sent: the read right before it found another state than the plan counts on."""


class OmapiProtocolError(OmapiError):
    """The other side does not speak OMAPI as dhcpd does."""

    answered = True


class OmapiStatus(OmapiError):
    """dhcpd answered with a STATUS other than success. `code` is its `result`."""

    answered = True

    def __init__(self, code: int, message: str = "", advice: str = "") -> None:
        self.code = code
        more = f": {message}" if message else ""
        super().__init__(f"{_MEANING.get(code, f'OMAPI status {code:#x}')}{more}", advice)


class OmapiNotFound(OmapiStatus):
    """No such object (23), or an object that cannot be looked up (27)."""


class OmapiNoPermission(OmapiStatus):
    """dhcpd refuses the operation (6)."""


class KeyFault(Enum):
    """What is wrong with the key, as far as dhcpd 4.4.3 answers differently; its log says nothing of any."""

    NONE_GIVEN = auto()
    NONE_WANTED = auto()
    NAME = auto()
    ALGORITHM = auto()
    NAME_OR_ALGORITHM = auto()
    """dhcpd answers alike to both (23), and what would tell them apart was not answered."""
    NOT_CHOSEN = auto()
    SECRET = auto()
    UNSIGNED = auto()
    """An answer of dhcpd's shape that is not signed with the key."""


class OmapiNotAuthenticated(OmapiStatus):
    """dhcpd does not take the key (23, 0x60009, 0x6000a, 0x6000b). `fault` says what is wrong with it."""

    def __init__(self, code: int, fault: KeyFault, text: str, advice: str) -> None:
        OmapiError.__init__(self, text, advice)
        self.code, self.fault = code, fault


class OmapiIoError(OmapiStatus):
    """dhcpd could not write its lease file (26); a state change was rolled back (failover.c:1846)."""


class OmapiInvalid(OmapiStatus):
    """Invalid argument or unknown attribute (0x60003, 0x60020)."""


class OmapiAmbiguous(OmapiStatus):
    """Several objects match (0x60006), such as the leases of one MAC."""


_TYPES: dict[int, type[OmapiStatus]] = {
    6: OmapiNoPermission,
    23: OmapiNotFound,
    26: OmapiIoError,
    27: OmapiNotFound,
    0x60003: OmapiInvalid,
    0x60006: OmapiAmbiguous,
    0x60020: OmapiInvalid,
}
DISK_ADVICE = (
    "dhcpd has rolled the state back. Free space below its lease file, or mend its rights; then restart that dhcpd."
)
_AT_START = "dhcpd reads its keys only when it starts"
_KEY_FAULTS = {
    KeyFault.NONE_GIVEN: (
        "dhcpd wants a key, and the configuration has no omapi_key",
        "add omapi_key to the configuration: the name as in `omapi-key` of dhcpd.conf, the rest as in that `key`",
    ),
    KeyFault.NONE_WANTED: (
        "dhcpd has no key called {name!r}, and wants none: dhcpd obeys anybody without a key",
        "whoever reaches the port commands dhcpd: add `key` and `omapi-key` to dhcpd.conf and restart dhcpd, or, where"
        " it is meant so, take omapi_key out of the configuration",
    ),
    KeyFault.NAME: (
        "dhcpd has no key called {name!r}, with whatever algorithm",
        f"set name in omapi_key to what `omapi-key` names in dhcpd.conf; {_AT_START}",
    ),
    KeyFault.ALGORITHM: (
        "key {name!r} is {known} in dhcpd, not {algorithm}",
        f'set algorithm = "{{known}}" in omapi_key; {_AT_START}',
    ),
    KeyFault.NAME_OR_ALGORITHM: (
        "dhcpd has no key {name!r} with {algorithm}; whether it has one of that name cannot be told apart: no answer to that",
        "check name and algorithm of omapi_key against `key` and `omapi-key` in dhcpd.conf",
    ),
    KeyFault.NOT_CHOSEN: (
        "dhcpd has a key called {name!r}, but takes another one for OMAPI",
        f"use the key that `omapi-key` names in dhcpd.conf for omapi_key; {_AT_START}",
    ),
    KeyFault.SECRET: (
        "key {name!r} has another secret in dhcpd; its name and {algorithm} are right",
        "compare secret_file of omapi_key with `secret` of that key in dhcpd.conf;"
        f" {_AT_START}, and before 4.4.3 only hmac-md5 is sure to work",
    ),
    KeyFault.UNSIGNED: (
        "the answer is not signed with key {name!r}",
        "check omapi_key against `key` and `omapi-key` in dhcpd.conf, and that omapi_port leads to dhcpd itself",
    ),
}
NO_KEYS, KEY_UNKNOWN, INVALID_KEY = 0x60009, 0x6000A, 0x6000B


def key_refused(
    fault: KeyFault, name: str = "", algorithm: str = "", *, known: str = "", code: int = INVALID_KEY
) -> OmapiNotAuthenticated:
    """The error for a key that dhcpd does not take; `known` is the algorithm that dhcpd has for this name."""
    text, advice = (each.format(name=name, algorithm=algorithm, known=known) for each in _KEY_FAULTS[fault])
    return OmapiNotAuthenticated(code, fault, text, advice)


def from_status(code: int, message: bytes, key: tuple[str, str] = ("", ""), *, signed: bool = False) -> OmapiStatus:
    """The typed error behind a STATUS reply; `key` is (name, algorithm), `signed` whether the request was."""
    if code == NO_KEYS:
        return key_refused(KeyFault.NONE_GIVEN, code=code)
    if code == KEY_UNKNOWN:
        return key_refused(KeyFault.NAME, *key, code=code)
    if code == INVALID_KEY:
        return key_refused(KeyFault.SECRET if signed else KeyFault.NOT_CHOSEN, *key)
    kind = _TYPES.get(code, OmapiStatus)
    return kind(code, clean(message, 200) if message else "", DISK_ADVICE if kind is OmapiIoError else "")
