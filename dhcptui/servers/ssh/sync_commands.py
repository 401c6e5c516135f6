"""The remote command lines of sync-restart; built like those in `commands`, words only.

Each script is one round trip, so that what must not be torn apart is not: the two renames of a swap happen on the
server within a millisecond or two, whatever becomes of the console. The parent of the shared directory may be
somebody else's to write: what is made there is made in a room (`shell_parts`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from dhcptui.servers.ssh.commands import OWN_PREFIX, Command, remove_tree, script
from dhcptui.servers.ssh.script_parts import ROOM

MISSING = 4
"""Exit status of `read_tree` where there is no such directory; tar itself ends with 0, 1 or 2."""
BLIND = b"-- dhcptui: this tar tells no access control lists and no extended attributes --"
"""On stderr of `read_tree`."""
_RECORD_BYTES = 65536
TREE = "tree"
"""The new directory, in its staging room."""


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


def _in_one(text: str, *paths: str, rest: tuple[str, ...] = ()) -> Command:
    """A script that runs in the one directory where all paths lie, with their last components as words.

    An empty path stays an empty word. Raises ValueError.
    """
    parents = {posixpath.dirname(path) for path in paths if path}
    if len(parents) != 1:
        raise ValueError(f"not in one directory: {', '.join(paths)}")
    names = (posixpath.basename(path) for path in paths)
    return script('cd -- "$1" || exit 1; shift\n' + ROOM + text, *parents, *names, *rest)


def read_tree(directory: str) -> Command:
    """A tar stream of a directory; exit 4 where it is missing. A link is refused: a rename would move the link.

    With access control lists and extended attributes where tar tells them; else a line on stderr says that it does not.
    """
    return script(
        'if [ -L "$1" ]; then printf "%s is a symbolic link: name the directory itself\\n" "$1" >&2; exit 3; fi\n'
        f'[ -e "$1" ] || exit {MISSING}\n'
        "f=\n"
        "case $(tar --version 2>&1) in\n"
        "*bsdtar*) ;;\n"  # tells them unasked
        "*GNU*) f='--acls --xattrs --xattrs-include=* --pax-option=delete=atime,delete=ctime,delete=mtime'\n"
        '  e=$(set -f; tar $f -C / -cf /dev/null dev/null 2>&1) && [ -z "$e" ] || f=blind;;\n'
        "*) f=blind;;\n"
        "esac\n"
        f'if [ "$f" = blind ]; then f=; echo "{BLIND.decode()}" >&2; fi\n'
        'set -f; exec tar $f -C "$1" -cf - .',
        directory,
    )


def read_if_there(path: str) -> Command:
    """A file's bytes; nothing where there is no file of that very name."""
    return script(f'if [ -f "$1" ] && [ ! -L "$1" ]; then head -c {_RECORD_BYTES} "$1"; fi', path)


_CLEAR = """clear() { # what an earlier run has left, if it is ours
  if [ -e "$1" ] || [ -L "$1" ]; then enter "$1" && rm -rf tree in own && left "$1" || exit 1; fi
}
"""


def stage(directory: str, staging: str) -> Command:
    """A copy of `directory` (or an empty one) in a new room at `staging`; nothing is left of it without room for it."""
    return _in_one(
        _CLEAR + 'n=$1 w=$2; clear "$w"\n'
        'room "$w" || exit 1\n'
        'if [ -d "../$n" ]; then cp -a "../$n" tree; else mkdir -m 0755 tree; fi\n'
        "if [ $? = 0 ] && [ -d tree ] && [ ! -L tree ]; then exit 0; fi\n"
        'rm -rf tree; left "$w"; exit 1',
        directory,
        _own(staging),
    )


def unstage(staging: str) -> Command:
    """Take a staged copy away."""
    return _in_one(_CLEAR + 'clear "$1"', _own(staging))


def staged(staging: str) -> str:
    """The staged directory itself."""
    return posixpath.join(_own(staging), TREE)


def unpack(staging: str) -> Command:
    """Unpack a tar stream from stdin into an empty directory beside the staged copy, with modes and (as root) owners."""
    return _in_one(
        'enter "$1" && rm -rf in && mkdir -m 0700 in && cd in && exec tar -xpf -',
        _own(staging),
    )


def merge(staging: str) -> Command:
    """Make the staged copy what it shall be, by `merge_words` on stdin, out of what was unpacked."""
    return _in_one(
        'enter "$1" || exit 1\n'
        "xargs -0 sh -c '\n"
        'fails() { printf "%s: %s\\\\n" "$n" "$1" >&2; exit 255; }\n'
        'as_unpacked() { set -f; set -- "$1" $(ls -ldn "in/$1") && chown "$4:$5" "tree/$1" 2>/dev/null; }\n'
        'for r; do n=${r#?????}; k=${r%"$n"}; case $k in\n'
        'r*) rm -rf "tree/$n" || fails "cannot be removed";;\n'
        'm*) if [ -e "tree/$n" ] || [ -L "tree/$n" ]; then fails "is in the way"; fi\n'
        '  mv "in/$n" "tree/$n" || fails "cannot be moved";;\n'
        'd*) as_unpacked "$n"; chmod "${k#d}" "tree/$n" || fails "cannot be changed";;\n'
        "esac; done' sh && rm -rf in",
        _own(staging),
    )


def merge_words(removed: Iterable[str], moved: Iterable[str], entered: Iterable[tuple[str, int]]) -> bytes:
    """What `merge` does, in this order: names to remove, to move in, and directories with the mode they get."""
    words = [f"r0000./{name}" for name in removed] + [f"m0000./{name}" for name in moved]
    words += [f"d{mode:04o}./{name}" for name, mode in entered]
    return b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)


