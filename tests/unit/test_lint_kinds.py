"""Lint on pairs as people have them (tests/data/lint): each kind has its right answer, and nothing else is said of it.

What dhcpd itself says of the same files, and of the small texts here, is asked in tests/lab/test_lint.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.conf.files import load
from dhcptui.conf.lint.findings import Expected, Finding, Pair, Severity, Subject
from dhcptui.conf.lint.rules import lint
from dhcptui.conf.reader import parse
from dhcptui.engine.lint_report import as_json, as_text
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_commands
from dhcptui.setup.read import from_files
from tests.unit.test_lint import POOL, P, S, both, line_of, pair, text

DATA = Path(__file__).parents[1] / "data" / "lint"
KINDS = sorted({path.name.split(".")[0] for path in DATA.glob("*.conf")})


def of_kind(kind: str) -> Pair:
    """A pair of tests/data/lint."""
    return asyncio.run(from_files(DATA / f"{kind}.primary.conf", DATA / f"{kind}.secondary.conf"))


def told(findings: tuple[Finding, ...], *severities: Severity) -> list[tuple[str, str, int]]:
    """Rule, server and line of the findings that bad."""
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return sorted(
        (each.id, each.role.value if each.role else "", each.line) for each in findings if each.severity in wanted
    )


ANSWERS: dict[str, list[tuple[str, str, int]]] = {
    # One relationship per interface, each server its own name server: nothing is wrong.
    "firewall-three-interfaces": [],
    # Both say secondary: one finding, and no port is to be mended on both.
    "firewall-both-secondary": [("L04", P, 14)],
    "old-spellings": [
        ("L12", P, 4), ("L12", P, 6), ("L12", S, 4), ("L12", S, 6), ("L40", P, 0), ("L40", S, 0),
        ("L62", P, 6), ("L62", P, 7), ("L62", P, 12), ("L62", S, 6), ("L62", S, 7), ("L62", S, 10),
    ],
    "pasted-from-the-web": [
        ("L40", P, 0), ("L40", S, 0), ("L60", P, 6), ("L60", P, 7), ("L60", P, 8), ("L60", P, 14),
        ("L60", S, 6), ("L60", S, 7), ("L60", S, 8), ("L60", S, 12),
    ],
    "declared-in-a-group": [("L13", S, 6), ("L28", P, 3), ("L28", S, 3), ("L40", P, 0), ("L40", S, 0)],
    # What stands in the directory is not known: neither a key nor a pool is missing.
    "directory": [],
    # Three of the hub's four relationships are with other servers.
    "hub-and-spokes": [],
    "hub-is-primary": [],
    # Old words, one `;` missing in front of a statement and one in front of a brace: all of it at once.
    "recipe-of-3-0": [
        ("L40", P, 0), ("L40", S, 0), ("L48", P, 2), ("L48", S, 2), ("L62", P, 13), ("L62", S, 11),
        ("L64", P, 16), ("L64", P, 21), ("L64", S, 14), ("L64", S, 19),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_errors_and_warnings_of_a_kind(kind: str) -> None:
    """All of them, with server and line, and no other."""
    assert told(lint(of_kind(kind))) == ANSWERS[kind]


def test_the_remarks_of_a_directory() -> None:
    """It is said that LDAP was not seen, on both servers; the report does not say that nothing was found."""
    whole = of_kind("directory")
    found = lint(whole)
    assert told(found, Severity.INFO) == [("L66", P, 1), ("L66", S, 1)]
    assert all("not known" in each.sentence for each in found)
    assert "nothing found" not in as_text("", whole, found)


def test_a_role_for_both_is_mended_on_one() -> None:
    """The fix makes one of them the primary, with what a primary needs and its partner's ports."""
    (error,) = [each for each in lint(of_kind("firewall-both-secondary")) if each.severity is Severity.ERROR]
    assert "both servers say `secondary;`" in error.sentence


def test_both_primary_names_what_goes_with_the_role() -> None:
    """The one that becomes the secondary loses split and mclt; equal ports stay as they are."""
    changes = {S: [("  secondary;", "  primary;\n  mclt 60; split 128;")]}
    (one,) = [each for each in lint(pair(changes)) if each.severity is Severity.ERROR]
    assert one.id == "L04"
    assert in_commands(one.fix, "x") == "Write `secondary;` here, without `split` and `mclt`."


