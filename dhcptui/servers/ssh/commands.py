"""The only place where a remote command line is built.

A builder returns a `Command`: words, never a string, so no file name can turn into syntax.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from dhcptui.servers.ssh.script_parts import ROOM

OWN_PREFIX = ".dhcptui-"
"""How the last component of everything begins that we create, and therefore may remove, on a server."""

# sshd gives a non-root (and on some systems any) command a PATH without sbin, where dhcpd and service live.
# Messages in English, because people search for them; the character set stays the server's.
# Every login shell has to read this as it is: no quote, `!`, backslash or newline in it.
_PRELUDE = "PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin LC_MESSAGES=C; export PATH LC_MESSAGES; "
_PRELUDE += 'echo "-- dhcptui: begin --"; '
_PRELUDE += 'set -- "$(printf %b "$@" .)"; eval "exec ${1%.}"'
BEGIN_LINE = b"-- dhcptui: begin --\n"
"""Goes before a command's output: the login shell may have talked before."""


_WORD_BYTES = 800
"""Longest word that is sent: csh of NetBSD and OpenBSD takes 1023."""
_LITERAL = frozenset(range(0x20, 0x7F)) - frozenset(b"'!\\")


def _encode(text: str) -> str:
    """Quoted words for `printf %b`, which puts `text` together again: all that is special within quotes is octal."""
    letters = [chr(byte) if byte in _LITERAL else f"\\0{byte:03o}" for byte in text.encode("utf-8", "surrogateescape")]
    words, word = [], ""
    for letter in letters:
        if len(word) + len(letter) > _WORD_BYTES:
            words.append(word)
            word = ""
        word += letter
    return " ".join(f"'{part}'" for part in (*words, word))


@dataclass(frozen=True, slots=True)
class Command:
    """The words of one remote command; with `sudo` it runs as root through `sudo -n` (which never asks).

    `daemon`: it may leave a process behind that keeps our pipes open, so its exit status is its end, not the pipes'.
    """

    argv: tuple[str, ...]
    sudo: bool = False
    daemon: bool = False
    as_account: bool = False
    """Wants no root: never goes through sudo, which writes lines into the server's log each time."""

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
    def script_words(self) -> tuple[str, ...]:
        """What a script gets as `$1`, `$2`; empty for any other command."""
        return self.argv[4:] if self.argv[:2] == ("/bin/sh", "-c") else ()

    @property
    def wire(self) -> str:
        """What is sent: `line`, encoded, behind a prelude that sets PATH and prints BEGIN_LINE.

        No login shell can misread it (csh knows no newline in quotes and takes `!` for history, fish has its own
        backslashes), and none stays in between. Once begun, the server's `ps` shows `line` as it is.
        """
        return f"exec /bin/sh -c '{_PRELUDE}' sh {_encode(self.line)}"

    def as_root(self, sudo: bool = True) -> Command:
        """The same command through sudo, if `sudo` says so."""
        return replace(self, sudo=True) if sudo and not self.as_account else self


def _script(script: str, *args: str) -> Command:
    """A small shell script; its arguments stay words (`$1`, `$2`)."""
    return Command(("/bin/sh", "-c", script, "sh", *args))


def _by_account(script: str, *args: str) -> Command:
    """The same, for what wants no root."""
    return replace(_script(script, *args), as_account=True)


def script(text: str, *args: str) -> Command:
    """The same for the modules that build command lines of their own."""
    return _script(text, *args)


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


def time_zone() -> Command:
    """The offset from UTC (`+0200`), on a second line the rule of summer time, where the server's files tell one.

    Then the time there and in UTC, from which the offset is told where `date` knows no `%z`.
    """
    rule = "{ tail -c 200 /etc/localtime || cat /etc/TZ; } 2>/dev/null | tail -n 1 | LC_ALL=C tr -cd '[:graph:]'"
    return _script(f"date +%z || echo; {rule}; echo; date '+%Y%m%d%H%M%S'; date -u '+%Y%m%d%H%M%S'")


def read_clock() -> Command:
    """Seconds since 1970 with nanoseconds; a date without %N (BSD, busybox) leaves something else behind the dot."""
    return Command(("date", "+%s.%N"))


