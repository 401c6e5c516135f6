"""Lint: each planted fault is found with server, file and line; what is right is left in peace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dhcptui.cli.main import main
from dhcptui.conf.lint.findings import Expected, Finding, Pair, Severity, Subject
from dhcptui.conf.lint.rules import REFUSED, RULES, common_peer, lint, worst
from dhcptui.conf.reader import parse
from dhcptui.conf.scaffold import Key, Scaffold
from dhcptui.engine.lint_report import as_json, as_text, exit_code
from dhcptui.logs.complaints import complaint
from dhcptui.model.lint_rules import RULE_IDS
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_commands

BASE64 = "c2VjcmV0IHNlY3JldCBzZWNyZXQ="
SCAFFOLD = Scaffold(
    "foo",
    "10.0.0.10",
    "10.0.0.20",
    "10.0.0.0/24",
    ("10.0.0.100", "10.0.0.200"),
    key=Key("omapi", "hmac-sha256", BASE64),
    routers=("10.0.0.1",),
)
INCLUDES = {
    'include "/etc/dhcp/shared/master.conf";': SCAFFOLD.master_conf(),
    'include "/etc/dhcp/shared/omapi-key.conf";': SCAFFOLD.key_conf(),
}


def text(role: str) -> str:
    """A server's configuration in one file."""
    whole = SCAFFOLD.dhcpd_conf(role)
    for include, content in INCLUDES.items():
        whole = whole.replace(include, content)
    return whole


def pair(changes: dict[str, list[tuple[str, str]]], peer: str = "foo") -> Pair:
    """The scaffold's pair with replacements by role; each must hit exactly one place."""
    subjects = []
    for role in ("primary", "secondary"):
        conf = text(role)
        for old, new in changes.get(role, []):
            assert conf.count(old) == 1, (role, old)
            conf = conf.replace(old, new)
        subjects.append(Subject("dhcp1" if role == "primary" else "dhcp2", parse(conf, f"{role}.conf")))
    return Pair(peer, subjects[0], subjects[1])


def both(old: str, new: str) -> dict[str, list[tuple[str, str]]]:
    """The same change on both servers."""
    return {"primary": [(old, new)], "secondary": [(old, new)]}


def line_of(role: str, fragment: str, changes: dict[str, list[tuple[str, str]]]) -> int:
    """Where the first line with this fragment stands after the changes."""
    conf = text(role)
    for old, new in changes.get(role, []):
        conf = conf.replace(old, new)
    return conf[: conf.index(fragment)].count("\n") + 1