def test_its_own_address_is_the_reason() -> None:
    """`peer address` equal to `address`: that is the fault, whatever the partner has, and the partner's address the cure."""
    (one,) = [each for each in lint(of_kind("declared-in-a-group")) if each.id == "L13"]
    assert "this server's own address" in one.sentence
    assert in_commands(one.fix, "x") == "Write `peer address 172.24.0.1;`."


def test_what_to_type() -> None:
    """The character by name, the word it stands in, and the word to type."""
    found = {each.line: each for each in lint(of_kind("pasted-from-the-web")) if each.role is Role.PRIMARY}
    assert "U+2013 (en dash) in `max–response–delay`" in found[7].sentence
    assert "Type `max-response-delay`" in in_commands(found[7].fix, "x")
    assert "Type `max-unacked-updates`" in in_commands(found[8].fix, "x")
    assert "U+00A0 (no-break space)" in found[6].sentence
    assert "quotation mark" in in_commands(found[14].fix, "x")


def test_who_was_not_compared() -> None:
    """The hub's other relationships are named: their partners' files were not read."""
    whole = of_kind("hub-and-spokes")
    shown = as_text("", whole, lint(whole))
    assert "'east', 'west', 'south'" in shown
    assert as_json("x", whole, ())["peers_with_others"] == ["east", "west", "south"]


def test_a_hub_that_dhcpd_refuses() -> None:
    """A relationship with a third server that is wrong by itself keeps the whole dhcpd from starting."""
    whole = of_kind("hub-and-spokes")
    wrong = (
        (DATA / "hub-and-spokes.secondary.conf")
        .read_text()
        .replace('failover peer "west" {\n    secondary;', 'failover peer "west" {\n    secondary; split 128;')
    )
    found = lint(Pair("north", whole.primary, Subject("hub", parse(wrong, "hub.conf"))))
    (one,) = [each for each in found if each.severity is Severity.ERROR]
    assert (one.id, one.sentence) == ("L09", "failover peer 'west': split may stand on the primary only")


def test_a_hub_that_differs_where_both_serve() -> None:
    """What the hub says of the spoke's own network is compared, wherever it stands."""
    whole = of_kind("hub-and-spokes")
    for old, new, rule in (
        ('option domain-name "north.example";', "", "L31"),
        ("option routers 172.27.1.1;", "option routers 172.27.1.254;", "L31"),
        ("fixed-address 172.27.1.9", "fixed-address 172.27.1.8", "L32"),
        ('allow members of "phones"; range 172.27.1.100', "range 172.27.1.100", "L33"),
    ):
        wrong = (DATA / "hub-and-spokes.secondary.conf").read_text().replace(old, new, 1)
        found = lint(Pair("north", whole.primary, Subject("hub", parse(wrong, "hub.conf"))))
        assert rule in {each.id for each in found if each.severity is Severity.WARNING}, old


def test_one_name_for_two_partners() -> None:
    """Both declare `spare` with a third server each: they are two relationships, and nothing of them must fit."""
    changes = {}
    for role, own, third in ((P, "10.0.7.1", "10.0.7.2"), (S, "10.0.8.1", "10.0.8.2")):
        rest = "primary; mclt 60; split 128;" if role == P else "secondary;"
        net = own.rpartition(".")[0]
        tail = (
            f'failover peer "spare" {{ {rest} address {own}; peer address {third}; max-response-delay 60;'
            " max-unacked-updates 10; load balance max seconds 3; }\n"
            f'subnet {net}.0 netmask 255.255.255.0 {{ pool {{ failover peer "spare"; range {net}.9 {net}.99; }} }}\n'
        )
        changes[role] = [("authoritative;", "authoritative;\n" + tail)]
    assert told(lint(pair(changes))) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("option domain-name-servers 10.0.0.53, 10.0.0.54;", "option domain-name-servers 10.0.0.54, 10.0.0.53;"),
        ("option domain-name-servers 10.0.0.10;", "option domain-name-servers 10.0.0.20;"),
        ("option domain-name-servers 10.0.0.10, 10.0.0.20;", "option domain-name-servers 10.0.0.20, 10.0.0.10;"),
        ("option ntp-servers 10.0.0.10;", "option ntp-servers 10.0.0.20;"),
        ("next-server 10.0.0.10;", "next-server 10.0.0.20;"),
        ('option v4-captive-portal "http://10.0.0.10/";', 'option v4-captive-portal "http://10.0.0.20/";'),
        ("server-identifier 10.0.0.10;", "server-identifier 10.0.0.20;"),
        ("option dhcp-server-identifier 10.0.0.10;", "option dhcp-server-identifier 10.0.0.20;"),
        ("option own-thing code 201 = text;", ""),
    ],
)
def test_what_rightly_differs(one: str, two: str) -> None:
    """The order of servers, each server itself, what a server says of itself, a definition that nobody uses: silence."""
    changes = {
        P: [("authoritative;", f"authoritative;\n{one}")], S: [("authoritative;", f"authoritative;\n{two}")]
    }  # fmt: skip
    assert lint(pair(changes)) == ()


