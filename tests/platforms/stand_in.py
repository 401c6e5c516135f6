#!/usr/bin/python3 -IS
"""Programs of another platform, played on Linux: one file, called by many names (links to it), as busybox is.

Each prints what the real one was recorded to print, filled in with what really runs here. Standard library only: it
runs inside a lab server, by the system's Python. What it plays stands in LOOK, as JSON.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

LOOK = Path("/usr/local/look/look.json")
KEPT_PROC = Path("/run/look/proc")
PROC = KEPT_PROC if KEPT_PROC.exists() else Path("/proc")
DHCPD = "/usr/sbin/dhcpd"
START_SECONDS = 10.0
TICKS = 100.0


def look() -> dict[str, Any]:
    """What is played."""
    told: dict[str, Any] = json.loads(LOOK.read_text())
    return told


# --- processes, sockets, files ---


def processes() -> Iterator[int]:
    """Every process."""
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def stat_fields(pid: int) -> list[str]:
    """From the state on; the first two fields are the name and the number."""
    return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()


def comm(pid: int) -> str:
    """Its name."""
    return (PROC / str(pid) / "comm").read_text().strip()


def words(pid: int) -> str:
    """Its command line; of the dhcpd that is played, the one that the platform gives it."""
    text = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return look()["words"] if text.startswith(DHCPD + " ") else text


def seconds_since_start(pid: int) -> float:
    """How long it has run."""
    return float((PROC / "uptime").read_text().split()[0]) - int(stat_fields(pid)[19]) / TICKS


def column(pid: int, name: str) -> str:
    """One column of ps."""
    if name == "pid":
        return str(pid)
    if name == "uid":
        return str((PROC / str(pid)).stat().st_uid)
    if name == "stat":
        return stat_fields(pid)[0]
    if name in {"etime", "time"}:
        fields = stat_fields(pid)
        value = seconds_since_start(pid) if name == "etime" else (int(fields[11]) + int(fields[12])) / TICKS
        return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
    if name == "lstart":
        return time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(time.time() - seconds_since_start(pid)))
    return comm(pid) if name == "comm" else words(pid)


def ps(*args: str) -> int:
    """FreeBSD's: -A, -ww, -o COLUMN=, -p PID."""
    columns = [args[index + 1].rstrip("=") for index, arg in enumerate(args) if arg == "-o"]
    wanted = [int(args[index + 1]) for index, arg in enumerate(args) if arg == "-p"]
    for pid in wanted or sorted(processes()):
        with suppress(OSError, IndexError):
            print(" ".join(f"{column(pid, name):>5}" for name in columns))
    return 0


def ends() -> Iterator[tuple[str, str, str, str, str]]:
    """Protocol, both ends, state and inode of each IPv4 socket."""
    for protocol in ("tcp", "udp"):
        for line in (PROC / "net" / protocol).read_text().splitlines()[1:]:
            fields = line.split()
            yield protocol, end(fields[1]), end(fields[2]), fields[3], fields[9]


def end(text: str) -> str:
    """`0A00000A:028F` -> `10.0.0.10:655`; any address is `*`."""
    address, port = text.split(":")
    host = socket.inet_ntoa(bytes.fromhex(address)[::-1])
    number = int(port, 16)
    return f"{'*' if host == '0.0.0.0' else host}:{number or '*'}"


def holders() -> dict[str, tuple[int, str]]:
    """Inode of a socket -> who has it, by which descriptor."""
    found = {}
    for pid in processes():
        with suppress(OSError):
            for handle in (PROC / str(pid) / "fd").iterdir():
                with suppress(OSError):
                    target = os.readlink(handle)  # noqa: PTH115 - not a path
                    if target.startswith("socket:["):
                        found[target[8:-1]] = (pid, handle.name)
    return found


def sockstat(*args: str) -> int:
    """FreeBSD's `-46l -p PORTS`, and `-s -P tcp`."""
    ports = {port for index, arg in enumerate(args) if arg == "-p" for port in args[index + 1].split(",")}
    with_state = "-s" in args
    print("USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS" + "  STATE" * with_state)
    owners = holders()
    states = {"01": "ESTABLISHED", "02": "SYN_SENT", "0A": "LISTEN", "06": "TIME_WAIT", "08": "CLOSE_WAIT"}
    for protocol, local, remote, state, inode in ends():
        listens = state in {"0A", "07"} and protocol in {"tcp", "udp"}
        if (with_state and protocol != "tcp") or (not with_state and not listens):
            continue
        if ports and local.rpartition(":")[2] not in ports:
            continue
        pid, handle = owners.get(inode, (0, "?"))
        who = f"root     {comm(pid) if pid else '?':<10} {pid or '?':<5} {handle:<3}"
        print(f"{who} {protocol}4   {local:<21} {remote:<21}" + f" {states.get(state, 'CLOSED')}" * with_state)
    return 0


