"""The remote command lines of a rescue: which lease file dhcpd has open, its backup, and the record at its end.

The lease file's directory may be another account's to write, and we may be root. So the file is *pinned* first: a hard
link to it in a room (`shell_parts`), where nobody else can put anything in its place, is what is read and written. A
pin of a symbolic link, or of a file that has other names besides, is refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from dhcptui.config.platforms import PLATFORMS
from dhcptui.servers.ssh.commands import Command, remove_tree, script
from dhcptui.servers.ssh.script_parts import ROOM

BUILT_IN = tuple(dict.fromkeys(row.built_in_leases for row in PLATFORMS.values()))
"""Where a dhcpd that is started without -lf has its lease file, by who built it."""
GROWTH = 65536
"""Bytes that must be free besides two more lease files: the record, and what dhcpd itself writes."""

_PIN = r"""pin() {
  rm -f pin; ln -P "../$1" pin 2>/dev/null || ln "../$1" pin || return 1
  if [ -L pin ] || [ ! -f pin ]; then printf '%s is a symbolic link, or no file\n' "$1" >&2; return 1; fi
  (set -f; set -- $(ls -ldn pin); [ "$2" = 2 ]) && return 0
  printf '%s has other names besides\n' "$1" >&2; return 1
}
size() (set -f; set -- $(LC_ALL=C ls -ldn -- "$1"); echo "$5")
shorten() { dd if=/dev/null of=pin bs=1 seek="$1" 2>/dev/null && [ "$(size pin)" = "$1" ]; }
ends() { tail -c "$(size text)" pin | cmp -s - text; }
over() { rm -f pin text copy reserve own; left "$w"; exit "$1"; }
w=$(unguessed)
"""


def _beside(text: str, leases: str, *words: str) -> Command:
    directory, name = posixpath.split(leases)
    return script('cd -- "$1" || exit 1; shift\n' + ROOM + _PIN + text, directory, name, *words)


def open_leases(configured: str, pids: Iterable[int]) -> Command:
    """The path of the lease file that one of these dhcpd has open; before it "open", or "named": by its command line.

    Exit 1 and the reason on stderr where that cannot be told, or is not one file of this file system.
    """
    return script(
        r"""c=$1 b=$2; shift 2; found= seen=
lies() { # is $2 the file behind the descriptor $1?
  [ "$1" -ef "$2" ] && [ ! -L "$2" ]
}
for p; do
  for f in /proc/"$p"/fd/*; do
    [ -f "$f" ] || continue
    seen=$p t=$(readlink "$f") || continue
    case ${t##*/} in "${c##*/}"|*leases*) ;; *) if ! [ "$f" -ef "$c" ]; then continue; fi;; esac
    if ! lies "$f" "$t"; then printf 'dhcpd (pid %s) has %s open, which is not what has that name here\n' "$p" "$t" >&2; exit 1; fi
    if [ "$f" -ef "$c" ]; then printf 'open %s\n' "$t"; exit 0; fi
    if [ -n "$found" ] && [ "$found" != "$t" ]; then printf 'dhcpd has %s and %s open\n' "$found" "$t" >&2; exit 1; fi
    # Outside a chroot it is the configured one, or dhcpd would read another file when it starts.
    if [ "$(readlink /proc/"$p"/root)" = / ] && [ -e "$c" ]; then
      printf 'dhcpd (pid %s) has %s open, and %s is another file by now: it would start with that one\n' "$p" "$t" "$c" >&2; exit 1
    fi
    found=$t
  done
