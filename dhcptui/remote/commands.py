"""The only place where a remote command line is built.

A builder returns a `Command`: words, never a string, so no file name can turn into syntax.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

OWN_PREFIX = ".dhcptui-"
"""How the last component of everything begins that we create, and therefore may remove, on a server."""

# sshd gives a non-root (and on some systems any) command a PATH without sbin, where dhcpd and service live.
# Messages in English, because people search for them; the character set stays the server's.
_PRELUDE = "PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin LC_MESSAGES=C; export PATH LC_MESSAGES; "
_PRELUDE += 'exec "$@"'


@dataclass(frozen=True, slots=True)
class Command:
    """The words of one remote command; with `sudo` it runs as root through `sudo -n` (which never asks).

    `daemon`: it may leave a process behind that keeps our pipes open, so its exit status is its end, not the pipes'.
    """

    argv: tuple[str, ...]
    sudo: bool = False
    daemon: bool = False

    def __post_init__(self) -> None:
        if not self.argv or not self.argv[0]:
            raise ValueError("a command needs at least a program")
        if any("\0" in word for word in self.argv):
            raise ValueError("a word of a command may not hold a NUL character")

    @property
    def line(self) -> str:
        """The command as one would type it: for plans, errors, the audit log, and as a script for the remote shell."""
        return shlex.join(("sudo", "-n", *self.argv) if self.sudo else self.argv)

    @property
    def wire(self) -> str:
        """What is sent: `line` behind a prelude that sets PATH. It works whatever the account's login shell is."""
        return f"/bin/sh -c {shlex.quote(_PRELUDE)} sh {self.line}"

    def as_root(self, sudo: bool = True) -> Command:
        """The same command through sudo, if `sudo` says so."""
        return replace(self, sudo=True) if sudo else self


def _script(script: str, *args: str) -> Command:
    """A small shell script; its arguments stay words (`$1`, `$2`)."""
    return Command(("/bin/sh", "-c", script, "sh", *args))


# --- looking ---


def tail_file(path: str, lines: int) -> Command:
    """Follow a log file by name, across rotation, truncation and absence, beginning with its last `lines` lines."""
    return Command(("tail", "-n", str(lines), "-F", "--", path))


def last_lines(path: str, lines: int) -> Command:
    """The last `lines` lines of a file, once."""
    return Command(("tail", "-n", str(lines), "--", path))


def follow_journal(unit: str, lines: int) -> Command:
    """Follow one unit in the systemd journal, beginning with its last `lines` entries."""
    return Command(("journalctl", "-f", *_journal(unit, lines)))


def last_journal(unit: str, lines: int) -> Command:
    """The last `lines` entries of one unit in the systemd journal, once."""
    return Command(("journalctl", *_journal(unit, lines)))


def _journal(unit: str, lines: int) -> tuple[str, ...]:
    return ("-n", str(lines), "-o", "short-iso-precise", "--no-pager", f"--unit={unit}")


def shell() -> Command:
    """A plain shell that reads commands from stdin, for many small questions over one channel."""
    return Command(("/bin/sh",))


def read_clock() -> Command:
    """Seconds since 1970 with nanoseconds; a date without %N (BSD, busybox) leaves something else behind the dot."""
    return Command(("date", "+%s.%N"))


def process_table() -> Command:
    """Every process: pid, state, elapsed time, name, arguments. The same on Linux (procps) and FreeBSD."""
    columns = ("-o", "pid=", "-o", "stat=", "-o", "etime=", "-o", "comm=", "-o", "args=")
    return Command(("ps", "-A", "-ww", *columns))


def dhcpd_version() -> Command:
    """dhcpd's version; it writes it to stderr."""
    return Command(("dhcpd", "--version"))


def dhcpd_test(conf: str) -> Command:
    """dhcpd's own check of a configuration file: exit 0 or 1, reasons on stderr (and, at level ERR, in syslog)."""
    return Command(("dhcpd", "-t", "-4", "-cf", conf))


