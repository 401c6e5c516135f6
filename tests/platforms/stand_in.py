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
JOBS = Path("/var/at/jobs")
TIMERS = Path("/run/look")


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


def in_jail(pid: int) -> bool:
    """Whether it lives in a jail of this host: here that is a network of its own."""
    return os.readlink(PROC / str(pid) / "ns/net") != os.readlink(PROC / "self/ns/net")  # noqa: PTH115 - no paths


def column(pid: int, name: str) -> str:
    """One column of ps."""
    if name == "pid":
        return str(pid)
    if name == "jid":
        return "3" if in_jail(pid) else "0"
    if name == "uid":
        return str((PROC / str(pid)).stat().st_uid)
    if name == "stat":
        return stat_fields(pid)[0]
    if name in {"etime", "time"}:
        fields = stat_fields(pid)
        value = seconds_since_start(pid) if name == "etime" else (int(fields[11]) + int(fields[12])) / TICKS
        return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
    if name == "lstart":
        booted = int((PROC / "stat").read_text().partition("btime ")[2].split()[0])
        return time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(booted + int(int(stat_fields(pid)[19]) / TICKS)))
    return comm(pid) if name == "comm" else words(pid)


def ps(*args: str) -> int:
    """FreeBSD's: -A, -ww, -o COLUMN=, -p PID. Within a jail there is no process 1."""
    columns = [args[index + 1].rstrip("=") for index, arg in enumerate(args) if arg == "-o"]
    wanted = [int(args[index + 1]) for index, arg in enumerate(args) if arg == "-p"]
    for pid in wanted or sorted(processes() if not look()["in_a_jail"] else set(processes()) - {1}):
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


def command_line(*args: str) -> list[str]:
    """The real dhcpd, as one runs that was built to enter its chroot before it reads anything: this one was not."""
    given = dict(pairwise(args))
    root, words, skip = given.get("-chroot", ""), ["-4"], False
    for word in args:
        if skip or word in {"-chroot", "-user", "-group", "-q", "-4", "-f", "-d"}:
            skip = word in {"-chroot", "-user", "-group"} and not skip
        else:
            words.append(word)
    if "-lf" not in given and "-t" not in args:
        words[1:1] = ["-lf", look()["built_in_leases"]]
    if not root:
        return [DHCPD, *words]
    furnish(Path(root))
    return ["/usr/sbin/chroot", root, DHCPD, *words]


def furnish(root: Path) -> None:
    """Put into a chroot what a dhcpd of this machine needs there, read-only."""
    if not root.is_dir():
        return
    for source in ("/usr/sbin", "/usr/lib", "/usr/lib64", "/dev", str(PROC)):
        place = root / (source[1:] if source != str(PROC) else "proc")
        place.mkdir(parents=True, exist_ok=True)
        if not place.is_mount():
            subprocess.run(["/usr/bin/mount", "-o", "bind,ro", source, str(place)], check=True)
    for name in ("lib", "lib64"):
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    (root / "var/run").mkdir(parents=True, exist_ok=True)


def dhcpd(*args: str) -> int:
    """`--version` and `-t`; started it is by the platform's own script."""
    argv = [DHCPD, *args] if "--version" in args else command_line(*args)
    return subprocess.run(argv, check=False).returncode


def running(*, jailed: bool = False) -> list[int]:
    """The real dhcpd of this server, or those in its jails."""
    found = []
    for pid in processes():
        with suppress(OSError):
            line = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            if line[0].decode() == DHCPD and b"-t" not in line and in_jail(pid) is jailed:
                found.append(pid)
    return found


def stop() -> None:
    """End it and wait."""
    for pid in running():
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + START_SECONDS
    while running() and time.monotonic() < deadline:
        time.sleep(0.05)


