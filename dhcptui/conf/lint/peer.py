"""Lint rules on the two `failover peer` declarations. dhcpd never compares them; most faults show only at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dhcptui.conf.failover import Peer, is_address
from dhcptui.conf.lint.findings import Pair, Problem
from dhcptui.conf.lint.relations import is_crossed
from dhcptui.model.role import Role
from dhcptui.model.sanitize import is_number

MAX_SPLIT = 256
TUNING = ("max-response-delay", "max-unacked-updates")
DEFAULTS = {"max-response-delay": 20, "max-unacked-updates": 100}


def name_missing(pair: Pair) -> Iterator[Problem]:
    """Both servers declare the relationship under the same name, byte for byte."""
    for role in Role:
        if pair.declared(role):
            continue
        subject, there = pair[role], pair[role].peers
        names = ", ".join(repr(each.name) for each in there) or "none"
        close = next((each for each in there if _folded(each.name) == _folded(pair.peer)), None)
        if not close and not subject.is_whole:
            continue  # it may stand where nobody has looked
        if close:
            sentence = (
                f"the peer is called {close.name!r} here and {pair.peer!r} on the partner: they differ in case or space"
            )
        else:
            sentence = f"there is no failover peer {pair.peer!r} (there is: {names})"
        at = close or (there[0] if len(there) == 1 else None)
        node = at.node if at else None
        yield Problem(role, node, sentence, f'Write: failover peer "{pair.peer}" {{ ... }}', subject.configuration.file)


def _folded(name: str) -> str:
    return "".join(name.split()).casefold().replace("_", "-")


def declared_twice(pair: Pair) -> Iterator[Problem]:
    """A relationship is declared once on a server."""
    for role in Role:
        same = [each for each in pair[role].peers if each.name == pair.peer]
        for each in same[1:]:
            sentence = f"failover peer {each.name!r} is declared again; the first one is at {same[0].node.where}"
            yield Problem(role, each.node, sentence, "Remove one of them.")


def no_role(pair: Pair) -> Iterator[Problem]:
    """Each declaration says `primary;` or `secondary;`: without either, dhcpd silently takes the server for a primary."""
    for role, _, peer in pair.each():
        if not peer.role:
            sentence = "neither primary nor secondary stands here; dhcpd takes such a server for a primary"
            yield Problem(role, peer.node, sentence, f"Add `{role.value};`.")


def same_role(pair: Pair) -> Iterator[Problem]:
    """One server is the primary, the other one the secondary."""
    if not (both := pair.both()) or not both[0].role or both[0].role != both[1].role:
        return
    wrong = Role.SECONDARY if both[0].role == "primary" else Role.PRIMARY
    peer = both[wrong is Role.SECONDARY]
    sentence = f"both servers say `{peer.role};`; they will not talk to each other"
    yield Problem(wrong, peer.at(peer.role), sentence, f"Write `{wrong.value};` here{_with_role(wrong, *both)}.")


def _with_role(wrong: Role, one: Peer, two: Peer) -> str:
    """What must change together with the role."""
    here = one if wrong is Role.PRIMARY else two
    names = [f"`{name}`" for name in ("split", "hba", "mclt") if name in here.statements]
    words = f", without {' and '.join(names)}" if wrong is Role.SECONDARY and names else ""
    if wrong is Role.PRIMARY:
        words = ", with `mclt 1800;` and `split 128;`" if not names else ""
    if ports_follow_role(one, two):
        words += f", and exchange the ports: `port {here.peer_port}; peer port {here.port};`"
    return words


def ports_follow_role(one: Peer, two: Peer) -> bool:
    """Whether both have the same two different ports the same way round: each of a role has its own port."""
    ports = (one.port, one.peer_port)
    return None not in ports and ports == (two.port, two.peer_port) and one.port != one.peer_port


def swapped_role(pair: Pair) -> Iterator[Problem]:
    """The server that is looked at as the primary is the primary."""
    both = pair.both()
    if both and (both[0].role, both[1].role) == ("secondary", "primary"):
        for role, subject, peer in pair.each():
            sentence = f"{subject.name} stands for the {role.value} here, but its file says `{peer.role};`"
            yield Problem(role, peer.at(peer.role), sentence, "Swap the two servers in dhcptui's configuration.")


def primary_incomplete(pair: Pair) -> Iterator[Problem]:
    """The primary has `mclt` and `split` (or `hba`); dhcpd -t misses a missing mclt when split is missing too."""
    for role, _, peer in pair.each():
        if peer.role == "secondary":
            continue
        if "mclt" not in peer.statements or peer.number("mclt") == 0:
            yield Problem(role, peer.at("mclt"), "the primary has no mclt", "Add `mclt 1800;`.")
        if "split" not in peer.statements and "hba" not in peer.statements:
            yield Problem(role, peer.node, "the primary has neither split nor hba", "Add `split 128;`.")


def split_range(pair: Pair) -> Iterator[Problem]:
    """`split` is no more than 256, and does not stand beside `hba`."""
    for role, _, peer in pair.each():
        split = peer.number("split")
        if split is not None and split > MAX_SPLIT:
            sentence = f"split {peer.text('split')} is not a number from 0 to {MAX_SPLIT}"
            yield Problem(role, peer.at("split"), sentence, "128 shares the clients evenly.")
        if {"split", "hba"} <= set(peer.statements):
            yield Problem(role, peer.at("hba"), "both split and hba stand here; the later one counts", "Keep one.")


def mclt_on_secondary(pair: Pair) -> Iterator[Problem]:
    """`mclt` stands on the primary only: the secondary's value is overwritten when the two connect."""
    for role, _, peer in pair.each():
        if peer.role == "secondary" and "mclt" in peer.statements:
            sentence = f"mclt {peer.text('mclt')} on the secondary is overwritten by the primary's when they connect"
            yield Problem(role, peer.at("mclt"), sentence, "Remove it here; set it on the primary.")


