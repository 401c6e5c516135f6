"""A real failover pair on this machine: `with Lab() as lab: lab.wait_states()`.

Two dhcpd and two sshd in namespaces of their own, an operator's place that reaches both, and a DHCP client. The root
namespace's network is not touched; labs of several processes live side by side with the same addresses.
"""

from __future__ import annotations

import atexit
import base64
import functools
import itertools
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.waiting import Waited

from . import net
from .client import DhcpClient
from .net import Done, LabError, sh
from .omapi import Key
from .server import Server, faketime_library
from .texts import ADDRESSES, Settings, console_config

__all__ = ["Lab", "LabError", "Server", "requirements"]
TOOLS = ("ip", "nsenter", "unshare", "dhcpd", "dhclient", "sshd", "ssh-keygen", "iptables", "pkill", "setsid", "flock")
_numbers = itertools.count(1)


@functools.cache
def requirements() -> list[str]:
    """Why no lab can run here; empty when one can."""
    missing = [f"{tool} is missing" for tool in TOOLS if not shutil.which(tool)]
    if not faketime_library():
        missing.append("libfaketime is missing")
    if os.geteuid():
        return [*missing, "not root"]
    if not missing:
        probe = f"dt{os.getpid()}probe"
        done = sh("ip", "netns", "add", probe, check=False)
        if not done.returncode:
            own = ("unshare", "--mount", "--pid", "--uts", "--fork", "--mount-proc")
            done = sh("ip", "netns", "exec", probe, *own, "iptables", "-w", "-S", check=False)
            sh("ip", "netns", "del", probe, check=False)
        if done.returncode:
            missing.append(f"network namespaces are not usable: {done.stderr.strip()}")
    return missing