def process_table() -> Command:
    """Every process: pid, state, elapsed time, name, arguments. Exit 1 where nothing can tell.

    The same on Linux (procps) and BSD. Where ps does not know that (busybox): by /proc, "-" for the time, no arguments.
    """
    columns = ("-o", "pid=", "-o", "stat=", "-o", "etime=", "-o", "comm=", "-o", "args=")
    return _script(
        '"$@" 2>/dev/null && exit; f=1\n'
        'for p in /proc/[0-9]*; do { read -r n <"$p/comm" && read -r s <"$p/stat"; } 2>/dev/null || continue\n'
        's=${s##*) } f=0; echo "${p#/proc/} ${s%% *} - $n"; done; exit $f',
        *("ps", "-A", "-ww", *columns),
    )


def dhcpd_version() -> Command:
    """dhcpd's version; it writes it to stderr."""
    return Command(("dhcpd", "--version"))


def dhcpd_test(conf: str, root: str = "") -> Command:
    """dhcpd's own check of a configuration file: exit 0 or 1, reasons on stderr (and, at level ERR, in syslog).

    `root`: the chroot in which it lies and its includes are meant; only root may do that.
    """
    if root and conf.startswith(root + "/"):
        return Command(("dhcpd", "-t", "-4", "-chroot", root, "-cf", conf[len(root) :]))
    return Command(("dhcpd", "-t", "-4", "-cf", conf))


def read_file(path: str) -> Command:
    """A file's bytes on stdout."""
    return Command(("cat", "--", path))


def is_file(path: str) -> Command:
    """Exit 0 where there is such a file, 1 where there is none."""
    return Command(("test", "-f", path))


def list_glob(pattern: str) -> Command:
    """Existing paths that match `pattern` (`*`, `?`, `[...]`), each followed by NUL; none is no error.

    Only the pattern characters have a meaning; spaces, quotes and `$` in it are plain text.
    """
    return _script('IFS=; for f in $1; do if [ -e "$f" ] || [ -L "$f" ]; then printf "%s\\0" "$f"; fi; done', pattern)


# --- changing ---


def restart(words: str) -> Command:
    """The restart command of the configuration, split as a shell would; no shell runs it, so `;` and `|` are words.

    Raises ValueError when it is empty or a quote is left open.
    """
    return Command(tuple(shlex.split(words)), daemon=True)


def try_port(address: str, port: int) -> Command:
    """Try a TCP port from the server: prints open, refused, silent or unknown. Wants bash, or else nc."""
    return _by_account(
        "command -v bash >/dev/null || { command -v nc >/dev/null || { echo unknown; exit; }; "
        'said=$(nc -n -v -z -w 2 "$1" "$2" 2>&1); status=$?; '
        'case "$status:$said" in 0:*) echo open;; *refused*) echo refused;; *usage*|*option*) echo unknown;; '
        "*) echo silent;; esac; exit; }; "
        'said=$(timeout 2 bash -c \'exec 3<>"/dev/tcp/$0/$1"\' "$1" "$2" 2>&1); status=$?; '
        'case "$status:$said" in 0:*) echo open;; 124:*) echo silent;; *refused*) echo refused;; '
        "*) echo silent;; esac",
        address,
        str(port),
    )


def ping(address: str) -> Command:
    """One echo request from the server, one second: prints open, silent or unknown (the account may not)."""
    return _by_account(
        "command -v ping >/dev/null || { echo unknown; exit; }; "
        'said=$(ping -c 1 -W 1 "$1" 2>&1) && { echo open; exit; }; '
        'case "$said" in *sendmsg*|*sendto*) echo silent;; *ermitted*|*ermission*) echo unknown;; *) echo silent;; esac',
        address,
    )


def socket_table(ports: Iterable[int]) -> Command:
    """TCP sockets with one of these ports at either end, as numbers: first what told it, then its lines.

    Exit 1 where nothing can tell. At most 300 lines.
    """
    wanted = sorted(set(ports))
    # $1 for the tools, $2 (hexadecimal) for the kernel's own table. Each stands alone: one may be there and not work.
    return _script(
        'tell() { if [ -n "$2" ]; then echo "$1"; printf "%s\\n" "$2" | grep -E "$3" | head -n 300; exit 0; fi; }; '
        'tell ss "$(ss -tan 2>/dev/null)" "$1"; '
        'tell netstat "$(netstat -an 2>/dev/null | grep -i "^tcp")" "$1"; '
        'tell sockstat "$(sockstat -s -P tcp 2>/dev/null)" "$1"; '
        'tell /proc/net/tcp "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)" "$2"; '
        "exit 1",
        f"[.:]({'|'.join(map(str, wanted))})([[:space:]]|$)",
        f":({'|'.join(f'{port:04X}' for port in wanted)}) ",
    )


