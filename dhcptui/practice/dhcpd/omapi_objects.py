"""The objects behind a practice dhcpd's OMAPI port, with dhcpd's attributes, order, widths and mistakes."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Mapping

from dhcptui.conf.failover import Key
from dhcptui.model.role import Role
from dhcptui.model.states import from_wire
from dhcptui.practice.dhcpd.failover import Failover
from dhcptui.practice.dhcpd.leases import Binding, Lease, Pool
from dhcptui.servers.omapi.codec import net32

SUCCESS, NOT_FOUND, IO_ERROR, NOT_IMPLEMENTED = 0, 23, 26, 27
INVALID_ARGUMENT, MULTIPLE, KEY_CONFLICT, NO_KEYS = 0x60003, 0x60006, 0x60007, 0x60009
CONTROL_SHUTDOWN = 2
KINDS = frozenset(
    {
        b"authenticator", b"failover-state", b"failover-link", b"failover-listener", b"lease", b"pool", b"subnet",
        b"shared-network", b"host", b"group", b"class", b"subclass", b"interface", b"control",
    }
)  # fmt: skip
_SET_WITHOUT_EFFECT = frozenset(
    {
        b"name", b"partner-address", b"local-address", b"partner-port", b"local-port", b"max-outstanding-updates",
        b"mclt", b"load-balance-max-secs", b"load-balance-hba", b"partner-state", b"partner-stos", b"local-stos",
        b"hierarchy", b"last-packet-sent", b"last-timestamp-received", b"skew", b"max-response-delay",
        b"cur-unacked-updates",
    }
)  # fmt: skip

Attributes = dict[bytes, bytes]


class Failure(Exception):
    """A STATUS other than success."""

    def __init__(self, result: int, text: bytes) -> None:
        super().__init__(result, text)
        self.result, self.text = result, text


class Thing:
    """An object of an OMAPI type; this one has nothing to say."""

    def attributes(self, objects: Objects) -> Attributes:
        """What an UPDATE carries."""
        del objects
        return {}

    def set(self, name: bytes, value: bytes) -> int:
        """Set one attribute; the result of a STATUS."""
        del name, value
        return NOT_FOUND


class AuthKey(Thing):
    """A key declaration."""

    def __init__(self, conf: Key) -> None:
        self.conf = conf

    def attributes(self, objects: Objects) -> Attributes:
        """Never the secret."""
        return {b"name": self.conf.name.encode(), b"algorithm": f"{self.conf.algorithm}.SIG-ALG.REG.INT.".encode()}


class FailoverThing(Thing):
    """failover-state (failover.c:3065-3591)."""

    def __init__(self, failover: Failover) -> None:
        self.failover = failover
        self._pointers = [_pointer(), _pointer()]

    def attributes(self, objects: Objects) -> Attributes:
        """In dhcpd's order; the two addresses are bytes of C pointers, what is never assigned reads 0."""
        it, conf = self.failover, self.failover.conf
        found = {
            b"name": it.name.encode(),
            b"partner-address": self._pointers[0],
            b"partner-port": net32(conf.peer_port),
            b"local-address": self._pointers[1] if conf.address else bytes(8),
            b"local-port": net32(conf.port),
            b"max-outstanding-updates": net32(conf.max_unacked_updates),
            b"mclt": net32(it.mclt),
            b"load-balance-max-secs": net32(conf.load_balance_max_seconds),
        }
        if it.hba is not None:
            found[b"load-balance-hba"] = it.hba
        numbers = {
            b"partner-state": it.partner_state.number,
            b"local-state": it.state.number,
            b"partner-stos": it.partner_stos,
            b"local-stos": it.stos,
            b"hierarchy": 0 if conf.role is Role.PRIMARY else 1,
            b"last-packet-sent": 0,
            b"last-timestamp-received": 0,
            b"skew": 0,
            b"max-response-delay": conf.max_response_delay,
            b"cur-unacked-updates": it.updates.unacked,
        }
        return found | {name: net32(number) for name, number in numbers.items()}

    def set(self, name: bytes, value: bytes) -> int:
        """local-state moves, from any state to any; every other known attribute "succeeds"."""
        if name in _SET_WITHOUT_EFFECT:
            return SUCCESS
        if name != b"local-state":
            return NOT_FOUND
        if len(value) != 4:
            return INVALID_ARGUMENT
        number = int.from_bytes(value, "big")
        state = from_wire(number)
        moved = self.failover.set_state(state)
        if moved and state.number != number:
            self.failover.dhcpd.fatal("Impossible case at failover.c:1716.")
        return SUCCESS if moved else IO_ERROR


class LeaseThing(Thing):
    """lease (server/omapi.c)."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease

    def attributes(self, objects: Objects) -> Attributes:
        """Numbers in four bytes, flags in one."""
        lease = self.lease
        found = {b"state": net32(lease.binding), b"ip-address": ipaddress.IPv4Address(lease.address).packed}
        if lease.hostname:
            found[b"client-hostname"] = lease.hostname.encode()
        found[b"subnet"] = net32(objects.handle(objects.subnet(lease.pool)))
        found[b"pool"] = net32(objects.handle(objects.pool(lease.pool)))
        if lease.mac:
            found[b"hardware-address"] = bytes.fromhex(lease.mac.replace(":", ""))
            found[b"hardware-type"] = net32(1)
        for name in ("ends", "starts", "tstp", "tsfp", "atsfp", "cltt"):
            found[name.encode()] = net32(getattr(lease, name))
        return found | {b"flags": b"\0"}


class PoolThing(Thing):
    """pool: reached by handle only (omapi.c:1719)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def attributes(self, objects: Objects) -> Attributes:
        """The three counters."""
        return {
            b"lease-count": net32(len(self._pool.leases)),
            b"free-leases": net32(self._pool.count(Binding.FREE)),
            b"backup-leases": net32(self._pool.count(Binding.BACKUP)),
        }


