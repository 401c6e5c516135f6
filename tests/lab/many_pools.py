"""A pair with hundreds of subnets and pools, as a campus has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.pair import Lab

SUBNETS, POOLS = 200, 300


def subnets(count: int = SUBNETS, pools: int = POOLS, peer: str = "foo") -> str:
    """So many subnets of dhcpd.conf; the first ones have two pools, which dhcpd keeps apart by who may have them."""
    texts = []
    for number in range(count):
        net = f"10.{60 + number // 200}.{number % 200}"
        known = [f"range {net}.10 {net}.12; allow known-clients;"]
        known += [f"range {net}.20 {net}.23; deny known-clients;"] if number < pools - count else []
        body = " ".join(f'pool {{ failover peer "{peer}"; {each} }}' for each in known)
        texts.append(f"subnet {net}.0 netmask 255.255.255.0 {{ {body} }}\n")
    return "".join(texts)


@contextmanager
def many_pools(count: int = SUBNETS, pools: int = POOLS) -> Iterator[Lab]:
    """The lab's pair with them, both normal."""
    lab = Lab(mclt=20, key_algorithm="hmac-sha256")
    lab.start(dhcpd=False)
    try:
        for server in lab.servers.values():
            master = server.etc / "shared/master.conf"
            master.write_text(master.read_text() + subnets(count, pools))
        lab.start_dhcpd()
        lab.wait_states(timeout=90)
        yield lab
    finally:
        lab.stop()
