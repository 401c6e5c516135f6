"""The programs of a practice server that know of dhcpd, the clock, the network or the host: answered by the model.

Every other program is the host's own: sh, tail, tar, cat, cp, mv, find, ...
"""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from dhcptui.conf.reader import ConfParseError, parse
from dhcptui.practice.dhcpd.server import DhcpdFailed
from dhcptui.practice.machine import Machine, Process
from dhcptui.practice.network import Network
from dhcptui.practice.services.fake_programs import Answer, Question, Shims
from dhcptui.servers.ssh.commands import START

VERSION = "isc-dhcpd-4.4.3-P1"
SSH_PORT = 22
_DHCP_PORT = 67
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TRY_PORT = 'exec 3<>"/dev/tcp/$0/$1"'
_DEFAULT_FORMAT = "%a %b %e %H:%M:%S UTC %Y"
_INIT_PID, _SSHD_PID, _ATD_PID = 1, 640, 655
_COMMAND_LINES = {_INIT_PID: "/sbin/init", _SSHD_PID: "sshd: /usr/sbin/sshd -D", _ATD_PID: "/usr/sbin/atd -f"}
_NAMES = {_INIT_PID: "systemd", _SSHD_PID: "sshd", _ATD_PID: "atd"}
_DISK_KIB, _DISK_FREE_KIB = 20 * 2**20, 16 * 2**20
_LOG_LINES = 20
"""Lines of the log shown of a start that failed."""
_SIGNALS = {"1": "HUP", "2": "INT", "9": "KILL", "15": "TERM", "18": "CONT", "19": "STOP", "0": "0"}

Check = Callable[[Path], tuple[int, list[str]]]
"""`dhcpd -t` on a file: its exit status, and its lines on stderr."""


Start = Callable[[], Awaitable[object]]
"""Starts dhcpd where none runs. Raises DhcpdFailed, and has told the log why."""