class Lab(Waited):
    """See Settings for what can be given by name."""

    servers: Mapping[str, Server]
    failure = LabError
    server_class: type[Server] = Server

    def __init__(
        self,
        *,
        mclt: int = 60,
        max_response_delay: int = 60,
        split: int = 128,
        key_algorithm: str | None = "hmac-md5",
        range: tuple[str, str] = ("10.0.0.100", "10.0.0.200"),  # noqa: A002 - dhcpd's own word
        peer: str = "foo",
        **more: Any,
    ) -> None:
        self.settings = Settings(mclt, max_response_delay, split, key_algorithm, range, peer, **more)
        self.name = f"dt{os.getpid()}x{next(_numbers)}"
        self.dir = net.BASE / self.name
        self.key = None
        if key_algorithm:
            secret = base64.b64encode(secrets.token_bytes(32)).decode()
            self.key = Key(self.settings.key_name, key_algorithm, secret)
        self.primary, self.secondary = (
            self.server_class(self.name, self.dir, role, self.settings, self.key) for role in ("primary", "secondary")
        )
        self.servers = {"primary": self.primary, "secondary": self.secondary}
        self._client = DhcpClient(net.namespace(self.name, "client"), self.dir / "client")
        self._pipe: int | None = None
        self._reaper: subprocess.Popen[bytes] | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self, dhcpd: bool = True) -> None:
        """Build the lab and start both dhcpd (or not): 0.3 s in all, and both are normal at once or a moment later."""
        net.remove_leftovers()
        atexit.register(self.stop)
        try:
            net.claim(self.name)
            read, self._pipe = os.pipe()
            try:
                self._reaper = net.start_reaper(self.name, read)
                self._build(read)
            finally:
                os.close(read)
            self._both(lambda server: server.start_sshd())
            if dhcpd:
                self.start_dhcpd()
        except BaseException:
            self.stop()
            raise

    def _build(self, stdin: int) -> None:
        net.build(self.name, ADDRESSES)
        keys = {role: self._new_key(self.dir / name) for role, name in
                (("op", "id_ed25519"), ("primary", "host-primary"), ("secondary", "host-secondary"))}  # fmt: skip
        known = "".join(f"{server.host} {keys[role]}\n" for role, server in self.servers.items())
        (self.dir / "known_hosts").write_text(known)
        if self.key:
            secret = self.dir / "omapi.key"
            secret.touch(mode=0o600)
            secret.write_text(self.key.secret + "\n")
        for role, server in self.servers.items():
            server.prepare(self.dir / f"host-{role}", keys["op"] + "\n")
            server.hold(stdin)
        for server in self.servers.values():
            server.wait_held()

    @staticmethod
    def _new_key(path: Path) -> str:
        """Make a key pair; returns the public half without its comment."""
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path))
        return " ".join(path.with_suffix(".pub").read_text().split()[:2])

    def _both(self, action: Callable[[Server], object]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(action, self.servers.values()))

    def start_dhcpd(self) -> None:
        """Start both so that they meet at once: one listens before the other connects.

        Started together they miss each other, and dhcpd tries again only after 5 s; one after the other they are
        normal 0.2 s later, in either order.
        """
        self.secondary.restart()
        self.primary.restart()

    def stop(self) -> None:
        """Take everything down; may be called twice, and at any stage of start()."""
        atexit.unregister(self.stop)
        if self._pipe is not None:
            os.close(self._pipe)  # ends the holders, and with them all in the servers; the reaper removes the rest
            self._pipe = None
        for server in self.servers.values():
            server.released()
        if self._reaper is not None:
            try:
                self._reaper.wait(10)
            except subprocess.TimeoutExpired:
                self._reaper.kill()
                self._reaper.wait()
            self._reaper = None
        net.remove(self.name)  # nothing to do unless the reaper was hindered

    # -- faults --------------------------------------------------------------------------------------------------

    def cut(self, a: str, b: str, port: int | None = None, one_way: bool = False) -> None:
        """Drop what a sends to b, and unless one_way the reverse; with port only TCP from or to that port.

        DHCP itself passes any cut: dhcpd reads it from a raw socket, before iptables.
        """
        for x, y in [(a, b)] if one_way else [(a, b), (b, a)]:
            self._drop(x, y, port)

    def _drop(self, x: str, y: str, port: int | None) -> None:
        ends = {"op" if role == "operator" else role for role in (x, y)}
        if not ends <= set(ADDRESSES) or len(ends) != 2 or ends == {"op"}:
            raise ValueError(f"cannot cut {x} from {y}: operator, primary and secondary have addresses")
        place = self.servers[y if y in self.servers else x]
        source, target = (ADDRESSES["op" if role == "operator" else role] for role in (x, y))
        ports = [["-p", "tcp", side, str(port)] for side in ("--sport", "--dport")] if port else [[]]
        rules = "".join(" ".join(["-A DTCUT -s", source, "-d", target, *match, "-j DROP\n"]) for match in ports)
        known = self._iptables(place, "iptables", "-w", "-S", "DTCUT", check=False).returncode == 0
        hooks = "" if known else ":DTCUT - [0:0]\n-I INPUT -j DTCUT\n-I OUTPUT -j DTCUT\n"
        self._iptables(place, "iptables-restore", "-w", "--noflush", stdin=f"*filter\n{hooks}{rules}COMMIT\n")

    def heal(self) -> None:
        """Remove every cut."""
        for server in self.servers.values():
            self._iptables(server, "iptables", "-w", "-F", "DTCUT", check=False)

    @staticmethod
    def _iptables(server: Server, *argv: str, **how: Any) -> Done:
        return sh("ip", "netns", "exec", server.space, *argv, **how)

    # -- the operator and the client -----------------------------------------------------------------------------

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread, and threads it starts, talk from the operator's place."""
        with net.thread_in(net.namespace(self.name, "op")):
            yield

    def operator_argv(self, *argv: str) -> list[str]:
        """The command line that runs argv in the operator's place."""
        return ["ip", "netns", "exec", net.namespace(self.name, "op"), *argv]

    def ssh_argv(self, role: str, *argv: str) -> list[str]:
        """The command line of a plain ssh from the operator to a server."""
        options = [f"-oUserKnownHostsFile={self.dir}/known_hosts", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes"]
        target = f"root@{self.servers[role].host}"
        return self.operator_argv("ssh", "-F", "none", "-i", f"{self.dir}/id_ed25519", *options, target, *argv)

    def ssh(self, role: str, *argv: str, check: bool = True, timeout: float = 30) -> Done:
        """A plain ssh from the operator to a server: a witness that shares nothing with asyncssh."""
        return sh(*self.ssh_argv(role, *argv), check=check, timeout=timeout)

    def write_config(self, path: Path | None = None, pair: str = "office", **overrides: Any) -> Path:
        """Write dhcptui's configuration of this pair; for overrides see texts.console_config."""
        path = path or self.dir / "config.toml"
        path.write_text(console_config(self.dir, self.settings, pair, overrides))
        path.chmod(0o600)
        return path

    def dhcp_client(self, mac: str | None = None, timeout: float = 15) -> dict[str, str] | None:
        """Ask for a lease as a new machine (or that of mac): address, server and options, or None."""
        return self._client.lease(mac, timeout)
