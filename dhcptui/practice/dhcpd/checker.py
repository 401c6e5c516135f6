"""`dhcpd -t`: what dhcpd 4.4.3 says about a configuration (server/confpars.c, common/parse.c)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from dhcptui.practice.dhcpd.lexer import END, NAME, NUMBER, STRING, Lexer
from dhcptui.practice.dhcpd.peer_checker import failover_peer
from dhcptui.practice.dhcpd.statements import (
    ALGORITHMS,
    BLOCKS,
    DDNS_UPDATE_STYLES,
    OPTIONS,
    PARAMETERS,
    PERMITTED,
    Argument,
)

BANNER = (
    "Internet Systems Consortium DHCP Server 4.4.3-P1",
    "Copyright 2004-2022 Internet Systems Consortium.",
    "All rights reserved.",
    "For info, please visit https://www.isc.org/software/dhcp/",
)
BUG_REPORT = (
    "",
    "If you think you have received this message due to a bug rather",
    "than a configuration issue please read the section on submitting",
    "bugs on either our web page at www.isc.org or in the README file",
    "before submitting a bug.  These pages explain the proper",
    "process and the information we find helpful for debugging.",
    "",
    "exiting.",
)
NO_DYNAMIC_BOOTP = (
    "range declarations where there is a failover",
    "peer in scope.   If you wish to declare an",
    "address range from which dynamic bootp leases",
    "can be allocated, please declare it within a",
    'pool declaration that also contains the "no',
    'failover" statement.   The failover protocol',
    "itself does not permit dynamic bootp - this",
    "is not a limitation specific to the ISC DHCP",
    "server.   Please don't ask me to defend this",
    "until you have read and really tried to understand",
    "the failover protocol specification.",
)

_NO_STATEMENT = "expecting a parameter or declaration"


def check(
    path: Path, leases: str = "/var/lib/dhcp/dhcpd.leases", pid_file: str = "/var/run/dhcpd.pid"
) -> tuple[int, list[str]]:
    """Exit status and the lines on stderr."""
    checker = _Checker()
    complaints = checker.said
    try:
        checker.read(path, top=True)
    except _Fatal as fatal:
        return 1, [*BANNER, *complaints, *fatal.lines, *BUG_REPORT]
    if checker.complaints:
        return 1, [*BANNER, *complaints, "Configuration file errors encountered -- exiting", *BUG_REPORT]
    if checker.omapi_key and checker.omapi_key not in checker.keys:
        return 1, [*BANNER, *complaints, f"OMAPI key {checker.omapi_key}: not found", *BUG_REPORT]
    complaints += [f"Config file: {path}", f"Database file: {leases}", f"PID file: {pid_file}"]
    unused = [name for name, balanced in checker.peers.items() if name not in checker.used]
    for name, balanced in checker.peers.items():
        if name in unused:
            complaints.append(
                f"ERROR: Failover peer, {name}, has no referring pools. "
                "You must refer to each peer in at least one pool declaration."
            )
        if not balanced:
            complaints.append(
                f"WARNING: load balancing will be disabled for failover peer, {name}, "
                "because its load balance max secs is 0"
            )
    if unused:
        return 1, [*BANNER, *complaints, "Failover configuration sanity check failed", *BUG_REPORT]
    return 0, [*BANNER, *complaints]


class _Fatal(Exception):  # an exit of dhcpd
    """dhcpd says this and exits."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


@dataclass
class _Scope:
    """What surrounds a statement: "" at the top, else the block's first word."""

    kind: str = ""
    subnet: ipaddress.IPv4Network | None = None
    netmask: str = ""
    peer: bool = False
    ranges: int = 0
    declared: bool = False
    """A declaration has been seen: dhcpd then no longer speaks of parameters."""


