"""One lease as both servers hold it: what was asked, what each says, and what they disagree on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean

END_SLACK_SECONDS = 1
"""Times travel between the servers in whole seconds."""

_ADDRESS = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})")
_HEX = re.compile(r"[0-9a-f]{12}")
_GROUPS = re.compile(r"[0-9a-f]{1,2}(?:([:-])[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?")


class Asked(Enum):
    """What a question names. The value is the word on the screen."""

    ADDRESS = "address"
    HARDWARE = "hardware address"
    HOST_NAME = "host name"


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked up: an IPv4 address, a hardware address (`02:00:5e:...`) or a host name."""

    asked: Asked
    text: str


def parse_question(text: str) -> Question | None:
    """Read what a person types: 10.0.0.9; 02:00:5E:10:00:01, 2-0-5e-..., 0200.5e10.0001, 02005e100001; a host name.

    None where it is none of these.
    """
    text = text.strip()
    if match := _ADDRESS.fullmatch(text):
        parts = [int(part) for part in match.groups()]
        return Question(Asked.ADDRESS, ".".join(map(str, parts))) if max(parts) <= 255 else None
    low = text.lower()
    if _GROUPS.fullmatch(low):
        return Question(Asked.HARDWARE, ":".join(part.zfill(2) for part in re.split("[:-]", low)))
    packed = re.sub(r"[.:-]", "", low)
    dotted = re.fullmatch(r"(?:[0-9a-f]{4}[.:-]){2}[0-9a-f]{4}", low)
    if _HEX.fullmatch(packed) and (dotted or packed == low):
        return Question(Asked.HARDWARE, ":".join(packed[n : n + 2] for n in range(0, 12, 2)))
    return Question(Asked.HOST_NAME, text) if _NAME.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class LeaseView:
    """One lease as one server holds it. Times are epoch seconds of that server's clock; None where it has none."""

    address: str
    binding_state: str
    """dhcpd's word: free, active, expired, released, abandoned, reset, backup."""
    hardware_address: str
    """`02:00:5e:10:00:01`; empty for an address that nobody has had."""
    hardware_type: int | None
    """1 is Ethernet."""
    client_identifier: str
    """Printable: text where it is text, else bytes in hex."""
    client_hostname: str
    """What the client calls itself; sanitised. dhcpd does not tell it to its partner."""
    starts: int | None
    ends: int | None
    tstp: int | None
    """Until when this server told its partner that the lease may last."""
    tsfp: int | None
    """Until when the partner said so."""
    atsfp: int | None
    """The tsfp that this server has acknowledged."""
    cltt: int | None
    """When the client was last heard; only on the server that it talked to."""
    flags: tuple[str, ...] = ()
    """Of: static, bootp, reserved."""


class Outcome(Enum):
    """What came of asking one server."""

    FOUND = "found"
    NOT_FOUND = "not found"
    SEVERAL = "several"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class LeaseAnswer:
    """One server's answer; `note` says why there is no lease, or how it was found."""

    outcome: Outcome
    lease: LeaseView | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """An attribute that the two servers have differently; `wrong` is False where that is dhcpd's way."""

    attribute: str
    primary: str
    secondary: str
    wrong: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """The answer to a question. `at`: epoch seconds of the console's clock."""

    question: str
    """As it was understood; sanitised."""
    at: float
    answers: Mapping[Role, LeaseAnswer]
    differences: tuple[Difference, ...] = ()
    also: tuple[str, ...] = ()
    """Further addresses of the same client; ask for each by itself."""
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """Of both servers together: found where one has it; no answer where neither said anything of use."""
        outcomes = {answer.outcome for answer in self.answers.values()}
        for each in (Outcome.FOUND, Outcome.SEVERAL, Outcome.NOT_FOUND):
            if each in outcomes:
                return each
        return Outcome.NO_ANSWER


def identifier(raw: bytes) -> str:
    """A client identifier in print: type 0 with text as text, anything else in hex."""
    text = raw[1:] if raw[:1] == b"\0" else raw
    if text and all(32 <= byte < 127 for byte in text):
        return clean(text, 120)
    return clean(raw.hex(":"), 240)


_OWN = "dhcpd does not tell its partner"
_ONE_SIDED = {
    "client_hostname": ("host name", _OWN),
    "cltt": ("cltt", "only the server that heard the client has it"),
    "tstp": ("tstp", "each server keeps what it told its partner"),
    "tsfp": ("tsfp", "each server keeps what its partner told it"),
    "atsfp": ("atsfp", "each server keeps what it acknowledged"),
}
_SHARED = {
    "binding_state": ("binding state", "the servers do not agree on who may use this address"),
    "hardware_address": ("hardware address", "the servers hold it for different clients"),
    "client_identifier": ("client identifier", "the servers hold it for different clients"),
    "starts": ("starts", "one server has not heard of the newest lease"),
    "ends": ("ends", "one server has not heard of the newest lease"),
    "flags": ("flags", "a reservation on one server only"),
}


def differences(primary: LeaseView, secondary: LeaseView) -> tuple[Difference, ...]:
    """What two servers have differently of one address: what is wrong first, then what is dhcpd's way."""
    owned = primary.binding_state in {"active", "expired", "released"}
    found = []
    for wrong, table in ((True, _SHARED), (False, _ONE_SIDED)):
        for name, (word, meaning) in table.items():
            one, two = getattr(primary, name), getattr(secondary, name)
            if one == two or (name in {"starts", "ends"} and not _apart(one, two, owned)):
                continue
            found.append(Difference(word, _shown(one), _shown(two), wrong, meaning))
    return tuple(found)


def _apart(one: int | None, two: int | None, owned: bool) -> bool:
    """Start and end matter while somebody holds the lease."""
    return owned and abs((one or 0) - (two or 0)) > END_SLACK_SECONDS


def _shown(value: object) -> str:
    if value is None or value in {"", ()}:
        return "-"
    return " ".join(value) if isinstance(value, tuple) else str(value)