# `timeout` is not everywhere; where it is, a daemon that hangs leaves nothing of ours behind.
_BOUNDED = 'if command -v timeout >/dev/null; then exec timeout 3 "$@"; else exec "$@"; fi'


def chrony_tracking() -> Command:
    """What chronyd says of the clock, in commas."""
    return _by_account(_BOUNDED, "chronyc", "-n", "-c", "tracking")


def ntpq_variables() -> Command:
    """What the reference ntpd says of the clock."""
    return _by_account(_BOUNDED, "ntpq", "-n", "-c", "rv")


def openntpd_status() -> Command:
    """What OpenNTPD says of the clock."""
    return _script(_BOUNDED, "ntpctl", "-s", "status")


# adjtimex(2) with nothing to change; it has no program of its own on most systems. Its number is that of Linux.
_PERL_ADJTIMEX = (
    "$_ = $Config{archname}; $n = /gnux32/ ? 0 : /^x86_64/ ? 159 : /^(aarch64|riscv64|loongarch64)/ ? 171 : "
    r"/^(i.86|arm|powerpc|ppc|s390)/ ? 124 : 0; $^O eq q(linux) && $n or exit 1; "
    r'$b = "\0" x 512; print syscall($n, $b), "\n"'
)
_PYTHON_ADJTIMEX = "import ctypes; print(ctypes.CDLL(None).ntp_adjtime(ctypes.create_string_buffer(512)))"


def kernel_clock() -> Command:
    """What the kernel says of the clock, and timesyncd left behind, without waking anything.

    `kernel N`: adjtimex's answer, where anything can ask it; -1: it is refused, as in many containers. `timesyncd N`: seconds since systemd-timesyncd last set the
    clock, where it has.
    """
    return _script(
        "f=/run/systemd/timesync/synchronized; "
        'if [ -e $f ]; then m=$(date -r $f +%s 2>/dev/null); [ -z "$m" ] || echo "timesyncd $(($(date +%s) - m))"; fi; '
        'k() { perl -MConfig -e "$1" 2>/dev/null && return; python3 -c "$2" 2>/dev/null && return; '
        "ntptime 2>/dev/null | sed -n 's/^ntp_gettime() returns code \\([0-9]*\\).*/\\1/p' | grep . && return; "
        "busybox adjtimex 2>/dev/null | sed -n 's/^.*return value: \\([0-9]*\\).*/\\1/p'; }; "
        'r=$(k "$1" "$2"); [ -z "$r" ] || echo "kernel $r"',
        _PERL_ADJTIMEX,
        _PYTHON_ADJTIMEX,
    )


def timedate() -> Command:
    """Whether systemd knows a time service, and whether the kernel takes the clock for synchronised.

    It wakes a service, which leaves five lines in the journal: not to be asked often.
    """
    return _script(_BOUNDED, "timedatectl", "show", "-p", "NTP", "-p", "NTPSynchronized")


def remove_tree(path: str) -> Command:
    """Remove what we created ourselves: an absolute path whose last component begins with `.dhcptui-`.

    Raises ValueError for any other path.
    """
    pure = PurePosixPath(path)
    if not pure.is_absolute() or ".." in pure.parts or not pure.name.startswith(OWN_PREFIX):
        raise ValueError(f"only an absolute path to something called {OWN_PREFIX}* may be removed, not {path!r}")
    return Command(("rm", "-rf", "--", str(pure)))


# --- marks beside the lease file ---
# The lock is changed only while the directory .dhcptui-lock.busy exists: mkdir is atomic everywhere, flock(1) is not
# everywhere. It is held for milliseconds; one that is older than a minute was left by a shell that died. Anything else of
# that name was planted and is removed: else nobody could take a lock, or give one back.
# dhcpd's account may write there, and we may be root: marks are made in a room (`shell_parts`), and a mark that is a
# link, or anything but a file, is never read or written through. What was written is read back.

LOCK, LOCKOUT, START, SYNC = OWN_PREFIX + "lock", OWN_PREFIX + "lockout", OWN_PREFIX + "start", "sync"
LEFT = LOCK + "-left"
"""Begins the name of an expired lock of another relationship: whoever took the lock after it has put it aside."""
MOST_LEFT = 20
"""So many of them are read: anybody who may write there can make some."""
MARK_BYTES = 1900
"""More than this is not read of a mark; ours are shorter, and a line of the remote shell may have 2000 characters."""

