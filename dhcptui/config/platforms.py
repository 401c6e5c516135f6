"""Where dhcpd lives, platform by platform: the one table behind the defaults of config.toml and what `init` looks for.

Paths are as seen from the host, also where dhcpd runs in a chroot. Pure.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from dhcptui.model.failover import ConfWriter

__all__ = ["DEFAULT", "PLATFORMS", "Platform", "RestartWay", "writer"]


@dataclass(frozen=True, slots=True)
class RestartWay:
    """A command that restarts dhcpd, and the program whose being there says that it can."""

    program: str
    command: str


@dataclass(frozen=True, slots=True)
class Platform:
    """One row: where a platform keeps what belongs to dhcpd, and how it wants to be treated."""

    name: str
    title: str
    dhcpd_conf: str
    leases: str
    log: str
    """As in config.toml: `file:/PATH` or `journal:UNIT`."""
    restart: str
    restart_ways: tuple[RestartWay, ...]
    """What to look for before `restart` is believed in, best first."""
    built_in_leases: str
    """The lease file of a dhcpd that is started without -lf, as its own words mean it: inside a chroot."""
    log_files: tuple[str, ...]
    """Files, as shell patterns, where its syslog puts dhcpd's lines; those of dhcpd's own first."""
    options_file: str = ""
    """The file with dhcpd's options, in shell syntax."""
    chroot: str = ""
    """The directory that its dhcpd is usually, or on request, started in (`-chroot`); empty: it has no such way."""
    copies_files: bool = False
    """Its start script copies dhcpd.conf into the chroot: `dhcpd_conf` is what people edit, dhcpd reads the copy."""
    includes_setting: str = ""
    """What names, in `options_file`, the directory of included files that it copies too."""
    start_script: str = ""
    """Its own start script, which tells a chroot made by the platform from one made by hand."""
    enabled_by: str = ""
    """The command that tells whether the start script does anything at all; empty: it always does."""
    written_by: str = ""
    """Who writes dhcpd.conf anew at each start; empty: people do, and what they write stays."""
    own_way: str = ""
    """Where `written_by`: how the configuration is changed, brought to the partner and put into force there."""
    lacks: tuple[str, ...] = ()
    """Programs that are not there as the platform comes."""
    at_minutes: int = 1
    """How often `at` looks for jobs; 0: there is none, or nothing runs its jobs."""

    @property
    def log_path(self) -> str:
        """The log file of `log`; empty for a journal."""
        return self.log.removeprefix("file:") if self.log.startswith("file:") else ""

    @property
    def chrooted_leases(self) -> str:
        """The lease file of a dhcpd that runs in `chroot` without -lf; empty where there is no chroot."""
        return posixpath.join(self.chroot, self.built_in_leases[1:]) if self.chroot else ""


_SYSLOG = ("/var/log/daemon.log", "/var/log/syslog", "/var/log/messages")
_OWN_LOGS = ("/var/log/*dhcp*/latest.log", "/var/log/*dhcp*.log", "/var/log/*dhcp*/*dhcp*.log", "/var/log/dhcp*")
_WRITTEN = "its web interface, which writes the file anew at every start of dhcpd"

