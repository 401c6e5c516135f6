"""One server of the pair: Debian 12 with systemd as its first process, in namespaces and a control group of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.lab.net import Done, LabError, sh
from tests.lab.omapi import Key
from tests.lab.server import PATH, Server
from tests.lab.texts import ADDRESSES, NAMES, Settings, dhcpd_conf, master_conf
from tests.platforms.booted import documented
from tests.platforms.booted.tree import base_tree

UNIT = "isc-dhcp-server"
SHARED = "/etc/dhcp/pair/shared"
SUDOER, ACCOUNT = "ops", "dhcpd"
BOOT_SECONDS = 60.0
CLOCK = "/etc/clock-offset"
TIMERS = (
    "apt-daily",
    "apt-daily-upgrade",
    "dpkg-db-backup",
    "e2scrub_all",
    "fstrim",
    "logrotate",
    "systemd-tmpfiles-clean",
)
"""What Debian does by itself at times of its own: no test should meet it by chance."""
BOOT = """
umount -l /sys/fs/cgroup 2>/dev/null
set -e
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$1"
echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
status=133
while [ $status = 133 ]; do
  status=0
  systemd-nspawn --quiet --boot --register=no --keep-unit --console=pipe --directory="$2" \\
    --network-namespace-path="$3" --machine="$1" --hostname="$4" --link-journal=no --resolv-conf=off --timezone=off ${5:+"--system-call-filter=$5"} || status=$?
