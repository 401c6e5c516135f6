"""A real pair that looks like another platform: real dhcpd and sshd, the platform's files, words and programs around them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.pair import Lab
from tests.lab.server import Server
from tests.lab.texts import ADDRESSES, NAMES, dhcpd_conf, master_conf, sshd_config
from tests.platforms.looks import BSD_HAS, BSD_TOOLS, Look

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")
BIN = "/usr/local/look/bin"
OWN = ("/etc", "/home", "/var", "/usr/local", "/root", "/run", "/tmp")  # /tmp last: the lab lies there
CSH = "/usr/bin/tcsh"
OLD = 1_700_000_000
REFUSED, REFUSED_SECONDS = 1, 90.0
"""Exit status of what was not done, and how long it is asked again."""


class LookAlike(Lab):
    """Use it with `with`: both servers are normal, and nobody has asked them anything yet."""

    def __init__(self, look: Look) -> None:
        settings = look.settings
        super().__init__(mclt=settings.mclt, key_algorithm=settings.key_algorithm, peer=settings.peer)
        self.look = look
        for server in self.servers.values():
            server.own = OWN
        self.config = self.dir / "own/config.toml"
        self.told = subprocess.CompletedProcess([], -1, "", "")
        """What `init` said when the configuration was made."""

    def __enter__(self) -> LookAlike:
        self.start()
        return self

    def start(self, dhcpd: bool = True) -> None:
        """As a lab, with the platform's own script to start dhcpd."""
        super().start(dhcpd=False)
        for server in self.servers.values():
            dress_running(server, self.look)
        if dhcpd:
            for server in (self.secondary, self.primary):
                server.run("env", f"PATH={path(self.look)}", "/usr/local/look/restart")

    def _build(self, stdin: int) -> None:
        for server in self.servers.values():
            dress(server, self.look, master_conf(self.settings, self.key), dhcpd_conf(self.settings, server.role))
        super()._build(stdin)

    def dhcptui(self, *args: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """The program, from the operator's place; there is never a traceback."""
        argv = self.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(self.config), *args)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT)
        assert "Traceback" not in done.stderr + done.stdout
        return done

    def do(self, action: str, server: str, *more: str, confirm: str = "") -> subprocess.CompletedProcess[str]:
        """`dhcptui do`, on one server; what is refused is asked again for a while: a look may have grown old on a busy machine."""
        which = ("--server", server) if server else ()
        words = ("do", action, "office", *which, "--confirm", confirm or server, "--wait", "60", *more)
        deadline = time.monotonic() + REFUSED_SECONDS
        while (done := self.dhcptui(*words, timeout=220)).returncode == REFUSED and time.monotonic() < deadline:
            time.sleep(1)
        return done

    @staticmethod
    def crash(server: Server) -> None:
        """End its dhcpd as a crash does, and wait for that."""
        server.run("/usr/local/look/stand_in.py", "--crash")
        deadline = time.monotonic() + 5
        while server.local_state() != "no-answer" and time.monotonic() < deadline:
            time.sleep(0.05)

    def init(self, *more: str) -> subprocess.CompletedProcess[str]:
        """`dhcptui init` on both."""
        login = ("--user", "root", "--identity", f"{self.dir}/id_ed25519", "--known-hosts", f"{self.dir}/known_hosts")
        hosts = [server.host for server in self.servers.values()]
        return self.dhcptui("init", *hosts, "--name", "office", *login, *more)


def path(look: Look) -> str:
    """PATH of a session on that platform."""
    return f"{BIN}:/usr/local/sbin:/usr/local/bin" + ("" if look.platform != "rhel" else ":/usr/sbin:/usr/bin")


def dress(server: Server, look: Look, master: str, conf: str) -> None:
    """Put the platform's files below the server's root, before it starts: `prepare` writes its own over them."""
    root = server.root
    root.mkdir(parents=True, exist_ok=True)
    shutil.copytree("/etc", root / "etc", symlinks=True, ignore=shutil.ignore_patterns("dhcp", "ssh"))
    (root / "etc/ssh").mkdir()
    if look.bsd:  # csh for root: FreeBSD up to 13, and each OPNsense
        passwd = (root / "etc/passwd").read_text()
        (root / "etc/passwd").write_text(re.sub(r"^(root:.*:)[^:\n]*$", rf"\g<1>{CSH}", passwd, flags=re.MULTILINE))
    hosts = "127.0.0.1 localhost\n" + "".join(f"{ADDRESSES[role]} {name}\n" for role, name in NAMES.items())
    (root / "etc/hosts").write_text(hosts)
    (root / "etc/shadow").write_text("root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n")
    for name in (
        "var/lib/dhcp",
        "var/run",
        "var/empty",
        "var/tmp",
        "var/db",
        "var/log",
        "usr/local/etc/rc.d",
        "usr/local/sbin",
    ):
        (root / name).mkdir(parents=True, exist_ok=True)
    _programs(root, look)
    _files(root, look)
    for file in (look.conf, look.leases, look.log):
        (root / file[1:]).parent.mkdir(parents=True, exist_ok=True)
    (root / look.leases[1:]).touch()
    for dead in look.dead:
        other = root / dead[1:]
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text('failover peer "foo" state {\n  my state partner-down at 1 2020/01/06 00:00:00;\n}\n')
        os.utime(other, (OLD, OLD))
    (root / "conf-of-the-look").write_text(look.as_file(conf, master))