def netstat(*_args: str) -> int:
    """FreeBSD's `-an`: a dot before the port."""
    print("Active Internet connections (including servers)")
    print("Proto Recv-Q Send-Q Local Address          Foreign Address        (state)")
    states = {"01": "ESTABLISHED", "02": "SYN_SENT", "0A": "LISTEN", "06": "TIME_WAIT", "08": "CLOSE_WAIT"}
    for protocol, local, remote, state, _ in ends():
        if protocol == "tcp":
            one, two = (".".join(each.rsplit(":", 1)) for each in (local, remote))
            print(f"tcp4       0      0 {one:<22} {two:<22} {states.get(state, 'CLOSED')}")
    return 0


def fstat(*args: str) -> int:
    """FreeBSD's `fstat -- FILE`: who has it open, and how."""
    path = args[-1]
    try:
        wanted = os.stat(path)  # noqa: PTH116
    except OSError as error:
        print(f"fstat: {path}: {error.strerror}", file=sys.stderr)
        return 1
    print("USER     CMD          PID   FD MOUNT      INUM MODE         SZ|DV R/W NAME")
    for pid in processes():
        with suppress(OSError):
            for handle in (PROC / str(pid) / "fd").iterdir():
                with suppress(OSError):
                    there = handle.stat()
                    if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
                        flags = int((PROC / str(pid) / "fdinfo" / handle.name).read_text().split()[3], 8) & 3
                        way = ("r", "w", "rw")[flags]
                        print(
                            f"root     {comm(pid):<10} {pid:>5} {handle.name:>4} /var {there.st_ino:>9} -rw-r--r-- "
                            f"{there.st_size:>7} {way:>2}  {path}"
                        )
    return 0


# --- small tools that differ ---


def real(name: str, *args: str) -> int:
    """The program of that name of this machine."""
    return subprocess.run([f"/usr/bin/{name}", *args], check=False).returncode


def uname(*args: str) -> int:
    """The name of the system; everything else as it is."""
    if args == ("-s",) or not args:
        print(look()["system"])
        return 0
    return real("uname", *args)


def date(*args: str) -> int:
    """BSD's knows no nanoseconds."""
    return real("date", *(arg.replace("%N", "N") for arg in args))


def stat(*args: str) -> int:
    """BSD's: -f, and no -c."""
    if "-c" in args:
        print("stat: illegal option -- c", file=sys.stderr)
        return 1
    return real("stat", *("-c" if arg == "-f" else arg.replace("%m", "%Y").replace("%Lp", "%a") for arg in args))


def mv(*args: str) -> int:
    """BSD's: -h for GNU's -T."""
    if args == ("--help",):
        print("usage: mv [-f | -i | -n] [-hv] source target", file=sys.stderr)
        return 64
    return real("mv", *("-T" if arg == "-h" else arg for arg in args))


# --- dhcpd and what starts it ---


def translated(*args: str) -> list[str]:
    """The words of a dhcpd that was built to enter its chroot early, for one that was not: the files as seen from outside."""
    given = dict(pairwise(args))
    root, told = given.get("-chroot", ""), look()
    found, skip = ["-4"], False
    for word in args:
        if skip or word in {"-chroot", "-user", "-group", "-q", "-4", "-f", "-d"}:
            skip = word in {"-chroot", "-user", "-group"} and not skip
        elif word in {"-cf", "-lf", "-pf"}:
            found += [word, root + given[word]]
            skip = True
        else:
            found.append(word)
    if "-lf" not in given and "-t" not in args:
        found[1:1] = ["-lf", root + told["built_in_leases"]]
    return found


def dhcpd(*args: str) -> int:
    """`--version` and `-t`; started it is by the platform's own script."""
    given = list(args) if "--version" in args else translated(*args)
    return subprocess.run([DHCPD, *given], check=False).returncode


def running() -> list[int]:
    """The real dhcpd of this server."""
    found = []
    for pid in processes():
        with suppress(OSError):
            line = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            if line[0].decode() == DHCPD and b"-t" not in line:
                found.append(pid)
    return found


def stop() -> None:
    """End it and wait."""
    for pid in running():
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + START_SECONDS
    while running() and time.monotonic() < deadline:
        time.sleep(0.05)


def crash(*_args: str) -> int:
    """End it as a crash does."""
    for pid in running():
        os.kill(pid, signal.SIGKILL)
    return 0


