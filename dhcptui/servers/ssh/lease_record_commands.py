"""The remote command lines that read what a server wrote down: failover records, leases by client, the log of before.

A lease file can have half a gigabyte, and busybox reads slowly: what comes again and again reads only what was appended,
and what must see all of it goes through one grep, which leaves little for awk. Only what was asked for is sent.
"""

from __future__ import annotations

from dhcptui.logs.lease_file import first_line
from dhcptui.servers.ssh.commands import Command, script

SAME = "same"
"""What `last_records` prints when nothing was written since."""
MOST_HITS = 1000
"""So many leases of one client are remembered at a time, the newest ones: a name may be that of every second client."""

# The words of the script become $w, $i0 and $s0; $i and $s: inode and size of the file. A rewrite by dhcpd makes another
# file. `wc -c` would do, but that of busybox reads every byte.
_STAT = (
    'f=$1 w=$2 i0=$3 s0=$4; x=$(LC_ALL=C ls -ilnLd -- "$f") || exit 9; true <"$f" || exit 9\n'
    "set -f; set -- $x; i=$1 s=$6\n"
)


def last_records(path: str, peer: str, before: str = "") -> Command:
    """The newest failover records of a peer: a line `inode size`, then lines of the file that hold them (maybe none).

    `before` is the first line of an earlier answer: then only what was appended is searched, and one word (`SAME`) comes
    back when nothing of this peer is in it. Otherwise it is looked for from the end, in growing steps: dhcpd rewrites
    its file with the records in front of all leases, so they may stand at the very beginning.
    """
    return script(
        _STAT
        + r"""echo "$i $s"
records() { LC_ALL=C grep -a -F -A 6 -e "$w" | tail -n 40; }
if [ "$i0" = "$i" ] && [ "$s" -ge "$s0" ]; then
  r=; [ "$s" -eq "$s0" ] || r=$(tail -c $((s - s0 + 4096)) -- "$f" | records)
  if [ -n "$r" ]; then printf "%s\n" "$r"; else echo """
        + SAME
        + r"""; fi
  exit 0
fi
for n in 65536 4194304 67108864; do
  r=$(tail -c $n -- "$f" | records)
  if [ -n "$r" ]; then printf "%s\n" "$r"; exit 0; fi
  [ "$s" -gt $n ] || exit 0
done
records <"$f"
exit 0""",
        path,
        first_line(peer),
        *(before.split() if before else ("", "0")),
    )


def all_records(path: str, peer: str, most: int) -> Command:
    """The last `most` failover records of a peer, oldest first, in lines of the file."""
    return script(
        'LC_ALL=C grep -a -F -A 6 -e "$2" -- "$1" | tail -n "$3"; exit 0', path, first_line(peer), str(8 * most)
    )


def leases_with(path: str, statement: str, most: int) -> Command:
    """Addresses of the leases whose newest entry has this line (leading blanks apart): the `most` newest, one a line.

    An entry that is being written at this moment, without its end, does not hide the one before it.
    """
    return script(
        r"""f=$1; case $(tail -c 3 -- "$f") in *"}"*) t=0;; *) t=1;; esac
LC_ALL=C grep -a -F -e "lease " -e "host " -e "$2" -- "$f" | STATEMENT=$2 LC_ALL=C awk -v torn="$t" -v most="$3" -v kept="$4" '
/^lease / { a = $2; was = (a in hit) ? hit[a] : 0; delete hit[a]; next }
/^host / { a = "" } # one made over OMAPI has such lines, too
{ sub(/^[ \t]+/, "") }
$0 == ENVIRON["STATEMENT"] && a != "" {
  hit[a] = ++n; at[n] = a; x = n - kept
  if (x in at) { if (hit[at[x]] == x) delete hit[at[x]]; delete at[x] }
}
END {
  if (torn && was && !(a in hit)) hit[a] = was
  for (x = n; x > 0 && (x in at) && most > 0; x--) if ((at[x] in hit) && hit[at[x]] == x) { print at[x]; most-- }
}'""",
        path,
        statement,
        str(most),
        str(MOST_HITS),
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

# old OPTION NUMBER: the end of $p, as `tail` gives it.
_OLD = r"""old() { case $p in
  "") ;;
  *.gz) gzip -dc -- "$p" | tail "$1" "$2";;
  *.bz2) bzip2 -dc -- "$p" | tail "$1" "$2";;
  *.xz) xz -dc -- "$p" | tail "$1" "$2";;
  *.zst) zstd -dcq -- "$p" | tail "$1" "$2";;
  *) tail "$1" "$2" -- "$p";;
esac; }
"""


def rotated_lines(path: str, lines: int) -> Command:
    """The last `lines` lines of the file that a log file was rotated to; nothing where there is none."""
    return script(_PREDECESSOR + _OLD + r"""old -n "$2"; exit 0""", path, str(lines))


def log_before(path: str, read_bytes: int, lines: int) -> Command:
    """The last lines of a log file and of its predecessor, nearly all client traffic left out.

    A log that is not there or cannot be read prints nothing, and why on stderr.
    """
    return script(
        _PREDECESSOR
        + _OLD
        + r"""if [ -e "$1" ] || [ -z "$p" ]; then tail -c 1 -- "$1" >/dev/null || exit 1; fi
{ old -c "$2"
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
