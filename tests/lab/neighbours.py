"""Who else may live on a DHCP server: a second dhcpd, one for IPv6, one in a container, and a stranger of that name."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .net import LabError
from .server import Server, plain_python

KINDS = ("second", "six", "container", "stranger")
NOBODY = 65534
SECOND_OMAPI = 7921
BOX_PORT = 2222
"""Where the sshd of `box` is reached."""
_FORWARD = """
import socket, sys, threading
def copy(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
with socket.create_server(("", int(sys.argv[1]))) as door:
    while True:
        here, _ = door.accept()
        there = socket.create_connection(("10.7.0.2", 22))
        for ends in ((here, there), (there, here)):
            threading.Thread(target=copy, args=ends, daemon=True).start()
"""


@dataclass(frozen=True)
class Neighbour:
    """A process beside our dhcpd. It is the same one while pid and birth are."""

    server: Server
    pid: int
    birth: str

    def lives(self) -> bool:
        """Whether it runs as it did."""
        return _birth(self.server, self.pid) == self.birth


def settle(server: Server, kind: str) -> Neighbour:
    """Start a neighbour of one of KINDS; returns when it does what it is there for."""
    start, told = {"second": _second, "six": _six, "container": _container, "stranger": _stranger}[kind](server)
    server.run("sh", "-c", f"setsid {start} </dev/null >/run/{kind}.log 2>&1 &")
    deadline = time.monotonic() + 15
    while not (pid := told()):
        if time.monotonic() > deadline:
            raise LabError(f"{server.name}: no {kind}: {server.run('cat', f'/run/{kind}.log').stdout}")
        time.sleep(0.05)
    return Neighbour(server, pid, _birth(server, pid))


def rename(server: Server, program: str) -> None:
    """From its next start on the server's own dhcpd runs as `/run/PROGRAM`."""
    shutil.copy(shutil.which("dhcpd") or "/usr/sbin/dhcpd", server.root / "run" / program)
    script = server.etc / "restart-dhcpd"
    script.write_text(script.read_text().replace("/usr/sbin/dhcpd", f"/run/{program}"))


def away(server: Server, inside: str) -> None:
    """Start the server's sshd anew in namespaces of its own, with a lease directory of its own."""
    (server.root / "run/away").mkdir()
    (server.root / "run/away/dhcpd.leases").touch()
    start = "mount --bind /run/away /var/lib/dhcp && exec /usr/sbin/sshd -D -f /etc/ssh/sshd_config"
    server.run("sh", "-c", f"setsid {inside} sh -c '{start}' </dev/null >/run/away.log 2>&1 &")


def box(server: Server) -> None:
    """The same with a network of its own, reached at BOX_PORT of the server."""
    server.stop_sshd()
    script = (
        "ip netns add box && ip link add box0 type veth peer name box1 netns box &&"
        " ip addr add 10.7.0.1/24 dev box0 && ip link set box0 up &&"
        " ip -n box addr add 10.7.0.2/24 dev box1 && ip -n box link set box1 up && ip -n box link set lo up"
    )
    server.run("sh", "-c", script)
    away(server, "ip netns exec box unshare --pid --mount --mount-proc --fork")
    (server.root / "run/forward.py").write_text(_FORWARD)
    server.run("sh", "-c", f"setsid {plain_python()} -I /run/forward.py {BOX_PORT} </dev/null >/dev/null 2>&1 &")


def _birth(server: Server, pid: int) -> str:
    """Its start in ticks, and whether it is no zombie; empty: there is none."""
    words = server.run("cat", f"/proc/{pid}/stat", check=False).stdout.rpartition(") ")[2].split()
    return words[19] if len(words) > 19 and words[0] not in {"Z", "X"} else ""


def _network(server: Server, name: str, address: str) -> None:
    server.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-far")
    server.run("sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    server.run("ip", "addr", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
    for end in (name, f"{name}-far"):
        server.run("ip", "link", "set", end, "up")


def _home(server: Server, kind: str, conf: str) -> Path:
    home = server.root / "run" / kind
    home.mkdir()
    (home / "dhcpd.leases").touch()
    (home / "dhcpd.conf").write_text(conf)
    return home


def _listens(server: Server, kind: str, words: str) -> Callable[[], int]:
    """The pid of the process with these words, once its log says that it serves."""

    def told() -> int:
        if "Server starting service" not in server.run("cat", f"/run/{kind}.log", check=False).stdout:
            return 0
        return next((int(pid) for pid in server.run("pgrep", "-f", words, check=False).stdout.split()), 0)

    return told


def _second(server: Server) -> tuple[str, Callable[[], int]]:
    """Another configuration, subnet, interface and OMAPI port; without failover."""
    _network(server, "dum4", "10.9.0.1/24")
    conf = f"omapi-port {SECOND_OMAPI};\nsubnet 10.9.0.0 netmask 255.255.255.0 {{ range 10.9.0.10 10.9.0.20; }}\n"
    _home(server, "second", conf)
    words = "dhcpd -4 -f -d -cf /run/second/dhcpd.conf -lf /run/second/dhcpd.leases -pf /run/second/dhcpd.pid dum4"
    return f"/usr/sbin/{words}", _listens(server, "second", "^/usr/sbin/dhcpd -4 -f -d -cf /run/second/")


def _six(server: Server) -> tuple[str, Callable[[], int]]:
    """The same program for IPv6."""
    _network(server, "dum6", "fd00:9::1/64")
    _home(server, "six", "subnet6 fd00:9::/64 { range6 fd00:9::10 fd00:9::20; }\n")
    words = "dhcpd -6 -f -d -cf /run/six/dhcpd.conf -lf /run/six/dhcpd.leases -pf /run/six/dhcpd.pid dum6"
    return f"/usr/sbin/{words}", _listens(server, "six", "^/usr/sbin/dhcpd -6 -f -d -cf /run/six/")


def _container(server: Server) -> tuple[str, Callable[[], int]]:
    """A network, processes and files of its own, in which its words and its ports are the very same as ours."""
    conf = "omapi-port 7911;\nsubnet 10.8.0.0 netmask 255.255.255.0 { range 10.8.0.10 10.8.0.20; }\n"
    _home(server, "container", conf)
    inside = server.root / "run/container/start"
    inside.write_text(
        "#!/bin/sh -e\n"
        "mount --bind /run/container /var/lib/dhcp\nmount --bind /run/container /etc/dhcp\n"
        "ip link set lo up\nip link add eth0 type veth peer name far0\nip link set far0 up\nip addr add 10.8.0.1/24 dev eth0\nip link set eth0 up\n"
        "exec /usr/sbin/dhcpd -4 -f -d -cf /etc/dhcp/dhcpd.conf -lf /var/lib/dhcp/dhcpd.leases"
        " -pf /var/lib/dhcp/dhcpd.pid eth0\n"
    )
    inside.chmod(0o755)

    def told() -> int:
        if "Server starting service" not in server.run("cat", "/run/container.log", check=False).stdout:
            return 0
        for pid in server.run("pgrep", "-x", "dhcpd", check=False).stdout.split():
            status = server.run("cat", f"/proc/{pid}/status", check=False).stdout
            if any(line.startswith("NSpid") and len(line.split()) > 2 for line in status.splitlines()):
                return int(pid)
        return 0

    return "unshare --net --pid --mount --mount-proc --fork --kill-child /run/container/start", told


def _stranger(server: Server) -> tuple[str, Callable[[], int]]:
    """Somebody's own program of that name, with the words of ours; it holds nothing."""
    home = _home(server, "stranger", "")
    shutil.copy("/bin/dash", home / "dhcpd")
    words = "dhcpd -c 'sleep 3600; :' -4 -cf /run/stranger/dhcpd.conf -lf /var/lib/dhcp/dhcpd.leases eth0"
    start = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups /run/stranger/{words}"
    return start, lambda: next(
        (int(pid) for pid in server.run("pgrep", "-u", str(NOBODY), "-x", "dhcpd", check=False).stdout.split()), 0
    )
