"""The remote command lines that find out who holds a dhcpd's resources, and that end a process which does.

Linux: /proc alone, in any POSIX shell; FreeBSD: sockstat, fstat, and ps with each process's jail. One line an answer, its
first letter says what it is; `servers/ssh/holders.py` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable

from dhcptui.servers.ssh.commands import Command, script

DHCP_PORT = 67


def system_name() -> Command:
    """What kind of system it is: "Linux", "FreeBSD"."""
    return Command(("uname", "-s"))


# K kind, I all processes are seen, U uptime, L the lease file and its directory, S a socket, F a descriptor, D a process
# whose descriptors may not be seen, N how many such there are, W whether every process was looked into, then for each
# process of interest T its stat line, V its user, A its words, E its program and namespaces.
_LINUX = r"""LC_ALL=C; export LC_ALL
f=$1 b=${1##*/} c=; export b c w d
if [ -n "$f" ]; then c=$(readlink -f -- "$f" 2>/dev/null); echo "R $c"; c=${c##*/}; fi
echo "K Linux"
(read -r x </proc/1/comm) 2>/dev/null && echo I
read -r u x </proc/uptime && echo "U $u"
[ -z "$f" ] || ls -lniLd -- "$f" "${f%/*}/" 2>/dev/null | while read -r x; do echo "L $x"; done
s=$(awk -v t="$3" 'FNR == 1 { next }
{ n = split($2, a, ":"); p = a[n] }
FILENAME ~ /tcp/ && $4 == "0A" && index(t, " " p " ") { print "S tcp", $2, $8, $10 }
FILENAME ~ /udp/ && p == "0043" { print "S udp", $2, $8, $10 }
END { if (NR) print "S read" }' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null)
[ -z "$s" ] || printf "%s\n" "$s"
w=" $(printf "%s\n" "$s" | awk '$5 { printf "%s ", $5 }')"
d=" "
for x in $(grep -l dhcp /proc/[0-9]*/comm 2>/dev/null) $2; do
  x=${x#/proc/}; x=${x%/comm}
  case $d in *" $x "*) ;; *) [ ! -d "/proc/$x" ] || d="$d$x ";; esac
done
look() {
  ls -ln /dev/null "$@" 2>&1 | awk '
/^\/proc\/[0-9]+\/fd:$/ { split($0, a, "/"); p = a[3]; next }
/ermission denied$/ { if (match($0, /\/proc\/[0-9]+/)) { x = substr($0, RSTART + 6, RLENGTH - 6); if (!(x in z)) n++; z[x]
  if (index(ENVIRON["d"], " " x " ")) print "D", x }; next }
{ i = index($0, " -> "); if (!i) next; t = substr($0, i + 4); m = split(substr($0, 1, i - 1), a, " ") }
t ~ /^socket:\[/ { x = substr(t, 9, length(t) - 9); if (index(ENVIRON["w"], " " x " ")) print "F", p, "S", x; next }
ENVIRON["b"] != "" && (index(t, ENVIRON["b"]) || ENVIRON["c"] != "" && index(t, ENVIRON["c"])) { print "F", p, "L", a[m], t }
END { print "N", n + 0 }' | while read -r k p t n x; do
    case $k$t in
    FL)
      m=other g=
      [ ! "/proc/$p/fd/$n" -ef "$f" ] || m=same
      while read -r a v; do case $a in flags:) g=$v; break;; esac; done <"/proc/$p/fdinfo/$n"
      echo "F $p L $m ${g:-?} $x";;
    *) echo "$k $p $t $n";;
    esac
  done 2>/dev/null
}
r= k=$4
if [ "$k" != 2 ]; then
  set --
  for x in $d; do set -- "$@" "/proc/$x/fd"; done
  [ $# = 0 ] || r=$(look "$@")
  if [ -n "$f" ]; then case $r in *" L same "*) ;; *) k="$k"n;; esac; fi
  for x in $(printf "%s\n" "$s" | awk '$2 == "tcp" || ENVIRON["b"] == "" { print $5 }'); do
    case "$r " in *" S $x
"*|*" S $x "*) ;; *) k="$k"n;; esac
  done