class Tools:
    """The programs of one machine. `check` and `start` are its dhcpd's, `sockets` is what `ss -tan` prints."""

    def __init__(
        self,
        machine: Machine,
        partner: Machine,
        network: Network,
        check: Check,
        start: Start,
        *,
        sockets: Callable[[], str] = str,
    ) -> None:
        self._machine, self._partner, self._network = machine, partner, network
        self._check, self._start, self._sockets = check, start, sockets
        self._booted = time.time()
        self._restarting = asyncio.Lock()
        self._later: dict[str, asyncio.Task[None]] = {}
        """Starts that were put off: by the unit's name, or the job's number."""
        self._jobs = itertools.count(1)
        self._shims = Shims(machine.root, self._answer)
        self._programs: dict[str, Callable[[Question], Awaitable[Answer | None]]] = {
            "date": self._date,
            "ps": self._ps,
            "kill": self._kill,
            "pgrep": self._pgrep,
            "pkill": self._pgrep,
            "dhcpd": self._dhcpd,
            "ping": self._ping,
            "bash": self._bash,
            "ss": self._ss,
            "uname": self._uname,
            "id": self._id,
            "sockstat": self._sockstat,
            "fstat": self._fstat,
            "perl": self._perl,
            **dict.fromkeys(("chronyc", "ntpq", "ntpctl"), self._not_installed),
            "journalctl": self._journalctl,
            "systemd-run": self._systemd_run,
            "at": self._at,
            "atq": self._atq,
            "atrm": self._atrm,
            "crontab": self._crontab,
            "df": self._df,
            "systemctl": self._systemctl,
        }

    def install(self) -> None:
        """Put the programs in their places. Runs on the event loop."""
        self._shims.install(self._programs, [self._machine.restart_script])

    async def close(self) -> None:
        """Answer nobody any more."""
        later = list(self._later.values())
        for task in later:
            task.cancel()
        await asyncio.gather(*later, return_exceptions=True)
        await self._shims.close()

    async def _answer(self, question: Question) -> Answer | None:
        if question.program == self._machine.restart_script.name:
            return await self._restart(stop_only=question.words[:1] == ("stop",))
        return await self._programs[question.program](question)

    async def _df(self, question: Question) -> Answer:
        """The machine's only disk: that of the host is somebody else's, and another one each time."""
        del question
        used = _DISK_KIB - _DISK_FREE_KIB
        return Answer(
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
            f"/dev/vda1 {_DISK_KIB} {used} {_DISK_FREE_KIB} {used * 100 // _DISK_KIB}% /\n"
        )

    # -- clock and processes -------------------------------------------------------------------------------------

    async def _date(self, question: Question) -> Answer:
        """`date [-u] [-r FILE] [+FORMAT]` in UTC; a file's time is shifted as if this clock had been there."""
        now, wanted = self._machine.now(), _DEFAULT_FORMAT
        words = iter(question.words)
        for word in words:
            if word == "-r":
                file = question.directory / next(words, "")
                try:
                    now = file.stat().st_mtime + self._machine.clock_offset
                except OSError as error:
                    return Answer(stderr=f"date: {file}: {error.strerror}\n", status=1)
            elif word.startswith("+"):
                wanted = word[1:]
            elif word not in {"-u", "--utc"}:
                return Answer(stderr="date: this clock cannot be set from here\n", status=1)
        seconds, nanoseconds = int(now), int(now % 1 * 1e9)
        wanted = re.sub(
            r"%[Nsz]", lambda found: {"N": f"{nanoseconds:09}", "s": f"{seconds}", "z": "+0000"}[found[0][1]], wanted
        )
        return Answer(time.strftime(wanted, time.gmtime(now)) + "\n")

    async def _ps(self, question: Question) -> Answer:
        """The whole table, or with `-p` one process, in the columns that are asked for, without their heads."""
        words = question.words
        columns = [each.rstrip("=") for word, each in pairwise(words) if word == "-o"]
        only = words[words.index("-p") + 1 :][:1] if "-p" in words else ()
        rows = []
        for row in self._processes():
            if not only or only[0] == row["pid"]:
                rows.append(" ".join(row.get(column, "-") for column in columns or ("pid", "stat", "etime", "args")))
        return Answer("".join(f"{row}\n" for row in rows), status=0 if rows else 1)

    def _processes(self) -> Iterator[dict[str, str]]:
        """Every process of the machine, by column of `ps`."""
        for pid, name in _NAMES.items():
            yield _columns(pid, "Ss", self._booted, name, _COMMAND_LINES[pid])
        if (process := self._machine.dhcpd) is not None:
            stat = "Tsl" if process.paused else "Ssl"
            yield _columns(process.pid, stat, process.started, "dhcpd", self._command_line())

    def _command_line(self) -> str:
        machine = self._machine
        pid_file = machine.root / "run/dhcpd.pid"
        return f"/usr/sbin/dhcpd -4 -q -cf {machine.conf} -lf {machine.leases} -pf {pid_file} eth0"

    async def _kill(self, question: Question) -> Answer:
        """`kill [-SIGNAL | -s SIGNAL] PID ...`: dhcpd can be hit, and nothing else there is."""
        name = "TERM"
        targets: list[str] = []
        words = iter(question.words)
        for word in words:
            if word == "-s":
                name = next(words, "")
            elif word.startswith("-") and word != "--" and not targets:
                name = word[1:]
            elif word != "--":
                targets.append(word)
        lost = [target for target in targets if not self._signal(name, target)]
        return Answer(
            stderr="".join(f"kill: ({target}): No such process\n" for target in lost), status=1 if lost else 0
        )

    def _signal(self, name: str, target: str) -> bool:
        """Send a signal to the process of that number; False where there is none."""
        process = self._machine.dhcpd
        if process is None or target != str(process.pid):
            return target in map(str, _NAMES)
        _deliver(process, _SIGNALS.get(name, name).removeprefix("SIG"))
        return True

    async def _pgrep(self, question: Question) -> Answer:
        """`pgrep [-x] NAME`, `pkill [-SIGNAL] [-x] NAME`."""
        signals = [word[1:] for word in question.words if word.startswith("-") and word != "-x"]
        wanted = question.words[-1] if question.words else ""
        found = [pid for pid, name in _NAMES.items() if name == wanted]
        if wanted == "dhcpd" and self._machine.dhcpd is not None:
            found.append(self._machine.dhcpd.pid)
        if question.program == "pgrep":
            return Answer("".join(f"{pid}\n" for pid in found), status=0 if found else 1)
        for pid in found:
            self._signal(signals[0] if signals else "TERM", str(pid))
        return Answer(status=0 if found else 1)

    # -- dhcpd ---------------------------------------------------------------------------------------------------

    async def _dhcpd(self, question: Question) -> Answer:
        """`dhcpd --version`, `dhcpd -t -4 -cf FILE`."""
        words = question.words
        if "--version" in words:
            return Answer(stderr=f"{VERSION}\n")
        if "-t" not in words:
            return Answer(stderr=f"dhcpd is started with {self._machine.restart_script} here\n", status=1)
        named = words[words.index("-cf") + 1 :] if "-cf" in words else ()
        status, lines = self._check(question.directory / (named[0] if named else self._machine.conf))
        return Answer(stderr="".join(f"{line}\n" for line in lines), status=status)

    async def _restart(self, stop_only: bool = False) -> Answer:
        """Stop dhcpd if it runs, start it again; exit 0 when it serves."""
        async with self._restarting:
            if self._machine.dhcpd is not None:
                self._machine.dhcpd.kill()
            if stop_only:
                return Answer()
            try:
                await self._start()
            except DhcpdFailed:
                lines = self._machine.log_file.read_text(errors="surrogateescape").splitlines(keepends=True)
                return Answer(stderr="dhcpd did not start:\n" + "".join(lines[-_LOG_LINES:]), status=1)
            return Answer()

    # -- the way to the partner ----------------------------------------------------------------------------------

    async def _ping(self, question: Question) -> Answer:
        """`ping -c 1 -W SECONDS ADDRESS`."""
        address = question.words[-1] if question.words else ""
        if address == self._partner.address and self._network.both_ways(*self._way()):
            return Answer(f"64 bytes from {address}: icmp_seq=1 ttl=64 time=0.4 ms\n")
        await asyncio.sleep(1.0)
        return Answer("1 packets transmitted, 0 received, 100% packet loss, time 0ms\n", status=1)

    async def _bash(self, question: Question) -> Answer | None:
        """A port of the partner's tried through /dev/tcp; anything else is for the host's bash."""
        if question.words[:2] != ("-c", _TRY_PORT) or len(question.words) != 4:
            real = shutil.which("bash", path=_SYSTEM_PATH)
            return Answer(run=f'exec {real} "$@"') if real else Answer(stderr="bash: not found\n", status=127)
        address, port = question.words[2:]
        if address != self._partner.address or not self._network.both_ways(*self._way(), int(port)):
            return None
        if int(port) in self._open_ports():
            return Answer()
        return Answer(
            stderr=f"bash: connect: Connection refused\nbash: /dev/tcp/{address}/{port}: Connection refused\n", status=1
        )

    def _way(self) -> tuple[str, str]:
        return self._machine.role.value, self._partner.role.value

    def _open_ports(self) -> set[int]:
        """Where the partner takes connections: the kernel does, also for a dhcpd that is held."""
        if self._partner.dhcpd is None:
            return {SSH_PORT}
        return {SSH_PORT, *dhcpd_ports(self._partner.conf)}

    async def _sockstat(self, question: Question) -> Answer:
        """`sockstat -46l -p PORT,...` as on FreeBSD: who listens."""
        ports = question.words[-1].split(",")
        rows = []
        if (process := self._machine.dhcpd) is not None:
            for port in (*sorted(dhcpd_ports(self._machine.conf)), _DHCP_PORT):
                if str(port) in ports:
                    kind = "udp4" if port == _DHCP_PORT else "tcp4"
                    rows.append(f"root     dhcpd      {process.pid} 7  {kind}   *:{port}   *:*\n")
        return Answer("USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS   FOREIGN ADDRESS\n" + "".join(rows))

    async def _fstat(self, question: Question) -> Answer:
        """`fstat -- FILE` as on FreeBSD: who has it open. dhcpd has its lease file."""
        path = Path(question.words[-1]) if question.words else Path()
        table = "USER     CMD          PID   FD MOUNT      INUM MODE         SZ|DV R/W NAME\n"
        if (process := self._machine.dhcpd) is not None and path == self._machine.leases and path.exists():
            table += f"root     dhcpd   {process.pid}    5 /var  {path.stat().st_ino} -rw-r--r--  1 w {path}\n"
        return Answer(table)

    async def _uname(self, question: Question) -> Answer:
        """A FreeBSD, as far as somebody can see who asks which processes hold what: the host's /proc is not ours to show."""
        names = {"-s": "FreeBSD", "-n": self._machine.name, "-r": "14.1-RELEASE"}
        return Answer(" ".join(names.get(word, "FreeBSD") for word in question.words or ("-s",)) + "\n")

    async def _id(self, question: Question) -> Answer:
        """Whoever comes in may do everything there, as root could: that is his name as far as numbers go."""
        if question.words == ("-u",):
            return Answer("0\n")
        real = shutil.which("id", path=_SYSTEM_PATH)
        return Answer(run=f'exec {real} "$@"') if real else Answer(stderr="id: not found\n", status=127)

    async def _ss(self, question: Question) -> Answer:
        """`ss -tan`."""
        return Answer(self._sockets())

    # -- the host ------------------------------------------------------------------------------------------------

    async def _journalctl(self, question: Question) -> Answer:
        """There is no journal: dhcpd logs to a file, as `log` of the configuration says."""
        return Answer(stderr="No journal files were found.\n-- No entries --\n", status=1)

    async def _perl(self, question: Question) -> Answer:
        """The kernel's word on the clock (adjtimex): somebody who set the clock wrong has stopped the service too."""
        return Answer("5\n" if self._machine.clock_offset else "0\n")

    async def _not_installed(self, question: Question) -> Answer:
        """The host's own would tell of the host's clock."""
        return Answer(stderr=f"{question.program}: not found\n", status=127)

    async def _systemd_run(self, question: Question) -> Answer:
        """`systemd-run --on-active=SECONDS ... -- COMMAND`: only dhcpd's restart can be put off here."""
        words = question.words
        delays = [word.partition("=")[2] for word in words if word.startswith("--on-active=")]
        if len(delays) != 1 or not delays[0].isdecimal() or "--" not in words:
            return Answer(stderr="Failed to start transient timer unit: Invalid argument\n", status=1)
        command = words[words.index("--") + 1 :]
        units = [word.partition("=")[2] for word in words if word.startswith("--unit=")]
        if command[:2] == ("/bin/sh", "-c") and len(command) > 5:  # it takes its own mark away first
            return self._put_off(float(delays[0]), command[5:], units[0] if units else "run", command[4])
        return self._put_off(float(delays[0]), command, units[0] if units else "run")

    async def _at(self, question: Question) -> Answer:
        """`at now + MINUTES minutes`; the job is restart-dhcpd, which stdin names."""
        words = question.words
        mark = str(self._machine.leases.parent / START)
        if words[:1] == ("-c",):
            return Answer(f"#!/bin/sh\nrm -f -- {mark}; {self._machine.restart_script}\n")
        if words[:2] != ("now", "+") or len(words) != 4 or not words[2].isdecimal():
            return Answer(stderr="syntax error. Last token seen: " + " ".join(words[-1:]) + "\n", status=1)
        now = self._machine.now()
        whole = 60.0 * int(words[2]) - now % 60  # `at` knows whole minutes only
        return self._put_off(whole, (str(self._machine.restart_script),), str(next(self._jobs)), mark)

    async def _atq(self, question: Question) -> Answer:
        return Answer("".join(f"{name}\tpractice a root\n" for name in self._later if name.isdecimal()))

    async def _crontab(self, question: Question) -> Answer:
        """`-l`: what runs the jobs of `at` on a FreeBSD."""
        del question
        return Answer("*/5 * * * * /usr/libexec/atrun\n")

    async def _atrm(self, question: Question) -> Answer:
        self._forget(*question.words)
        return Answer()

    async def _systemctl(self, question: Question) -> Answer:
        """`is-active` and `stop` of the timer of a start that was put off."""
        verb, units = question.words[:1], [word.removesuffix(".timer") for word in question.words[1:]]
        if verb == ("stop",):
            self._forget(*units)
            return Answer()
        there = any(unit in self._later for unit in units)
        return Answer("active\n" if there else "inactive\n", status=0 if there else 3)

    def _forget(self, *names: str) -> None:
        for name in names:
            if name in self._later:
                self._later.pop(name).cancel()

    def _put_off(self, seconds: float, command: Sequence[str], name: str, mark: str = "") -> Answer:
        if not command or Path(command[0]).name != self._machine.restart_script.name:
            return Answer(stderr=f"{command[0] if command else 'nothing'}: not found\n", status=1)

        async def later() -> None:
            await asyncio.sleep(seconds)
            if mark:
                await asyncio.to_thread(Path(mark).unlink, missing_ok=True)
            await self._restart(stop_only=command[1:2] == ("stop",))

        self._later[name] = asyncio.create_task(later())
        self._later[name].add_done_callback(lambda task: self._later.pop(name, None))
        due = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(self._machine.now() + seconds))
        return Answer(stderr=f"job {name} at {due}\n")


