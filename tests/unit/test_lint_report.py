"""What lint tells of what it found: what matters first, equal findings as one, what is silenced counted, what was not seen named."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.cli.main import main
from dhcptui.conf.files import Read
from dhcptui.conf.files import load as load_configuration
from dhcptui.conf.lint.findings import Expected, Finding, Pair, Severity, Subject
from dhcptui.conf.lint.grouping import grouped, without_silenced
from dhcptui.conf.lint.rules import lint
from dhcptui.conf.mending import parse_mended
from dhcptui.conf.reader import ConfParseError, Node, parse, parse_leniently
from dhcptui.config.loading import ConfigError, load
from dhcptui.config.show import show
from dhcptui.engine.lint_report import SHOWN, as_json, as_text
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_commands
from dhcptui.servers.ssh.ours import DhcpdProcess
from dhcptui.watch.survey import chroot_of
from tests.unit.test_lint import BASE64, P, S, both, pair, text

SUBNETS = 200


def large(role: str, **changes: str) -> str:
    """200 subnets with 300 pools, in one relationship; of `changes` each replaces its text in every subnet."""
    subnets = []
    for number in range(SUBNETS):
        net = f"10.{1 + number // 250}.{number % 250}"
        pools = [(10, 100), (110, 200)][: 1 + number % 2]
        inside = "".join(
            f'  pool {{\n    failover peer "foo";\n    deny dynamic bootp clients;\n    range {net}.{first} {net}.{last};\n  }}\n'
            for first, last in pools
        )
        subnets.append(
            f"subnet {net}.0 netmask 255.255.255.0 {{\n  option routers {net}.1;\n  default-lease-time 600;\n{inside}}}\n"
        )
    whole = "".join(subnets)
    for old, new in changes.items():
        whole = whole.replace(old, new)
    return text(role) + whole


def large_pair(tmp_path: Path, secondary: str) -> list[str]:
    """The arguments to lint it with."""
    (tmp_path / "primary.conf").write_text(large(P))
    (tmp_path / "secondary.conf").write_text(secondary)
    return ["lint", "--files", str(tmp_path / "primary.conf"), str(tmp_path / "secondary.conf")]


def test_a_large_pair_is_read_at_a_glance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One error among hundreds of remarks is the first line below its server; the rest is a screen; the counts are whole."""
    wrong = large(S).replace("routers 10.1.7.1;", "routers 10.1.7.254;").replace("peer port 647", "peer port 674")
    argv = large_pair(tmp_path, wrong)
    assert main(argv) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("(secondary)")
    assert lines[1].startswith("  error   L13")
    assert next(line for line in lines if line.startswith("  warning")).split()[1] == "L31"
    assert len(lines) < 3 * SHOWN
    assert lines[-1] == "failover peer 'foo': 1 error, 1 warning, 1000 info"
    (group,) = [line for line in lines if "L27" in line and "primary.conf" in line]
    assert "and 297 more: deny dynamic bootp clients is needless" in group
    assert main([*argv, "--ungrouped"]) == 2
    assert sum(" L27 " in line for line in capsys.readouterr().out.splitlines()) == 600


def test_a_large_pair_is_read_quickly() -> None:
    """Reading and judging it is a fraction of a second of CPU; the best of three, on a machine that others use too."""
    used = []
    for _ in range(3):
        begin = time.process_time()
        one, two = (Subject(role, parse(large(role), role)) for role in (P, S))
        whole = Pair("foo", one, two)
        findings = lint(whole)
        as_text("office", whole, findings)
        used.append(time.process_time() - begin)
    assert min(used) < 0.6
    assert len(findings) == 1000


def test_more_than_can_be_read() -> None:
    """Beyond a number of groups the rest is counted by severity, and `--all` is named; with it everything is there."""
    many = [finding("L63", Role.PRIMARY, 1, f"no statement `{'x' * number}`") for number in range(SHOWN + 7)]
    one = [finding("L13", Role.SECONDARY, 5, "the ports differ")]
    warnings = [replace(each, severity=Severity.WARNING) for each in many]
    shown = as_text("office", pair({}), [*warnings, *one]).splitlines()
    assert shown[1].startswith("  error   L13")
    assert sum(line.startswith("  warning") for line in shown) == SHOWN - 1
    assert "8 warnings more: `dhcptui lint --ungrouped` shows everything" in shown
    everything = as_text("office", pair({}), [*warnings, *one], everything=True)
    assert everything.count("  warning") == SHOWN + 7
    assert "--ungrouped" not in everything


