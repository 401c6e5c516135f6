"""The words of dhcpd.conf as a practice dhcpd reads them: what stands between each and its semicolon."""

from __future__ import annotations

from enum import Enum, auto

from dhcptui.conf import statements as known


class Argument(Enum):
    """What stands between a parameter and its semicolon."""

    NONE = auto()
    NUMBER = auto()
    WORD = auto()
    REST = auto()
    """Anything: an expression, a list."""


BLOCKS = frozenset({"shared-network", "group", "host", "class", "zone", "if", "else", "elsif", "on", "switch"})

ALGORITHMS = frozenset({"hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"})
PERMITTED = frozenset(
    {"bootp", "booting", "client-updates", "declines", "duplicates", "leasequery", "unknown-clients", "known-clients"}
)
"""What allow, deny and ignore may name outside a pool."""
DDNS_UPDATE_STYLES = frozenset({"none", "ad-hoc", "interim", "standard"})

_REST = known.EXECUTABLE | {
    "ddns-domainname", "ddns-hostname", "ddns-local-address4", "ddns-local-address6", "ddns-rev-domainname",
    "delayed-ack", "dynamic-bootp-lease-cutoff", "filename", "fixed-address", "hardware", "host-identifier", "lease",
    "lease-file-name", "lease-id-format", "limited-broadcast-address", "local-address", "local-address6", "match",
    "next-server", "no", "not", "pid-file-name", "server-identifier", "server-name", "site-option-space", "spawn",
    "subclass", "vendor-option-space",
}  # fmt: skip
PARAMETERS: dict[str, Argument] = {
    **dict.fromkeys(known.PARAMETERS | {"db-time-format"}, Argument.WORD),
    **dict.fromkeys(("default-lease-time", "max-lease-time", "min-lease-time"), Argument.NUMBER),
    **dict.fromkeys(_REST, Argument.REST),
    **dict.fromkeys(("authoritative", "deny-unknown-clients"), Argument.NONE),
}

OPTIONS = known.OPTIONS | {"space"}