def split_on_secondary(pair: Pair) -> Iterator[Problem]:
    """`split` and `hba` stand on the primary only."""
    for role, _, peer in pair.each():
        for name in ("split", "hba"):
            if peer.role == "secondary" and name in peer.statements:
                yield Problem(role, peer.at(name), f"{name} may stand on the primary only", "Remove it here.")


def no_own_address(pair: Pair) -> Iterator[Problem]:
    """Each declaration names its own `address`: without it dhcpd guesses, and may die later with "no local address."."""
    for role, _, peer in pair.each():
        if not peer.text("address"):
            partner = pair.declared(role.other)
            address = partner.text("peer address") if partner else ""
            sentence = 'its own address is missing; dhcpd guesses one, and can die later with "no local address."'
            yield Problem(role, peer.node, sentence, f"Add `address {address or 'A.B.C.D'};`.")


def no_peer_address(pair: Pair) -> Iterator[Problem]:
    """Each declaration names its `peer address`."""
    for role, _, peer in pair.each():
        if not peer.text("peer address"):
            partner = pair.declared(role.other)
            address = partner.text("address") if partner else ""
            sentence = "peer address is missing"
            yield Problem(role, peer.node, sentence, f"Add `peer address {address or 'A.B.C.D'};`.")


def host_name(pair: Pair) -> Iterator[Problem]:
    """`address` and `peer address` are literal addresses: dhcpd looks a name up in its one thread and stalls."""
    for role, _, peer in pair.each():
        for name in ("address", "peer address"):
            text = peer.text(name)
            if text and not is_address(text):
                sentence = f"{name} {text} is a name; looking it up stalls dhcpd, and several answers end in errors"
                yield Problem(role, peer.at(name), sentence, "Write the IPv4 address.")


def not_crossed(pair: Pair) -> Iterator[Problem]:
    """Each server's `peer address` and `peer port` are the partner's `address` and `port`."""
    both = pair.both()
    if not both or is_crossed(pair):  # to write the partner's addresses on both would cross them again
        return
    for (role, _, peer), partner in zip(pair.each(), reversed(both), strict=True):
        yield from _other_address(pair, role, peer, partner)
        if None in {peer.peer_port, partner.port} or (peer.role == partner.role and ports_follow_role(*both)):
            continue
        if peer.peer_port != partner.port:
            sentence = f"peer port is {peer.peer_port}, but {pair[role.other].name} has port {partner.port}"
            yield Problem(role, peer.at("peer port"), sentence, f"Write `peer port {partner.port};`.")


