"""The words of dhcpd.conf that the practice dhcpd knows (dhcpd.conf(5), dhcp-options(5)); any other is no parameter."""

from __future__ import annotations

from enum import Enum, auto


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

PARAMETERS: dict[str, Argument] = {
    "authoritative": Argument.NONE,
    **dict.fromkeys(("default-lease-time", "max-lease-time", "min-lease-time"), Argument.NUMBER),
    **dict.fromkeys(
        (
            "adaptive-lease-time-threshold", "always-broadcast", "always-reply-rfc1048", "boot-unknown-clients",
            "db-time-format", "ddns-update-style", "ddns-updates", "deny-unknown-clients", "dhcp-cache-threshold",
            "do-forward-updates", "duplicates", "echo-client-id", "get-lease-hostnames", "infinite-is-reserved",
            "local-port", "log-facility", "log-threshold-high", "log-threshold-low", "max-ack-delay", "min-secs",
            "omapi-key", "omapi-port", "one-lease-per-client", "ping-check", "ping-timeout", "prefix-length-mode",
            "release-on-roam", "remote-port", "server-id-check", "stash-agent-options", "update-conflict-detection",
            "update-optimization", "update-static-leases", "use-host-decl-names", "use-lease-addr-for-default-route",
        ),
        Argument.WORD,
    ),
    **dict.fromkeys(
        (
            "append", "ddns-domainname", "ddns-hostname", "ddns-rev-domainname", "default", "delayed-ack",
            "dynamic-bootp-lease-cutoff", "dynamic-bootp-lease-length", "filename", "fixed-address", "hardware",
            "lease", "limited-broadcast-address", "local-address", "log", "match", "next-server", "not", "prepend",
            "send", "server-identifier", "server-name", "set", "site-option-space", "spawn", "subclass", "supersede",
            "vendor-option-space", "lease-file-name", "pid-file-name", "lease-id-format", "host-identifier", "no",
        ),
        Argument.REST,
    ),
}  # fmt: skip

OPTIONS = frozenset(
    {
        "all-subnets-local", "arp-cache-timeout", "auto-config", "bcms-controller-address", "boot-size",
        "bootfile-name", "broadcast-address", "cookie-servers", "default-ip-ttl", "default-tcp-ttl", "default-url",
        "dhcp-client-identifier", "dhcp-lease-time", "dhcp-max-message-size", "dhcp-message", "dhcp-message-type",
        "dhcp-option-overload", "dhcp-parameter-request-list", "dhcp-rebinding-time", "dhcp-renewal-time",
        "dhcp-requested-address", "dhcp-server-identifier", "domain-name", "domain-name-servers", "domain-search",
        "extensions-path", "finger-server", "font-servers", "host-name", "ieee802-3-encapsulation", "ien116-name-servers",
        "impress-servers", "interface-mtu", "ip-forwarding", "irc-server", "log-servers", "lpr-servers", "mask-supplier",
        "max-dgram-reassembly", "merit-dump", "mobile-ip-home-agent", "name-service-search", "nds-context",
        "nds-servers", "nds-tree-name", "netbios-dd-server", "netbios-name-servers", "netbios-node-type", "netbios-scope",
        "netinfo-server-address", "netinfo-server-tag", "nis-domain", "nis-servers", "nisplus-domain",
        "nisplus-servers", "nntp-server", "non-local-source-routing", "ntp-servers", "nwip-domain", "nwip-suboptions",
        "path-mtu-aging-timeout", "path-mtu-plateau-table", "pcode", "perform-mask-discovery", "policy-filter",
        "pop-server", "relay-agent-information", "resource-location-servers", "root-path", "router-discovery",
        "router-solicitation-address", "routers", "slp-directory-agent", "slp-service-scope", "smtp-server", "space",
        "static-routes", "streettalk-directory-assistance-server", "streettalk-server", "subnet-mask",
        "subnet-selection", "swap-server", "tcode", "tcp-keepalive-garbage", "tcp-keepalive-interval",
        "tftp-server-name", "time-offset", "time-servers", "trailer-encapsulation", "uap-servers", "user-class",
        "v4-only-preferred", "vendor-class-identifier", "vendor-encapsulated-options", "vivco", "vivso", "www-server",
        "x-display-manager",
    }
)  # fmt: skip