@dataclass
class _Checker:
    said: list[str] = field(default_factory=list)
    peers: dict[str, bool] = field(default_factory=dict)
    """Relationships, and whether they balance load."""
    used: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    omapi_key: str = ""
    complaints: int = 0

    def read(self, path: Path, *, top: bool = False, scope: _Scope | None = None) -> int:
        """The number of complaints about one file and its includes. Raises _Fatal."""
        try:
            text = path.read_text(errors="replace")
        except OSError as error:
            raise _Fatal(f"Can't open {path}: {error.strerror}") from error
        lexer = Lexer(text, str(path), self.said)
        scope = scope or _Scope()
        while lexer.peek().kind != END:
            self._statement(lexer, scope)
        self.complaints += lexer.complaints if top else 0
        return lexer.complaints

    def _block(self, lexer: Lexer, scope: _Scope) -> None:
        """What stands between the braces; the opening one is taken."""
        while True:
            token = lexer.peek()
            if token.kind == "}":
                lexer.next()
                return
            if token.kind == END:
                lexer.next()
                lexer.complain("unexpected end of file")
                return
            self._statement(lexer, scope)

    def _statement(self, lexer: Lexer, scope: _Scope) -> None:
        token = lexer.peek()
        if token.kind != NAME:
            lexer.refuse("expecting a declaration" if scope.declared else _NO_STATEMENT)
            return
        lexer.next()
        word = token.text.lower()
        if word == "include":
            self._include(lexer, scope)
        elif word == "failover":
            self._failover(lexer, scope)
        elif word == "key":
            self._key(lexer)
        elif word == "subnet":
            scope.declared = True
            self._subnet(lexer)
        elif word == "pool":
            self._pool(lexer, scope)
        elif word == "range":
            self._range(lexer, scope)
        elif word == "option":
            self._option(lexer)
        elif word in BLOCKS:
            scope.declared = True
            while lexer.peek().kind not in {"{", ";", END}:
                lexer.next()
            if lexer.next().kind == "{":
                self._block(lexer, _Scope(word, scope.subnet, scope.netmask, scope.peer))
        elif word in {"allow", "deny", "ignore"}:
            self._permit(lexer, scope)
        elif (argument := PARAMETERS.get(word)) is not None:
            self._parameter(lexer, word, argument)
        else:
            lexer.semicolon()

    # -- statements ------------------------------------------------------------------------------------------------

    def _include(self, lexer: Lexer, scope: _Scope) -> None:
        token = lexer.next()
        if token.kind != STRING:
            lexer.refuse("filename string expected.")
            return
        if self.read(Path(token.text), scope=scope):
            lexer.complain(f"{token.text}: bad parse.")
        lexer.semicolon()

    def _failover(self, lexer: Lexer, scope: _Scope) -> None:
        if not scope.kind:
            if (made := failover_peer(lexer, set(self.peers))) is not None:
                self.peers[made[0]] = made[1]
            return
        if lexer.next().text.lower() != "peer":
            lexer.refuse("expecting 'peer'.")
            return
        token = lexer.next()
        if token.kind != STRING:
            lexer.refuse("expecting string.")
            return
        if token.text in self.peers:
            self.used.add(token.text)
            scope.peer = True
        else:
            lexer.complain(f"failover peer {token.text}: not found")
        lexer.semicolon()

    def _key(self, lexer: Lexer) -> None:
        name = lexer.next().text
        self.keys.add(name)
        if lexer.next().kind != "{":
            lexer.refuse("expecting left brace")
            return
        while (token := lexer.next()).kind not in {"}", END}:
            if token.text.lower() == "secret" and not self._secret(lexer):
                return
            if token.text.lower() == "algorithm" and lexer.peek().text.lower() not in ALGORITHMS:
                self.said.append(f"Unable to create tsec structure for {name}")
            while lexer.peek().kind not in {";", "}", END}:
                lexer.next()
            if not lexer.semicolon():
                return

    @staticmethod
    def _secret(lexer: Lexer) -> bool:
        secret = lexer.peek()
        if secret.kind != STRING:
            return True
        bad = next((char for char in secret.text if not (char.isalnum() or char in "+/= \t")), None)
        if bad is None:
            return True
        lexer.next()
        lexer.peek()
        lexer.refuse(f"invalid base64 character {ord(bad)}.", 1)
        return False

    def _subnet(self, lexer: Lexer) -> None:
        network = lexer.address()
        if network is None:
            return
        if lexer.next().text.lower() != "netmask":
            lexer.refuse("Expecting netmask")
            return
        netmask = lexer.address()
        if netmask is None:
            return
        if lexer.next().kind != "{":
            lexer.refuse("expecting left brace.")
            return
        self._block(lexer, _Scope("subnet", _network(network, netmask), netmask))

    def _pool(self, lexer: Lexer, scope: _Scope) -> None:
        scope.declared = True
        if scope.kind not in {"subnet", "shared-network"}:
            lexer.refuse("pool declared outside of network")
            return
        if lexer.next().kind != "{":
            lexer.refuse("expecting left brace")
            return
        inner = _Scope("pool", scope.subnet, scope.netmask, scope.peer)
        self._block(lexer, inner)
        if not inner.ranges:
            lexer.complain("Pool declaration with no address range.")
            self.said += ["Pool declarations must always contain at least", "one range statement."]

    def _range(self, lexer: Lexer, scope: _Scope) -> None:
        scope.ranges += 1
        dynamic = lexer.peek().text.lower() == "dynamic-bootp"
        if dynamic:
            lexer.next()
        first = lexer.address()
        if first is None:
            return
        last = first
        if lexer.peek().kind == NUMBER:
            second = lexer.address()
            if second is None:
                return
            last = second
        if lexer.next().kind != ";":
            lexer.refuse("semicolon expected.")
            return
        if dynamic and scope.peer:
            lexer.complain("dynamic-bootp flag is not permitted for address")
            self.said += NO_DYNAMIC_BOOTP
        for each in (first, last):
            if scope.netmask and (scope.subnet is None or ipaddress.IPv4Address(each) not in scope.subnet):
                subnet = scope.subnet.network_address if scope.subnet else each.rpartition(".")[0] + ".0"
                raise _Fatal(f"bad range, address {each} not in subnet {subnet} netmask {scope.netmask}")

    def _option(self, lexer: Lexer) -> None:
        name = lexer.next()
        following = lexer.peek()
        if following.kind == ".":
            lexer.next()
            lexer.next()
        elif name.text.lower() not in OPTIONS and following.text.lower() != "code":
            lexer.refuse(f"unknown option dhcp.{name.text}")
            return
        if following.kind == NUMBER and name.text.lower() in OPTIONS:
            while True:
                if lexer.address(exact=False) is None:
                    return
                if lexer.peek().kind != ",":
                    break
                lexer.next()
            lexer.semicolon()
            return
        while lexer.peek().kind not in {";", "}", END}:
            lexer.next()
        lexer.semicolon()

    @staticmethod
    def _permit(lexer: Lexer, scope: _Scope) -> None:
        if scope.kind != "pool" and lexer.next().text.lower() not in PERMITTED:
            lexer.refuse("expecting allow/deny key")
            lexer.refuse("expecting a declaration" if scope.declared else _NO_STATEMENT)
            return
        while lexer.peek().kind == NAME or lexer.peek().kind == STRING:
            lexer.next()
        lexer.semicolon()

    def _parameter(self, lexer: Lexer, word: str, argument: Argument) -> None:
        if argument is Argument.NONE:
            lexer.semicolon()
            return
        if argument is Argument.NUMBER and lexer.next().kind != NUMBER:
            lexer.refuse("expecting number.")
            lexer.refuse(_NO_STATEMENT)
            return
        if argument is Argument.WORD:
            token = lexer.next()
            if word == "omapi-key":
                self.omapi_key = token.text
            elif word == "ddns-update-style" and token.text not in DDNS_UPDATE_STYLES:
                lexer.refuse("unknown value")
                lexer.refuse(_NO_STATEMENT)
                return
        if argument is Argument.REST:
            while lexer.peek().kind not in {";", "{", "}", END}:
                lexer.next()
        if not lexer.semicolon():
            lexer.refuse(_NO_STATEMENT)


def _network(address: str, netmask: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(f"{address}/{netmask}", strict=False)
    except ValueError:
        return None