def finding(rule: str, role: Role | None, line: int, sentence: str, *, refused: bool = False) -> Finding:
    """One in a file of its server."""
    server = role.value if role else ""
    return Finding(rule, Severity.ERROR, role, server, f"{server}.conf", line, sentence, ("Mend it.",), refused)


def test_equal_findings_are_one() -> None:
    """Of one rule, on one server, equal but for numbers; another server or other words are another group."""
    findings = [
        finding("L22", Role.PRIMARY, 3, "10.0.0.1 is wrong"),
        finding("L22", Role.PRIMARY, 5, "10.0.0.2 is wrong"),
        finding("L22", Role.SECONDARY, 5, "10.0.0.2 is wrong"),
        finding("L22", Role.PRIMARY, 9, "10.0.0.3 is wrong"),
        finding("L22", Role.PRIMARY, 11, "10.0.0.4 is wrong"),
        finding("L22", Role.PRIMARY, 2, "something is wrong"),
    ]
    groups = grouped(findings)
    assert [(each.place, each.sentence, len(each.findings)) for each in groups] == [
        ("primary.conf:3, 5, 9 and 1 more", "10.0.0.1 is wrong (and 3 like it)", 4),
        ("secondary.conf:5", "10.0.0.2 is wrong", 1),
        ("primary.conf:2", "something is wrong", 1),
    ]


def test_what_is_silenced() -> None:
    """Left out and counted with its reason; what dhcpd refuses is told, and that it cannot be silenced."""
    findings = [
        finding("L31", Role.PRIMARY, 3, "a"),
        finding("L31", Role.PRIMARY, 5, "b"),
        finding("L09", None, 5, "c", refused=True),
    ]
    kept, silenced = without_silenced(findings, {"L31": "known", "L09": "known, too", "L02": "never met"})
    assert kept == (findings[2],)
    shown = as_text("office", pair({}), kept, silenced)
    assert "silenced in the configuration: L31 2 times (known)\n" in shown
    assert "not silenced, since dhcpd itself refuses it: L09\n" in shown
    assert "L02" not in shown
    assert as_json("office", pair({}), kept, silenced)["silenced"][0] == {"id": "L31", "count": 2, "reason": "known"}


CONFIG = """\
[pairs.office]
peer = "foo"
{lint}
[pairs.office.primary]
host = "a"
[pairs.office.secondary]
host = "b"
"""


def configured(tmp_path: Path, lint_: str) -> Path:
    """A configuration with this table."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(lint=lint_))
    return path


@pytest.mark.parametrize(
    "lint_",
    [
        '[pairs.office.lint]\nsilence = { L38 = "each its own" }',
        '[pairs.office.lint.silence]\nL38 = "each its own"',
        'lint = { silence = { L38 = "each its own" } }',
    ],
)
def test_a_rule_is_silenced_in_the_configuration(tmp_path: Path, lint_: str) -> None:
    """However TOML writes it; `config show` writes it so that it reads back."""
    loaded = load(configured(tmp_path, lint_))
    assert loaded.pair("office").lint.reasons == {"L38": "each its own"}
    (tmp_path / "shown.toml").write_text(show(loaded))
    assert load(tmp_path / "shown.toml").pair("office").lint == loaded.pair("office").lint


@pytest.mark.parametrize(
    ("lint_", "words"),
    [
        ('silence = { L83 = "x" }', ("[pairs.office.lint.silence] L83", "no such rule", "did you mean")),
        ('silence = { L38 = "" }', ("[pairs.office.lint.silence] L38", "must not be empty")),
        ('silence = { L38 = "  " }', ("[pairs.office.lint.silence] L38", "a reason is missing")),
        ("silence = { L38 = true }", ("[pairs.office.lint.silence] L38", "must be a string")),
        ('silense = { L38 = "x" }', ("[pairs.office.lint] silense", "did you mean 'silence'")),
    ],
)
def test_a_wrong_silence_is_refused(tmp_path: Path, lint_: str, words: tuple[str, ...]) -> None:
    """The error names file, table and key."""
    path = configured(tmp_path, f"[pairs.office.lint]\n{lint_}")
    with pytest.raises(ConfigError) as error:
        load(path)
    assert all(word in str(error.value) for word in (str(path), *words))


def test_an_include_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told at its line, what else is wrong as well; what may stand in it is not missing; exit 3, as a file was not read."""
    for role in (P, S):
        whole = text(role).replace("omapi-port 7911;\nomapi-key omapi;\n", "")
        whole = whole.replace("authoritative;", 'authoritative;\ninclude "/etc/dhcp/omapi.conf";\noption own 1;')
        (tmp_path / f"{role}.conf").write_text(whole.replace("peer port 647", "peer port 674") if role == S else whole)
    assert main(["lint", "--files", f"{tmp_path}/primary.conf", f"{tmp_path}/secondary.conf", "--json"]) == 3
    out = capsys.readouterr()
    findings = [(each["id"], each["role"]) for each in json.loads(out.out)["findings"]]
    assert findings == [("L65", P), ("L13", S), ("L65", S)]
    assert out.err.count("/etc/dhcp/omapi.conf does not exist") == 2
    assert json.loads(out.out)["not_seen"] == [f"/etc/dhcp/omapi.conf of {tmp_path}/{role}.conf" for role in (P, S)]


