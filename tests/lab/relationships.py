"""More failover relationships between the lab's two servers, as a firewall has one per interface.

dhcpd tells relationships apart by the partner's address, so each has an address pair and a port of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dhcptui.model.states import from_word, serves
from tests.lab.net import sh
from tests.lab.omapi import NoAnswer
from tests.lab.pair import Lab, Server


@dataclass(frozen=True)
class Relationship:
    """One `failover peer` beside the lab's own. `number`: tells addresses, port and network apart, from 1."""

    name: str
    number: int
    crossed: bool = False
    """The lab's secondary is the primary of this one."""
    known_to: tuple[str, ...] = ("primary", "secondary")
    """Whose dhcpd.conf declares it; where only one does, its partner is a third server that nobody looks into."""

    @property
    def port(self) -> int:
        """Both ends use it."""
        return 520 + self.number

    @property
    def network(self) -> str:
        """What it serves, as dhcpd names it."""
        return f"10.0.{self.number}.0/24"

    def address(self, role: str) -> str:
        """Of one of the lab's servers in this relationship."""
        return f"10.0.0.{(10 if role == 'primary' else 20) + self.number}"

    def text(self, role: str) -> str:
        """What the dhcpd.conf of `role` says of it."""
        here, there = (self.address(each) for each in (role, "secondary" if role == "primary" else "primary"))
        mine = "primary" if (role == "primary") is not self.crossed else "secondary"
        own = "mclt 20; split 128;" if mine == "primary" else ""
        return (
            f'failover peer "{self.name}" {{ {mine}; address {here}; port {self.port}; peer address {there};'
            f" peer port {self.port}; max-response-delay 60; max-unacked-updates 10; load balance max seconds 3; {own} }}\n"
            f"subnet 10.0.{self.number}.0 netmask 255.255.255.0"
            f' {{ pool {{ failover peer "{self.name}"; range 10.0.{self.number}.100 10.0.{self.number}.120; }} }}\n'
        )

    def states(self, lab: Lab) -> tuple[str, str]:
        """What each server says of itself in it: primary, secondary."""
        return local_state(lab.primary, self.name), local_state(lab.secondary, self.name)

    def cut(self, lab: Lab) -> None:
        """Drop its failover connection, and no other one's."""
        rules = "".join(
            f"-I {chain} -p tcp {side} {self.port} -j DROP\n"
            for chain in ("INPUT", "OUTPUT")
            for side in ("--sport", "--dport")
        )
        argv = ("ip", "netns", "exec", lab.secondary.space, "iptables-restore", "-w", "--noflush")
        sh(*argv, stdin=f"*filter\n{rules}COMMIT\n")


BAR, BAZ = Relationship("bar", 1), Relationship("baz", 2, crossed=True)


def local_state(server: Server, peer: str) -> str:
    """A server's own state in one relationship, or "no-answer"."""
    try:
        return server.omapi.failover(peer).local_state
    except NoAnswer:
        return "no-answer"


def add(lab: Lab, *relationships: Relationship) -> None:
    """Both serve these too; both are restarted, and all are normal when this returns."""
    for server in (lab.primary, lab.secondary):
        with (server.etc / "dhcpd.conf").open("a") as file:
            for each in relationships:
                if server.role in each.known_to:
                    server.run("ip", "addr", "add", f"{each.address(server.role)}/24", "dev", "eth0")
                    file.write(each.text(server.role))
    lab.start_dhcpd()
    for each in relationships:
        if len(each.known_to) == 2:
            wait(lab, each, "normal", "normal", 120)
    lab.wait_settled(60)


def wait(lab: Lab, each: Relationship, primary: str, secondary: str, timeout: float = 30) -> None:
    """Until both servers say so of themselves."""
    deadline = time.monotonic() + timeout
    while (seen := each.states(lab)) != (primary, secondary):
        assert time.monotonic() < deadline, f"{each.name}: {seen} after {timeout} s, not {(primary, secondary)}"
        time.sleep(0.05)


def only_primary(lab: Lab, each: Relationship) -> None:
    """The secondary is drained and their link is cut: the primary alone serves it, in partner-down."""
    deadline = time.monotonic() + 20
    while any(server.omapi.failover(each.name).unacked for server in (lab.primary, lab.secondary)):
        assert time.monotonic() < deadline, "updates under way"
        time.sleep(0.05)
    lab.secondary.omapi.failover(each.name, set_state=8)
    wait(lab, each, "partner-down", "shutdown")
    each.cut(lab)


class PeerSampler(threading.Thread):
    """Every 100 ms: who serves each relationship, read with the lab's own reader."""

    def __init__(self, lab: Lab, peers: tuple[str, ...]) -> None:
        super().__init__(daemon=True)
        self.lab, self.peers = lab, peers
        self.done = threading.Event()
        self.samples: list[tuple[float, dict[str, tuple[bool, bool]]]] = []

    def run(self) -> None:
        """Sample until told to stop."""
        while not self.done.wait(0.1):
            found = {peer: (_serves(self.lab.primary, peer), _serves(self.lab.secondary, peer)) for peer in self.peers}
            self.samples.append((time.monotonic(), found))

    def unserved(self, peer: str) -> int:
        """In how many samples nobody served it."""
        return sum(not any(found[peer]) for _, found in self.samples)


def _serves(server: Server, peer: str) -> bool:
    try:
        seen = server.omapi.failover(peer, timeout=0.5)
    except NoAnswer:
        return False
    return serves(from_word(seen.local_state), from_word(seen.partner_state))


@contextmanager
def sampling_peers(lab: Lab, *peers: str) -> Iterator[PeerSampler]:
    """Sample while the block runs."""
    sampler = PeerSampler(lab, peers)
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.done.set()
        sampler.join(5)
