"""Who owns which free leases: balancing (server/failover.c), and which clients are whose (RFC 3074)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.hashing import bucket
from dhcptui.practice.dhcpd.leases import Binding, Lease, Pool, Relationship
from dhcptui.practice.dhcpd.store import Store

MAX_OWNERSHIP_PERCENT, MAX_MISBALANCE_PERCENT = 10, 15
MIN_BALANCE_SECONDS, MAX_BALANCE_SECONDS = 60, 3600


class Balanced(Relationship, Protocol):
    """What balancing may use of a relationship beside what its leases use."""

    dhcpd: Daemon
    store: Store
    next_balance: int
    last_balance: int

    def after(self, name: str, seconds: float, call: Callable[[], object]) -> None:
        """Set one of dhcpd's fixed timers."""

    def cancel(self, *names: str) -> None:
        """Cancel timers."""

    def send(self, kind: str, xid: int | None = None, **says: object) -> None:
        """A message to the partner, if there is a link."""


def on_entering_normal(failover: Balanced) -> None:
    """Balance now; this also plans the next time."""
    failover.cancel("balance")
    failover.next_balance = 0
    _balance(failover)


def on_request(failover: Balanced) -> None:
    """The partner sent POOLREQ."""
    failover.cancel("balance")
    failover.next_balance = 0
    queued, _ = _balance(failover)
    failover.send("POOLRESP", leases=queued)
    if queued:
        failover.send_updates()
    else:
        failover.dhcpd.log(
            f"peer {failover.name}: Got POOLREQ, answering negatively!  "
            "Peer may be out of leases or database inconsistent."
        )


def _due(failover: Balanced) -> None:
    failover.next_balance = 0
    queued, short = _balance(failover, may_ask=True)
    if queued:
        failover.send_updates()
    if short:
        failover.send("POOLREQ")


def _percent(total: int, percent: int) -> int:
    return (total * percent + 50) // 100


def _half(number: int) -> int:
    """C's division: towards zero."""
    return int(number / 2)


def _balance(failover: Balanced, may_ask: bool = False) -> tuple[int, bool]:
    """Give leases to the partner until it has its half: (how many, whether this server itself lacks leases)."""
    if failover.state is not FailoverState.NORMAL:
        return 0, False
    dhcpd, queued, short = failover.dhcpd, 0, False
    failover.last_balance = dhcpd.cur_time
    primary = failover.conf.role is Role.PRIMARY
    own, theirs = (Binding.FREE, Binding.BACKUP) if primary else (Binding.BACKUP, Binding.FREE)
    for pool in failover.store.pools_of(failover):
        to_send = _half(pool.count(own) - pool.count(theirs))
        total = pool.count(own) + pool.count(theirs)
        threshold, hold = _percent(total, MAX_MISBALANCE_PERCENT), _percent(total, MAX_OWNERSHIP_PERCENT)
        asks = may_ask and to_send < (threshold * -2 or -1)
        short = short or asks
        tail = "  (requesting peer rebalance!)" if asks else ""
        _log(failover, pool, "balancing", to_send, f"max-own (+/-){hold}{tail}")
        for preferred in (True, False):
            for lease in pool.queue(own):
                if preferred and to_send <= -hold:
                    break
                if not preferred and to_send <= (hold if lease.ends else 0):
                    break
                if not preferred or partner_wants(failover, lease):
                    to_send -= 1
                    queued += 1
                    failover.store.give_away(lease, theirs)
        word = "IMBALANCED" if to_send > threshold else "balanced"
        _log(failover, pool, word, to_send, f"max-misbal {threshold}")
        _schedule_pool(failover, pool)
    return queued, short


def _log(failover: Balanced, pool: Pool, word: str, to_send: int, tail: str) -> None:
    failover.dhcpd.log(
        f"{word} pool {pool.label} {pool.network}  total {len(pool.leases)}  free {pool.count(Binding.FREE)}  "
        f"backup {pool.count(Binding.BACKUP)}  lts {to_send}  {tail}"
    )


def schedule(failover: Balanced) -> None:
    """Plan the next balancing of every pool."""
    for pool in failover.store.pools_of(failover):
        _schedule_pool(failover, pool)


def _schedule_pool(failover: Balanced, pool: Pool) -> None:
    """failover.c, pool_check: between min-balance and max-balance from now, sooner the younger the oldest free lease."""
    if failover.state is not FailoverState.NORMAL:
        return
    now = failover.dhcpd.cur_time
    ages = []
    for binding, own in ((Binding.FREE, Role.PRIMARY), (Binding.BACKUP, Role.SECONDARY)):
        queue = pool.queue(binding)
        age = now - queue[0].ends if queue and queue[0].ends < now else 0
        ages.append(_percent(age, MAX_MISBALANCE_PERCENT) * (2 if failover.conf.role is own else 1))
    due = now + min(*ages, MAX_BALANCE_SECONDS)
    if failover.last_balance:
        due = max(due, failover.last_balance + MIN_BALANCE_SECONDS)
    due += random.randrange(5)  # noqa: S311 - dhcpd spreads the load with it
    if failover.next_balance and due >= failover.next_balance:
        return
    failover.next_balance = due
    failover.after("balance", due - now, lambda: _due(failover))


def not_hoarding(pool: Pool) -> bool:
    """Whether the secondary may be given more leases."""
    free, backup = pool.count(Binding.FREE), pool.count(Binding.BACKUP)
    return _half(free - backup) > -_percent(free + backup, MAX_OWNERSHIP_PERCENT)


def partner_wants(failover: Relationship, lease: Lease) -> bool:
    """Whether the lease's last client is one the partner answers."""
    if failover.hba is None or not lease.mac:
        return False
    primarys = _primarys(failover.hba, lease.mac)
    return primarys != (failover.conf.role is Role.PRIMARY)


def mine_to_answer(failover: Relationship, mac: str, seconds: int) -> bool:
    """Whether this server answers a new client; `seconds` is how long that client has been trying."""
    longest = failover.conf.load_balance_max_seconds
    if not longest or longest < seconds:
        return True
    if failover.hba is None:
        return False
    return _primarys(failover.hba, mac) == (failover.conf.role is Role.PRIMARY)


def _primarys(hba: bytes, mac: str) -> bool:
    index = bucket(bytes.fromhex(mac.replace(":", "")))
    return bool(hba[index >> 3] & (1 << (index & 7)))