def reading(files: Mapping[str, str]) -> Read:
    """Reads them by name."""

    async def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read


async def test_includes_in_a_chroot() -> None:
    """A path in the file of a chrooted dhcpd is meant inside; files are named as they are seen from outside."""
    files = {
        "/var/dhcpd/etc/dhcpd.conf": 'include "/etc/own.conf";\ninclude "usr/local/etc/more.conf";',
        "/var/dhcpd/etc/own.conf": "authoritative;",
        "/var/dhcpd/usr/local/etc/more.conf": "max-lease-time 1;",
        "/etc/own.conf": "frobnicate;",
    }
    found = await load_configuration(reading(files), "/var/dhcpd/etc/dhcpd.conf", chroot="/var/dhcpd")
    assert [(each.words[0], each.file) for each in found.children or ()] == [
        ("authoritative", "/var/dhcpd/etc/own.conf"),
        ("max-lease-time", "/var/dhcpd/usr/local/etc/more.conf"),
    ]
    files["/usr/local/etc/dhcpd.conf"] = 'include "/etc/own.conf";'
    found = await load_configuration(reading(files), "/usr/local/etc/dhcpd.conf", chroot="/var/dhcpd")
    assert next(each.file for each in found.children or ()) == "/etc/own.conf"  # what is copied into it at start
    del files["/var/dhcpd/etc/own.conf"]
    found = await load_configuration(reading(files), "/var/dhcpd/etc/dhcpd.conf", chroot="/var/dhcpd")
    assert next(each.file for each in found.children or ()) == "/etc/own.conf"  # of a dhcpd that enters it later
    del files["/etc/own.conf"]
    with pytest.raises(ConfParseError, match=r"/var/dhcpd/etc/own\.conf does not exist"):
        await load_configuration(reading(files), "/var/dhcpd/etc/dhcpd.conf", chroot="/var/dhcpd")


CHROOT = "/var/dhcpd"
EXPECTED = Expected(7911, "omapi", "hmac-sha256", BASE64, f"{CHROOT}/etc/dhcpd.conf", f"{CHROOT}/var/db/dhcpd.leases")


def chrooted(expected: Expected, statement: str = "", **facts: str) -> list[Finding]:
    """What is found of a chrooted secondary."""
    whole = pair({S: [("authoritative;", f"authoritative;\n{statement}")]})
    subject = replace(whole.secondary, expected=expected, chroot=CHROOT, **facts)  # type: ignore[arg-type]
    return [each for each in lint(Pair("foo", whole.primary, subject)) if each.id == "L54"]


@pytest.mark.parametrize(
    ("statement", "facts"),
    [
        ("", {"running_conf": f"{CHROOT}/etc/dhcpd.conf"}),
        ("", {"running_leases": f"{CHROOT}/var/db/dhcpd.leases"}),
        ('lease-file-name "/var/db/dhcpd.leases";', {}),
        # -lf counts, whatever the file says
        ('lease-file-name "/elsewhere";', {"running_leases": f"{CHROOT}/var/db/dhcpd.leases"}),
    ],
)
def test_right_paths_in_a_chroot(statement: str, facts: dict[str, str]) -> None:
    """What is meant inside is where the configuration says from outside: nothing is advised that would break it."""
    assert chrooted(EXPECTED, statement, **facts) == []