def test_other_servers_are_a_remark() -> None:
    """Each with a name server near to it: worth knowing, no alarm; one that has none at all is a warning."""
    line = "authoritative;\noption domain-name-servers 10.0.1.{};"
    changes = {P: [("authoritative;", line.format(53))], S: [("authoritative;", line.format(54))]}
    assert [(each.id, each.severity) for each in lint(pair(changes))] == [("L38", Severity.INFO)]
    assert told(lint(pair({P: changes[P]}))) == [("L31", P, line_of(P, "domain-name-servers", {P: changes[P]}))]


def test_the_same_said_elsewhere() -> None:
    """Globally on one server, in the subnet on the other: clients get the same."""
    changes = {
        P: [("authoritative;", 'authoritative;\noption domain-name "x";')],
        S: [("  pool {", '  option domain-name "x";\n  pool {')],
    }
    assert lint(pair(changes)) == ()


SUBNET = "subnet 10.0.0.0 netmask 255.255.255.0 {"
REFUSED = [
    # rule, what is changed, a fragment of the line where it is found, a part of its sentence or fix
    ("L28", 'authoritative;', 'authoritative;\nfailover peer "foo";', 'failover peer "foo";', "outside of any network"),
    ("L28", SUBNET, SUBNET + '\n  failover peer "foo";', '  failover peer "foo";', "inside of subnet 10.0.0.0"),
    ("L28", SUBNET, "pool { range 10.0.0.20 10.0.0.30; }\n" + SUBNET, "pool { range", "a pool stands outside of any network"),
    ("L29", "range 10.0.0.100 10.0.0.200", "range 10.0.1.100 10.0.1.200", "range 10.0.1", "outside of 10.0.0.0/24"),
    ("L29", "range 10.0.0.100 10.0.0.200", "range 10.0.0.100 10.0.1.7", "range 10.0.0", "outside of 10.0.0.0/24"),
    ("L29", "range 10.0.0.100", "range 10.0.0.150 10.0.0.160;\n    range 10.0.0.100", "range 10.0.0.100", "10.0.0.150-10.0.0.160"),
    ("L29", "  pool {", "  pool { deny unknown-clients; }\n  pool {", "pool { deny", "has no range"),
    ("L20", POOL, "failover peer foo;\n", "failover peer foo;", "without quotation marks"),
    ("L29", "range 10.0.0.100 10.0.0.200", "range 10.0.0.100-10.0.0.200", "range 10.0.0.100", "is no range"),
    ("L29", "range 10.0.0.100 10.0.0.200", "range 10.0.0.100 to 10.0.0.200", "range 10.0.0.100", "is no range"),
    ("L29", "range 10.0.0.100 10.0.0.200", "range 10.0.0.100, 10.0.0.200", "range 10.0.0.100", "is no range"),
    ("L29", SUBNET, "subnet 10.0.0.1 netmask 255.255.255.0 {", "subnet 10.0.0.1", "is no subnet"),
    ("L29", SUBNET, "subnet 10.0.0.0/24 {", "subnet 10.0.0.0/24", "is no subnet"),
    ("L68", "  max-response-delay 60;", "  max-response-delay 60s;", "max-response-delay", "takes one number"),
    ("L68", "  port 647;\n  peer", "  port 647 648;\n  peer", "port 647 648", "takes one number"),
    ("L68", "  load balance max seconds 3;", "  load balance max seconds three;", "load balance", "takes one number"),
    ("L67", POOL, POOL + '    allow members of "own";\n', "allow members", "class 'own' is not defined"),
    ("L67", POOL, POOL + '    deny members of "own";\n    range 10.0.0.9;\n  }\n  class "own" { match hardware; }\n  pool {\n    ' + POOL, "deny members", "further down"),
    ("L67", "authoritative;", 'authoritative;\nsubclass "own" 1:0:0:0:0:0:1;', "subclass", "class 'own' is not defined"),
    ("L67", "authoritative;", "authoritative;\nzone x. { primary 127.0.0.1; key own; }", "zone", "key 'own' is not defined"),
    ("L67", "authoritative;", "authoritative;\nhost a { }\ngroup { host b { } host c { }\nhost a { } }", "host a { } }", "stands at primary.conf:"),
    ("L64", "authoritative;", "authoritative", "authoritative", "`;` is missing after `authoritative`"),
    ("L64", "max-lease-time 7200;", "max-lease-time 7200", "max-lease-time", "swallows `"),
    ("L64", "  max-response-delay 60;", "  max-response-delay 60", "max-response-delay", "swallows `max-unacked-updates 10`"),
    ("L64", "  max-response-delay 60;\n", "  max-response-delay 60 ", "max-response-delay", "swallows `max-unacked-updates 10`"),
    ("L64", "option routers 10.0.0.1;", "option routers 10.0.0.1", "option routers", "before `pool`"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new", "fragment", "words"), REFUSED)
def test_what_dhcpd_refuses(rule: str, old: str, new: str, fragment: str, words: str) -> None:
    """Found once, where it stands, as something that dhcpd refuses; what a missing `;` hides is read, and not missed elsewhere."""
    found = [
        each for each in lint(pair(both(old, new))) if each.severity is not Severity.INFO and each.role is Role.PRIMARY
    ]
    (one,) = [each for each in found if each.id == rule]
    assert one.line == line_of(P, fragment, both(old, new))
    assert words in one.sentence + in_commands(one.fix, "x")
    assert one.refused
    assert found == [one]


def test_a_missing_semicolon_hides_nothing() -> None:
    """A fault in the statement behind it is found as well, at its own line."""
    changes = {S: [("  max-response-delay 60;\n", "  max-response-delay 60\n  peer port 999;\n")]}
    assert {("L13", S, line_of(S, "peer port 999", changes)), ("L64", S, line_of(S, "max-response", changes))} == set(
        told(lint(pair(changes)))
    )


@pytest.mark.parametrize(
    "text_",
    [
        "option domain-name-servers 10.0.0.1,\n  10.0.0.2;",
        "option domain-search\n  \"option\",\n  \"pool\";",
        "class \"c\" { match if\n  option host-name = \"x\"; }",
        "class \"c\" { match\n  hardware; }",
        "if exists agent.circuit-id and\n  not exists user-class\n{ filename \"x\"; }",
        "on commit\n{ set x =\n  option\n  host-name;\n log(info,\n  option host-name); }",
        "switch (option host-name) {\n case \"a\":\n  option root-path \"/a\";\n default:\n  option root-path \"/b\"; }",
        "shared-network s\n{ subnet 10.9.0.0\n netmask 255.255.255.0\n{\n} }",
        "filename\n  \"pool\";",
        "key k {\n algorithm\n hmac-sha256;\n secret\n YQ==; }",
        "option thing code 201 = array of {\n  ip-address,\n  text };",
    ],
)  # fmt: skip
def test_statements_of_several_lines(text_: str) -> None:
    """A statement may go on in the next line, whatever word that begins with."""
    found = lint(Pair("", Subject("a", parse(text_, "a")), Subject("b", parse(text_, "b"))))
    assert [each for each in found if each.id == "L64"] == []


def test_two_relationships_with_one_partner_address() -> None:
    """dhcpd tells who calls by the address: the second one never connects."""
    changes = {}
    for role in (P, S):
        own = text(role)
        block = own[own.index('failover peer "foo" {') : own.index("}", own.index('failover peer "foo" {')) + 1]
        more = block.replace("foo", "bar").replace("647", "648")
        pool = 'subnet 10.9.0.0 netmask 255.255.255.0 { pool { failover peer "bar"; range 10.9.0.9 10.9.0.99; } }'
        changes[role] = [("authoritative;", f"authoritative;\n{more}\n{pool}")]
    assert {each[:2] for each in told(lint(pair(changes)))} == {("L70", P), ("L70", S)}


def test_every_relationship_has_the_same_ranges() -> None:
    """Also those that were not asked for."""
    whole = of_kind("firewall-three-interfaces")
    wrong = (DATA / "firewall-three-interfaces.secondary.conf").read_text()
    wrong = wrong.replace("range 172.20.12.50 172.20.12.250", "range 172.20.12.50 172.20.12.199")
    found = lint(Pair("dhcp_lan", whole.primary, Subject("dhcp2", parse(wrong, "s.conf"))))
    assert [(each.id, each.role) for each in found if each.severity is Severity.ERROR] == [("L22", Role.PRIMARY)]


def test_a_pool_of_another_relationship() -> None:
    """Two pools exchanged between two relationships are told once each."""
    whole = of_kind("firewall-three-interfaces")
    wrong = (DATA / "firewall-three-interfaces.secondary.conf").read_text()
    wrong = wrong.replace('failover peer "dhcp_opt3";', 'failover peer "dhcp_opt7";', 1)
    found = lint(Pair("dhcp_lan", whole.primary, Subject("dhcp2", parse(wrong, "s.conf"))))
    assert [(each.id, each.role) for each in found if each.severity is Severity.ERROR] == [
        ("L23", Role.SECONDARY), ("L21", Role.SECONDARY)
    ]  # fmt: skip


def fixes(whole: Pair, *, platform: str = "") -> dict[str, str]:
    """The fix of each rule that found something on the primary."""
    one = replace(whole.primary, platform=platform)
    found = lint(Pair(whole.peer, one, whole.secondary))
    return {each.id: in_commands(each.fix, "x") for each in found if each.role is Role.PRIMARY}


def test_no_edit_of_a_firewalls_file() -> None:
    """A firewall is known by what it writes: what is wrong is set in its own words, and its own habits are nobody's fault."""
    found = fixes(of_kind("firewall-both-secondary"))
    assert set(found) == {"L04", "L46"}
    assert all(each.startswith("OPNsense writes this file, an edit of it is lost") for each in found.values())
    assert "advskew" in found["L04"]
    assert "Write `" not in found["L04"]
    assert lint(of_kind("firewall-three-interfaces")) == ()


def test_no_edit_where_the_configuration_names_the_platform() -> None:
    """By `platform`, whatever the file looks like; for what no page is known it is the GUI; another platform is edited."""
    whole = pair({P: [("peer port 647", "peer port 674"), ("ddns-update-style none", "ddns-update-style ad-hoc")]})
    assert fixes(whole, platform="debian")["L13"] == "Write `peer port 647;`."
    for platform, name in (("pfsense", "pfSense"), ("opnsense", "OPNsense")):
        found = fixes(whole, platform=platform)
        assert found["L13"].startswith(f"{name} writes this file, an edit of it is lost: set the failover peer IP")
        assert found["L48"] == f"{name} writes this file, an edit of it is lost: set it in the GUI."
    assert fixes(of_kind("firewall-both-secondary"), platform="debian")["L04"].startswith("Write `primary;`")


def test_restarted_in_the_words_of_the_platform() -> None:
    """No sync + restart there; dhcptui's own configuration is edited as anywhere."""
    whole = pair({})
    facts = replace(whole.primary, started=1000, changed={"primary.conf": 1060}, expected=Expected(9991, "omapi"))
    found = fixes(Pair("foo", facts, whole.secondary), platform="opnsense")
    assert found["L53"] == "Restart dhcpd by `configctl dhcpd restart`."
    assert found["L41"] == "Set `omapi_port = 7911` in dhcptui's configuration."


@pytest.mark.parametrize("platform", ["debian", "opnsense"])
def test_nothing_is_restarted_into_what_dhcpd_refuses(platform: str) -> None:
    """A file that was changed and is wrong: the dhcpd that runs is the last one that will."""
    whole = pair({})
    facts = replace(whole.primary, started=1000, changed={"primary.conf": 1060}, test="primary.conf line 3: expected ;")
    found = fixes(Pair("foo", facts, whole.secondary), platform=platform)
    assert found["L53"] == "First correct what `dhcpd -t` refuses: a dhcpd that is restarted now does not start."


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("# This file was built using fmDHCP 4.2", "facileManager"),
        ("# This file is managed by Puppet; do not edit", "Puppet"),
        ("#\n# {{ ansible_managed }}\n# Ansible managed: edits will be overwritten", "Ansible"),
        ("# ******\n# Cobbler managed dhcpd.conf file\n# generated from cobbler dhcp.conf template", "Cobbler"),
        ("# Warning: This file is auto-generated and might be overwritten by\n#          univention-config-registry.", "Univention Configuration Registry"),
        ("# Automatically generated. Do not edit!", "a program"),
    ],
)  # fmt: skip
def test_no_edit_of_what_a_program_writes(head: str, name: str) -> None:
    """The comment that the file begins with says so: it is changed there, to what it should be."""
    conf = text(P).replace("peer port 647", "peer port 674")
    whole = Pair("foo", Subject("dhcp1", parse(f"{head}\n\n{conf}", "primary.conf")), pair({}).secondary)
    assert fixes(whole)["L13"] == (
        f"{name} writes this file, an edit of it is lost; change it there. Write `peer port 647;`."
    )