def in_jails(*_args: str) -> int:
    """The pids of every dhcpd in a jail."""
    print(*running(jailed=True))
    return 0


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
        if match := re.search(r'^dhcpd_includedir="(.+)"$', Path("/etc/rc.conf").read_text(), re.MULTILINE):
            shutil.copytree(match[1], named["-chroot"] + match[1], dirs_exist_ok=True)
    log = Path(told["log"])
    before = log.stat().st_size if log.exists() else 0
    argv = [sys.executable, "-I", "-S", str(LOOK.with_name("stand_in.py")), "--log", *command_line(*given)]
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
        [*args, "-f", "-d"],
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
    """`restart dhcpd`, the list of units, and `stop` and `is-active` of a timer."""
    if args[:1] == ("restart",):
        return restart()
    if args[:1] == ("list-unit-files",):
        print(
            "dhcpd.service    enabled  disabled\ndhcpd6.service   disabled disabled\nsshd.service     enabled  enabled"
        )
        return 0
    timer = TIMERS / args[-1]
    if args[:1] == ("stop",) and timer.is_file():
        os.killpg(int(timer.read_text()), signal.SIGKILL)
        timer.unlink()
        return 0
    return 0 if args[:1] == ("is-active",) and timer.is_file() else 3


def systemd_run(*args: str) -> int:
    """One timer, whose unit is a file with the number of its process."""
    words = args[args.index("--") + 1 :]
    given = dict(word.split("=", 1) for word in args[: args.index("--")])
    timer = TIMERS / f"{given['--unit']}.timer"
    script = 'sleep "$1"; rm -f "$2"; shift 2; exec "$@"'
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", given["--on-active"], str(timer), *words],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
        cwd="/",
    )
    timer.write_text(str(child.pid))
    print(f"Running timer as unit: {timer.name}", file=sys.stderr)
    return 0


def journalctl(*args: str) -> int:
    """The log of the unit, followed on request."""
    log, lines = look()["log"], "10"
    for index, arg in enumerate(args):
        lines = args[index + 1] if arg == "-n" else lines
    follow = ["-F"] if "-f" in args else []
    return real("tail", "-n", lines if "-n" in args else "+1", *follow, "--", log)


def jobs() -> Iterator[tuple[int, float, Path]]:
    """FreeBSD's spool: number, time and file of each job, by the file's name."""
    for path in sorted(JOBS.glob("c*")):
        yield int(path.name[1:6], 16), int(path.name[6:], 16) * 60.0, path


def at(*args: str) -> int:
    """FreeBSD's `now + MINUTES minutes`, with the job on stdin, and `-c NUMBER`."""
    if args[:1] == ("-c",):
        for number, _, path in jobs():
            if str(number) in args[1:]:
                print(path.read_text(), end="")
        return 0
    if args[:2] != ("now", "+") or args[3:] != ("minutes",):
        print("at: garbled time", file=sys.stderr)
        return 1
    JOBS.mkdir(parents=True, exist_ok=True)
    number = max((each for each, _, _ in jobs()), default=6) + 1
    job = JOBS / f"c{number:05x}{int(time.time()) // 60 + int(args[2]):08x}"
    environment = f"PATH={os.environ['PATH']}; export PATH\ncd / || exit 1\n"
    job.write_text(f"#!/bin/sh\n# atrun uid=0 gid=0\numask 22\n{environment}{sys.stdin.read()}\n")
    job.chmod(0o700)
    print(f"Job {number} will be executed using /bin/sh", file=sys.stderr)
    return 0


def atq(*_args: str) -> int:
    """The number stands last; without a job there is not even a title."""
    for index, (number, due, _) in enumerate(jobs()):
        if not index:
            print("Date\t\t\t\tOwner\t\tQueue\tJob#")
        print(f"{time.strftime('%a %b %e %H:%M:%S %Z %Y', time.localtime(due))}\troot            c\t{number}")
    return 0


def atrm(*numbers: str) -> int:
    """Take jobs off; one that is not there is no error."""
    for number, _, path in jobs():
        if str(number) in numbers:
            path.unlink()
    return 0


def atrun(seconds: str = "0") -> int:
    """What cron runs every five minutes: each job whose time has come; `seconds`: as if it were so much later."""
    for _, due, path in list(jobs()):
        if due <= time.time() + float(seconds):
            subprocess.run(["/bin/sh", str(path)], check=False)
            path.unlink()
    return 0


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
    "systemd-run": systemd_run,
    "at": at,
    "atq": atq,
    "atrm": atrm,
    "--atrun": atrun,
    "--log": keep_log,
    "--crash": crash,
    "--jailed": in_jails,
}


def main() -> int:
    """By the name it was called, or by its first word."""
    name, args = Path(sys.argv[0]).name, sys.argv[1:]
    if name not in NAMES:
        name, args = sys.argv[1], sys.argv[2:]
    return NAMES[name](*args)


if __name__ == "__main__":
    sys.exit(main())