fi
case $k in
2*|1n*) r=$(look /proc/[0-9]*/fd); echo "W all";;
0n*) echo "W no";;
*) echo "W enough";;
esac
[ -z "$r" ] || printf "%s\n" "$r"
set -- /proc/self/ns/net /proc/self/ns/mnt
for p in $(printf "%s\n" "$r" | awk '$1 == "F" { print $2 }' | sort -u) $d; do
  case " $* " in *" /proc/$p/exe "*) continue;; esac
  set -- "$@" "/proc/$p/exe" "/proc/$p/ns/net" "/proc/$p/ns/mnt"
  {
    read -r x <"/proc/$p/stat" && echo "T $p $x"
    u=
    while read -r a v x; do case $a in Uid:) u=$v;; NSpid:) [ -z "$x" ] || u="$u inner";; esac; done <"/proc/$p/status"
    echo "V $p $u"
    echo "A $p $(tr '\000\012' '  ' <"/proc/$p/cmdline")"
  } 2>/dev/null
done
ls -ln "$@" 2>/dev/null | while read -r x; do echo "E $x"; done
exit 0"""

_FREEBSD = r"""LC_ALL=C; export LC_ALL
echo "K FreeBSD"
echo "O $(id -u)"
[ -z "$1" ] || ls -lniLd -- "$1" "${1%/*}/" 2>/dev/null | while read -r x; do echo "L $x"; done
r=
s=$(sockstat -46l -p "$3" 2>/dev/null) && echo "S read"
[ -z "$s" ] || printf "%s\n" "$s" | awk 'NR > 1 { print "S", $0 }'
if [ -n "$1" ]; then
  r=$(fstat -- "$1" 2>/dev/null) && echo "W all"
  [ -z "$r" ] || printf "%s\n" "$r" | awk 'NR > 1 { print "F", $0 }'
fi
q=" $2 $(printf "%s\n%s\n" "$s" "$r" | awk '{ printf "%s ", $3 }')"
export q
ps -A -ww -o pid= -o jid= -o uid= -o stat= -o etime= -o lstart= -o comm= -o args= | awk '
index($0, "dhcp") || index(ENVIRON["q"], " " $1 " ") || $1 == 1 { print "P", $0 }'
exit 0"""

_NAMES_ONLY = r"""echo "K other"; LC_ALL=C; export LC_ALL
ps -A -ww -o pid= -o uid= -o stat= -o etime= -o lstart= -o comm= -o args= | awk 'index($0, "dhcp") || $1 == 1 { print "P", $0 }'
exit 0"""


FUNCTION = "dhcptui_holders"


def holders_function(system: str) -> str:
    """The definition of a shell function that looks, on a `system` as `uname -s` names it: its text travels once.

    Arguments of the function: see `holders`.
    """
    body = {"Linux": _LINUX, "FreeBSD": _FREEBSD}.get(system, _NAMES_ONLY)
    return f"{FUNCTION}() {{\n{body}\n}}"


def holders(system: str, leases: str, ports: Iterable[int], pids: Iterable[int], walk: int = 1) -> Command:
    """Call that function: who holds the lease file and listens on these TCP ports (and on 67).

    `pids` are looked into first, with everything that has `dhcp` in its name. `walk`: 0 never look into every process,
    1 where those do not hold all, 2 always. Without a lease file: who listens on port 67.
    """
    wanted = sorted({*ports})
    if system == "Linux":
        hexadecimal = " " + "".join(f"{port:04X} " for port in wanted)
    else:
        hexadecimal = ",".join(map(str, sorted({*wanted, DHCP_PORT})))
    return Command((FUNCTION, leases, " ".join(map(str, pids)), hexadecimal, str(walk)))


def stop_if(pid: int | str, born: str) -> Command:
    """Ask one process to end (SIGTERM) if it is still the one that was started then; exit 3 when it is another one.

    `born`: its start in clock ticks since boot (Linux), or as `ps -o lstart=` tells it.
    """
    return script(
        'p=$1 w=$2; case $w in *[!0-9]*) set -- $(LC_ALL=C ps -o lstart= -p "$p" 2>/dev/null); b="$*";; '
        '*) { read -r l <"/proc/$p/stat"; } 2>/dev/null; set -- ${l##*) }; b=${20};; esac; '
        '[ "$b" = "$w" ] || { echo "pid $p is not the process that was looked at" >&2; exit 3; }; '
        'exec kill -TERM "$p"',
        str(pid),
        born,
    )


def work(pid: int) -> Command:
    """State and CPU time of a process: "R 1234 ticks" on Linux, which is finer, else as ps tells them: "D 0:03.25"."""
    return script(
        'if [ -r "/proc/$1/stat" ]; then s=$(cat "/proc/$1/stat") && set -- ${s##*)} && echo "$1 $((${12} + ${13})) ticks"; '
        'else LC_ALL=C ps -o stat= -o time= -p "$1"; fi',
        str(pid),
    )


def file_size(path: str) -> Command:
    """A file as `ls -ln` tells it; its fifth word is its size, on every system."""
    return script('LC_ALL=C ls -lnL -- "$1"', path)