P, S = "primary", "secondary"
POOL = 'failover peer "foo";\n'
FAULTS: list[tuple[str, dict[str, list[tuple[str, str]]], str, str]] = [
    # id, what is changed, the server where it is found, a fragment of the line where it is found
    ("L01", {S: [('failover peer "foo" {', 'failover peer "Foo" {')]}, S, 'failover peer "Foo" {'),
    ("L01", {S: [('failover peer "foo" {', 'failover peer "bar" {')]}, S, 'failover peer "bar" {'),
    ("L02", {P: [('failover peer "foo" {', 'failover peer "foo" { primary; }\nfailover peer "foo" {')]}, P, 'foo" {\n'),
    ("L03", {S: [("  secondary;\n", "")]}, S, 'failover peer "foo" {'),
    ("L04", {S: [("  secondary;", "  primary;\n  mclt 60; split 128;")]}, S, "  primary;"),
    ("L04", {P: [("  primary;", "  secondary;")]}, P, "  secondary;"),
    ("L05", {P: [("  primary;", "  secondary;")], S: [("  secondary;", "  primary;")]}, P, "  secondary;"),
    ("L06", {P: [("  mclt 1800;\n", "")]}, P, 'failover peer "foo" {'),
    ("L06", {P: [("  split 128;\n", "")]}, P, 'failover peer "foo" {'),
    ("L07", {P: [("split 128;", "split 257;")]}, P, "split 257"),
    ("L08", {S: [("  secondary;", "  secondary;\n  mclt 1800;")]}, S, "mclt 1800"),
    ("L09", {S: [("  secondary;", "  split 128;\n  secondary;")]}, S, "split 128"),
    ("L10", {P: [("  address 10.0.0.10;\n", "")]}, P, 'failover peer "foo" {'),
    ("L11", {S: [("  peer address 10.0.0.10;\n", "")]}, S, 'failover peer "foo" {'),
    ("L12", {S: [("  peer address 10.0.0.10;", "  peer address dhcp1.example.org;")]}, S, "dhcp1.example.org"),
    ("L12", {P: [("  address 10.0.0.10;", "  address dhcp1;")]}, P, "address dhcp1"),
    ("L13", {P: [("  peer address 10.0.0.20;", "  peer address 10.0.0.21;")]}, P, "10.0.0.21"),
    ("L13", {S: [("  peer address 10.0.0.10;", "  peer address 10.0.0.20;")]}, S, "peer address 10.0.0.20"),
    ("L13", {S: [("  port 647;\n  peer address", "  port 519;\n  peer address")]}, P, "peer port 647"),
    ("L14", {S: [("  load balance max seconds 3;\n", "")]}, S, 'failover peer "foo" {'),
    ("L14", {P: [("max seconds 3;", "max seconds 0;")]}, P, "max seconds 0"),
    ("L15", both("  port 647;\n  peer address", "  port 647;\n  auto-partner-down 60;\n  peer address"), S, "auto-partner-down"),
    ("L16", {P: [("  primary;", "  primary;\n  auto-partner-down 60;")]}, P, "auto-partner-down"),
    ("L17", {S: [("  max-response-delay 60;\n", "")]}, S, 'failover peer "foo" {'),
    ("L18", {S: [("max-unacked-updates 10", "max-unacked-updates 20")]}, S, "max-unacked-updates 20"),
    ("L20", {S: [(POOL, 'failover peer "fo";\n')]}, S, 'failover peer "fo";'),
    ("L21", {P: [(POOL, "\n")]}, P, 'failover peer "foo" {'),
    ("L22", {S: [("range 10.0.0.100 10.0.0.200", "range 10.0.0.100 10.0.0.180")]}, P, "range 10.0.0.100"),
    ("L22", {S: [("range 10.0.0.100 10.0.0.200", "range 10.0.0.90 10.0.0.200")]}, S, "range 10.0.0.90"),
    ("L23", {S: [(POOL, "\n")]}, S, "range 10.0.0.100"),
    ("L24", both("  pool {", "  pool { range 10.0.0.50 10.0.0.60; }\n  pool {"), S, "range 10.0.0.50"),
    ("L24", both("  pool {", "  range 10.0.0.50 10.0.0.60;\n  pool {"), S, "range 10.0.0.50"),
    ("L25", {P: [("  pool {", "  pool { range 10.0.0.50 10.0.0.60; }\n  pool {")]}, P, "range 10.0.0.50"),
    ("L26", both("range 10.0.0.100", "range dynamic-bootp 10.0.0.100"), S, "range dynamic-bootp"),
    ("L27", both(POOL, POOL + "    deny dynamic bootp clients;\n"), S, "deny dynamic bootp"),
    ("L30", {S: [("max-lease-time 7200", "max-lease-time 3600")]}, S, "max-lease-time 3600"),
    ("L31", {S: [("routers 10.0.0.1;", "routers 10.0.0.2;")]}, S, "option routers 10.0.0.2"),
    ("L31", {P: [("authoritative;", 'authoritative;\noption domain-name "x";')]}, P, "option domain-name"),
    ("L32", {S: [("authoritative;", "authoritative;\nhost a { fixed-address 10.0.0.9; }")]}, S, "host a"),
    ("L33", {S: [("authoritative;\n", "")]}, P, "authoritative"),
    ("L33", {S: [(POOL, POOL + "    deny unknown-clients;\n")]}, S, "deny unknown-clients"),
    ("L34", {P: [("authoritative;", "authoritative;\nserver-id-check on;")]}, P, "server-id-check"),
    ("L35", {P: [("ddns-update-style none", "ddns-update-style standard")]}, S, "ddns-update-style"),
    ("L36", both("max-lease-time 7200", "max-lease-time 600"), S, "max-lease-time 600"),
    ("L37", both("default-lease-time 3600", "default-lease-time 600"), P, "default-lease-time 600"),
    ("L42", both("omapi-key omapi;\n", ""), S, "omapi-port"),
    ("L43", {S: [("omapi-key omapi;", "omapi-key omap;")]}, S, "omapi-key omap;"),
    ("L44", {S: [(BASE64, "YW5vdGhlciBzZWNyZXQgaGVyZQ==")]}, S, "key omapi {"),
    ("L46", both("hmac-sha256", "hmac-md5"), P, "key omapi {"),
    ("L49", {S: [("algorithm hmac-sha256;", "")]}, S, "key omapi"),
    ("L48", both("ddns-update-style none", "ddns-update-style ad-hoc"), P, "ddns-update-style ad-hoc"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "changes", "role", "fragment"), FAULTS)
