"""The remote command lines that read what a server wrote down: failover records, leases by client, the log of before.

Lease files can have 100 MB: each script looks from the end, in growing steps, and sends only what was asked for.
"""

from __future__ import annotations

from dhcptui.logs.lease_file import first_line
from dhcptui.servers.ssh.commands import Command, script

SEARCH_BYTES = 256 * 1024 * 1024
"""How far back a lease file is searched."""
SAME = "same"
"""What `last_records` prints when nothing was written since."""

# $i and $s: inode and size of the file. A rewrite by dhcpd makes another file.
_STAT = (
    'f=$1; i=$(ls -iLd -- "$f") || exit 9; i=${i#"${i%%[! ]*}"}; i=${i%% *}; '
    's=$(wc -c <"$f") || exit 9; s=${s#"${s%%[! ]*}"}; '
)


def last_records(path: str, peer: str, before: str = "") -> Command:
    """The newest failover records of a peer: a line `inode size`, then lines of the file that hold them (maybe none).

    `before` is the first line of an earlier answer: then only what was appended is searched, and one word (`SAME`) comes
    back when nothing of this peer is in it.
    """
    return script(
        _STAT
        + r"""echo "$i $s"
look() { tail -c "$1" -- "$f" | LC_ALL=C grep -F -A 6 -e "$w" | tail -n 40; }
w=$2
if [ "$3" = "$i" ] && [ "$s" -ge "$4" ]; then
  r=; [ "$s" -eq "$4" ] || r=$(look $((s - $4 + 4096)))
  if [ -n "$r" ]; then printf "%s\n" "$r"; else echo """
        + SAME
        + r"""; fi
  exit 0
fi
for n in 65536 4194304 """
        + str(SEARCH_BYTES)
        + r"""; do
  r=$(look $n)
  if [ -n "$r" ]; then printf "%s\n" "$r"; exit 0; fi
  [ "$s" -gt $n ] || exit 0
done""",
        path,
        first_line(peer),
        *(before.split() if before else ("", "0")),
    )


def all_records(path: str, peer: str, most: int) -> Command:
    """The last `most` failover records of a peer, oldest first, in lines of the file."""
    return script(
        'tail -c "$2" -- "$1" | LC_ALL=C grep -F -A 6 -e "$3" | tail -n "$4"; exit 0',
        path,
        str(SEARCH_BYTES),
        first_line(peer),
        str(8 * most),
    )


def leases_with(path: str, statement: str, most: int) -> Command:
    """Addresses of the leases whose newest entry has this line (leading blanks apart), at most `most`, one a line."""
    return script(
        r"""tail -c "$2" -- "$1" | STATEMENT=$3 LC_ALL=C awk '
function trim(t) { sub(/^[ \t]+/, "", t); return t }
/^lease / { a = $2; on = 1; hit = 0; next }
on && trim($0) == ENVIRON["STATEMENT"] { hit = 1 }
on && /^}/ { on = 0; if (hit) found[a] = 1; else delete found[a] }
END { for (a in found) print a }' | sort | head -n "$4" """,
        path,
        str(SEARCH_BYTES),
        statement,
        str(most),
    )


# Client traffic is most of a log. Of it travel the lines in which a server says that it does not serve, and the last one
# before each other line and at the end: the last sign of life of a dhcpd that was killed.
# What stands before the message: syslog's, Solaris' with its id, that of RFC 5424, a container's time.
_HEADS = r"dhcpd(\[[0-9]+\])?: (\[ID [0-9]+ [a-z0-9.]+\] )?|dhcpd [^ ]+ [^ ]+ (-|\[[^]]*\]) |(Z|stdout F|stderr F) "
_NOISE = rf"({_HEADS})(DHCP|BOOTRE)([^:]|:[^ ])*$"
_THIN = r"""LC_ALL=C grep -v -E -B 1 -e "$3" | grep -v -x -e -- | tail -n "$4"; """


# $p: the file before $1, as logrotate (.1, -DATE), newsyslog (.0) or a daily file with a link to the newest one leaves it.
_PREDECESSOR = r"""p=
for f in "$1.1" "$1.0"; do for e in "" .gz .bz2 .xz .zst; do [ -n "$p" ] || [ ! -f "$f$e" ] || p=$f$e; done; done
[ -n "$p" ] || for f in "$1"-[0-9]*; do [ ! -f "$f" ] || p=$f; done
if [ -L "$1" ]; then for f in "${1%/*}"/*[0-9].log; do if [ -f "$f" ] && ! [ "$f" -ef "$1" ]; then p=$f; fi; done; fi
"""


def log_before(path: str, read_bytes: int, lines: int) -> Command:
    """The last lines of a log file and of its predecessor, nearly all client traffic left out.

    A log that is not there or cannot be read prints nothing, and why on stderr.
    """
    return script(
        _PREDECESSOR
        + r"""if [ -e "$1" ] || [ -z "$p" ]; then tail -c 1 -- "$1" >/dev/null || exit 1; fi
{ case $p in
  "") ;;
  *.gz) gzip -dc -- "$p" | tail -c "$2";;
  *.bz2) bzip2 -dc -- "$p" | tail -c "$2";;
  *.xz) xz -dc -- "$p" | tail -c "$2";;
  *.zst) zstd -dcq -- "$p" | tail -c "$2";;
  *) tail -c "$2" -- "$p";;
esac
[ ! -f "$1" ] || tail -c "$2" -- "$1"; } | """
        + _THIN
        + r"""tail -n 1 -- "$1" 2>/dev/null | LC_ALL=C grep -E -e "$3"; exit 0""",
        path,
        str(read_bytes),
        _NOISE,
        str(lines),
    )


def journal_before(unit: str, since: int, lines: int) -> Command:
    """The journal of one unit since `since` (epoch seconds), nearly all client traffic left out; its last `lines` lines."""
    show = r"""journalctl -o short-iso-precise --no-pager --unit="$1" """
    return script(
        show + r"""--since="@$2" | """ + _THIN + show + r"""-n 1 | LC_ALL=C grep -E -e "$3"; exit 0""",
        unit,
        str(since),
        _NOISE,
        str(lines),
    )
