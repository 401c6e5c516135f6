"""One practice dhcpd: a process that reads its files, keeps its failover relationships and answers OMAPI and clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from dhcptui.conf.reader import ConfParseError
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.practice.dhcpd import checker as conf
from dhcptui.practice.dhcpd import configuration
from dhcptui.practice.dhcpd import lease_file as leasefile
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.failover import Failover
from dhcptui.practice.dhcpd.lease_file import Record, lease_text
from dhcptui.practice.dhcpd.leases import Pool
from dhcptui.practice.dhcpd.link import accept
from dhcptui.practice.dhcpd.omapi_objects import Objects
from dhcptui.practice.dhcpd.omapi_server import OmapiServer
from dhcptui.practice.dhcpd.serving import Serving
from dhcptui.practice.dhcpd.store import Store
from dhcptui.practice.dhcpd.wire import Wire
from dhcptui.practice.machine import Machine
from dhcptui.practice.world import Place

INTERFACE = "LPF/eth0/02:00:00:00:00:{last:02x}/10.0.0.0/24"
PID_FILE = "/var/lib/dhcp/dhcpd.pid"
SHUTDOWN_WAIT_SECONDS, DRAIN_SECONDS = 12, 5
"""After control 2: until the interfaces are given up, and from there to the end if the partner is not told (4.4.3-P1)."""


OMAPI_RETRY_SECONDS = 5


class DhcpdFailed(Exception):
    """dhcpd does not start; `lines` are what it logged."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Dhcpd(Daemon):
    """See machine.Process. Make one with `await Dhcpd.start(machine, place)`."""

    settings: configuration.Configuration
    store: Store
    serving: Serving

    def __init__(self, machine: Machine, place: Place) -> None:
        super().__init__(machine, place)
        self.failovers: dict[str, Failover] = {}
        self._omapi: OmapiServer | None = None
        self._opening: asyncio.Task[None] | None = None

    # -- life ------------------------------------------------------------------------------------------------------

    @classmethod
    async def start(cls, machine: Machine, place: Place) -> Dhcpd:
        """Start it and make it the machine's. Raises DhcpdFailed where the configuration or the lease file does not do."""
        dhcpd = cls(machine, place)
        lines: list[str] = []

        def log(text: str) -> None:
            lines.append(text)
            dhcpd.log(text)

        try:
            await dhcpd._start(log)
        except BaseException:
            dhcpd.kill()
            raise
        return dhcpd

    async def _start(self, log: Callable[[str], None]) -> None:
        machine = self.machine
        status, complaints = conf.check(machine.conf, str(machine.leases), PID_FILE)
        for line in complaints:
            log(line)
        if status:
            raise DhcpdFailed(complaints)
        if not machine.leases.exists():
            failure = [
                f"Can't open lease database {machine.leases}: No such file or directory --",
                "  check for failed database rewrite attempt!",
                "Please read the dhcpd.leases manual page if you",
                "don't know what to do about this.",
                *conf.BUG_REPORT,
            ]
            for line in failure:
                log(line)
            raise DhcpdFailed(failure)
        try:
            settings = configuration.read(machine.conf)
        except (ConfParseError, ValueError, KeyError, IndexError) as error:
            log(f"{machine.conf}: the practice dhcpd cannot use this ({error})")
            raise DhcpdFailed([*complaints, str(error)]) from error
        self._load(settings, log)
        objects = Objects(self.failovers, self.store.leases, settings.keys, self.control_shutdown)
        self._omapi = OmapiServer(self, settings.keys.get(settings.omapi_key or ""), objects)
        await self._open_omapi()
        interface = INTERFACE.format(last=10 if machine.role is Role.PRIMARY else 20)
        for line in (
            f"Listening on {interface}",
            f"Sending on   {interface}",
            "Sending on   Socket/fallback/fallback-net",
        ):
            log(line)
        machine.dhcpd = self
        for failover in self.failovers.values():
            failover.start()
        log("Server starting service.")

    def _load(self, settings: configuration.Configuration, log: Callable[[str], None]) -> None:
        self.settings = settings
        self.store = Store(self, tuple(map(Pool, settings.pools)))
        self.serving = Serving(self, self.store, settings)
        text = self.machine.leases.read_text(errors="replace")
        roles = {peer.name: peer.role for peer in settings.peers}
        records: dict[str, Record] = {}
        for name, found in leasefile.read(text, self.store.leases, roles, self.cur_time):
            if isinstance(found, Record):
                records[name] = found
            else:
                log(f"{self.machine.leases} line {found}: unknown failover peer: {name}")
                log(f'failover peer "{name}"')
                log(" " * len("failover peer ") + " ^")
        for peer in settings.peers:
            failover = Failover(self, self.store, peer, records.get(peer.name), self.failovers)
            self.failovers[peer.name] = failover
            for pool in self.store.pools:
                if pool.peer_name == peer.name:
                    pool.failover = failover
        kept = [lease for lease in self.store.leases.values() if lease.written]
        states = [failover.record() for failover in self.failovers.values()]
        self.lease_file.rewrite([*states, *map(lease_text, kept)])
        log(f"Wrote {len(kept)} leases to leases file.")
        for pool in self.store.pools:
            self.store.arm(pool)

    async def _open_omapi(self) -> None:
        if self.dead or self._omapi is None or self.settings.omapi_port is None:
            return
        try:
            await self._omapi.listen(self.settings.omapi_port)
        except OSError:
            self.log("Can't start OMAPI protocol: address in use")
            self.after("omapi", OMAPI_RETRY_SECONDS, self._retry_omapi)

    def _retry_omapi(self) -> None:
        self._opening = asyncio.get_running_loop().create_task(self._open_omapi())

    def kill(self) -> None:
        """As Daemon.kill(); the OMAPI port is closed, too."""
        super().kill()
        if self._opening is not None:
            self._opening.cancel()
        if self._omapi is not None:
            self._omapi.close()

    # -- relationships ---------------------------------------------------------------------------------------------

    def failover(self, name: str) -> Failover | None:
        """A relationship by name."""
        return self.failovers.get(name)

    def accepts(self, port: int, caller: str) -> Callable[[Wire], None] | None:
        """What takes the connection from that address to a failover port. None: connection refused."""
        if self.dead or self.deaf or all(each.conf.port != port for each in self.failovers.values()):
            return None
        partner_of = next((each for each in self.failovers.values() if each.conf.peer_address == caller), None)
        return partial(accept, self, partner_of)

    @property
    def responds(self) -> bool:
        """Whether clients get answers from it."""
        return not (self.dead or self.paused or self.deaf) and any(each.responds for each in self.failovers.values())

    # -- control 2 -------------------------------------------------------------------------------------------------

    def control_shutdown(self) -> None:
        """The control object's shutdown as 4.4.3-P1 really does it: deaf and dumb at once, gone 12 to 17 s later."""
        if self.deaf:
            return
        self.deaf = True
        if self._omapi is not None:
            self._omapi.stop_answering()
        self.after("shutdown", SHUTDOWN_WAIT_SECONDS, self._give_up_interfaces)
        self.tell_service()

    def _give_up_interfaces(self) -> None:
        interface = INTERFACE.format(last=10 if self.machine.role is Role.PRIMARY else 20)
        self.log(f"Disabling output on {interface}")
        self.log(f"Disabling input on {interface}")
        waits = False
        for failover in self.failovers.values():
            if failover.state is FailoverState.NORMAL:
                failover.set_state(FailoverState.SHUTDOWN)
            shut, down = failover.state is FailoverState.SHUTDOWN, FailoverState.PARTNER_DOWN
            waits = waits or (shut and failover.partner_state is not down)
        if waits:
            self.after("shutdown", DRAIN_SECONDS, self._exit)
        else:
            self._exit()

    def _exit(self) -> None:
        for failover in self.failovers.values():
            if failover.state is FailoverState.SHUTDOWN:
                failover.link = None
                failover.set_state(FailoverState.RECOVER)
        self.kill()