def test_a_planted_fault_is_found(
    rule: str, changes: dict[str, list[tuple[str, str]]], role: str, fragment: str
) -> None:
    """By its rule, on the right server, at the right line, with a fix."""
    found = [each for each in lint(pair(changes)) if each.id == rule and each.role == Role(role)]
    assert found, lint(pair(changes))
    assert (found[0].file, found[0].line) == (f"{role}.conf", line_of(role, fragment, changes))
    assert in_commands(found[0].fix, "office").endswith((".", ")", "}"))


def test_the_scaffold_is_silent() -> None:
    """Nothing is found in a good pair, not even an info."""
    assert lint(pair({})) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {S: [("authoritative;", "AUTHORITATIVE ;  # loud\n\n")]},
        {P: [("option routers 10.0.0.1;", "option routers\n10.0.0.1 ;")]},
        {S: [("default-lease-time 3600;\nmax-lease-time 7200;", "max-lease-time 7200;\ndefault-lease-time 3600;")]},
        {S: [("range 10.0.0.100 10.0.0.200;", "range 10.0.0.100 10.0.0.150;\n range 10.0.0.151 10.0.0.200;")]},
        {P: [("authoritative;", "authoritative;\nlog-facility local7;\nserver-identifier 10.0.0.10;")]},
        both(POOL, "no failover;\n" + POOL),
    ],
)
def test_what_does_not_matter(changes: dict[str, list[tuple[str, str]]]) -> None:
    """Comments, white space, case, order, how a range is cut, and what each server says of itself."""
    assert [each for each in lint(pair(changes)) if each.severity is not Severity.INFO or each.id == "L35"] == []


def test_every_rule_is_planted_or_tested_below() -> None:
    """No row of the table is without a fault that it finds; ids are unique; each says what it looks for, and why."""
    below = {"L19", "L40", "L41", "L45", "L47", "L50", "L51", "L52", "L53", "L54", "L55"}
    below |= {"L60", "L61", "L62", "L63"}  # test_lint_words.py
    below |= {"L28", "L29", "L38", "L64", "L65", "L66", "L67", "L68", "L69", "L70"}  # test_lint_kinds.py
    assert {rule for rule, *_ in FAULTS} | below == {rule.id for rule in RULES}
    assert tuple(rule.id for rule in RULES) == RULE_IDS
    assert len(set(RULE_IDS)) == len(RULES)
    assert set(RULE_IDS) >= REFUSED
    assert all(rule.title.endswith(".") and rule.source for rule in RULES)


FACTS: list[tuple[str, dict[str, Any], str]] = [
    ("L41", {"expected": Expected(9991, "omapi", "hmac-sha256", BASE64)}, "7911"),
    ("L45", {"expected": Expected(7911)}, "has none"),
    ("L45", {"expected": Expected(7911, "other", "hmac-sha256", BASE64)}, "another name"),
    ("L45", {"expected": Expected(7911, "omapi", "hmac-md5", BASE64)}, "another algorithm"),
    ("L45", {"expected": Expected(7911, "omapi", "hmac-sha256", "d3Jvbmc=")}, "another secret"),
    ("L47", {"modes": {"secondary.conf": 0o644}}, "everybody may read"),
    ("L50", {"test": "secondary.conf line 9: semicolon expected."}, "semicolon expected"),
    ("L51", {"version": "4.4.1"}, "4.4.1"),
    ("L52", {"version": "3.0.7"}, "3.0.7"),
    ("L53", {"started": 1000, "changed": {"a": 900, "b": 1030}}, "changed 30 s after"),
    (
        "L54",
        {"expected": Expected(7911, "omapi", "hmac-sha256", BASE64, "/x", "/y"), "running_leases": "/z"},
        "lease file of the running dhcpd is /z",
    ),
]