def test_wrong_paths_in_a_chroot() -> None:
    """The advice is the path from outside, and says which chroot it is in."""
    inside = Expected(7911, "omapi", "hmac-sha256", BASE64, f"{CHROOT}/etc/dhcpd.conf", "/var/db/dhcpd.leases")
    (one,) = chrooted(inside, 'lease-file-name "/var/db/dhcpd.leases";')
    assert in_commands(one.fix, "x") == f'Set `leases = "{CHROOT}/var/db/dhcpd.leases"` in dhcptui\'s configuration.'
    assert f"in the chroot {CHROOT}" in one.sentence


def test_a_lease_file_by_name() -> None:
    """Outside of any chroot as well: `lease-file-name` of another file than the configuration's."""
    changes = both("authoritative;", 'authoritative;\nlease-file-name "/var/lib/other.leases";')
    whole = pair(changes)
    expected = Expected(7911, "omapi", "hmac-sha256", BASE64, "/x", "/var/lib/dhcp/dhcpd.leases")
    subject = Subject("dhcp2", whole.secondary.configuration, expected=expected)
    (one,) = [each for each in lint(Pair("foo", whole.primary, subject)) if each.id == "L54"]
    assert (one.role, one.file) == (Role.SECONDARY, "secondary.conf")
    assert one.line


UNENDED = [
    ("option routers 10.0.0.1;", "option routers 10.0.0.1", "option routers"),  # the next statement is hidden
    ("    range 10.0.0.100 10.0.0.200;", "    range 10.0.0.100 10.0.0.200", "range 10.0.0.100"),  # a `}` follows
    ("load balance max seconds 3;", "load balance max seconds 3", "max seconds"),
    ("omapi-key omapi;\n", "omapi-key omapi\n", "omapi-key"),
    (f'secret "{BASE64}";', f'secret "{BASE64}"', "secret"),
]


@pytest.mark.parametrize(("old", "new", "fragment"), UNENDED)
def test_a_missing_semicolon_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, fragment: str
) -> None:
    """Also the last one of a block: it is told at its line, and the rest of the file is judged as if it stood there."""
    wrong = text(S).replace("peer port 647", "peer port 674")
    assert old in wrong
    wrong = wrong.replace(old, new)
    (tmp_path / "primary.conf").write_text(text(P))
    (tmp_path / "secondary.conf").write_text(wrong)
    argv = ["lint", "--files", str(tmp_path / "primary.conf"), str(tmp_path / "secondary.conf"), "--json"]
    assert main(argv) == 2
    found = {(each["id"], each["role"], each["line"]) for each in json.loads(capsys.readouterr().out)["findings"]}
    line = wrong[: wrong.index(fragment)].count("\n") + 1
    assert found == {("L13", S, wrong[: wrong.index("peer port 674")].count("\n") + 1), ("L64", S, line)}


@pytest.mark.parametrize(
    ("whole", "ended"),
    [
        ("max-lease-time 5", "max-lease-time 5;"),
        ('pool { range 1 2 }\nkey k { secret "a;}" }', 'pool { range 1 2; }\nkey k { secret "a;}"; }'),
        ("option x code 1 = array of { text, integer 8 }\n", "option x code 1 = array of { text, integer 8 };\n"),
        ("pool { option x code 1 = { text } # } ;\n}", "pool { option x code 1 = { text }; # } ;\n}"),
    ],
)
def test_read_leniently(whole: str, ended: str) -> None:
    """As it would be read with its `;`; records and strings are what they are."""
    node = parse_leniently(whole, "f")
    assert node.children == parse(ended, "f").children
    assert node.unended


@pytest.mark.parametrize("whole", ["pool {", "}", "pool { range 1 2", 'x "', "x } }"])
def test_not_read_leniently(whole: str) -> None:
    """A brace or a quotation mark that is missing could belong anywhere: that is no configuration."""
    with pytest.raises(ConfParseError):
        parse_leniently(whole, "f")