def write_own(path: str) -> Command:
    """Put the one line on stdin into a file of ours, at once: a reader sees the old one or the new one."""
    return _in_one(
        'p=$1 w=$(unguessed); umask 022; IFS= read -r body && room "$w" || exit 1\n'
        'put "$body" "$p" rename; s=$?; left "$w"; exit $s',
        _own(path),
    )


def swap_in(staging: str, target: str, backups: str, record: str) -> Command:
    """Put what is staged in the place of `target`, which becomes `backups`-STAMP. The stamp (UTC) is printed.

    It is written to `record` first, with what comes on stdin: the rest of a JSON object. If the second rename fails
    the first one is undone; then, and when nothing could be renamed, the record is removed and the exit status is 1.
    """
    return _in_one(
        "w=$1 n=$2 b=$3 p=$4; umask 022; IFS= read -r rest || exit 1\n"
        'enter "$w" && [ -d tree ] || exit 1\n'
        'if [ -L "../$n" ]; then printf "%s is a symbolic link\\n" "$n" >&2; exit 1; fi\n'
        "stamp=$(date -u +%Y%m%dT%H%M%SZ)\n"
        'while [ -e "../$b-$stamp" ] || [ -L "../$b-$stamp" ]; do sleep 1; stamp=$(date -u +%Y%m%dT%H%M%SZ); done\n'
        '[ -e "../$n" ] || stamp=\n'
        'put "{\\"stamp\\": \\"$stamp\\", $rest" "$p" rename || exit 1\n'
        # Nothing but the two renames between here and the end: this is the only moment without the directory.
        'if [ -z "$stamp" ] || rename "../$n" "../$b-$stamp"; then\n'
        '  if rename tree "../$n"; then printf "%s\\n" "$stamp"; left "$w"; exit 0; fi\n'
        '  [ -z "$stamp" ] || rename "../$b-$stamp" "../$n"\n'
        "fi\n"
        'rm -f "../$p"; exit 1',
        _own(staging),
        target,
        _own(backups),
        _own(record),
    )


def _back_of(directory: str) -> str:
    """Where a way back notes which directory it puts in place, so that one which is tried again can prove it was done."""
    return record_of(directory).removesuffix(".json") + ".back"


def swap_back(target: str, rejected: str, backup: str, again: bool = False) -> Command:
    """Put `backup` in the place of `target`, which becomes `rejected`. An empty `backup`: there was nothing before.

    A target that is missing (a host that died between two renames) is no obstacle, and what was rejected then stays. What
    an earlier run has rejected is kept beside it, with a stamp: nobody knows whether it is anywhere else. `again`: it was
    tried before and may have been done, which only the number of the very directory that was put back proves.
    """
    return _in_one(
        "n=$1 r=$2 b=$3 p=$4 w=$(unguessed)\n"
        'there() { [ -e "$1" ] || [ -L "$1" ]; }\n'
        'number() { (set -f; set -- $(ls -di "./$1"); printf %s "$1"); }\n'
        'if [ "$5" = again ]; then\n'
        '  if [ -z "$b" ] && ! there "$n"; then exit 0; fi\n'
        '  if [ -n "$b" ] && ! there "$b" && [ -d "$n" ] && holds "$p" "$b $(number "$n")"; then exit 0; fi\n'
        "fi\n"
        'if [ -n "$b" ] && { [ ! -d "$b" ] || [ -L "$b" ]; }; then printf "%s is missing\\n" "$b" >&2; exit 1; fi\n'
        'k=$(number "$b"); room "$w" || exit 1\n'
        'if [ -n "$b" ] && ! put "$b $k" "$p" rename; then left "$w"; exit 1; fi\n'
        "s=0\n"
        'if there "../$n"; then\n'
        '  if [ -L "../$r" ]; then rm -f "../$r" || s=1\n'  # nothing of ours is a link
        '  elif [ -e "../$r" ]; then\n'
        "    t=$(date -u +%Y%m%dT%H%M%SZ)\n"
        '    while there "../$r-$t"; do sleep 1; t=$(date -u +%Y%m%dT%H%M%SZ); done\n'
        '    rename "../$r" "../$r-$t" || s=1\n'
        "  fi\n"
        '  [ $s = 1 ] || rename "../$n" "../$r" || s=1\n'
        "fi\n"
        'if [ $s = 0 ] && [ -n "$b" ]; then rename "../$b" "../$n" || { s=1; rename "../$r" "../$n"; }; fi\n'
        'left "$w"; exit $s',
        target,
        _own(rejected),
        _own(backup) if backup else "",
        _own(_back_of(target)),
        rest=("again",) if again else (),
    )


def tidy(record: str, backups: str, keep: int) -> Command:
    """Remove the record of a finished run and the note of its way back, and all but the newest `keep` backups; their stamps sort by time."""
    return _in_one(
        'rm -f "./$1" "./${1%.json}.back" || exit 1\n'
        'k=$3 w=$(unguessed); set -- "$2"-[0-9]*T[0-9]*Z\n'
        '[ $# -gt "$k" ] || exit 0\n'
        'room "$w" || exit 1\n'
        's=0; while [ $# -gt "$k" ] && [ $s = 0 ]; do rename "../$1" old && rm -rf old || s=1; shift; done\n'
        'left "$w"; exit $s',
        _own(record),
        _own(backups),
        rest=(str(keep),),
    )
