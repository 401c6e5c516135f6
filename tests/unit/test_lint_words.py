"""Lint on the text: odd characters and unknown statements are found where they stand, and nothing is missing that is misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhcptui.cli.main import main
from dhcptui.conf.lint.findings import Finding, Pair, Severity, Subject
from dhcptui.conf.lint.rules import lint
from dhcptui.conf.reader import ConfParseError, parse
from dhcptui.conf.spelling import spelling
from dhcptui.model.role import Role
from tests.unit import dhcpd_words
from tests.unit.test_lint import BASE64, P, both, line_of, pair, text

HYPHEN, NO_BREAK, BOM = "\u2010", "\u00a0", "\ufeff"


def found(changes: dict[str, list[tuple[str, str]]]) -> list[tuple[str, int, str]]:
    """What is found on the primary, as rule, line and sentence."""
    return [(each.id, each.line, each.sentence) for each in lint(pair(changes)) if each.role is Role.PRIMARY]


@pytest.mark.parametrize(
    ("old", "new", "fragment", "named"),
    [
        ("max-response-delay", f"max{HYPHEN}response{HYPHEN}delay", "delay 60", "U+2010 (hyphen)"),
        ("split 128;", f"split 128;{NO_BREAK}", "split", "U+00A0 (no-break space)"),
        ("split 128;", f"split{NO_BREAK}128;", "split", "U+00A0 (no-break space)"),
        ('failover peer "foo" {', "failover peer \u201cfoo\u201d {", "failover peer \u201c", "U+201C (left double quotation mark), U+201D"),
        ('    failover peer "foo";', "    failover peer \u201cfoo\u201d;", "failover peer \u201c", "U+201C (left double quotation mark), U+201D"),
        ("authoritative;", "authoritative;\x1b", "authoritative", "U+001B (control character)"),
        ("authoritative;", "authoritative;\u200b", "authoritative", "U+200B (zero width space)"),
        ("authoritative;", "\ufffdauthoritative;", "authoritative", "no UTF-8"),
    ],
)  # fmt: skip
def test_odd_characters(old: str, new: str, fragment: str, named: str) -> None:
    """Found by name, at their line, and no other error with them: what they were meant to be is read."""
    changes = {P: [(old, new)]}
    (one,) = found(changes)
    assert one[:2] == ("L60", line_of(P, fragment, changes))
    assert named in one[2]


def test_what_may_stand_there() -> None:
    """Comments and strings hold any language; dhcpd's own white space is none of ours."""
    told = 'authoritative;\x0b\x0c\r # \u201cdéjà\u201d \u2010 \u00a0\noption domain-name "café.example";'
    assert not found(both("authoritative;", told))


def test_odd_in_a_string() -> None:
    """What nobody can see in a string is a warning: dhcpd sends it so."""
    domain = f'authoritative;\noption domain-name "a{HYPHEN}b.example";'
    assert [each[:2] for each in found(both("authoritative;", domain))] == [
        ("L61", line_of(P, "option domain-name", both("authoritative;", domain)))
    ]