@pytest.mark.parametrize(
    ("wrong", "line", "what", "right"),
    [
        ("subnet 1.0.0.0 netmask 255.0.0.0\n  option x 1;\n}\na 1;\n", 1, "`{` expected", "subnet 1.0.0.0 netmask 255.0.0.0 {\n  option x 1;\n}\na 1;\n"),
        ("group {\n  pool # of all\n    range 1 2;\n  }\n}\nb 1;\n", 2, "`{` expected", "group {\n  pool {\n    range 1 2;\n  }\n}\nb 1;\n"),
        ("a 1;\n}\nb 1;\n", 2, "a `}` without a `{`", "a 1;\n\nb 1;\n"),
        ("pool {\n  range 1 2;\na 1;\nhost b { c 1; }\n", 1, "`}` expected", "pool {\n  range 1 2;\n}\na 1;\nhost b { c 1; }\n"),
        ("group {\n  pool {\n    range 1 2;\n  pool {\n    range 3 4;\n  }\n}\na 1;\n", 2, "`}` expected", "group {\n  pool {\n    range 1 2;\n  }\n  pool {\n    range 3 4;\n  }\n}\na 1;\n"),
        ("pool {\nrange 1 2;\nhost b { c 1; }\n", 1, "`}` expected", "pool {\nrange 1 2;\n}\nhost b { c 1; }\n"),
        ("pool {\n  range 1 2;\n", 1, "`}` expected", "pool {\n  range 1 2;\n}\n"),
        ('a "x;\nb 1;\n', 1, '`"` expected', 'a "x";\nb 1;\n'),
        ('a "x;\nb "y";\nc 1;\n', 1, '`"` expected', 'a "x";\nb "y";\nc 1;\n'),
        ('pool {\n  a "x;\n}\nb "y";\n', 2, '`"` expected', 'pool {\n  a "x";\n}\nb "y";\n'),
        ("a 1;\noption x code 1 = array of { text; integer 8 }\nd 1;\n", 2, "`}`", "a 1;\n\nd 1;\n"),
    ],
)  # fmt: skip
def test_read_with_guesses(wrong: str, line: int, what: str, right: str) -> None:
    """A brace or a quotation mark that is missing is told with its line, and the rest is read as it was meant."""
    node = parse_mended(wrong, "f")
    assert (node.faults[0].file, node.faults[0].line) == ("f", line), node.faults
    assert what in node.faults[0].what

    def words(of: Node) -> list[object]:
        return [(each.words, words(each) if each.children is not None else None) for each in of.children or ()]

    assert words(node) == words(parse(right, "f"))
    assert not parse_mended(right, "f").faults


@pytest.mark.parametrize("drop", ["{", "}", '"'])
@given(data=st.data())
def test_a_sign_that_is_missing_anywhere(drop: str, data: st.DataObject) -> None:
    """Whichever of them is left out: lint tells a line of that file, and does not give up."""
    whole = text(P)
    at = data.draw(st.sampled_from([match.start() for match in re.finditer(re.escape(drop), whole)]))
    node = parse_mended(whole[:at] + whole[at + 1 :], "f")
    assert node.faults
    assert all(1 <= fault.line <= whole.count("\n") + 1 for fault in node.faults)


def test_a_brace_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of that file with exit 2, beside what else is wrong in both; what is not seen is not called missing."""
    one, two = text(P), text(S).replace("peer port 647", "peer port 674")
    head = next(line for line in two.splitlines() if line.startswith("subnet"))
    (tmp_path / "primary.conf").write_text(one)
    (tmp_path / "secondary.conf").write_text(two.replace(head, head.rstrip("{ ")))
    assert main(["lint", "--files", f"{tmp_path}/primary.conf", f"{tmp_path}/secondary.conf", "--json"]) == 2
    out = capsys.readouterr()
    findings = json.loads(out.out)["findings"]
    found = {(each["id"], each["role"], each["line"]) for each in findings}
    assert {("L69", S, two.splitlines().index(head) + 1), ("L13", S, _line_of(two, "peer port 674"))} <= found
    assert {each["id"] for each in findings} == {"L69", "L13"}, findings


def _line_of(whole: str, words: str) -> int:
    return whole[: whole.index(words)].count("\n") + 1


@pytest.mark.parametrize(
    ("args", "root"),
    [
        ("/usr/local/sbin/dhcpd -user dhcpd -group _dhcp -chroot /var/dhcpd -cf /etc/dhcpd.conf -pf /run/d.pid em0", "/var/dhcpd"),
        ("dhcpd -chroot /var/db/dhcpd/ -cf /usr/local/etc/dhcpd.conf", "/var/db/dhcpd"),
        ("dhcpd -4 -q -cf /etc/dhcp/dhcpd.conf eth0", ""),
        ("dhcpd -chroot", ""),
    ],
)  # fmt: skip
def test_the_chroot_of_a_process(args: str, root: str) -> None:
    """By its words; empty where it has none."""
    assert chroot_of(DhcpdProcess(1, "S", args)) == root
    assert chroot_of(None) == ""