@pytest.mark.parametrize(("rule", "facts", "words"), FACTS)
def test_facts_of_a_server(rule: str, facts: dict[str, Any], words: str) -> None:
    """What is known beside the files; one finding, on that server, and no secret in it."""
    whole = pair({})
    whole = replace(whole, primary=replace(whole.primary, version="4.4.3-P1"))
    found = lint(replace(whole, secondary=replace(whole.secondary, **{"version": "4.4.3-P1"} | facts)))
    (one,) = [each for each in found if each.id == rule]
    assert words in one.sentence
    assert one.role is (None if rule == "L51" else Role.SECONDARY)
    assert BASE64 not in repr(found)
    assert "d3Jvbmc" not in repr(found)


@pytest.mark.parametrize(
    "facts",
    [
        {"modes": {"secondary.conf": 0o640}},
        {"started": 1000, "changed": {"a": 1001}},
        {"started": None, "changed": {"a": 1001}},
        {"expected": Expected(7911, "omapi", "hmac-sha256", BASE64, "/x"), "running_conf": "/x"},
    ],
)
def test_good_facts(facts: dict[str, Any]) -> None:
    """What is as it should be, or not known, is not spoken of."""
    whole = pair({})
    assert lint(replace(whole, secondary=replace(whole.secondary, **facts))) == ()


def test_the_pair_and_omapi() -> None:
    """Drift is the pair's; no omapi-port is told once for each server."""
    (drift,) = lint(replace(pair({}), drift="1 changed: master.conf"))
    assert (drift.id, drift.role, drift.server) == ("L55", None, "")
    missing = lint(pair(both("omapi-port 7911;\nomapi-key omapi;\n", "")))
    assert [(each.id, each.file) for each in missing] == [("L40", "primary.conf"), ("L40", "secondary.conf")]


def test_many_differences_are_counted() -> None:
    """A thousand hosts on one server are ten lines and a number."""
    hosts = "".join(f"host h{n} {{ hardware ethernet 0:0:0:0:{n >> 8:x}:{n & 255:x}; }}\n" for n in range(1000))
    found = lint(pair({P: [("authoritative;", f"authoritative;\n{hosts}")]}))
    assert len(found) == 11
    assert found[-1].sentence.startswith("990 more")


def test_a_hostile_name_is_cleaned() -> None:
    """Names come from files on the servers: no control character of theirs gets through."""
    found = lint(pair({S: [('failover peer "foo" {', 'failover peer "f\\x1b]0;x\\x07" {')]}))
    assert found
    assert all(
        word.isprintable() for each in found for word in (each.sentence, in_commands(each.fix, "office"), each.file)
    )
    assert as_text("office", pair({}), found).replace("\n", "").isprintable()


def test_report_and_exit_codes() -> None:
    """What matters most first, by server; 0 nothing or info, 1 warnings, 2 errors."""
    info = lint(pair({P: [("  primary;", "  primary;\n  auto-partner-down 60;")]}))
    warning = lint(pair({S: [("  secondary;", "  secondary;\n  mclt 1800;")]}))
    error = lint(pair({S: [("  peer address 10.0.0.10;", "  peer address 10.0.0.11;")]}))
    assert [exit_code(each) for each in ((), info, warning, error)] == [0, 0, 1, 2]
    assert worst([*info, *warning]) is Severity.WARNING
    shown = as_text("office", pair({}), (*warning, *error))
    assert shown.startswith("dhcp2 (secondary)\n  error   L13  secondary.conf:6: peer address is 10.0.0.11")
    assert "\n\ndhcp2 (secondary)\n  warning L08  secondary.conf:4: mclt 1800 on the secondary" in shown
    assert shown.endswith("failover peer 'foo': 1 error, 1 warning")
    document = as_json("office", pair({}), warning)
    assert document["counts"] == {"error": 0, "warning": 1, "info": 0}
    assert document["findings"][0] | {"sentence": "", "fix": ""} == {
        "id": "L08",
        "severity": "warning",
        "server": "dhcp2",
        "role": "secondary",
        "file": "secondary.conf",
        "line": 4,
        "sentence": "",
        "fix": "",
    }
    assert isinstance(error[0], Finding)


def test_common_peer() -> None:
    """The first relationship that both declare."""
    one = parse('failover peer "a" { primary; } failover peer "b" { primary; }', "1")
    two = parse('failover peer "c" { primary; } failover peer "b" { secondary; }', "2")
    assert common_peer(Pair("", Subject("1", one), Subject("2", two))) == "b"
    assert common_peer(Pair("", Subject("1", parse("", "1")), Subject("2", parse("", "2")))) == ""