def _other_address(pair: Pair, role: Role, peer: Peer, partner: Peer) -> Iterator[Problem]:
    here, there, own = peer.text("peer address"), partner.text("address"), peer.text("address")
    if here and here == own:
        right = there if there and there != own else ""
        sentence = f"peer address {here} is this server's own address: dhcpd takes it, and never finds its partner"
        fix = f"Write `peer address {right};`." if right else "Write the partner's address."
        yield Problem(role, peer.at("peer address"), sentence, fix)
    elif is_address(here) and is_address(there) and here != there:
        sentence = f"peer address is {here}, but {pair[role.other].name} has address {there}"
        yield Problem(role, peer.at("peer address"), sentence, f"Write `peer address {there};`.")


def no_load_balance(pair: Pair) -> Iterator[Problem]:
    """Both servers have `load balance max seconds`: without it that server answers every client, and nothing is balanced."""
    for role, _, peer in pair.each():
        name = "load balance max seconds"
        if name not in peer.statements or peer.number(name) == 0:
            what = "is 0" if name in peer.statements else "is missing"
            sentence = f"{name} {what}: this server answers every client, whatever the partner has"
            yield Problem(role, peer.at(name), sentence, f"Add `{name} 3;` on both servers.")


def auto_partner_down_both(pair: Pair) -> Iterator[Problem]:
    """`auto-partner-down` is not on both servers: a cut network would make both of them give out all addresses."""
    both = pair.both()
    if both and all(peer.number("auto-partner-down") for peer in both):
        for role, _, peer in pair.each():
            sentence = (
                "auto-partner-down on both servers: when only the network between them fails, both take every address"
            )
            yield Problem(role, peer.at("auto-partner-down"), sentence, "Remove it on both, or at least on one.")


def auto_partner_down_one(pair: Pair) -> Iterator[Problem]:
    """`auto-partner-down` on one server is known about."""
    found = [(role, peer) for role, _, peer in pair.each() if peer.number("auto-partner-down")]
    if len(found) == 1:
        role, peer = found[0]
        sentence = (
            f"this server goes to partner-down by itself after {peer.text('auto-partner-down')} s without its partner"
        )
        yield Problem(
            role, peer.at("auto-partner-down"), sentence, "Keep it only if the partner can never be cut off alive."
        )


def tuning_missing(pair: Pair) -> Iterator[Problem]:
    """`max-response-delay` and `max-unacked-updates` are written down."""
    for role, _, peer in pair.each():
        for name in TUNING:
            if name not in peer.statements:
                sentence = f"{name} is missing; dhcpd takes {DEFAULTS[name]}"
                yield Problem(
                    role, peer.node, sentence, f"Add `{name} {60 if name == TUNING[0] else 10};` on both servers."
                )


def tuning_differs(pair: Pair) -> Iterator[Problem]:
    """`max-response-delay`, `max-unacked-updates` and `load balance max seconds` are the same on both servers."""
    if not (both := pair.both()):
        return
    for name in (*TUNING, "load balance max seconds"):
        one, two = (peer.text(name) for peer in both)
        if one and two and one != two:
            sentence = f"{name} is {one} on {pair.primary.name} and {two} on {pair.secondary.name}"
            yield Problem(Role.SECONDARY, both[1].at(name), sentence, "Use the same value on both.")


_HBA = re.compile(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){31}")


def values(pair: Pair) -> Iterator[Problem]:
    """Each statement of a declaration has the value that dhcpd reads there: a number, an address, 32 bytes, or none."""
    for role, _, peer in pair.each():
        for name, node in peer.statements.items():
            if wanted := _other_value(name, node.words[len(name.split()) :]):
                sentence = f"`{' '.join(node.words)[:60]}`: {name} takes {wanted}; dhcpd does not start"
                yield Problem(role, node, sentence, f"Write `{name}{_EXAMPLES[wanted]};`.")


_NUMBER, _ADDRESS, _BYTES, _NONE = "one number", "one address", "32 bytes, as in ff:ff:00", "no value"
_EXAMPLES = {_NUMBER: " NUMBER", _ADDRESS: " ADDRESS", _BYTES: " BYTES", _NONE: ""}


def _other_value(name: str, words: tuple[str, ...]) -> str:
    """What is wanted instead; empty where it is right."""
    if name in {"primary", "secondary"}:
        return _NONE if words else ""
    if name in {"address", "peer address"}:
        return "" if len(words) == 1 else _ADDRESS
    if name == "hba":
        return "" if len(words) == 1 and _HBA.fullmatch(words[0]) else _BYTES
    return "" if len(words) == 1 and is_number(words[0]) else _NUMBER