def read_file(path: str) -> Command:
    """A file's bytes on stdout."""
    return Command(("cat", "--", path))


def list_glob(pattern: str) -> Command:
    """Existing paths that match `pattern` (`*`, `?`, `[...]`), each followed by NUL; none is no error.

    Only the pattern characters have a meaning; spaces, quotes and `$` in it are plain text.
    """
    return _script('IFS=; for f in $1; do if [ -e "$f" ] || [ -L "$f" ]; then printf "%s\\0" "$f"; fi; done', pattern)


def pack_tree(directory: str) -> Command:
    """A tar stream of everything in `directory` on stdout, with owners and modes."""
    return Command(("tar", "-C", directory, "-cf", "-", "."))


# --- changing ---


def restart(words: str) -> Command:
    """The restart command of the configuration, split as a shell would; no shell runs it, so `;` and `|` are words.

    Raises ValueError when it is empty or a quote is left open.
    """
    return Command(tuple(shlex.split(words)), daemon=True)


def unpack_tree(directory: str) -> Command:
    """Unpack a tar stream from stdin into the existing `directory`, keeping modes and (as root) owners."""
    return Command(("tar", "-C", directory, "-xpf", "-"))


def make_dir(path: str) -> Command:
    """A new directory only its owner may enter; fails if something is already there."""
    return Command(("mkdir", "-m", "0700", "--", path))


# mv and cp would put SOURCE *into* TARGET if that were a directory; -T says no, but only GNU knows it.
_ONLY_IF_FREE = 'if [ -e "$2" ] || [ -L "$2" ]; then printf "%s exists\\n" "$2" >&2; exit 1; fi; '


def rename(source: str, target: str) -> Command:
    """Rename a file or directory; fails if `target` exists."""
    return _script(_ONLY_IF_FREE + 'mv -- "$1" "$2"', source, target)


def replace_file(source: str, target: str) -> Command:
    """Put a file in the place of another one, at once (same file system); refuses when `target` is a directory."""
    return _script(
        'if [ -d "$2" ]; then printf "%s is a directory\\n" "$2" >&2; exit 1; fi; mv -f -- "$1" "$2"', source, target
    )


def copy(source: str, target: str) -> Command:
    """Copy a file or a whole directory with owners, modes and times; fails if `target` exists."""
    return _script(_ONLY_IF_FREE + 'cp -a -- "$1" "$2"', source, target)


def append(path: str) -> Command:
    """Append stdin to an existing file."""
    return _script('test -f "$1" && cat >> "$1"', path)


def stop_process(pid: int) -> Command:
    """Ask one process to end (SIGTERM)."""
    return Command(("kill", "-TERM", str(pid)))


def try_port(address: str, port: int) -> Command:
    """Try a TCP port from the server: prints open, refused, silent or unknown. Wants bash; most servers have it."""
    return _script(
        "command -v bash >/dev/null || { echo unknown; exit; }; "
        'said=$(timeout 2 bash -c \'exec 3<>"/dev/tcp/$0/$1"\' "$1" "$2" 2>&1); status=$?; '
        'case "$status:$said" in 0:*) echo open;; 124:*) echo silent;; *refused*) echo refused;; '
        "*) echo silent;; esac",
        address,
        str(port),
    )


def ping(address: str) -> Command:
    """One echo request from the server, one second: prints open, silent or unknown."""
    return _script(
        "command -v ping >/dev/null || { echo unknown; exit; }; "
        'if ping -c 1 -W 1 "$1" >/dev/null 2>&1; then echo open; else echo silent; fi',
        address,
    )


def remove_tree(path: str) -> Command:
    """Remove what we created ourselves: an absolute path whose last component begins with `.dhcptui-`.

    Raises ValueError for any other path.
    """
    pure = PurePosixPath(path)
    if not pure.is_absolute() or ".." in pure.parts or not pure.name.startswith(OWN_PREFIX):
        raise ValueError(f"only an absolute path to something called {OWN_PREFIX}* may be removed, not {path!r}")
    return Command(("rm", "-rf", "--", str(pure)))