@pytest.mark.parametrize(
    "head",
    [
        "# Sample configuration file for ISC dhcpd\n#\n# Attention: If /etc/ltsp/dhcpd.conf exists, that will be used",
        "# dhcpd.conf\n# edited by hand, do as you like",
        "# The primary: only what differs between the two servers.",
    ],
)
def test_an_edit_of_what_people_write(head: str) -> None:
    """Comments of other kinds say nothing of a program; nor does one further down."""
    conf = (
        text(P)
        .replace("peer port 647", "peer port 674")
        .replace("authoritative;", "# generated by a program\nauthoritative;")
    )
    whole = Pair("foo", Subject("dhcp1", parse(f"{head}\n\n{conf}", "primary.conf")), pair({}).secondary)
    assert fixes(whole)["L13"] == "Write `peer port 647;`."


async def test_an_included_file_of_ones_own() -> None:
    """What a program writes and what it includes are two files: the one is changed there, the other one is edited."""
    conf = (
        text(P)
        .replace("authoritative;", 'include "/own.conf";\nauthoritative;')
        .replace("peer port 647", "peer port 674")
    )
    files = {
        "/d.conf": f"# Automatically generated, do not edit\n{conf}",
        "/own.conf": "# mine\nddns-update-style ad-hoc;\n",
    }

    async def read(path: str) -> str:
        return files[path]

    whole = Pair("foo", Subject("dhcp1", await load(read, "/d.conf")), pair({}).secondary)
    found = fixes(whole)
    assert found["L13"].startswith("a program writes this file")
    assert found["L48"] == "Write `ddns-update-style none;`, or standard."


