"""The remote command lines that find out how dhcpd is set up on a server. They only look."""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.servers.ssh.commands import Command, script

MISSING = 44
"""Exit status of `read_existing` where there is no such file."""
LOG_PLACES = ("/var/log/*dhcp*.log", "/var/log/dhcp*", "/var/log/daemon.log", "/var/log/syslog", "/var/log/messages")
"""Where syslog puts dhcpd's lines, the place of its own first."""
_LOG_LINES = 3000


def read_existing(path: str) -> Command:
    """A file's bytes; exit 44 where it is missing."""
    return script(f'[ -e "$1" ] || exit {MISSING}; exec cat -- "$1"', path)


def file_facts(paths: Sequence[str]) -> Command:
    """The server's time, then one line a path: seconds since 1970 of the last change, permissions in octal; or `-`."""
    return script(
        'date +%s; for f; do stat -L -c "%Y %a" -- "$f" 2>/dev/null || stat -L -f "%m %Lp" -- "$f" 2>/dev/null'
        " || echo -; done",
        *paths,
    )


def host_name() -> Command:
    """The server's own name."""
    return Command(("uname", "-n"))


def user_id() -> Command:
    """The account's number: 0 is root."""
    return Command(("id", "-u"))


def sudo_works() -> Command:
    """Whether `sudo -n` runs a command of ours as root without asking."""
    return Command(("/bin/sh", "-c", ":"), sudo=True)


def sudo_list() -> Command:
    """What the account may run through sudo without a password, in sudo's own words."""
    return Command(("sudo", "-n", "-l"))


def process_group(pid: int) -> Command:
    """The control groups of a process: with systemd they name its unit. Nothing where there is no such thing."""
    return script('cat "/proc/$1/cgroup" 2>/dev/null || :', str(pid))


def first_existing(paths: Sequence[str]) -> Command:
    """Those of `paths` that exist, one a line."""
    return script('for f; do if [ -e "$f" ]; then printf "%s\\n" "$f"; fi; done', *paths)


def programs(paths: Sequence[str]) -> Command:
    """Those of `paths` that are executable files, one a line."""
    return script('for f; do if [ -f "$f" ] && [ -x "$f" ]; then printf "%s\\n" "$f"; fi; done', *paths)


def systemd_units() -> Command:
    """The units of dhcpd that systemd knows, one a line; nothing where systemd does not run."""
    return script(
        "[ -d /run/systemd/system ] || exit 0; "
        "systemctl list-unit-files --type=service --no-legend --no-pager 2>/dev/null | "
        "sed -n 's/^\\(isc-dhcp-server[0-9A-Za-z@._-]*\\|dhcpd[0-9A-Za-z@._-]*\\|isc-dhcpd[0-9A-Za-z@._-]*\\)"
        "\\.service .*/\\1/p'"
    )


def logs_of_dhcpd() -> Command:
    """Log files with lines of dhcpd among their last ones, one a line: number of such lines, a space, the path."""
    return script(
        'for f in "$@"; do for g in $f; do [ -f "$g" ] || continue; case "$g" in *.gz|*.[0-9]|*.xz|*.bz2) continue;; esac; '
        f"n=$(tail -n {_LOG_LINES} \"$g\" 2>/dev/null | grep -c -E 'dhcpd(\\[[0-9]+\\])?:|failover peer ' 2>/dev/null); "
        'if [ "${n:-0}" -gt 0 ]; then printf "%s %s\\n" "$n" "$g"; fi; done; done',
        *LOG_PLACES,
    )


def journal_of(unit: str) -> Command:
    """The last line that the journal has of a unit; nothing where there is no journal, or none of that unit."""
    return script(
        'command -v journalctl >/dev/null || exit 0; journalctl -q -n 1 -o cat --no-pager "--unit=$1" 2>/dev/null || :',
        unit,
    )