def _deliver(process: Process, name: str) -> None:
    """What a signal does to dhcpd 4.4.3; one it does not catch ends it."""
    if name == "STOP":
        process.pause()
    elif name == "CONT":
        process.resume()
    elif name not in {"0", "PIPE", "CHLD", "WINCH", "URG"}:
        process.kill()


def dhcpd_ports(conf: Path) -> set[int]:
    """The TCP ports a dhcpd with this configuration listens on; includes are not followed."""
    try:
        found = parse(conf.read_text(), str(conf))
    except (OSError, ConfParseError):
        return set()
    ports = {int(node.words[1]) for node in found.named("omapi-port") if node.words[1:] and node.words[1].isdecimal()}
    for peer in found.named("failover", "peer"):
        own = [each.words[1] for each in peer.children or () if each.words[0] == "port" and len(each.words) == 2]
        ports |= {int(own[0]) if own and own[0].isdecimal() else 647}
    return ports


def _columns(pid: int, stat: str, started: float, name: str, args: str) -> dict[str, str]:
    born = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(started))
    columns = {"pid": str(pid), "jid": "0", "uid": "0", "stat": stat, "etime": _elapsed(time.time() - started)}
    return {**columns, "lstart": born, "comm": name, "args": args}


def _elapsed(seconds: float) -> str:
    """ps's `[[days-]hours:]minutes:seconds`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}-{hours:02}:{minutes:02}:{rest:02}"
    return f"{hours:02}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