def test_a_dhcpd_without_ldap() -> None:
    """Its own refusal is told as what it is: this dhcpd cannot read such a file, and another one can."""
    whole = of_kind("directory")
    refused = replace(whole.primary, test="/etc/dhcp/dhcpd.conf line 1: semicolon expected.")
    (one,) = [each for each in lint(replace(whole, primary=refused)) if each.severity is Severity.ERROR]
    assert one.id == "L50"
    assert "built with LDAP reads `ldap-server`" in in_commands(one.fix, "x")


def test_a_range_where_dhcpd_takes_none() -> None:
    """In a block of another kind: nobody falls over it."""
    odd = both("authoritative;", "authoritative;\nif exists host-name { pool { range 10.0.0.20 10.0.0.30; } }")
    assert lint(pair(odd))


@pytest.mark.parametrize(
    ("old", "new"), [("mclt 1800;", "mclt 30m;"), ("split 128;", "split half;"), ("split 128;", "hba ff:ff;")]
)
def test_a_value_of_another_kind(old: str, new: str) -> None:
    """It is called so, and not missing."""
    (one,) = lint(pair({P: [(old, new)]}))
    assert (one.id, one.line, one.refused) == ("L68", line_of(P, new, {P: [(old, new)]}), True)


def test_a_network_of_ones_own() -> None:
    """A subnet in which nobody gets an address, on one server only, is no difference; with a reservation in it it is one."""
    own = "authoritative;\nsubnet 10.7.0.0 netmask 255.255.255.0 { option routers 10.7.0.1; deny unknown-clients; }"
    assert lint(pair({P: [("authoritative;", own)]})) == ()
    alone = own.replace("deny unknown-clients;", "range 10.7.0.20 10.7.0.30;")
    assert lint(pair({P: [("authoritative;", alone)]})) == ()
    several = alone.replace("subnet", "shared-network s { option routers 10.7.0.1; subnet") + " }"
    assert lint(pair({P: [("authoritative;", several)]})) == ()
    host = "\nhost a { hardware ethernet 0:0:0:0:0:1; fixed-address 10.7.0.9; }"
    found = lint(pair({P: [("authoritative;", own + host)], S: [("authoritative;", "authoritative;" + host)]}))
    assert {each.id for each in found} == {"L31", "L33"}


def test_dhcpds_own_words_mislead() -> None:
    """confpars.c asks for 'secs' where its lexer knows `seconds` only: who has read that is told."""
    found = [each for each in lint(of_kind("old-spellings")) if each.line == 12]
    assert "asks for 'secs' there, and it reads `seconds` only" in found[0].sentence
