"""The remote command lines of a delayed start: schedule it, and cancel it; built like those in `commands`, words only.

What is scheduled is written into a small file beside the lease file, for every console to see; the job itself takes that
file away before it starts dhcpd. Times in it are by the server's own clock.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from dhcptui.servers.ssh.commands import QUEUED, START, Command, script

SYSTEMD = "/run/systemd/system"
"""The sign of a running systemd."""
CRONTABS = "/etc/crontab /etc/cron.d/* /usr/local/etc/cron.d/*"
"""Where a BSD's cron is told to run atrun, which runs the jobs of `at`, if not in root's own table; shell patterns."""
HALF_DONE = 5
"""Exit status of both commands where a job or a file of theirs may be left."""
_JOB = 'sed -n \'s/^.*"job":"\\([^"]*\\)"}$/\\1/p\' "$f" | tail -n 1'


def nothing_done(exit_status: int) -> bool:
    """Whether a failed `start_later` or `cancel_start` left everything as it was."""
    return exit_status > 0 and exit_status != HALF_DONE


def start_later(
    directory: str, body: str, words: Sequence[str], seconds: int, *, systemd: str = SYSTEMD, crontabs: str = CRONTABS
) -> Command:
    """Run the restart command in `seconds`, never earlier, whatever becomes of us; says by what job.

    A transient timer where systemd runs, else `at`: that knows whole minutes only, so the next whole one is taken, and
    FreeBSD's looks every five minutes. `body` is the file's JSON object without its closing brace.
    """
    if seconds < 1 or not words:
        raise ValueError("a delayed restart needs a command and at least one second")
    return script(
        f"f={START}; "
        + r"""cd -- "$1" || exit 9; d=$1 body=$2 s=$3 line=$4 sign=$5 tabs=$6; shift 6
if [ -e "$f" ] || [ -L "$f" ]; then echo "a start is scheduled there already" >&2; exit 1; fi
now=$(date +%s)
mark() { (umask 022; set -C; printf '%s,"since":%s,"earliest":%s,"latest":%s,"job":"%s"}\n' "$body" "$now" "$1" "$2" "$3" >"$f"); }
if [ -d "$sign" ] && command -v systemd-run >/dev/null 2>&1; then
  u=dhcptui-start-$$
  if systemd-run --on-active="$s" --timer-property=AccuracySec=1s --unit="$u" -- \
    /bin/sh -c 'rm -f -- "$1"; shift; exec "$@"' sh "$d/$f" "$@" >&2; then
    mark $((now + s)) $((now + s + 2)) "systemd $u" || { systemctl stop "$u.timer" >&2 && exit 1; exit 5; }
    printf "systemd %s\n" "$u"; exit 0
  fi
  command -v at >/dev/null 2>&1 || exit 1
fi
if command -v at >/dev/null 2>&1; then
  if [ "$(uname)" = Linux ] && command -v pgrep >/dev/null 2>&1 && ! pgrep -x atd >/dev/null; then
    echo "at is installed, but atd does not run" >&2; exit 1
  fi
  if [ "$(uname)" != Linux ] && ! { crontab -l; cat $tabs; } 2>/dev/null | grep -q '^[^#]*atrun'; then
    echo "at is installed, but nothing runs its jobs: cron's files name no atrun" >&2; exit 1
  fi
  m=$(((now % 60 + s + 59) / 60)) w=60
  [ "$(uname)" = Linux ] || w=300
  said=$(printf "%s\n" "$line" | at now + "$m" minutes 2>&1) || { printf "%s\n" "$said" >&2; exit 1; }
  n=$(printf "%s\n" "$said" | sed -n 's/^[Jj]ob \([0-9][0-9]*\) .*$/\1/p' | tail -n 1)
  from=$((now - now % 60 + m * 60))
  mark "$from" $((from + w)) "at $n" || { atrm "$n" >&2 && exit 1; exit 5; }
  printf "at %s\n" "$n"; exit 0
fi
echo "neither systemd-run (with a running systemd) nor at is there" >&2; exit 1""",
        directory,
        body,
        str(seconds),
        f"rm -f -- {shlex.quote(f'{directory}/{START}')}; {shlex.join(words)}",
        systemd,
        crontabs,
        *words,
    )


def cancel_start(directory: str) -> Command:
    """Take a scheduled start off again: its job, proven gone, then its file. Exit 1: not done, and why on stderr.

    The file may have been written by anybody who may write there: only a job that names the file itself is touched.
    """
    return script(
        f"f={START}; "
        + QUEUED
        + rf"""cd -- "$1" || exit 9; d=$1
if [ -L "$f" ] || [ ! -f "$f" ]; then echo "no start is scheduled there" >&2; exit 1; fi
job=$({_JOB})
case $job in
systemd\ dhcptui-start-*)
  u=${{job#systemd }}
  case $u in *[!a-z0-9-]*) echo "its job cannot be read" >&2; exit 1;; esac
  systemctl stop "$u.timer" >&2
  if systemctl is-active "$u.timer" >/dev/null 2>&1; then echo "$u.timer is still there" >&2; exit 1; fi;;
at\ [0-9]*)
  n=${{job#at }}
  case $n in *[!0-9]*) echo "its job cannot be read" >&2; exit 1;; esac
  if queued "$n"; then
    at -c "$n" | grep -F -q -e "$d/$f" || {{ echo "job $n is not ours" >&2; exit 1; }}
    atrm "$n" >&2
    if queued "$n"; then echo "job $n is still there" >&2; exit 1; fi
  fi;;
*) echo "its job cannot be read" >&2; exit 1;;
esac
rm -f -- "$f" || exit 5
printf "%s\n" "$job" """,
        directory,
    )