def test_complaint_of_dhcpd() -> None:
    """The first complaint of dhcpd -t, not its banner."""
    said = "Internet Systems Consortium DHCP Server 4.4.3-P1\nCopyright\nPID file: x\n/a line 3: bad\n foo\n ^\n"
    assert complaint(said) == "/a line 3: bad"
    assert complaint("PID file: x\nERROR: Failover peer, foo, has no referring pools.\n").startswith("ERROR: Failover")


def test_offline_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`lint --files` on the scaffold's layout: silent; with a fault: found in the included file; 3 for a missing one."""
    for name, (content, _) in SCAFFOLD.files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    argv = ["lint", "--files", f"{tmp_path}/primary/dhcpd.conf", f"{tmp_path}/secondary/dhcpd.conf"]
    assert main(argv) == 0
    assert capsys.readouterr().out == "failover peer 'foo': nothing found\n"
    master = tmp_path / "shared/master.conf"
    master.write_text(master.read_text().replace('failover peer "foo"', 'failover peer "fou"'))
    assert main([*argv, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)["findings"]
    assert ("L20", "/etc/dhcp/shared/master.conf", 14) in {(each["id"], each["file"], each["line"]) for each in found}
    (tmp_path / "secondary/dhcpd.conf").unlink()
    assert main(argv) == 3
    assert "does not exist" in capsys.readouterr().err


def two_relationships(crossed_: bool) -> Pair:
    """A pair with a second relationship `bar`, whose name is exchanged with `foo`'s on the secondary, or is not."""
    changes = {}
    for role, one, two in ((P, "10.0.1.10", "10.0.1.20"), (S, "10.0.1.20", "10.0.1.10")):
        tail = f'failover peer "bar" {{ {"primary" if role == P else "secondary"}; address {one}; port 647; peer address {two}; peer port 647; max-response-delay 60; max-unacked-updates 10; load balance max seconds 3; {"mclt 1800; split 128;" if role == P else ""} }}\nsubnet 10.9.0.0 netmask 255.255.255.0 {{ pool {{ failover peer "bar"; range 10.9.0.9 10.9.0.99; }} }}\n'
        changes[role] = [("authoritative;", "authoritative;\n" + tail)]
    if crossed_:
        old, new = changes[S][0]
        changes[S] = [(old, new.replace("10.0.1.", "10.0.0.")), ("  address 10.0.0.20;", "  address 10.0.1.20;"),
                      ("  peer address 10.0.0.10;", "  peer address 10.0.1.10;")]  # fmt: skip
    return pair(changes)


def test_every_relationship_is_compared() -> None:
    """The one that was not asked for, too; and the report says how many were looked at."""
    right = two_relationships(crossed_=False)
    assert not [each for each in lint(right) if each.severity is Severity.ERROR]
    assert "2 failover peers compared ('bar', 'foo')" in as_text("", right, lint(right)).replace(
        "'foo', 'bar'", "'bar', 'foo'"
    )
    assert sorted(as_json("office", right, lint(right))["peers_compared"]) == ["bar", "foo"]
    other = two_relationships(crossed_=False)
    wrong = Subject(
        "dhcp2", parse(text(S) + 'failover peer "bar" { secondary; address 10.0.1.20; peer address 10.0.1.99; }', "x")
    )
    found = [each for each in lint(Pair("foo", other.primary, wrong)) if each.id == "L13"]
    assert any(each.sentence.startswith("failover peer 'bar': peer address is 10.0.1.99") for each in found)


def test_crossed_names_are_mended_on_one_side() -> None:
    """Both declarations are found, on the secondary alone; nobody is told to write the other's addresses on both."""
    found = lint(two_relationships(crossed_=True))
    assert [(each.id, each.server) for each in found if each.severity is Severity.ERROR] == [("L19", "dhcp2")] * 2
    assert all(
        "crossed" in each.sentence and "change nothing on dhcp1" in in_commands(each.fix, "office")
        for each in found
        if each.id == "L19"
    )


def test_a_relationship_with_a_third_server_is_left_alone() -> None:
    """It is on one of the two only: nothing to compare it with."""
    whole = (
        text(P) + 'failover peer "third" { primary; address 10.0.0.10; peer address 10.0.0.30; mclt 60; split 128; }'
    )
    both_ = pair({})
    found = lint(Pair("foo", Subject("dhcp1", parse(whole, "x")), both_.secondary))
    assert not [each for each in found if "third" in each.sentence and each.id == "L01"]
