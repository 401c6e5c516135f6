"""A failover declaration as dhcpd 4.4.3 checks it (server/confpars.c, parse_failover_peer)."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.practice.dhcpd.lexer import NAME, NUMBER, STRING, Lexer, Token

_NUMBERS = frozenset(
    {
        "max-lease-misbalance", "max-lease-ownership", "max-balance", "min-balance", "auto-partner-down",
        "max-response-delay", "max-unacked-updates", "mclt",
    }
)  # fmt: skip
_BALANCE_IS_PRIMARYS = "secondary may not define load balance settings."


@dataclass
class _Peer:
    secondary: bool = False
    hba: bool = False
    mclt: bool = False
    address: bool = False
    balances: bool = False


def failover_peer(lexer: Lexer, known: set[str]) -> tuple[str, bool] | None:
    """The name and whether it balances load; None for a declaration that is not taken."""
    if lexer.next().text != "peer":
        lexer.refuse('expecting "peer"')
        return None
    name = lexer.next()
    if name.kind not in {NAME, STRING}:
        lexer.refuse("expecting failover peer name.")
        return None
    if lexer.next().kind != "{":
        lexer.refuse("expecting left brace")
    if name.text in known:
        lexer.refuse(f"redeclaration of failover peer {name.text}", 1)
        return None
    peer = _Peer()
    while True:
        token, of_partner = lexer.next(), False
        if token.text == "peer":
            token, of_partner = lexer.next(), True
        if token.kind == "}":
            break
        if not _statement(lexer, peer, token, of_partner):
            return None
        if not lexer.semicolon():
            lexer.skip(1)
            return None
    if not peer.address:
        lexer.complain("peer address may not be omitted")
    if not peer.secondary and not peer.hba:
        lexer.complain("primary failover server must have hba or split.")
    elif not peer.secondary and not peer.mclt:
        lexer.complain("primary failover server must have mclt.")
    return name.text, peer.balances


def _statement(lexer: Lexer, peer: _Peer, token: Token, of_partner: bool) -> bool:
    """Up to its semicolon. False: the declaration is given up."""
    word = token.text.lower()
    if word in {"primary", "secondary"}:
        peer.secondary = word == "secondary"
        if peer.secondary and peer.hba:
            lexer.complain(_BALANCE_IS_PRIMARYS)
    elif word == "address":
        _address(lexer)
        peer.address = peer.address or of_partner
    elif word == "port":
        if lexer.next().kind != NUMBER:
            lexer.refuse("expecting number", 1)
    elif word in _NUMBERS:
        if lexer.next().kind != NUMBER:
            lexer.refuse("expecting number.", 1)
            return False
        peer.mclt = peer.mclt or word == "mclt"
    elif word == "split":
        return _split(lexer, peer)
    elif word == "hba":
        return _hba(lexer, peer)
    elif word == "load":
        for wanted, kind in (("balance", "'balance'"), ("max", "'max'"), ("seconds", "'secs'")):
            if lexer.next().text.lower() != wanted:
                lexer.refuse(f"expecting {kind}", 1)
                return True
        if (seconds := lexer.next()).kind != NUMBER:
            lexer.refuse("expecting number", 1)
        else:
            peer.balances = int(seconds.text) > 0
    else:
        lexer.refuse("invalid statement in peer declaration", 1)
        return False
    return True


def _address(lexer: Lexer) -> None:
    """Four numbers, or a host name."""
    if lexer.peek().kind == NUMBER:
        if lexer.address() is None:
            lexer.next()
        return
    while lexer.peek().kind in {NUMBER, NAME, "."}:
        lexer.next()


def _split(lexer: Lexer, peer: _Peer) -> bool:
    token = lexer.next()
    if peer.secondary:
        lexer.complain(_BALANCE_IS_PRIMARYS)
    if token.kind != NUMBER:
        lexer.refuse("expecting number", 1)
        return False
    if int(token.text) > 256:
        lexer.complain("split must be between 0 and 256, inclusive")
    else:
        peer.hba = True
    return True


def _hba(lexer: Lexer, peer: _Peer) -> bool:
    """32 bytes in hex with colons between."""
    if peer.secondary:
        lexer.complain(_BALANCE_IS_PRIMARYS)
    for index in range(32):
        if index and lexer.peek().kind != ":":
            token = lexer.next()
            lexer.complain("too few numbers.")
            if token.kind != ";":
                lexer.skip()
            lexer.skip(1)
            return False
        if index:
            lexer.next()
        lexer.next()
    peer.hba = True
    return True