_ROWS = (
    Platform(
        name="debian",
        title="Debian, Ubuntu",
        dhcpd_conf="/etc/dhcp/dhcpd.conf",
        leases="/var/lib/dhcp/dhcpd.leases",
        log="file:/var/log/dhcpd.log",
        restart="systemctl restart isc-dhcp-server",
        restart_ways=(RestartWay("/etc/init.d/isc-dhcp-server", "service isc-dhcp-server restart"),),
        built_in_leases="/var/lib/dhcp/dhcpd.leases",
        log_files=(*_OWN_LOGS, *_SYSLOG),
        options_file="/etc/default/isc-dhcp-server",
    ),
    Platform(
        name="rhel",
        title="RHEL, Fedora and their kin",
        dhcpd_conf="/etc/dhcp/dhcpd.conf",
        leases="/var/lib/dhcpd/dhcpd.leases",
        log="journal:dhcpd",
        restart="systemctl restart dhcpd",
        restart_ways=(RestartWay("/etc/init.d/dhcpd", "service dhcpd restart"),),
        built_in_leases="/var/lib/dhcpd/dhcpd.leases",
        log_files=(*_OWN_LOGS, *_SYSLOG),
        options_file="/etc/sysconfig/dhcpd",
    ),
    Platform(
        name="freebsd",
        title="FreeBSD, the port isc-dhcp44-server",
        dhcpd_conf="/usr/local/etc/dhcpd.conf",
        leases="/var/db/dhcpd/dhcpd.leases",
        # dhcpd logs as LOG_DAEMON, and syslog.conf sends daemon.info here.
        log="file:/var/log/daemon.log",
        restart="service isc-dhcpd restart",
        restart_ways=(RestartWay("/usr/local/etc/rc.d/isc-dhcpd", "service isc-dhcpd restart"),),
        built_in_leases="/var/db/dhcpd/dhcpd.leases",
        log_files=(*_OWN_LOGS, *_SYSLOG),
        options_file="/etc/rc.conf",
        chroot="/var/db/dhcpd",
        copies_files=True,
        includes_setting="dhcpd_includedir",
        start_script="/usr/local/etc/rc.d/isc-dhcpd",
        enabled_by="service isc-dhcpd rcvar",
        lacks=("sudo", "bash", "systemd-run", "ss", "/proc"),
        at_minutes=5,
    ),
    Platform(
        name="pfsense",
        title="pfSense with the ISC backend",
        dhcpd_conf="/var/dhcpd/etc/dhcpd.conf",
        leases="/var/dhcpd/var/db/dhcpd.leases",
        log="file:/var/log/dhcpd.log",
        restart="/usr/local/sbin/pfSsh.php playback svc restart dhcpd",
        restart_ways=(RestartWay("/usr/local/sbin/pfSsh.php", "/usr/local/sbin/pfSsh.php playback svc restart dhcpd"),),
        built_in_leases="/var/db/dhcpd.leases",
        log_files=("/var/log/dhcpd.log",),
        chroot="/var/dhcpd",
        written_by=_WRITTEN,
        own_way="change it under Services > DHCP Server, let System > High Availability Sync bring it to the partner,"
        " and restart dhcpd under Status > Services",
        lacks=("sudo", "bash", "systemd-run", "ss", "/proc", "atrun"),
        # Its crontab is its own, without atrun: `at` takes jobs that nothing runs.
        at_minutes=0,
    ),
    Platform(
        name="opnsense",
        title="OPNsense with os-isc-dhcp",
        dhcpd_conf="/var/dhcpd/etc/dhcpd.conf",
        leases="/var/dhcpd/var/db/dhcpd.leases",
        log="file:/var/log/dhcpd/latest.log",
        restart="configctl dhcpd restart",
        restart_ways=(RestartWay("/usr/local/sbin/configctl", "configctl dhcpd restart"),),
        built_in_leases="/var/db/dhcpd.leases",
        # latest.log is a link that is switched each day.
        log_files=("/var/log/dhcpd/latest.log",),
        chroot="/var/dhcpd",
        written_by=_WRITTEN,
        own_way="change it under Services > ISC DHCPv4, or in a file below /usr/local/etc/dhcpd.opnsense.d on each firewall;"
        " let System > High Availability bring it to the partner, and run `configctl dhcpd restart` on one after the other",
        lacks=("sudo", "bash", "systemd-run", "ss", "/proc"),
        at_minutes=5,
    ),
    Platform(
        name="alpine",
        title="Alpine",
        dhcpd_conf="/etc/dhcp/dhcpd.conf",
        leases="/var/lib/dhcp/dhcpd.leases",
        log="file:/var/log/messages",
        restart="rc-service dhcpd restart",
        restart_ways=(RestartWay("/etc/init.d/dhcpd", "rc-service dhcpd restart"),),
        built_in_leases="/var/lib/dhcp/dhcpd.leases",
        log_files=(*_OWN_LOGS, *_SYSLOG),
        options_file="/etc/conf.d/dhcpd",
        lacks=("sudo", "bash", "systemd-run", "at"),
        at_minutes=0,
    ),
)

PLATFORMS: dict[str, Platform] = {row.name: row for row in _ROWS}
"""The value of `platform` in config.toml -> its row."""
DEFAULT = PLATFORMS["debian"]
"""What holds where no platform is named."""


def writer(platform: str | None, dhcpd_conf: str, *, firewall_like: bool | None = None) -> ConfWriter | None:
    """Who writes a server's dhcpd.conf: by the platform that the configuration names, else by its path, else by its text.

    `firewall_like`: whether it looks as a firewall's web interface writes it; None: not read yet. None where nothing says.
    """
    if platform is not None:
        row = PLATFORMS[platform]
        return ConfWriter(row.written_by and f"{row.title}: {row.written_by}", row.own_way, f'platform = "{platform}"')
    rows = [row for row in _ROWS if row.written_by]
    if dhcpd_conf in {row.dhcpd_conf for row in rows}:
        known_by = f"{dhcpd_conf}, where firewalls keep it"
    elif firewall_like is None:
        return None
    elif firewall_like:
        known_by = "what is declared: firewalls write it so"
    else:
        return ConfWriter(known_by="what is declared")
    names = " or ".join(row.title for row in rows)
    ways = "; ".join(f"{row.title}: {row.own_way}" for row in rows)
    return ConfWriter(f"{names}: {rows[0].written_by}", ways, known_by)