_THERE = f'l={LOCK}; o={LOCKOUT}; t=$2; umask 022; cd -- "$1" || exit 9; is() {{ [ -f "$1" ] && [ ! -L "$1" ]; }}; '
_MAKES = (
    _THERE
    + ROOM
    + r"""w=$(unguessed)
made() ( room "$w" || exit 9; put "$1" "$2" "$3"; s=$?; left "$w"; exit $s )
"""
)
_ALONE = (
    _MAKES
    + r"""n=0 k=0
until e=$(mkdir "$l.busy" 2>&1); do
  if [ -L "$l.busy" ] || [ ! -d "$l.busy" ]; then k=$((k + 1)); rm -f "$l.busy" 2>/dev/null; fi
  if [ $n -ge 30 ] || [ $k -ge 5 ]; then printf "%s\n" "$e" >&2; exit 9; fi
  if [ -n "$(find "$l.busy" -prune -mmin +1 2>/dev/null)" ]; then rmdir "$l.busy"; fi
  n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1
done
trap 'rmdir "$l.busy"' EXIT
now=$(date +%s)
field() { ! is "$l" || sed -n "s/^.*\"$1\":\([0-9][0-9]*\)[,}].*$/\1/p" "$l" 2>/dev/null | tail -n 1; }
ours() { is "$l" && grep -F -q -e "\"token\":\"$t\"" "$l"; }
"""
)
_SHOW = f'if is "$l"; then head -c {MARK_BYTES} "$l"; fi; exit 1'


QUEUED = r"""queued() { atq | awk -v n="$1" '{ j = $1 ~ /^[0-9]+$/ ? $1 : $NF } j == n { f = 1 } END { exit !f }'; }
"""
"""A shell function: whether `at` has a job of that number. Linux tells the number first, BSD last, below a title."""

# Whether the job of a delayed start is still there. An account sees its own jobs of `at` only; root sees all.
_JOB_THERE = (
    QUEUED
    + r"""there() {
  j=$(sed -n 's/^.*"job":"\([^"]*\)"}$/\1/p' "$1" | tail -n 1)
  case $j in
  systemd\ dhcptui-start-*) systemctl is-active "${j#systemd }.timer" >/dev/null 2>&1 && echo there || echo gone;;
  at\ [0-9]*)
    if [ ! -O "$1" ] && [ "$(id -u)" != 0 ]; then return; fi
    command -v atq >/dev/null 2>&1 || return
    if queued "${j#at }"; then echo there; else echo gone; fi;;
  esac
}
"""
)


def lockout_name(peer: str) -> str:
    """The file name of a relationship's marker: two dhcpd may keep their lease files in one directory."""
    plain = re.sub(r"[^A-Za-z0-9_.]", lambda found: f"%{ord(found[0]):02x}", peer)
    return f"{LOCKOUT}-{plain}" if peer else LOCKOUT


def read_marks(directory: str, record: str = "", peer: str = "") -> Command:
    """The server's time, then two lines for each mark: its name and when it was changed; its text.

    Of a delayed start the first line also says whether its job is there or gone, of a lock who owns it, and what it is.
    `record`: where a sync-restart that copied to this server says how far it has come; it is called SYNC in the answer.
    """
    return _script(
        _THERE
        + f"s={START} o={lockout_name(peer)}\n"
        + _JOB_THERE
        + f"left={LEFT} most={MOST_LEFT}"
        + r"""
changed() { c=$(date -r "$1" +%s 2>/dev/null); printf %s "${c:-0}"; }
kind() { if [ -L "$1" ]; then echo link; elif [ -d "$1" ]; then echo directory; else echo file; fi; }
owner() { (set -f; set -- $(ls -ld "$1"); printf %s "$3"); }
text() { if is "$1"; then head -c """
        + str(MARK_BYTES)
        + r""" "$1" | tr "\n\000" "  "; fi; echo; }
date +%s
for f in $l $o $s; do
  if [ -e $f ] || [ -L $f ]; then
    more=
    if [ $f = $l ]; then more=" $(owner $l) $(kind $l)"; elif [ $f = $s ] && is $f; then more=" $(there $f)"; fi
    t=$(text $f)
    if [ -z "$t" ] && ! [ -e $f ] && ! [ -L $f ]; then continue; fi # gone since: nobody's
    printf "%s %s%s\n%s\n" $f "$(changed $f)" "$more" "$t"
  fi
done
for f in $left-*; do
  if is "$f" && [ $most -gt 0 ]; then most=$((most - 1)); printf "%s %s\n" $left "$(changed "$f")"; text "$f"; fi
done
if [ -n "$3" ] && is "$3"; then
  printf "sync %s\n" "$(date -r "$3" +%s 2>/dev/null)"; head -c """
        + str(MARK_BYTES)
        + r""" "$3" | tr "\n" " "; echo
fi""",
        directory,
        "",
        record,
    )