class Control(Thing):
    """control: reads nonsense, and a shutdown gets no answer."""

    def __init__(self, shut_down: Callable[[], None]) -> None:
        self._shut_down = shut_down

    def attributes(self, objects: Objects) -> Attributes:
        """0 while it runs."""
        return {b"state": net32(0)}

    def set(self, name: bytes, value: bytes) -> int:
        """Only 2 does anything."""
        if name != b"state":
            return NOT_FOUND
        if value != net32(CONTROL_SHUTDOWN):
            return INVALID_ARGUMENT
        self._shut_down()
        return SUCCESS


class Objects:
    """All objects of one process; `shut_down` is the control object's. Handles count from 1, shared by all clients."""

    def __init__(
        self,
        failovers: Mapping[str, Failover],
        leases: Mapping[str, Lease],
        keys: Mapping[str, Key],
        shut_down: Callable[[], None],
    ) -> None:
        self._failovers, self._leases = failovers, leases
        self._keys = {key.name: AuthKey(key) for key in keys.values()}
        self._control = Control(shut_down)
        self._things: dict[object, Thing] = {}
        self._handles: dict[Thing, int] = {}

    @staticmethod
    def kind(name: bytes) -> bytes | None:
        """A type dhcpd knows, or None."""
        return name if name in KINDS else None

    def handle(self, thing: Thing) -> int:
        """The number of an object; it gets one when it is first shown."""
        return self._handles.setdefault(thing, len(self._handles) + 1)

    def by_handle(self, number: int) -> Thing | None:
        """The object with that number."""
        return next((thing for thing, each in self._handles.items() if each == number), None)

    def pool(self, pool: Pool) -> Thing:
        """The object of a pool."""
        return self._things.setdefault(("pool", pool), PoolThing(pool))

    def subnet(self, pool: Pool) -> Thing:
        """The object of the subnet a pool lies in."""
        return self._things.setdefault(("subnet", pool.network), Thing())

    def create(self, kind: bytes) -> Thing:
        """A new object, as OPEN without any key makes one of some types."""
        if kind in {b"host", b"group", b"class"}:
            return Thing()
        raise Failure(NOT_IMPLEMENTED, b"can't create new object")

    def look_up(self, kind: bytes, keys: Mapping[bytes, bytes]) -> tuple[int, Thing | None]:
        """(result, object) by the key attributes."""
        if kind == b"control":
            return SUCCESS, self._control
        if kind == b"authenticator":
            return self._authenticator(keys)
        by_handle = None
        if b"handle" in keys:
            by_handle = self.by_handle(int.from_bytes(keys[b"handle"], "big"))
            if by_handle is None:
                return NOT_FOUND, None
        if kind == b"failover-state":
            return self._failover(keys, by_handle)
        if kind == b"lease":
            return self._lease(keys, by_handle)
        if by_handle is not None:
            return SUCCESS, by_handle
        return (NOT_FOUND if b"name" in keys and kind in {b"host", b"group"} else NO_KEYS), None

    def _authenticator(self, keys: Mapping[bytes, bytes]) -> tuple[int, Thing | None]:
        if b"name" not in keys:
            return NO_KEYS, None
        found = self._keys.get(keys[b"name"].decode(errors="replace"))
        if found is None or keys.get(b"algorithm", b"").lower() != f"{found.conf.algorithm}.sig-alg.reg.int.".encode():
            return NOT_FOUND, None
        return SUCCESS, found

    def _failover(self, keys: Mapping[bytes, bytes], by_handle: Thing | None) -> tuple[int, Thing | None]:
        if b"name" not in keys:
            return (SUCCESS, by_handle) if by_handle else (NO_KEYS, None)
        failover = self._failovers.get(keys[b"name"].decode(errors="replace"))
        found = self._things.setdefault(("failover", failover), FailoverThing(failover)) if failover else None
        if by_handle is not None and found is not by_handle:
            return KEY_CONFLICT, None
        return (SUCCESS, found) if found else (NOT_FOUND, None)

    def _lease(self, keys: Mapping[bytes, bytes], by_handle: Thing | None) -> tuple[int, Thing | None]:
        leases = self._leases
        found: list[Lease] = []
        if (packed := keys.get(b"ip-address")) is not None:
            address = str(ipaddress.IPv4Address(packed)) if len(packed) == 4 else ""
            found = [leases[address]] if address in leases else []
        elif (mac := keys.get(b"hardware-address")) is not None:
            found = [lease for lease in leases.values() if lease.mac == mac.hex(":")]
        elif by_handle is not None:
            return SUCCESS, by_handle
        elif b"dhcp-client-identifier" not in keys:
            return NO_KEYS, None
        if len(found) > 1:
            return MULTIPLE, None
        if not found:
            return NOT_FOUND, None
        return SUCCESS, self._things.setdefault(("lease", found[0].address), LeaseThing(found[0]))


def _pointer() -> bytes:
    """Eight bytes of a heap address, lowest first."""
    return ((0x55 << 40) | (secrets.randbits(36) << 4)).to_bytes(8, "little")
