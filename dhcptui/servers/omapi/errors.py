"""What can go wrong over OMAPI, as types. Every text is fit for the screen."""

from __future__ import annotations

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
    0x60009: "no key given",
    0x6000A: "key unknown",
    0x6000B: "invalid key",
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
        said = f": {message}" if message else ""
        super().__init__(f"{_MEANING.get(code, f'OMAPI status {code:#x}')}{said}", advice)


class OmapiNotFound(OmapiStatus):
    """No such object (23), or an object that cannot be looked up (27)."""


class OmapiNoPermission(OmapiStatus):
    """dhcpd refuses the operation (6)."""


class OmapiNotAuthenticated(OmapiStatus):
    """No key, an unknown key, or a wrong secret (0x60009, 0x6000a, 0x6000b)."""


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
    0x60009: OmapiNotAuthenticated,
    0x6000A: OmapiNotAuthenticated,
    0x6000B: OmapiNotAuthenticated,
    0x60020: OmapiInvalid,
}
DISK_ADVICE = (
    "dhcpd has rolled the state back. Free space below its lease file, or mend its rights; then restart that dhcpd."
)
KEY_ADVICE = "check omapi_key in the configuration against `key` and `omapi-key` in dhcpd.conf"


def from_status(code: int, message: bytes) -> OmapiStatus:
    """The typed error behind a STATUS reply."""
    kind = _TYPES.get(code, OmapiStatus)
    advice = {OmapiNotAuthenticated: KEY_ADVICE, OmapiIoError: DISK_ADVICE}.get(kind, "")
    return kind(code, clean(message, 200) if message else "", advice)