def take_lock(directory: str, token: str, body: str, seconds: int) -> Command:
    """Take the lock for `seconds`, by the server's own clock; an expired one gives way. Exit 1: held, its text follows.

    An expired one of another relationship is put aside, where its own consoles still read it. A link or a directory of
    that name was planted: nobody's lock is one, and nobody is kept out by it.
    `body` is the lock's JSON object without its closing brace; the server adds since and expires.
    """
    return _script(
        _ALONE
        + f"left={LEFT}\n"
        + r"""if { [ -e "$l" ] || [ -L "$l" ]; } && ! is "$l"; then rm -f "$l" 2>/dev/null || rmdir "$l" || exit 9; fi
if is "$l"; then
  u=$(field expires)
  # Nobody's lock lasts so long: the clock was set back behind it.
  if [ -n "$u" ] && [ "$u" -gt $((now + 2 * $4)) ]; then u=$now; fi
  if [ -z "$u" ]; then m=$(date -r "$l" +%s 2>/dev/null); u=$((${m:-$now} + $4)); fi
  if [ "$u" -le "$now" ]; then
    p=$(sed -n 's/^.*\("peer":"[^"]*"\).*$/\1/p' "$l" 2>/dev/null | tail -n 1)
    case $3 in
    *"${p:-no peer}"*) rm -f "$l" || exit 9;;
    *) if [ -n "$p" ] && mv -f $q "$l" "$left-${w#.dhcptui-}" 2>/dev/null; then :; else rm -f "$l" || exit 9; fi;;
    esac
  else """
        + _SHOW
        + r"""; fi
fi
b="$3,\"since\":$now,\"expires\":$((now + $4))}"
e=$(made "$b" "$l" link 2>&1) && exit 0
# Somebody plants links faster than they are removed: it is replaced.
if [ -L "$l" ]; then made "$b" "$l" rename || exit 9; else printf "%s\n" "$e" >&2; exit 9; fi""",
        directory,
        token,
        body,
        str(seconds),
    )


def renew_lock(directory: str, token: str, body: str, seconds: int) -> Command:
    """Write our lock anew, to expire in `seconds`. Exit 1: it is not ours any more, and what is there follows.

    A link in its place was planted: it is replaced, as it is by `take_lock`.
    """
    return _script(
        _ALONE
        + f'if [ -L "$l" ]; then rm -f "$l"; elif ! ours; then {_SHOW}; fi\n'
        + r"""s=$(field since)
made "$3,\"since\":${s:-$now},\"expires\":$((now + $4))}" "$l" rename || exit 9""",
        directory,
        token,
        body,
        str(seconds),
    )


def release_lock(directory: str, token: str, changed: int = 0) -> Command:
    """Remove the lock with this token, put aside or not, and no other; without one: what was last changed at `changed`."""
    return _script(
        _ALONE
        + f"left={LEFT}\n"
        + r"""if [ -n "$t" ] && ! ours; then
  for f in $left-*; do
    if is "$f" && grep -F -q -e "\"token\":\"$t\"" "$f"; then rm -f "$f" || exit 9; exit 0; fi
  done
  exit 1
elif [ -n "$t" ]; then :
elif [ ! -L "$l" ] && [ "$(date -r "$l" +%s 2>/dev/null)" != "$3" ]; then exit 1; fi
rm -f "$l" || exit 9""",
        directory,
        token,
        str(changed),
    )


def put_lockout(directory: str, body: str, peer: str = "") -> Command:
    """Write the marker of a partner-down at once, and read it back; `body` as for `take_lock`."""
    return _script(
        _MAKES + f"o={lockout_name(peer)}\n" + r"""made "$3,\"since\":$(date +%s)}" "$o" rename || exit 9""",
        directory,
        "",
        body,
    )


def clear_lockout(directory: str, since: int, peer: str = "") -> Command:
    """Remove the marker of a partner-down, if it is the one written at `since`."""
    return _script(
        _THERE
        + f"o={lockout_name(peer)}\n"
        + r"""if is "$o" && grep -F -q -e "\"since\":$t}" "$o"; then rm -f "$o" || exit 9; fi""",
        directory,
        str(since),
    )
