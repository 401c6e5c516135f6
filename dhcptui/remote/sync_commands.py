"""The remote command lines of sync-restart and of a delayed restart; built like those in `commands`, words only.

Each script is one round trip, so that what must not be torn apart is not: the two renames of a swap happen on the
server within a millisecond or two, whatever becomes of the console.
"""

from __future__ import annotations

import math
import posixpath
import shlex
from collections.abc import Sequence

from dhcptui.remote.commands import OWN_PREFIX, Command, remove_tree

MISSING = 4
"""Exit status of `read_tree` where there is no such directory; tar itself ends with 0, 1 or 2."""


def _script(script: str, *args: str) -> Command:
    return Command(("/bin/sh", "-c", script, "sh", *args))


def beside(directory: str, what: str) -> str:
    """A name of ours beside a shared directory: in the same parent, where AppArmor lets dhcpd read."""
    parent, name = posixpath.split(posixpath.normpath(directory))
    return posixpath.join(parent, f"{OWN_PREFIX}{what}-{name}")


def record_of(directory: str) -> str:
    """Where a sync-restart that copies to this directory says how far it has come."""
    return beside(directory, "sync") + ".json"


def _own(path: str) -> str:
    """The path, if it is plainly ours. Raises ValueError."""
    return remove_tree(path).argv[-1]


def read_tree(directory: str) -> Command:
    """A tar stream of a directory; exit 4 where it is missing. A link is refused: a rename would move the link."""
    return _script(
        'if [ -L "$1" ]; then printf "%s is a symbolic link: name the directory itself\\n" "$1" >&2; exit 3; fi\n'
        f'[ -e "$1" ] || exit {MISSING}\n'
        'exec tar -C "$1" -cf - .',
        directory,
    )


def read_if_there(path: str) -> Command:
    """A file's bytes; nothing where it is missing."""
    return _script('[ ! -e "$1" ] || cat -- "$1"', path)


def stage(directory: str, staging: str) -> Command:
    """A fresh copy of `directory` (or an empty directory) at `staging`, without the names on stdin.

    Each name has `./` before and NUL behind. Nothing is left of the copy when there is no room for it.
    """
    return _script(
        'rm -rf -- "$2" || exit 1\n'
        'if [ -d "$1" ]; then cp -a -- "$1" "$2"; else mkdir -m 0755 -- "$2"; fi\n'
        '[ $? = 0 ] && cd -- "$2" && xargs -0 rm -rf -- && exit 0\n'
        'rm -rf -- "$2"; exit 1',
        directory,
        _own(staging),
    )


_PUT = 'printf "%s\\n" "$body" >"$p.new" && mv -f -- "$p.new" "$p"'


def write_own(path: str) -> Command:
    """Put the one line on stdin into a file of ours, at once: a reader sees the old one or the new one."""
    return _script(
        "p=$1; umask 022; IFS= read -r body && " + _PUT + ' && exit 0\nrm -f -- "$p.new"; exit 1', _own(path)
    )


def swap_in(staging: str, target: str, backups: str, record: str) -> Command:
    """Put `staging` in the place of `target`, which becomes `backups`-STAMP. The stamp (UTC) is printed.

    It is written to `record` first, with what comes on stdin: the rest of a JSON object. If the second rename fails
    the first one is undone; then, and when nothing could be renamed, the record is removed and the exit status is 1.
    """
    return _script(
        "p=$4; umask 022; IFS= read -r rest || exit 1\n"
        "stamp=$(date -u +%Y%m%dT%H%M%SZ)\n"
        'while [ -e "$3-$stamp" ] || [ -L "$3-$stamp" ]; do sleep 1; stamp=$(date -u +%Y%m%dT%H%M%SZ); done\n'
        '[ -e "$2" ] || stamp=\n'
        'body="{\\"stamp\\": \\"$stamp\\", $rest"\n' + _PUT + ' || { rm -f -- "$p.new"; exit 1; }\n'
        # Nothing but the two renames between here and the end: this is the only moment without the directory.
        'if [ -z "$stamp" ] || mv -- "$2" "$3-$stamp"; then\n'
        '  if mv -- "$1" "$2"; then printf "%s\\n" "$stamp"; exit 0; fi\n'
        '  [ -z "$stamp" ] || mv -- "$3-$stamp" "$2"\n'
        "fi\n"
        'rm -f -- "$p"; exit 1',
        _own(staging),
        target,
        _own(backups),
        _own(record),
    )


def swap_back(target: str, rejected: str, backup: str) -> Command:
    """Put `backup` in the place of `target`, which becomes `rejected`. An empty `backup`: there was nothing before.

    A target that is missing (a host that died between two renames) is no obstacle.
    """
    return _script(
        'if [ -n "$3" ] && [ ! -d "$3" ]; then printf "%s is missing\\n" "$3" >&2; exit 1; fi\n'
        'rm -rf -- "$2" || exit 1\n'
        'if [ -e "$1" ]; then mv -- "$1" "$2" || exit 1; fi\n'
        '[ -z "$3" ] || mv -- "$3" "$1" && exit 0\n'
        'mv -- "$2" "$1"; exit 1',
        target,
        _own(rejected),
        _own(backup) if backup else "",
    )


def tidy(record: str, backups: str, keep: int) -> Command:
    """Remove the record of a finished run, and all but the newest `keep` backups; their stamps sort by time."""
    return _script(
        'rm -f -- "$1" || exit 1\n'
        'k=$3; set -- "$2"-[0-9]*T[0-9]*Z\n'
        'while [ $# -gt "$k" ]; do rm -rf -- "$1" || exit 1; shift; done',
        _own(record),
        _own(backups),
        str(keep),
    )


# --- later ---


def restart_later(words: Sequence[str], seconds: int, systemd: str = "/run/systemd/system") -> Command:
    """Run the restart command in `seconds`, whatever becomes of us; says with what.

    A transient timer where systemd runs (`systemd`: the sign of it), else `at`, which knows whole minutes only.
    """
    if seconds < 1 or not words:
        raise ValueError("a delayed restart needs a command and at least one second")
    return _script(
        "s=$1 m=$2 line=$3 sign=$4; shift 4\n"
        'if [ -d "$sign" ] && command -v systemd-run >/dev/null 2>&1; then\n'
        # A timer's default accuracy is a minute.
        # An account that is not root may be refused; `at` asks nobody.
        '  if systemd-run --on-active="$s" --timer-property=AccuracySec=1s'
        ' --unit="dhcptui-restart-$$" -- "$@" >&2; then\n'
        '    printf "systemd-run: timer dhcptui-restart-%s, in %s s\\n" "$$" "$s"; exit 0\n'
        "  fi\n"
        "  command -v at >/dev/null 2>&1 || exit 1\n"
        "fi\n"
        "if command -v at >/dev/null 2>&1; then\n"
        '  if [ "$(uname)" = Linux ] && command -v pgrep >/dev/null 2>&1 && ! pgrep -x atd >/dev/null; then\n'
        '    echo "at is installed, but atd does not run" >&2; exit 1\n'
        "  fi\n"
        '  said=$(printf "%s\\n" "$line" | at now + "$m" minutes 2>&1) || { printf "%s\\n" "$said" >&2; exit 1; }\n'
        '  printf "at: in %s min (%s)\\n" "$m" "$(printf "%s" "$said" | tail -n 1)"; exit 0\n'
        "fi\n"
        'echo "neither systemd-run (with a running systemd) nor at is there" >&2; exit 1',
        str(seconds),
        str(math.ceil(seconds / 60)),
        shlex.join(words),
        systemd,
        *words,
    )