done
exit $status
"""
"""What the holder runs; 133 is how systemd-nspawn says that the system inside wants to be booted again."""
RSYSLOG = """if $programname == 'dhcpd' then {
  action(type="omfile" file="/var/log/dhcpd.log")
  stop
}
"""
LOGROTATE = """/var/log/dhcpd.log {
    rotate 4
    daily
    missingok
    compress
    delaycompress
    postrotate
        /usr/lib/rsyslog/rsyslog-rotate
    endscript
}
"""


class Machine(Server):
    """The primary is dhcpd as Debian starts it, logging to the journal, with an account that may do everything through
    sudo; the secondary is the one of docs/security.md, with rsyslog's file, and its account."""

    def __init__(self, lab_name: str, directory: Path, role: str, settings: Settings, key: Key | None) -> None:
        super().__init__(lab_name, directory, role, settings, key)
        self.group = f"{lab_name}-{role}"
        self.account = SUDOER if role == "primary" else ACCOUNT
        self.auth_log = self.root / "var/log/auth.log"
        self._layers = directory / f"layers-{role}"
        self._console = directory / f"console-{role}"

    @property
    def journal_only(self) -> bool:
        """Whether dhcpd's lines stand in the journal and nowhere else."""
        return self.role == "primary"

    # -- the machine ---------------------------------------------------------------------------------------------

    def prepare(self, host_key: Path, authorized: str) -> None:
        """Lay an own layer over the tree and write every file of the server into it; nothing runs yet."""
        tree = base_tree()
        self._layers.mkdir()
        self.root.mkdir()
        sh("mount", "-t", "tmpfs", "-o", "mode=755,size=1g", "tmpfs", str(self._layers))
        (self._layers / "upper").mkdir()
        (self._layers / "work").mkdir()
        layers = f"lowerdir={tree},upperdir={self._layers}/upper,workdir={self._layers}/work"
        sh("mount", "-t", "overlay", "-o", layers, "overlay", str(self.root))
        self._write_base(host_key, authorized)
        self._write_dhcpd()
        self._write_accounts(authorized)
        self._write_logging()

    def _write_base(self, host_key: Path, authorized: str) -> None:
        self._write("etc/hostname", f"{self.name}\n")
        (self.root / "etc/machine-id").unlink()
        self._write("etc/machine-id", Path("/proc/sys/kernel/random/uuid").read_text().replace("-", ""))
        hosts = "".join(f"{ADDRESSES[role]} {name}\n" for role, name in NAMES.items())
        self._write("etc/hosts", f"127.0.0.1 localhost\n{hosts}")
        for key in (self.root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        shutil.copy(host_key, self.root / "etc/ssh/ssh_host_ed25519_key")
        (self.root / "etc/ssh/ssh_host_ed25519_key").chmod(0o600)
        self._write("root/.ssh/authorized_keys", authorized)
        for timer in TIMERS:
            self.mask(f"{timer}.timer")

    def _write_dhcpd(self) -> None:
        conf = dhcpd_conf(self._settings, self.role).replace("/etc/dhcp/shared/", f"{SHARED}/")
        self._write("etc/dhcp/dhcpd.conf", conf)
        self._write("etc/dhcp/shared/master.conf", master_conf(self._settings, self._key), 0o600)
        self._write("etc/default/isc-dhcp-server", 'INTERFACESv4="eth0"\nINTERFACESv6=""\n')
        self._write("var/lib/dhcp/dhcpd.leases", "")

    def _write_accounts(self, authorized: str) -> None:
        """Both accounts on both servers, as docs/security.md says; the unit of dhcpd's own account on the secondary."""
        self._chroot("sh", "-e", "-c", documented.commands())
        self._write("etc/sudoers.d/dhcptui", documented.sudoers(), 0o440)
        self._append("etc/ssh/sshd_config", documented.sshd_config())
        self._write(f"etc/ssh/authorized_keys.d/{ACCOUNT}", authorized)
        self._chroot("useradd", "--create-home", "--shell", "/bin/bash", SUDOER)
        self._write("etc/sudoers.d/ops", f"{SUDOER} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
        self._write(f"home/{SUDOER}/.ssh/authorized_keys", authorized)
        if self.journal_only:
            self._chroot("adduser", ACCOUNT, "systemd-journal")
            return
        self._write(f"etc/systemd/system/{UNIT}.service", documented.unit())
        self._chroot("systemctl", "enable", UNIT)
        self.leases = self.root / "var/lib/dhcpd-pair/dhcpd.leases"

    def _write_logging(self) -> None:
        if self.journal_only:
            self.mask("rsyslog.service")
            return
        self._write("etc/rsyslog.d/dhcpd.conf", RSYSLOG)
        self._write("etc/logrotate.d/dhcpd", LOGROTATE)

    def mask(self, unit: str) -> None:
        """Keep a unit from ever starting."""
        (self.root / "etc/systemd/system" / unit).symlink_to("/dev/null")

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def _append(self, path: str, text: str) -> None:
        with (self.root / path).open("a") as file:
            file.write(text)

    def _chroot(self, *argv: str) -> Done:
        return sh("chroot", str(self.root), "env", "-i", f"PATH={PATH}", "LC_ALL=C", *argv)

    def hold(self, stdin: int) -> None:
        """Switch it on. It ends with the lab's reaper, or with `released`; stdin is not read by what boots."""
        # systemd sets it where it may; with 10, rsyslog misses lines of the journal.
        sh("ip", "netns", "exec", self.space, "sysctl", "-q", "-w", "net.unix.max_dgram_qlen=512")
        space = f"/run/netns/{self.space}"
        argv = ["nsenter", f"--net={space}", "unshare", "--mount", "--propagation", "private"]
        argv += ["sh", "-c", BOOT, "sh", self.group, str(self.root), space, self.name]
        # As outside of a container: the primary may ask the kernel how good its clock is. The secondary may not.
        argv += ["adjtimex"] if self.role == "primary" else []
        with self._console.open("ab") as console:
            self._holder = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                text=True,
                start_new_session=True,
                cwd="/",
            )

    def wait_held(self) -> None:
        """Wait until it has booted."""
        self.wait_booted()

    def wait_booted(self, but: int = 0, timeout: float = BOOT_SECONDS) -> int:
        """Wait until a first process other than `but` has started everything; returns its pid, as this machine sees it."""
        assert self._holder is not None
        deadline = time.monotonic() + timeout
        while True:
            pid = self._first()
            if pid and pid != but:
                self._inside = ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-C"]
                if self.run("systemctl", "is-system-running", check=False).stdout.strip() in {"running", "degraded"}:
                    return pid
            if self._holder.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"{self.name} does not boot: {self._console.read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)

    def _first(self) -> int:
        """The first process of what was booted; 0: there is none at present."""
        assert self._holder is not None
        holders = _children(self._holder.pid, "systemd-nspawn")
        found = [pid for holder in holders for pid in _children(holder, "systemd")]
        return found[0] if found else 0

    @property
    def first(self) -> int:
        """The pid of its first process, as this machine sees it."""
        return self._first()

    def reboot(self) -> int:
        """As an administrator does it; returns the pid that its first process has now. Files stay, /run does not."""
        old = self._first()
        self.run("systemctl", "--no-block", "reboot")
        return self.wait_booted(old)

    def released(self) -> None:
        """Switch it off at once."""
        if self._holder is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._holder.pid, signal.SIGKILL)
            self._holder.wait(5)
            self._holder = None

    @property
    def skewed(self) -> bool:
        """Never by the lab's way; see `wrong_clock`."""
        return False

    def wrong_clock(self, ahead_seconds: float) -> None:
        """From the next boot on dhcpd, rsyslog and what comes in over SSH live under another clock; `right_clock` ends that.

        A wall clock cannot be had per namespace, so it is libfaketime's, with its offset in a file.
        """
        library = next((self.root / "usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        environment = {
            "LD_PRELOAD": f"/{library.relative_to(self.root)}",
            "FAKETIME_TIMESTAMP_FILE": CLOCK,
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        words = " ".join(f"{name}={value}" for name, value in environment.items())
        self._write(CLOCK.lstrip("/"), f"{ahead_seconds:+f}s")
        for unit in (UNIT, "rsyslog", "ssh"):
            self._write(f"etc/systemd/system/{unit}.service.d/clock.conf", f"[Service]\nEnvironment={words}\n")
        self._write("etc/ssh/sshd_config.d/clock.conf", f"SetEnv {words}\n")

    def right_clock(self) -> None:
        """As a time service steps it: within a second, for what runs already."""
        fresh = self.root / f"{CLOCK.lstrip('/')}.new"
        fresh.write_text("+0s")
        fresh.rename(self.root / CLOCK.lstrip("/"))

    def own_clock(self) -> None:
        """Take `wrong_clock` back, from the next boot on."""
        for unit in (UNIT, "rsyslog", "ssh"):
            shutil.rmtree(self.root / f"etc/systemd/system/{unit}.service.d", ignore_errors=True)
        (self.root / "etc/ssh/sshd_config.d/clock.conf").unlink(missing_ok=True)

    # -- dhcpd, sshd: as units --------------------------------------------------------------------------------------

    def restart(self) -> None:
        """As an administrator does it."""
        self.run("systemctl", "restart", UNIT)

    def terminate(self) -> None:
        """Stop the unit."""
        self.run("systemctl", "stop", UNIT)

    def kill(self) -> None:
        """SIGKILL, as in a crash."""
        self.run("pkill", "-KILL", "-x", "dhcpd", check=False)
        self._until_gone(2)

    def pid(self) -> int | None:
        """dhcpd's pid as the server sees it."""
        words = self.run("pgrep", "-x", "dhcpd", check=False).stdout.split()
        return int(words[0]) if words else None

    def start_sshd(self) -> None:
        """It runs since the boot; after `stop_sshd` it is started."""
        self.run("systemctl", "start", "ssh")

    def stop_sshd(self) -> None:
        """Stop it, and every session."""
        self.run("systemctl", "stop", "ssh")
        self.run("pkill", "-KILL", "-x", "sshd", check=False)

    # -- logs ------------------------------------------------------------------------------------------------------

    def journal(self, *match: str) -> list[str]:
        """The journal, or what matches, a line an entry."""
        done = self.run("journalctl", "--quiet", "--no-pager", "-o", "short-iso-precise", *match)
        return done.stdout.splitlines()

    def auth_lines(self) -> list[str]:
        """What rsyslog has written of logins and sudo."""
        return self.auth_log.read_text(errors="replace").splitlines() if self.auth_log.exists() else []

    def log_text(self, since: int = 0) -> str:
        """dhcpd's log from an offset in bytes, wherever it is kept; all of it if it has been rotated since."""
        if not self.journal_only:
            return super().log_text(since)
        data = "".join(f"{line}\n" for line in self.journal(f"--unit={UNIT}")).encode()
        return data[since if since <= len(data) else 0 :].decode(errors="replace")

    def log_offset(self) -> int:
        """Take it before a fault, give it to wait_log."""
        return len(self.log_text().encode()) if self.journal_only else super().log_offset()


def _children(pid: int, name: str) -> list[int]:
    """The children of a process that bear this name (15 characters at most)."""
    try:
        pids = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [each for each in pids if Path(f"/proc/{each}/comm").read_text() == f"{name[:15]}\n"]
    except OSError:  # it has just ended
        return []
