"""The program that is left: a console in a pseudo-terminal, in tmux or behind ssh; `do` with pipes, a disk, or ssh."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from tests.lab import net
from tests.lab.pair import Lab
from tests.leaving.cells import PARTNER_DOWN, RESCUE, START, Cell, Job
from tests.leaving.trail import Trail
from tests.terminal import ENTER, ESC, Terminal

ROOT = Path(__file__).parents[2]
CARRIER_PORT = 2222
DISK = "/mnt"
"""Where the full disk is mounted, seen by that `do` only."""


class AuditContext:
    """Where Anna sits: her home, her audit log, and the command line of the program."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        home = lab.dir / "anna"
        home.mkdir()
        self.env = {
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "LOGNAME": "anna",
            "SUDO_USER": "anna",
            "PYTHONPATH": str(ROOT),
        }
        self.trail = Trail(home / "state/dhcptui/audit.jsonl")
        self.config = lab.write_config()

    def argv(self, *args: str) -> list[str]:
        """The program, in a shell or namespace that is there already."""
        return [sys.executable, "-m", "tests.leaving.program", "--config", str(self.config), *args]

    def line(self, *args: str) -> str:
        """The same as one shell line with its environment, for tmux and ssh."""
        words = [*(f"{name}={value}" for name, value in self.env.items()), "LC_ALL=C.UTF-8", *self.argv(*args)]
        return f"cd {shlex.quote(str(ROOT))} && exec env {shlex.join(words)}"

    def program_pid(self) -> int:
        """The process that wrote the beginning of the run."""
        return int(self.trail.find(event="begin")[-1]["pid"])

    def ssh_argv(self, *options: str) -> list[str]:
        """A plain ssh to the machine on which the program runs; it has a sshd of its own."""
        known = ("-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "-oBatchMode=yes")
        key = ("-i", f"{self.lab.dir}/id_ed25519", f"-p{CARRIER_PORT}")
        return self.lab.operator_argv("ssh", "-F", "none", *key, *known, *options, "root@127.0.0.1")

    @contextmanager
    def carrier(self) -> Iterator[None]:
        """A sshd at the operator's place, with files of its own."""
        place = self.lab.dir / "carrier"
        place.mkdir()
        (place / "authorized_keys").write_text((self.lab.dir / "id_ed25519.pub").read_text())
        (place / "sshd_config").write_text(
            f"Port {CARRIER_PORT}\nListenAddress 127.0.0.1\nHostKey {self.lab.dir}/host-primary\nPidFile none\n"
            f"AuthorizedKeysFile {place}/authorized_keys\nPermitRootLogin prohibit-password\nStrictModes no\nUsePAM no\n"
            # No file of the account that runs the tests is read by its shell; bash takes itself for none that sshd has started.
            f"UseDNS no\nPrintMotd no\nPrintLastLog no\nSetEnv HOME={self.env['HOME']} SHLVL=1\n"
        )
        # `ip netns exec` gives it mounts of its own: what is mounted here nobody else sees.
        setting_up = (
            "mount -t tmpfs tmpfs /run && mkdir /run/sshd && mount --bind {shadow} /etc/shadow"
            " && exec /usr/sbin/sshd -D -e -f {config}"
        ).format(shadow=self.lab.primary.root / "shadow", config=place / "sshd_config")
        with (place / "log").open("wb") as log:
            sshd = subprocess.Popen(
                self.lab.operator_argv("sh", "-c", setting_up), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            deadline = time.monotonic() + 10
            while "Server listening" not in (place / "log").read_text():
                assert time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.02)
            yield
        finally:
            sshd.terminate()
            sshd.wait(10)


class Console:
    """The full-screen program, up to the confirmed action."""

    def __init__(self, desk: AuditContext, cell: Cell, stack: ExitStack) -> None:
        self.desk, self.cell, self._stack = desk, cell, stack
        self._own = cell.way not in {"tmux kill-session", "ssh killed"}
        """Whether it is our child, whose exit code we see."""
        self._socket = desk.lab.dir / "tmux"
        self.terminal = stack.enter_context(self._open())
        self.exit: int | None = None

    def _open(self) -> Terminal:
        desk, lab, cell = self.desk, self.desk.lab, self.cell
        if cell.way == "ssh killed":
            self._stack.enter_context(desk.carrier())
            return Terminal([*desk.ssh_argv("-tt"), desk.line()])
        if cell.way == "tmux kill-session":
            tmux = ("tmux", "-S", str(self._socket), "-f", "/dev/null", "new-session", "-s", "night", desk.line())
            self._stack.callback(self.tmux, "kill-server")
            return Terminal(lab.operator_argv(*tmux), env={"SHELL": "/bin/sh"})
        answers = not cell.way.startswith("deaf")
        return Terminal(lab.operator_argv(*desk.argv()), env=desk.env, answers=answers)

    def tmux(self, *words: str) -> None:
        """Tell the private tmux server."""
        subprocess.run(["tmux", "-S", str(self._socket), *words], capture_output=True, timeout=10, check=False)

    def confirm(self) -> None:
        """Wait until the pair is seen, choose, type, and stand before Enter."""
        terminal, job = self.terminal, self.cell.job
        dead = job in {PARTNER_DOWN, START, RESCUE}
        terminal.until(r"not running" if dead else r"clock [+-]\d.*clock [+-]\d", 30)
        if not dead:
            terminal.until(r"unacked 0", 30)
        terminal.send(job.key)
        if job.choice:
            self._choose(job)
        terminal.until(rf"Type {job.typed} and press Enter", 30)
        terminal.send(job.typed)
        terminal.until(rf"▸ {job.typed}", 15)
        if self.cell.way in {"lost line", "falls silent, q twice"}:
            terminal.answer_no_more()
        if self.cell.way.startswith("stalled"):
            self._stack.enter_context(terminal.stalled())
            self._fill()

    def _choose(self, job: Job) -> None:
        """The one of two servers; not offered while something of it is still being read."""
        for _ in range(10):
            with suppress(AssertionError):
                self.terminal.until(r"1 dhcp1\s+2 dhcp2", 2)
                break
            self.terminal.send(ESC)
            self.terminal.until(lambda: not self.terminal.shows(rf"─ {job.name} "), 5)
            self.terminal.send(job.key)
        self.terminal.send(job.choice)

    def _fill(self) -> None:
        """Each repaint is kilobytes; the terminal takes four. No more than that: Textual queues 30 writes."""
        for turn in range(12):
            self.terminal.resize(110 + turn, 40)
            time.sleep(0.05)
            if self.terminal.unread() >= 4000:
                return

    def go(self) -> None:
        """Enter."""
        self.terminal.send(ENTER)

    def alive(self) -> bool:
        """Whether it (or what carries it) runs."""
        return self.terminal.process.poll() is None

    def wait_left(self, timeout: float) -> bool:
        """Wait for the program's end."""
        if self._own:
            with suppress(subprocess.TimeoutExpired):
                self.exit = self.terminal.exit_code(timeout)
            return self.exit is not None
        return gone(self.desk.program_pid(), timeout)

    def quit(self) -> None:
        """Leave a console in which nothing is under way any more."""
        self.terminal.send("q")

    def said(self) -> str:
        """All that it wrote."""
        return self.terminal.received.decode("utf-8", "replace")


class Do:
    """`dhcptui do`, without a terminal."""

    def __init__(self, desk: AuditContext, cell: Cell, stack: ExitStack) -> None:
        self.desk, self.cell, self._stack = desk, cell, stack
        self.exit: int | None = None
        self._heard: list[bytes] = []
        job = cell.job
        server = ("--server", job.server) if job.server else ()
        self._args = ("do", job.action.value, "office", *server, "--confirm", job.typed)
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._readers: list[threading.Thread] = []
        if cell.way == "ssh killed":
            stack.enter_context(desk.carrier())
        stack.callback(self.end)

    def confirm(self) -> None:
        """Nothing: it is confirmed on its command line."""

    def go(self) -> None:
        """Start it; it acts as soon as it has looked."""
        desk, way = self.desk, self.cell.way
        argv = desk.lab.operator_argv(*desk.argv(*self._args))
        if way == "ssh killed":
            argv = [*desk.ssh_argv(), desk.line(*self._args)]
        elif way == "full disk":
            # A disk of its own, which only this process sees.
            line = f"mount -t tmpfs -o size=64k tmpfs {DISK} && exec {shlex.join(desk.argv(*self._args))} >>{DISK}/out 2>&1"
            argv = desk.lab.operator_argv("sh", "-c", line)
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **desk.env},
            start_new_session=True,
            cwd=ROOT,
        )
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            reader = threading.Thread(target=self._listen, args=(pipe,), daemon=True)
            reader.start()
            self._readers.append(reader)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """What was started: the program, or the ssh that carries it."""
        assert self._process is not None
        return self._process

    def _listen(self, pipe: IO[bytes]) -> None:
        """Never inside a read when the pipe is to be closed: that would keep it open."""
        while not self._closing.is_set():
            if select.select([pipe], [], [], 0.02)[0]:
                data = os.read(pipe.fileno(), 65536)
                if not data:
                    return
                self._heard.append(data)

    def close(self, both: bool) -> float:
        """The reader goes, as `head` does; that of stderr stays unless `both`. Returns the moment (epoch seconds)."""
        self._closing.set()
        for reader in self._readers:
            reader.join(5)
        at = time.time()
        for pipe in (self.process.stdout, self.process.stderr)[: 2 if both else 1]:
            assert pipe is not None
            pipe.close()
        return at

    def fill_disk(self) -> None:
        """Its output's disk is full from now on."""
        with open(f"/proc/{self.process.pid}/root{DISK}/out", "ab", buffering=0) as file:  # noqa: PTH123
            with suppress(OSError):
                while True:
                    file.write(b"\0" * 512)
            with suppress(OSError):
                while True:
                    file.write(b"\0")

    def alive(self) -> bool:
        """Whether it (or what carries it) runs."""
        return self.process.poll() is None

    def wait_left(self, timeout: float) -> bool:
        """Wait for the program's end."""
        if self.cell.way == "ssh killed":
            return gone(self.desk.program_pid(), timeout)
        with suppress(subprocess.TimeoutExpired):
            self.exit = self.process.wait(timeout)
        return self.exit is not None

    def quit(self) -> None:
        """It ends by itself."""

    def said(self) -> str:
        """All that could be read of it."""
        for reader in self._readers:
            reader.join(0.5)
        if self._closing.is_set() and self.process.stderr is not None and not self.process.stderr.closed:
            self._heard.append(self.process.stderr.read())
        return b"".join(self._heard).decode("utf-8", "replace")

    def end(self) -> None:
        """Whatever happened, nothing of it stays."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._closing.set()
        for pipe in (self._process.stdout, self._process.stderr) if self._process else ():
            if pipe is not None and not pipe.closed:
                pipe.close()


def gone(pid: int, timeout: float) -> bool:
    """Wait until a process that is not our child is gone."""
    born = net.birth(pid)
    deadline = time.monotonic() + timeout
    while (now := net.birth(pid)) and now == born and not _zombie(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _zombie(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def tell(pid: int, signals: Sequence[signal.Signals], pause: float = 0.2) -> None:
    """Send signals, one after the other; a process that has ended needs no more."""
    for number, each in enumerate(signals):
        if number:
            time.sleep(pause)
        with suppress(ProcessLookupError):
            os.kill(pid, each)