def start() -> int:
    """Start it as the platform does, and wait until it serves or has died."""
    told = look()
    given = told["words"].split()[1:]
    if told["copies"]:
        named = dict(pairwise(given))
        inside = Path(named["-chroot"] + named["-cf"])
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(named["-cf"], inside)
    log = Path(told["log"])
    before = log.stat().st_size if log.exists() else 0
    argv = [sys.executable, "-I", "-S", str(LOOK.with_name("stand_in.py")), "--log", *translated(*given)]
    quiet = subprocess.DEVNULL
    keeper = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, cwd="/")
    deadline = time.monotonic() + START_SECONDS
    while keeper.poll() is None and time.monotonic() < deadline:
        if log.exists() and b"Server starting service" in log.read_bytes()[before:]:
            return 0
        time.sleep(0.05)
    return 0 if running() else 1


def keep_log(*args: str) -> int:
    """Run dhcpd and write each of its lines as the platform's syslog does."""
    told = look()
    stamp: Callable[[str, int], str] = {"3164": as_3164, "5424": as_5424, "iso": as_iso}[told["format"]]
    child = subprocess.Popen(
        [DHCPD, "-f", "-d", *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    for raw in child.stdout:
        with Path(told["log"]).open("a") as log:
            log.write(stamp(raw.rstrip("\n"), child.pid) + "\n")
    return child.wait()


def as_3164(text: str, pid: int) -> str:
    """FreeBSD's syslogd."""
    return f"{datetime.now(UTC):%b %e %H:%M:%S} {socket.gethostname()} {look()['tag']}dhcpd[{pid}]: {text}"


def as_5424(text: str, pid: int) -> str:
    """OPNsense's syslog-ng."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return f'<190>1 {now} {socket.gethostname()} dhcpd {pid} - [meta sequenceId="1"] {text}'


def as_iso(text: str, pid: int) -> str:
    """journalctl's short-iso-precise."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f%z")
    return f"{now} {socket.gethostname()} dhcpd[{pid}]: {text}"


def service(*args: str) -> int:
    """FreeBSD's rc: with dhcpd_enable=NO it prints the remedy, and ends with 0."""
    name, verb = args[:2]
    if name != "isc-dhcpd":
        print(
            f"{name} does not exist in /etc/rc.d or the local startup\ndirectories (/usr/local/etc/rc.d), or is not executable"
        )
        return 1
    enabled = bool(re.search(r'^dhcpd_enable="?YES"?$', Path("/etc/rc.conf").read_text(), re.MULTILINE))
    if verb == "rcvar":
        print(f'# isc-dhcpd\n#\ndhcpd_enable="{"YES" if enabled else "NO"}"\n#   (default: "")\n')
        return 0
    if not enabled:
        print(
            f"Cannot '{verb}' isc_dhcpd. Set dhcpd_enable to YES in /etc/rc.conf or use 'one{verb}' instead of '{verb}'."
        )
        return 0
    return restart()


def restart(*_args: str) -> int:
    """Stop and start."""
    stop()
    return start()


def systemctl(*args: str) -> int:
    """`restart dhcpd`, and the list of units."""
    if args[:1] == ("restart",):
        return restart()
    if args[:1] == ("list-unit-files",):
        print(
            "dhcpd.service    enabled  disabled\ndhcpd6.service   disabled disabled\nsshd.service     enabled  enabled"
        )
        return 0
    return 1


def journalctl(*args: str) -> int:
    """The log of the unit, followed on request."""
    log, lines = look()["log"], "10"
    for index, arg in enumerate(args):
        lines = args[index + 1] if arg == "-n" else lines
    follow = ["-F"] if "-f" in args else []
    return real("tail", "-n", lines if "-n" in args else "+1", *follow, "--", log)


def at(*_args: str) -> int:
    """There is none on these machines."""
    return 127


NAMES: dict[str, Callable[..., int]] = {
    "ps": ps,
    "sockstat": sockstat,
    "netstat": netstat,
    "fstat": fstat,
    "uname": uname,
    "date": date,
    "stat": stat,
    "mv": mv,
    "dhcpd": dhcpd,
    "service": service,
    "configctl": restart,
    "pfSsh.php": restart,
    "rc-service": restart,
    "systemctl": systemctl,
    "journalctl": journalctl,
    "--log": keep_log,
    "--crash": crash,
}


def main() -> int:
    """By the name it was called, or by its first word."""
    name, args = Path(sys.argv[0]).name, sys.argv[1:]
    if name not in NAMES:
        name, args = sys.argv[1], sys.argv[2:]
    return NAMES[name](*args)


if __name__ == "__main__":
    sys.exit(main())
