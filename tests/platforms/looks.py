"""The platforms that are played on this machine: where each keeps its files, how it calls dhcpd, and what it has not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dhcptui.config.platforms import PLATFORMS, Platform
from tests.lab.texts import Settings

BSD_TOOLS = ("ps", "sockstat", "netstat", "fstat", "uname", "date", "stat", "mv", "at", "atq", "atrm")
BSD_HAS = (
    "sh", "cat", "ls", "tail", "head", "grep", "sed", "awk", "cut", "tr", "wc", "sort", "od", "cmp", "cp", "rm", "mkdir",
    "rmdir", "ln", "touch", "chmod", "chown", "id", "kill", "sleep", "test", "printf", "find", "df", "dd", "readlink",
    "env", "true", "false", "ping", "nc", "md5sum", "mktemp", "uniq", "tee", "basename", "dirname", "expr",
    "xargs", "stty", "comm", "join", "paste", "install", "seq", "which",
)  # fmt: skip
"""Of this machine's programs those that FreeBSD has too, close enough."""


@dataclass(frozen=True)
class Look:
    """One look-alike."""

    id: str
    platform: str
    title: str
    words: str
    """dhcpd's command line, as its `ps` shows it."""
    log: str
    """The file that dhcpd's lines go to."""
    format: str
    conf: str
    """What people, or the firewall, write."""
    leases: str
    """Seen from outside."""
    dead: tuple[str, ...] = ()
    """Lease files that lie there besides, older and nobody's."""
    bsd: bool = True
    copies: bool = False
    tag: str = ""
    """Before the program's name, in a log of RFC 3164."""
    shared: str = ""
    """The directory that both servers include files from; empty: one file, without includes."""
    in_a_jail: bool = False
    """Its servers are jails themselves: there is no process 1."""

    @property
    def row(self) -> Platform:
        """Its row in the product's table."""
        return PLATFORMS[self.platform]

    @property
    def firewall(self) -> bool:
        """Whether a web interface writes its dhcpd.conf."""
        return bool(self.row.written_by)

    @property
    def settings(self) -> Settings:
        """Its failover relationship; a firewall has one for each interface."""
        return Settings(mclt=5, key_algorithm="hmac-sha256", peer="dhcp_lan" if self.firewall else "foo")

    def as_file(self, conf: str, master: str) -> str:
        """dhcpd.conf as it is there; `master` is what both servers share."""
        root = self.conf.removesuffix(self.words.partition(" -cf ")[2].split()[0])  # empty: outside of a chroot
        text = conf.replace("/etc/dhcp/shared", self.shared.removeprefix(root))
        if not self.shared:
            text = re.sub(r'include ".*";\n', lambda _: master, conf)
        if not self.firewall:
            return text
        return (
            'option domain-name "example.lan";\noption ldap-server code 95 = text;\n'
            f"option arch code 93 = unsigned integer 16; # RFC4578\n{text}"
        )


PORT = "/usr/local/sbin/dhcpd -q"
FREEBSD = Look(
    "freebsd",
    "freebsd",
    "FreeBSD, the port",
    f"{PORT} -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases -pf /var/run/dhcpd.pid -user dhcpd -group dhcpd eth0",
    "/var/log/daemon.log",
    "3164",
    "/usr/local/etc/dhcpd.conf",
    "/var/db/dhcpd/dhcpd.leases",
    shared="/usr/local/etc/dhcp/shared",
)
FREEBSD_CHROOT = Look(
    "freebsd-chroot",
    "freebsd",
    "FreeBSD, the port, in its chroot",
    f"{PORT} -chroot /var/db/dhcpd -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases -pf /var/run/dhcpd.pid"
    " -user dhcpd -group dhcpd eth0",
    "/var/log/daemon.log",
    "3164",
    "/usr/local/etc/dhcpd.conf",
    "/var/db/dhcpd/var/db/dhcpd/dhcpd.leases",
    dead=("/var/db/dhcpd/dhcpd.leases", "/var/db/dhcpd.leases"),
    copies=True,
    shared="/usr/local/etc/dhcp/shared",
    in_a_jail=True,
)
BY_HAND = Look(
    "freebsd-by-hand",
    "freebsd",
    "FreeBSD, a chroot made by hand",
    f"{PORT} -chroot /home/dhcp -cf /etc/dhcpd.conf -lf /db/dhcpd.leases -pf /var/run/dhcpd.pid eth0",
    "/var/log/daemon.log",
    "3164",
    "/home/dhcp/etc/dhcpd.conf",
    "/home/dhcp/db/dhcpd.leases",
    shared="/home/dhcp/etc/shared",
)
"""No row of the table of platforms: dhcpd has everything inside, and there is nothing outside."""
WALL = (
    "/usr/local/sbin/dhcpd -user dhcpd -group _dhcp -chroot /var/dhcpd -cf /etc/dhcpd.conf -pf /var/run/dhcpd.pid eth0"
)
PFSENSE = Look(
    "pfsense",
    "pfsense",
    "pfSense",
    WALL,
    "/var/log/dhcpd.log",
    "3164",
    "/var/dhcpd/etc/dhcpd.conf",
    "/var/dhcpd/var/db/dhcpd.leases",
    dead=("/var/db/dhcpd.leases",),
)
OPNSENSE = Look(
    "opnsense",
    "opnsense",
    "OPNsense",
    WALL.replace("_dhcp", "dhcpd"),
    "/var/log/dhcpd/dhcpd_20261128.log",
    "5424",
    "/var/dhcpd/etc/dhcpd.conf",
    "/var/dhcpd/var/db/dhcpd.leases",
    dead=("/var/db/dhcpd.leases",),
)
ALPINE = Look(
    "alpine",
    "alpine",
    "Alpine (busybox)",
    "/usr/sbin/dhcpd -q -pf /run/dhcp/dhcpd.pid -cf /etc/dhcp/dhcpd.conf -lf /var/lib/dhcp/dhcpd.leases eth0",
    "/var/log/messages",
    "3164",
    "/etc/dhcp/dhcpd.conf",
    "/var/lib/dhcp/dhcpd.leases",
    bsd=False,
    tag="daemon.info ",
    shared="/etc/dhcp/shared",
)
RHEL = Look(
    "rhel",
    "rhel",
    "RHEL 9",
    "/usr/sbin/dhcpd -f -cf /etc/dhcp/dhcpd.conf -lf /var/lib/dhcpd/dhcpd.leases -user dhcpd -group dhcpd -pf /run/dhcpd.pid eth0",
    "/run/look/journal",
    "iso",
    "/etc/dhcp/dhcpd.conf",
    "/var/lib/dhcpd/dhcpd.leases",
    dead=("/var/lib/dhcp/dhcpd.leases",),
    bsd=False,
    shared="/etc/dhcp/shared",
)
LOOKS = {look.id: look for look in (FREEBSD, FREEBSD_CHROOT, PFSENSE, OPNSENSE, ALPINE, RHEL)}
