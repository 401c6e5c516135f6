"""Where blocks and ranges may stand: what dhcpd 4.4.3 takes in which block, and which ranges fit their networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dhcptui.conf.failover import Range, is_address, ranges, span
from dhcptui.conf.reader import Node

_ENTERED = ("shared-network", "subnet", "pool", "group")


class Misplaced(Enum):
    """What stands where dhcpd does not take it."""

    DECLARATION = "declaration"
    REFERENCE = "reference"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class MisplacedStatement:
    """A declaration, a peer's name or a pool in a block that may not hold it. `inside`: "inside of subnet 10.0.0.0"."""

    kind: Misplaced
    node: Node
    what: str
    inside: str


@dataclass(frozen=True, slots=True)
class BadRange:
    """A range or pool that dhcpd refuses, and why."""

    node: Node
    what: str
    fix: str


def misplaced_of(configuration: Node) -> Iterator[MisplacedStatement]:
    """dhcpd 4.4.3, parse_statement() and parse_pool_statement() in confpars.c; in the order of the file."""
    yield from _misplaced(configuration, configuration)


def _misplaced(block: Node, configuration: Node) -> Iterator[MisplacedStatement]:
    outer = block is configuration
    for child in block.children or ():
        if child.starts("failover", "peer") and len(child.words) == 3:
            name = f"failover peer {child.words[2]!r}"
            if child.children is not None and not outer and not block.starts("shared-network"):
                yield MisplacedStatement(Misplaced.DECLARATION, child, f"the declaration of {name}", _inside(block))
            elif child.children is None and not block.starts("shared-network") and not block.starts("pool"):
                yield MisplacedStatement(Misplaced.REFERENCE, child, f"`{name}`", _inside(block))
        elif child.children is None or not child.words or child.words[0].lower() not in _ENTERED:
            continue
        elif child.starts("pool") and not block.starts("subnet") and not block.starts("shared-network"):
            yield MisplacedStatement(Misplaced.POOL, child, "a pool", _inside(block))
        else:
            yield from _misplaced(child, configuration)


def _inside(block: Node) -> str:
    return f"inside of {' '.join(block.words[:2])}" if block.words else "outside of any network"


def bad_ranges_of(configuration: Node) -> Iterator[BadRange]:
    """Ranges and subnets that are none, ranges outside of their subnet or before it, pools without one, then what two share."""
    yield from _malformed(configuration)
    yield from _outside(configuration, None, None)
    yield from _shared(ranges(configuration))


def _malformed(block: Node) -> Iterator[BadRange]:
    for child in block.children or ():
        if child.starts("range") and child.children is None and not _is_range(child):
            yield BadRange(child, f"`{' '.join(child.words)[:60]}` is no range", "Write `range FIRST LAST;`.")
        elif child.children is not None and child.words and child.words[0].lower() in _ENTERED:
            if child.starts("subnet") and not _is_subnet(child):
                what = f"`{' '.join(child.words)[:60]}` is no subnet"
                yield BadRange(
                    child, what, "Write `subnet NETWORK netmask MASK`, the lowest address of the network first."
                )
            yield from _malformed(child)


def _is_range(node: Node) -> bool:
    words = node.words[2:] if len(node.words) > 1 and node.words[1].lower() == "dynamic-bootp" else node.words[1:]
    return 1 <= len(words) <= 2 and all(map(is_address, words))


def _is_subnet(node: Node) -> bool:
    """dhcpd takes any mask, also one with holes; the number has no bit outside of it."""
    words = node.words
    if len(words) != 4 or words[2].lower() != "netmask" or not (is_address(words[1]) and is_address(words[3])):
        return False
    return not int(ipaddress.IPv4Address(words[1])) & ~int(ipaddress.IPv4Address(words[3]))


def _outside(
    block: Node, subnet: ipaddress.IPv4Network | None, before: list[ipaddress.IPv4Network] | None
) -> Iterator[BadRange]:
    """`before`: the subnets of the shared network around it, as far as dhcpd has read them; it reads from the top."""
    for child in block.children or ():
        first = child.words[0].lower() if child.words else ""
        if first == "range" and child.children is None:
            yield from _of_range(block, child, subnet, before)
        elif child.children is None or first not in _ENTERED:
            continue
        elif first == "subnet":
            network = network_of(child)
            if network:
                if before is not None:
                    before.append(network)
                yield from _outside(child, network, None)
        else:
            if first == "pool" and not next(child.named("range"), None):
                yield BadRange(child, "this pool has no range", "Give it a range, or remove it.")
            yield from _outside(child, subnet, [] if first == "shared-network" else before)


def _of_range(
    block: Node, node: Node, subnet: ipaddress.IPv4Network | None, before: list[ipaddress.IPv4Network] | None
) -> Iterator[BadRange]:
    own = next(iter(ranges(Node((), (node,), node.file, node.line))), None) if _is_range(node) else None
    networks = [subnet] if subnet else before
    if not own or networks is None or (not networks and not block.starts("pool")):
        return
    first, last = ipaddress.IPv4Address(own.first), ipaddress.IPv4Address(own.last)
    home = next((each for each in networks if first in each), None)
    if home and last in home:
        return
    if subnet:
        where, fix = f"{subnet} of its subnet", "Correct the range, or the subnet."
    else:
        where, fix = "the subnets that stand above it in its shared network", "Write the pool after its subnet."
    yield BadRange(node, f"{own.words} lies outside of {where}", fix)


def network_of(node: Node) -> ipaddress.IPv4Network | None:
    """The network of `subnet A.B.C.D netmask E.F.G.H { ... }`; None where it is none."""
    words = node.words
    try:
        return ipaddress.IPv4Network(f"{words[1]}/{words[3]}", strict=False) if len(words) >= 4 else None
    except ValueError:
        return None


def _shared(every: list[Range]) -> Iterator[BadRange]:
    """dhcpd: "lease ... is declared twice!"."""
    widest: Range | None = None
    for each in sorted(every, key=lambda each: (each.first, each.last)):
        if widest and each.first <= widest.last:
            twice = span(each.first, min(each.last, widest.last))
            later, earlier = (
                (each, widest)
                if (each.node.file, each.node.line) >= (widest.node.file, widest.node.line)
                else (widest, each)
            )
            what = f"{twice} stands in the range at {earlier.node.where}, too"
            yield BadRange(later.node, what, "Take these addresses out of one of the two ranges.")
        if not widest or each.last > widest.last:
            widest = each