def test_a_byte_order_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the file itself, and of one that it includes; line 1, with what to do."""
    (tmp_path / "key.conf").write_text(BOM + f"key omapi {{ algorithm hmac-sha256; secret {BASE64}; }}\n")
    for role in ("primary", "secondary"):
        whole = text(role).replace("omapi-port", f'include "{tmp_path}/key.conf";\nomapi-port')
        (tmp_path / f"{role}.conf").write_text((BOM if role == P else "") + whole)
    assert main(["lint", "--files", str(tmp_path / "primary.conf"), str(tmp_path / "secondary.conf")]) == 2
    said = capsys.readouterr().out
    assert f"L60  {tmp_path}/primary.conf:1: U+FEFF (byte order mark)" in said
    assert said.count(f"L60  {tmp_path}/key.conf:1: U+FEFF") == 2
    assert "without a byte order mark" in said


def test_a_closing_quotation_mark_of_another_kind() -> None:
    """The string has no end: what stands on its line is named."""
    with pytest.raises(ConfParseError, match=r"line 2: a string that is never closed"):
        parse('authoritative;\noption domain-name "x\u201d;\n', "f")


@pytest.mark.parametrize(
    ("old", "new", "fragment", "meant"),
    [
        ("  mclt 1800;", "  mlct 1800;", "mlct", "mclt"),
        ("  split 128;", "  splt 128;", "splt", "split"),
        ("  peer address", "  peer-address", "peer-address", "peer address"),
        ("  peer address", "  peer adress", "peer adress", "peer address"),
        ("  address 10.0.0.10;", "  adress 10.0.0.10;", "adress", "address"),
        ("load balance max seconds", "load balance max secs", "max secs", "load balance max seconds"),
        ("max-response-delay", "max response delay", "max response", "max-response-delay"),
        ("max-unacked-updates", "max_unacked_updates", "max_unacked", "max-unacked-updates"),
        ("  primary;", "  primery;", "primery", "primary"),
        ('failover peer "foo" {', 'failover pear "foo" {', "failover pear", "failover peer"),
        ('    failover peer "foo";', '    failover pere "foo";', "failover pere", "failover peer"),
        ("    range 10.0.0.100", "    rnge 10.0.0.100", "rnge", "range"),
        ("omapi-port 7911;", "omapi_port 7911;", "omapi_port", "omapi-port"),
        ("omapi-key omapi;", "omapikey omapi;", "omapikey", "omapi-key"),
        ("default-lease-time 3600;", "default-lease-tme 3600;", "lease-tme", "default-lease-time"),
        ("option routers", "option router", "option router ", "option routers"),
        ("option routers", "routers", "routers 10", "option routers"),
        ("max-lease-time 7200;", "option max-lease-time 7200;", "option max-lease-time", "max-lease-time"),
        ("subnet 10.0.0.0", "subnett 10.0.0.0", "subnett", "subnet"),
    ],
)
def test_misspelt(old: str, new: str, fragment: str, meant: str) -> None:
    """Told once, at its line, with the right spelling; and nothing is said to be missing, or to differ from the partner's."""
    changes = {P: [(old, new)]}
    everything = lint(pair(changes))
    (one,) = everything
    assert (one.id, one.role, one.line) == ("L62", Role.PRIMARY, line_of(P, fragment, changes))
    assert "misspelt" in one.sentence
    assert one.fix == (f"Did you mean `{meant}`?",)


def test_unknown() -> None:
    """Nothing is like it: a warning, since a dhcpd may have been built with it; what is in such a block is not judged."""
    told = 'authoritative;\nfrobnicate 3;\ngizmo "x" {\n  frob 3;\n}\noption wombat 1;'
    (one, two, three) = found(both("authoritative;", told))
    assert {one[0], two[0], three[0]} == {"L63"}
    assert "statement `frobnicate`" in one[2]
    assert "option `wombat`" in three[2]


@pytest.mark.parametrize("text_", [dhcpd_words.FOUR, dhcpd_words.SIX, dhcpd_words.LDAP])
def test_what_dhcpd_knows(text_: str) -> None:
    """Every kind of statement, definitions of one's own, vendor spaces, expressions: no alarm."""
    node = parse(text_, "f")
    read = spelling(node)
    assert [(each.node.line, each.written) for each in read.unknown] == []
    assert read.meant == node


def test_pools_that_stand_in_a_directory() -> None:
    """With LDAP the pools are not in the file: that none names the peer was not seen."""
    directory = 'authoritative;\nldap-server "ldap.example.org";\nldap-base-dn "dc=example,dc=org";'
    changes = {P: [("authoritative;", directory), ('    failover peer "foo";', "")]}
    assert not [each for each in found(changes) if each[0] in {"L21", "L63"}]


def test_a_file_of_another_kind() -> None:
    """Thousands of unknown statements are ten lines and a number, and soon done."""
    nonsense = "".join(f"zz{n} {n};\nmax-leese-tme {n};\n" for n in range(2000))
    there: list[Finding] = [
        each
        for each in lint(Pair("foo", Subject("dhcp1", parse(nonsense, "f")), pair({}).secondary))
        if each.id in {"L62", "L63"}
    ]
    assert len(there) == 22
    assert {each.severity for each in there} == {Severity.ERROR, Severity.WARNING}