def _programs(root: Path, look: Look) -> None:
    """What is on PATH: the platform's programs, and nothing that it has not."""
    there = root / BIN[1:]
    there.mkdir(parents=True)
    shutil.copy(STAND_IN, there.parent / "stand_in.py")
    (there.parent / "stand_in.py").chmod(0o755)
    told = {
        "system": "FreeBSD" if look.bsd else "Linux",
        "words": look.words,
        "log": look.log,
        "format": look.format,
        "tag": look.tag,
        "copies": look.copies,
        "built_in_leases": look.row.built_in_leases,
        "in_a_jail": look.in_a_jail,
    }
    (there.parent / "look.json").write_text(json.dumps(told))
    (there.parent / "restart").write_text('#!/bin/sh\nexec /usr/local/look/stand_in.py systemctl restart "$@"\n')
    (there.parent / "restart").chmod(0o755)
    own: dict[str, tuple[str, ...]] = {
        "freebsd": ("usr/local/sbin/dhcpd", f"{BIN[1:]}/service"),
        "pfsense": ("usr/local/sbin/dhcpd", "usr/local/sbin/pfSsh.php"),
        "opnsense": ("usr/local/sbin/dhcpd", "usr/local/sbin/configctl"),
        "alpine": (f"{BIN[1:]}/rc-service", f"{BIN[1:]}/dhcpd"),
        "rhel": (f"{BIN[1:]}/systemctl", f"{BIN[1:]}/journalctl", f"{BIN[1:]}/systemd-run"),
    }
    for name in own[look.platform]:
        (root / name).symlink_to("/usr/local/look/stand_in.py")
    if look.bsd:
        for name in BSD_TOOLS:
            (there / name).symlink_to("/usr/local/look/stand_in.py")
        for name in BSD_HAS:
            if found := shutil.which(name, path="/usr/bin"):
                (there / name).symlink_to(Path(found).resolve())  # alternatives are not there
        (there / "tar").symlink_to("/usr/bin/bsdtar")
    elif look.platform == "alpine":
        for name in subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
            if not (there / name).exists():
                (there / name).symlink_to("/usr/bin/busybox")


def _files(root: Path, look: Look) -> None:
    """What tells the platform."""
    match look.id:
        case "freebsd" | "freebsd-chroot" | "freebsd-by-hand":
            chroot = "YES" if look.copies else "NO"
            options = f'dhcpd_enable="YES"\ndhcpd_chroot_enable="{chroot}"\n'
            (root / "etc/rc.conf").write_text(options + f'dhcpd_includedir="{look.shared}"\n' * look.copies)
            (root / "usr/local/etc/rc.d/isc-dhcpd").symlink_to("/usr/local/look/stand_in.py")
        case "pfsense":
            (root / "etc/platform").write_text("pfSense\n")
        case "opnsense":
            (root / "usr/local/opnsense").mkdir(parents=True)
            (root / "var/log/dhcpd").mkdir(parents=True, exist_ok=True)
            (root / "var/log/dhcpd/latest.log").symlink_to(look.log)
    if look.bsd and look.row.at_minutes:
        (root / "etc/cron.d").mkdir(exist_ok=True)
        (root / "etc/cron.d/at").write_text("*/5\t*\t*\t*\t*\troot\t/usr/libexec/atrun\n")
    (root / "etc/os-release").unlink(missing_ok=True)
    names = {"alpine": "ID=alpine\n", "rhel": 'ID="rhel"\nID_LIKE="fedora"\n'}
    if text := names.get(look.id):
        (root / "etc/os-release").write_text(text)
    if look.platform == "rhel":
        (root / "run/systemd/system").mkdir(parents=True)
    if look.platform == "alpine":
        (root / "etc/init.d").mkdir(exist_ok=True)
        (root / "etc/init.d/dhcpd").symlink_to("/usr/local/look/stand_in.py")


def dress_running(server: Server, look: Look) -> None:
    """What can only be done once it runs: its dhcpd.conf, its PATH, and no /proc where there is none."""
    conf = server.root / look.conf[1:]
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.write_text((server.root / "conf-of-the-look").read_text())
    conf.chmod(0o600)  # a secret stands in it
    (server.etc / "restart-dhcpd").unlink()  # the lab's own
    if look.conf != "/etc/dhcp/dhcpd.conf":
        (server.etc / "dhcpd.conf").unlink()
    if look.shared != "/etc/dhcp/shared":
        if look.shared:
            shutil.copytree(server.etc / "shared", server.root / look.shared[1:])
        shutil.rmtree(server.etc / "shared")
    (server.ssh_etc / "sshd_config").write_text(sshd_config({"PATH": path(look)}))
    server.restart_sshd()
    server.run("mkdir", "-p", "/run/look")
    if look.bsd:
        server.run(
            "sh", "-c", "mkdir -p /run/look/proc && mount -t proc proc /run/look/proc && mount -t tmpfs none /proc"
        )
