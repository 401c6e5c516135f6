"""One server of the pair: a machine of its own as far as dhcpd, sshd and a visitor over SSH can tell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.waiting import Logged

from .net import Done, LabError, namespace, sh
from .omapi import Key, NoAnswer, Reader, ServerState
from .texts import ADDRESSES, NAMES, OMAPI_PORT, RESTART, Settings, dhcpd_conf, master_conf, sshd_config

TEMPLATES = Path(__file__).parent / "templates"
OWN = ("/etc/dhcp", "/etc/ssh", "/var/lib/dhcp", "/var/log", "/root", "/run", "/tmp")  # /tmp last: the lab lies there
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NO_SKEW = "+0s"
CLOCK = "/etc/dhcp/lab/clock"


def faketime_library() -> str | None:
    """The multi-thread variant; used directly, since the faketime command fixes the offset for the process's life."""
    return next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


def plain_python() -> str:
    """A Python outside /tmp, /root and any venv: a server has its own /tmp and /root."""
    system = Path("/usr/bin/python3")
    return str(system if system.exists() else Path(sys.executable).resolve())


class Server(Logged):
    """`primary` or `secondary`; paths are the host's view of the server's own files."""

    failure = LabError

    def __init__(self, lab_name: str, directory: Path, role: str, settings: Settings, key: Key | None) -> None:
        self.role = role
        self.name = NAMES[role]
        self.host = ADDRESSES[role]
        self.space = namespace(lab_name, role)
        self.root = directory / role
        self.etc = self.root / "etc/dhcp"
        self.ssh_etc = self.root / "etc/ssh"
        self.lib = self.root / "var/lib/dhcp"
        self.leases = self.lib / "dhcpd.leases"
        self.log_file = self.root / "var/log/dhcpd.log"
        self.own: tuple[str, ...] = OWN
        """The directories that it has for itself."""
        self.omapi = Reader(self.space, key, OMAPI_PORT)
        self._settings = settings
        self._key = key
        self._holder: subprocess.Popen[str] | None = None
        self._inside: list[str] = []

    # -- the machine ---------------------------------------------------------------------------------------------

    def prepare(self, host_key: Path, authorized: str) -> None:
        """Write every file of the server; nothing runs yet."""
        for path in (*(path.lstrip("/") for path in self.own), "etc/dhcp/shared", "etc/dhcp/lab", "run/sshd"):
            (self.root / path).mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").chmod(0o1777)
        (self.root / "hosts").write_text(
            "127.0.0.1 localhost\n" + "".join(f"{ADDRESSES[role]} {name}\n" for role, name in NAMES.items())
        )
        # sshd without PAM refuses an account that is locked, as root's is in many images ("!" in shadow).
        (self.root / "shadow").write_text("root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n")
        (self.root / "shadow").chmod(0o600)
        (self.etc / "dhcpd.conf").write_text(dhcpd_conf(self._settings, self.role))
        (self.etc / "shared/master.conf").write_text(master_conf(self._settings, self._key))
        (self.etc / "shared/master.conf").chmod(0o600)  # the OMAPI secret stands in it
        restart = self.etc / "restart-dhcpd"
        restart.write_text((TEMPLATES / "restart-dhcpd").read_text().replace("@PYTHON@", plain_python()))
        restart.chmod(0o755)
        shutil.copy(TEMPLATES / "stamper.py", self.etc / "lab/stamper.py")
        shutil.copy(TEMPLATES / "ours", self.etc / "lab/ours")
        (self.etc / "lab/ours").chmod(0o755)
        (self.etc / "lab/clock").write_text(NO_SKEW)
        (self.etc / "lab/clock.env").write_text("".join(f"export {k}={v}\n" for k, v in self._clock_env().items()))
        shutil.copy(host_key, self.ssh_etc / "ssh_host_ed25519_key")
        (self.ssh_etc / "ssh_host_ed25519_key").chmod(0o600)
        (self.ssh_etc / "authorized_keys").write_text(authorized)
        (self.ssh_etc / "sshd_config").write_text(sshd_config({}))
        self.leases.touch()
        self.log_file.touch()

    def hold(self, stdin: int) -> None:
        """Start the first process of the machine; it ends with stdin (a pipe of the owner's, so with the owner).

        A pipe and not PR_SET_PDEATHSIG: that one fires when the *thread* that started the holder ends.
        """
        argv = ["ip", "netns", "exec", self.space, "unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child"]
        argv += ["--mount-proc", "bash", str(TEMPLATES / "init.sh"), str(self.root), self.name, *self.own]
        pipe = subprocess.PIPE
        self._holder = subprocess.Popen(
            argv, stdin=stdin, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True, cwd="/"
        )

    def wait_held(self) -> None:
        """Wait until the machine has its own files; a failure carries what its first process said."""
        assert self._holder is not None
        assert self._holder.stdout is not None
        said = self._holder.stdout.readline()
        if said != "ready\n":
            raise LabError(f"{self.name}: {said}{self._holder.stdout.read()}")
        first = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()[0]
        self._inside = ["nsenter", "-t", first, "-n", "-m", "-p", "-u"]

    def released(self) -> None:
        """Wait for the end of the holder, after the owner closed the pipe."""
        if self._holder is not None:
            try:
                self._holder.wait(5)
            except subprocess.TimeoutExpired:
                self._holder.kill()  # unshare --kill-child takes the first process along
                self._holder.wait(5)
            assert self._holder.stdout is not None
            self._holder.stdout.close()

    def inside_argv(self, *argv: str) -> list[str]:
        """The command line that runs argv in the server, under the server's clock."""
        if not self._inside:
            raise LabError(f"{self.name} is not held: the lab is not started")
        clock = [f"{name}={value}" for name, value in self._clock_env().items()] if self.skewed else []
        # The server knows nothing of the owner's environment: a PATH with pyenv in it would follow dhcpd and sshd.
        plain = ["HOME=/root", "LANG=C.UTF-8", f"PATH={PATH}", f"TERM={os.environ.get('TERM', 'dumb')}"]
        return [*self._inside, "env", "-i", "-C", "/", *plain, *clock, *argv]

    def own_file(self, path: str) -> Path:
        """A file as the server itself has it now, with whatever was mounted there later."""
        if not self._inside:
            raise LabError(f"{self.name} is not held: the lab is not started")
        return Path(f"/proc/{self._inside[2]}/root") / path.lstrip("/")

    def run(self, *argv: str, check: bool = True, timeout: float = 30) -> Done:
        """Run a command in the server."""
        return sh(*self.inside_argv(*argv), check=check, timeout=timeout)

    # -- clock ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _clock_env() -> dict[str, str]:
        """The wall clock only, as on a real host with a wrong clock; read from a file, so that it can be corrected."""
        return {
            "LD_PRELOAD": faketime_library() or "",
            "FAKETIME_TIMESTAMP_FILE": CLOCK,
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def skewed(self) -> bool:
        """Whether what starts now starts under a wrong clock."""
        return (self.etc / "lab/clock").read_text() != NO_SKEW

    def set_clock(self, skew_seconds: float) -> None:
        """Set how far the server's clock is ahead: for later starts, for SSH sessions (sshd restarts when needed), and
        within a second for what already runs under a skew. A dhcpd started with a true clock keeps it."""
        was = self.skewed
        text = f"{skew_seconds:+f}s" if skew_seconds else NO_SKEW
        fresh = self.etc / "lab/clock.new"
        fresh.write_text(text)
        fresh.replace(self.etc / "lab/clock")
        if was != self.skewed:
            environment = self._clock_env() if self.skewed else {}
            (self.ssh_etc / "sshd_config").write_text(sshd_config(environment))
            self.restart_sshd()

    # -- dhcpd ---------------------------------------------------------------------------------------------------

    def start(self, skew_seconds: float | None = None) -> None:
        """Start dhcpd (restart it if it runs); with skew_seconds under that clock, from now on."""
        if skew_seconds is not None:
            self.set_clock(skew_seconds)
        self.restart()

    def restart(self) -> None:
        """Run the same script an operator's console runs. LabError carries the log lines of a failed start."""
        self.run(RESTART)

    def kill(self) -> None:
        """SIGKILL, as in a crash."""
        self._signal("KILL")
        self._until_gone(1)

    def terminate(self) -> None:
        """SIGTERM, as systemctl stop does: dhcpd dies at once without a word to its partner."""
        self._signal("TERM")
        self._until_gone(5)

    def pause(self) -> None:
        """SIGSTOP: the kernel still acknowledges for it, but it answers nobody."""
        self._signal("STOP", check=True)

    def resume(self) -> None:
        """SIGCONT, after pause()."""
        self._signal("CONT", check=True)

    def _signal(self, name: str, check: bool = False) -> None:
        """To our own dhcpd and to nobody beside it."""
        self.run("sh", "-c", f'p=$(/etc/dhcp/lab/ours) && [ -n "$p" ] && kill -{name} $p', check=check)

    def pid(self) -> int | None:
        """dhcpd's pid as the server sees it."""
        found = self.run("/etc/dhcp/lab/ours").stdout.split()
        return int(found[0]) if found else None

    def is_running(self) -> bool:
        """Whether there is a dhcpd process, paused or not."""
        return self.pid() is not None

    def _until_gone(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while self.is_running():
            if time.monotonic() > deadline:
                raise LabError(f"{self.name}: dhcpd does not die")
            time.sleep(0.005)

    def state(self, timeout: float = 1.0) -> ServerState:
        """What dhcpd says, read without dhcptui; raises NoAnswer."""
        return self.omapi.failover(self._settings.peer, timeout=timeout)

    def local_state(self, timeout: float = 1.0) -> str:
        """The server's own state in dhcpd's word, or "no-answer"."""
        try:
            return self.state(timeout).local_state
        except NoAnswer:
            return "no-answer"

    def set_local_state(self, number: int) -> ServerState:
        """Write a state as another operator (or an old script) would; dhcpd accepts any."""
        return self.omapi.failover(self._settings.peer, set_state=number)

    def omapi_shutdown(self) -> None:
        """The control object's shutdown: dhcpd exits 10-15 s later."""
        self.omapi.control(2)

    # -- sshd ----------------------------------------------------------------------------------------------------

    def start_sshd(self) -> None:
        """Returns when sshd listens: it goes into the background before it does."""
        self.run("/usr/sbin/sshd", "-f", "/etc/ssh/sshd_config", "-E", "/var/log/sshd.log")
        listens = "until grep -qs '^ *[0-9]*: [0-9A-F]*:0016 00000000:0000 0A ' /proc/net/tcp; do sleep 0.02; done"
        if self.run("timeout", "20", "sh", "-c", listens, check=False).returncode:
            raise LabError(f"sshd does not listen: {self.run('cat', '/var/log/sshd.log', check=False).stdout[-500:]}")

    def stop_sshd(self) -> None:
        """Stop sshd and every session, and return when they have let go of the port: to the operator the host is gone."""
        gone = "pkill -KILL -x sshd; while pgrep -x sshd >/dev/null; do sleep 0.02; done"
        self.run("timeout", "20", "sh", "-c", gone, check=False)

    def restart_sshd(self) -> None:
        """Every session ends; new ones can be made at once."""
        self.stop_sshd()
        self.start_sshd()