done
if [ -n "$found" ]; then printf 'open %s\n' "$found"; exit 0; fi
if [ -n "$seen" ]; then printf 'dhcpd (pid %s) has no lease file open\n' "$seen" >&2; exit 1; fi
# No /proc, or not ours to read (a dhcpd with capabilities): what it was started with.
for p; do
  line=$(tr '\0' '\n' <"/proc/$p/cmdline" 2>/dev/null) || line=
  [ -n "$line" ] || line=$(ps -ww -o args= -p "$p" 2>/dev/null | tr ' ' '\n')
  [ -n "$line" ] || continue
  r=$(printf '%s\n' "$line" | sed -n '/^-chroot$/{n;p;q;}') l=$(printf '%s\n' "$line" | sed -n '/^-lf$/{n;p;q;}')
  if [ -n "$l" ]; then t=${r%/}/${l#/}
  else case $c in
  "${r%/}"/*) t=$c;;
  *) # Inside a chroot, the one that it was built with: where there is only one of those.
    t= n=0
    for f in $b; do if [ -f "${r%/}$f" ]; then t=${r%/}$f n=$((n + 1)); fi; done
    [ $n = 1 ] || t=;;
  esac; fi
  if [ -n "$t" ] && [ -f "$t" ] && [ ! -L "$t" ]; then
    if o=$(fstat -- "$t" 2>/dev/null) && [ -n "$o" ]; then
      if printf '%s\n' "$o" | awk -v p="$p" 'NR > 1 && $3 == p { f = 1 } END { exit !f }'; then printf 'open %s\n' "$t"; exit 0; fi
      printf 'dhcpd (pid %s) names %s, and does not have it open\n' "$p" "$t" >&2; exit 1
    fi
    printf 'named %s\n' "$t"; exit 0
  fi
  printf 'dhcpd (pid %s) names %s, and there is no such file\n' "$p" "${t:-no lease file}" >&2; exit 1
done
echo 'no dhcpd process tells which lease file it has open' >&2; exit 1""",
        configured,
        " ".join(BUILT_IN),
        *map(str, pids),
    )


def try_room(leases: str, backup: str) -> Command:
    """A first backup under a new name, with owner and mode, and proof that there is room for all that follows.

    On failure nothing is left of it.
    """
    return _beside(
        'f=$1 b=$2; room "$w" || exit 1\n'
        'pin "$f" && cp -p pin copy && cp -p pin reserve || over 1\n'
        f"head -c {GROWTH} /dev/zero >>reserve\n"
        f'[ "$(size reserve)" -ge $(($(size copy) + {GROWTH})) ] || {{ echo "No space left for a rescue" >&2; over 1; }}\n'
        'link copy "../$b" && over 0; over 1',
        leases,
        posixpath.basename(_own(backup)),
    )


def back_up(leases: str, backup: str) -> Command:
    """The same backup of the file as it is now, with dhcpd stopped."""
    return _beside(
        'f=$1 b=$2; room "$w" || exit 1\n'
        'pin "$f" || over 1\n'
        'if [ -f "../$b" ] && [ ! -L "../$b" ] && cmp -s pin "../$b"; then over 0; fi\n'
        'cp -p pin copy && cmp -s pin copy && rename copy "../$b" && over 0; over 1',
        leases,
        posixpath.basename(_own(backup)),
    )


def append_record(leases: str) -> Command:
    """Put the text on stdin at the end of the file: whole and last, or not at all (exit 1)."""
    return _beside(
        'f=$1; room "$w" || exit 1\n'
        'cat >text && pin "$f" || over 1\n'
        "n=$(size pin); s=0\n"
        '[ -z "$(tail -c 1 pin)" ] || echo >>pin || s=1\n'
        "if [ $s = 0 ] && cat text >>pin && ends; then over 0; fi\n"
        'if shorten "$n"; then echo "the record could not be written whole; the file is as it was" >&2; over 1; fi\n'
        'echo "the record could not be written whole, and what was written could not be taken away" >&2; over 2',
        leases,
    )


def take_away(leases: str) -> Command:
    """Take the text on stdin from the end of the file; exit 1 where the file does not end with it."""
    return _beside(
        'f=$1; room "$w" || exit 1\n'
        'cat >text && pin "$f" && ends && shorten $(($(size pin) - $(size text))) && over 0; over 1',
        leases,
    )


def _own(path: str) -> str:
    return remove_tree(path).argv[-1]
