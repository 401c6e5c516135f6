"""Lint rules on the text itself: characters and statements that dhcpd cannot read. They see it as it was written."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.conf.lint.findings import Pair, Problem
from dhcptui.conf.odd_characters import HYPHENS, Odd, advice, meant
from dhcptui.conf.reader import Node
from dhcptui.conf.spelling import Unknown
from dhcptui.model.role import Role

SHOWN = 10
"""Of one kind on a server; the rest is counted."""
WORD_CHARACTERS = 60
_SECONDS = "load balance max seconds"


def odd_characters(pair: Pair) -> Iterator[Problem]:
    """Outside of strings and comments there is only ASCII: no other hyphen or quotation mark, no-break space, or byte order mark."""
    yield from _odd(pair, quoted=False, sentence="dhcpd does not read it")


def odd_in_strings(pair: Pair) -> Iterator[Problem]:
    """No string holds what cannot be seen or told from an ASCII hyphen: dhcpd takes it as it is, and compares bytes."""
    yield from _odd(pair, quoted=True, sentence="dhcpd takes it as it is")


def _odd(pair: Pair, *, quoted: bool, sentence: str) -> Iterator[Problem]:
    for role in Role:
        there = [each for node in pair[role].configuration.walk() for each in node.odd if each.quoted is quoted]
        for each in there[:SHOWN]:
            yield Problem(role, _at(each), f"{_place(each)}: {sentence}", _instead(each))
        if more := there[SHOWN:]:
            yield Problem(role, _at(more[0]), f"{len(more)} more lines of this kind begin here", "Write it in ASCII.")


def _at(each: Odd) -> Node:
    return Node((), None, each.file, each.line)


def _instead(each: Odd) -> str:
    """What to type, as a whole word where it stands in one."""
    word = meant(each.word).rstrip(";{}")
    typed = word.isascii() and word.strip("-") and each.characters[0] in HYPHENS
    return f"Type `{word}`, with ASCII's `-`." if typed else advice(each.characters)


def _place(each: Odd) -> str:
    return f"{each.named} in `{each.word}`" if each.word.strip(each.characters) else each.named


def misspelt(pair: Pair) -> Iterator[Problem]:
    """No statement and no option is misspelt: dhcpd does not start with one it does not know."""
    for role in Role:
        found = [each for each in pair[role].spelling.unknown if each.meant]
        for each in found[:SHOWN]:
            sentence = f"`{each.written[:WORD_CHARACTERS]}` is misspelt: dhcpd does not know it, and does not start"
            if each.meant == _SECONDS and "secs" in each.written.split():
                sentence += "; its own complaint asks for 'secs' there, and it reads `seconds` only"
            yield Problem(role, each.node, sentence, f"Did you mean `{each.meant}`?")
        yield from _more(role, found)


def unknown(pair: Pair) -> Iterator[Problem]:
    """Every statement and option is one that dhcpd 4.4 knows, or is defined in the configuration."""
    for role in Role:
        found = [each for each in pair[role].spelling.unknown if not each.meant]
        for each in found[:SHOWN]:
            option = each.written.lower().startswith("option ")
            name = each.written[len("option ") * option :][:WORD_CHARACTERS]
            sentence = f"dhcpd 4.4 has no {'option' if option else 'statement'} `{name}`"
            fix = f"Define it before: option {name} code N = TYPE;" if option else "Ask `dhcpd -t` on the server."
            yield Problem(role, each.node, sentence, fix)
        yield from _more(role, found)


def unfinished(pair: Pair) -> Iterator[Problem]:
    """Every statement ends with `;`: without it dhcpd reads the next one as a part of it, and does not start."""
    for role in Role:
        for each in pair[role].spelling.unfinished:
            one, hidden = (" ".join(node.words[:4])[:WORD_CHARACTERS] for node in (each.node, each.hidden))
            where = f" in line {each.hidden.line}" if each.hidden.line != each.node.line else ""
            sentence = f"`;` is missing after `{one}`: it swallows `{hidden}`{where}, and dhcpd does not start"
            yield Problem(
                role, each.node, sentence, f"Write `;` at the end of line {each.node.line}, before `{hidden}`."
            )
        for node in pair[role].configuration.walk():
            yield from (_unended(role, each) for each in node.unended)


def broken(pair: Pair) -> Iterator[Problem]:
    """Braces and quotation marks come in pairs: dhcpd does not start, and what stands behind is read by a guess."""
    for role in Role:
        for fault in pair[role].faults[:SHOWN]:
            node = Node((), None, fault.file, fault.line)
            sentence = f"{fault.what}; dhcpd does not start, and what follows was read as it may be meant"
            yield Problem(role, node, sentence, "Mend this first, and run lint again: other findings may come of it.")


def _unended(role: Role, node: Node) -> Problem:
    words = " ".join(node.words[-4:])[:WORD_CHARACTERS]
    return Problem(role, node, f"`;` is missing after `{words}`: dhcpd does not start", f"Write `{words};`.")


def no_such_file(pair: Pair) -> Iterator[Problem]:
    """Every file that is included exists: dhcpd does not start without it, and what stands in it is not known."""
    for role in Role:
        for node in pair[role].absent:
            sentence = (
                f"{node.words[1]} does not exist: dhcpd does not start without it, and what stands in it is not known"
            )
            inside = f" It is looked for in the chroot {pair[role].chroot}." if pair[role].chroot else ""
            yield Problem(role, node, sentence, f"Put the file there, or remove the include.{inside}")


def in_a_directory(pair: Pair) -> Iterator[Problem]:
    """What stands in an LDAP directory is not looked at: whether the two servers agree in it is not known."""
    for role in Role:
        if node := pair[role].directory:
            sentence = (
                f"`{node.words[0]}`: what stands in LDAP was not seen; whether both servers agree in it is not known"
            )
            yield Problem(
                role, node, sentence, "Compare it in the directory; `dhcpd -t` of a dhcpd built with LDAP reads it."
            )


def _more(role: Role, found: list[Unknown]) -> Iterator[Problem]:
    if more := found[SHOWN:]:
        sentence = f"{len(more)} more that dhcpd does not know begin here"
        yield Problem(role, more[0].node, sentence, "Ask `dhcpd -t` on the server.")
