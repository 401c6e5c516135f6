"""The remote command lines that find out how dhcpd is set up on a server. They only look."""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.servers.ssh.commands import Command, script

MISSING = 44
"""Exit status of `read_existing` where there is no such file."""
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


def platform_facts() -> Command:
    """What tells one platform from another: a word, a space, its value; one a line."""
    return script(
        'printf "uname %s\\n" "$(uname -s)"; '
        '[ ! -r /etc/platform ] || printf "platform %s\\n" "$(head -n 1 /etc/platform)"; '
        '[ ! -d /usr/local/opnsense ] || echo "opnsense there"; '
        "[ ! -r /etc/os-release ] || sed -n 's/^ID=/id /p; s/^ID_LIKE=/like /p' /etc/os-release; "
        '! command -v apk >/dev/null 2>&1 || echo "apk there"; :'
    )


def shell_setting(path: str, names: str) -> Command:
    """The lines of a file in shell syntax that set one of `names`, a basic regular expression; none where it is missing."""
    return script('[ ! -r "$1" ] || grep -E -e "^[[:space:]]*($2)=" -- "$1" || :', path, names)


def run_enabled(words: Sequence[str]) -> Command:
    """What a start script says of the setting without which it does nothing; nothing where there is no such script."""
    return script('command -v "$1" >/dev/null 2>&1 || exit 0; "$@" 2>/dev/null || :', *words)


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


def logs_of_dhcpd(places: Sequence[str]) -> Command:
    """Log files with lines of dhcpd among their last ones, one a line: number of such lines, a space, the path.

    `places` are shell patterns. `?` instead of the number: there is such a file, and this account may not read it.
    """
    return script(
        'for f in "$@"; do for g in $f; do [ -f "$g" ] || continue; case "$g" in '
        "*.gz|*.[0-9]|*.[0-9][0-9]|*.xz|*.bz2|*.zst|*-[0-9]*[0-9]) continue;; */latest.log) ;; "
        '*) [ ! -e "${g%/*}/latest.log" ] || continue;; esac; '
        'if [ ! -r "$g" ]; then printf "? %s\\n" "$g"; continue; fi; '
        f'n=$(tail -n {_LOG_LINES} "$g" 2>/dev/null |'
        " grep -c -E 'dhcpd(\\[[0-9]+\\])?:| dhcpd [0-9]+ [^ ]+ [-[]|failover peer ' 2>/dev/null); "
        'if [ "${n:-0}" -gt 0 ]; then printf "%s %s\\n" "$n" "$g"; fi; done; done',
        *places,
    )


def journal_of(unit: str) -> Command:
    """The last line that the journal has of a unit; nothing where there is no journal, or none of that unit."""
    return script(
        'command -v journalctl >/dev/null || exit 0; journalctl -q -n 1 -o cat --no-pager "--unit=$1" 2>/dev/null || :',
        unit,
    )
