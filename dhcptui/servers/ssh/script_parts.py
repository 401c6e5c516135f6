"""Pieces of shell for directories that another account may write: our files are made where nobody else can reach.

A *room* is a new directory of mode 0700: `mkdir` fails where anything is, a link included. It is entered, and only then
looked at: whether it is the very directory, ours and closed. Inside it every name is safe; out of it a file goes by
`link` (which fails where anything is) or by `rename` (which replaces a link, and never follows it).

Plain `sh` (dash, bash, busybox, FreeBSD): no option that is not everywhere is used without asking for it first.
"""

from __future__ import annotations

ROOM = r"""here=$(pwd -P) || exit 9
enter() { # a room of before; whoever gets 1 must exit
  cd -P "$here/$1" || return 1
  if [ "$(pwd -P)" = "${here%/}/$1" ] && [ -O . ]; then case $(ls -ld .) in drwx--[-S]---*) return 0;; esac; fi
  printf '%s is there and is not a closed directory of our own: look at it, and remove it\n' "$1" >&2; return 1
}
unguessed() { # a name for a room: nobody can have put anything there before
  r=$(od -An -N8 -tx1 /dev/urandom 2>/dev/null | tr -d ' \t\n'); printf '.dhcptui-%s-%s' "$$" "${r:-$(date +%s)}"
}
room() { (umask 077; mkdir -m 0700 "$here/$1") && enter "$1"; }
left() { cd .. && rmdir "$1"; } # out of an empty room
q=
case $(mv --help 2>&1) in *-T*|*finT*) q=-T;; *-hv*) q=-h;; esac
rename() { # never into a directory, never through a link
  if [ -d "$2" ] || [ -L "$2" ]; then rm -f "$2" || return 1; fi
  mv -f $q "$1" "$2"
}
link() { if [ "$q" = -T ]; then ln -T "$1" "$2"; else ln -n "$1" "$2"; fi; } # fails where anything is
holds() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c 4000 "$1")" = "$2" ]; }
put() { # in a room: the text $1 becomes the file $2 outside, by $3: rename or link; read back
  rm -f own
  if printf '%s\n' "$1" >own && holds own "$1" && "$3" own "../$2"; then
    rm -f own
    if holds "../$2" "$1"; then return 0; fi
    printf '%s cannot be read back\n' "$2" >&2; return 1
  fi
  rm -f own; return 1
}
"""
"""Begins where the directory in question is the current one."""
