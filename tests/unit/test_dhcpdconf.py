"""dhcpd.conf as the console reads it."""

from __future__ import annotations

import contextlib
import gzip
import re
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.conf.failover import keys, peers, ranges
from dhcptui.conf.files import MAX_FILES, load
from dhcptui.conf.pools import FailoverPool, failover_pools, merged, named_probes
from dhcptui.conf.reader import MAX_DEPTH, ConfParseError, parse
from dhcptui.conf.site import failover_place

MASTER = """
# one subnet, as in the article
omapi-port 7911;
option domain-name "a \\"quoted; {name}\\"";
subnet 10.0.0.0 netmask 255.255.255.0 {
  option routers 10.0.0.1;   # the gateway
  pool { failover peer "foo"; deny dynamic bootp clients; range 10.0.0.100 10.0.0.200; }
  pool { range 10.0.0.201 10.0.0.210; }
  pool { failover peer "bar"; range 10.0.0.211; }
}
shared-network "upstairs" {
  failover peer "foo";
  subnet 10.1.0.0 netmask 255.255.0.0 { pool { range dynamic-bootp 10.1.2.3 10.1.2.9; } }
  subnet 10.2.0.0 netmask 255.255.0.0 { range 10.2.0.9; }
  pool { no failover; range 10.2.0.10; }
}
if option x = "}" { log(info, concat("a", "b")); } elsif known { } else { default-lease-time 600; }
"""
PRIMARY = 'failover peer "foo" { primary; address 10.0.0.10; mclt 1800; split 128; }\ninclude "/etc/dhcp/shared/master.conf";\n'


class Files(dict[str, str]):
    """A server's files."""

    async def read(self, path: str) -> str:
        """As `load` asks for them."""
        try:
            return self[path]
        except KeyError as error:
            raise FileNotFoundError(path) from error


async def test_pools_of_a_peer() -> None:
    """Pools by peer, named by their network, also where the peer is inherited; through an include.

    A range outside any pool has no failover, whatever its shared network says, and `no failover` ends an inheritance.
    """
    files = Files({"/etc/dhcp/dhcpd.conf": PRIMARY, "/etc/dhcp/shared/master.conf": MASTER})
    configuration = await load(files.read, "/etc/dhcp/dhcpd.conf")
    assert failover_pools(configuration, "foo") == (
        FailoverPool("10.0.0.0/24", "10.0.0.100", ("10.0.0.100-10.0.0.200",)),
        FailoverPool("10.1.0.0/16", "10.1.2.3", ("10.1.2.3-10.1.2.9",), "upstairs"),
    )
    assert failover_pools(configuration, "bar") == (FailoverPool("10.0.0.0/24", "10.0.0.211", ("10.0.0.211",)),)
    assert failover_pools(configuration, "nobody") == ()
    assert [each.peer for each in ranges(configuration)] == ["foo", None, "bar", "foo", None, None]


def test_a_merged_pool_has_one_name() -> None:
    """Of one network: its ranges. Of several in a shared network: that one, and the networks. A probe is no network."""
    one = FailoverPool("10.0.0.0/24", "10.0.0.1", ("10.0.0.1-10.0.0.9",))
    two = FailoverPool("10.0.0.0/24", "10.0.0.21", ("10.0.0.21-10.0.0.29",))
    assert merged([one, two]) == ("10.0.0.0/24", ("10.0.0.1-10.0.0.9", "10.0.0.21-10.0.0.29"))
    far = FailoverPool("10.1.0.0/16", "10.1.0.1", ("10.1.0.1",), "upstairs")
    assert merged([one, far]) == ("upstairs", ("10.0.0.0/24", "10.1.0.0/16"))
    assert merged(named_probes(["10.0.0.5"], None, "foo")) == ("", ())
    configuration = parse(
        'subnet 10.0.0.0 netmask 255.255.255.0 { pool { failover peer "foo"; range 10.0.0.1 10.0.0.9; } }', "x"
    )
    (found,) = named_probes(["10.0.0.5"], configuration, "foo")
    assert (found.network, found.probe_address) == ("10.0.0.0/24", "10.0.0.5")


def test_lines_and_strings() -> None:
    """A statement knows its line; a quoted string is one word whatever is in it, with its escapes resolved."""
    root = parse(MASTER, "m")
    (domain,) = root.named("option", "domain-name")
    assert domain.words[2] == 'a "quoted; {name}"'
    assert (domain.line, domain.file) == (4, "m")
    (text,) = parse(r'option x "tab\tA\x42\103\\ \q";', "m").children or ()
    assert text.words[2] == "tab\tABC\\ q"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("option my-ip code 176 = ip-address;", ("option", "my-ip", "code", "176", "=", "ip-address")),
        (
            "option r code 201 = array of { ip-address, integer 8 };",
            ("option", "r", "code", "201", "=", "array", "of", "{", "ip-address", ",", "integer", "8", "}"),
        ),
        ("option t code 7 = { text , boolean } ;", ("option", "t", "code", "7", "=", "{", "text", ",", "boolean", "}")),
        ("option agent 1:4:ff:0a;", ("option", "agent", "1:4:ff:0a")),
        (
            'set x = concat("a",suffix(hardware,2));',
            ("set", "x", "=", "concat", "(", "a", ",", "suffix", "(", "hardware", ",", "2", ")", ")"),
        ),
        ("option x~=y;", ("option", "x", "~=", "y")),
        ("option x != y;", ("option", "x", "!=", "y")),
        ("DEFAULT-Lease-Time 600;", ("DEFAULT-Lease-Time", "600")),
        ("host\r\nh\r\n;\r\n", ("host", "h")),
        ("secret abc+/==;", ("secret", "abc+/", "=", "=")),
        ("\ufeffomapi-port 7911;", ("omapi-port", "7911")),
        ("range 10.0.0.1 # a } comment; \n 10.0.0.9;", ("range", "10.0.0.1", "10.0.0.9")),
    ],
)
def test_statements(text: str, words: tuple[str, ...]) -> None:
    """Every shape a statement has."""
    (node,) = parse(text, "m").children or ()
    assert (node.words, node.children) == (words, None)


@pytest.mark.parametrize(
    "text",
    [
        'class "vendors" { match if substring(option vendor-class-identifier, 0, 4) = "MSFT"; lease limit 4; }',
        'subclass "vendors" 1:08:00:2b:4c:39:ad { option routers 10.0.0.1; }',
        'on commit or expiry { set n = binary-to-ascii(10, 8, ".", leased-address); execute("/bin/x", n); }',
        "key k { algorithm hmac-md5; secret abc==; };",
        "zone 0.10.in-addr.arpa. { primary 127.0.0.1; key k; }",
        "group { use-host-decl-names on; host a { hardware ethernet 0:1:2:3:4:5; fixed-address a.example.org; } }",
        'if not known { deny booting; } elsif exists agent.circuit-id { log (debug, "x"); } else { }',
        'switch (option user-class) { case "a": set v = 1; break; default: set v = 2; }',
        "host empty { }",
        "{ default-lease-time 1; }",
    ],
)
def test_blocks(text: str) -> None:
    """Every shape a block has."""
    nodes = parse(text, "m").children or ()
    assert nodes
    assert all(node.children is not None for node in nodes)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a;\nsubnet {", 2, "this block is never closed"),
        ("a {\n b {\n c; }\n", 1, "this block is never closed"),
        ("a;\n}", 2, "a `}` without a `{`"),
        ("a { b; } }\n", 1, "a `}` without a `{`"),
        ('a;\n\noption "open;', 3, "never closed"),
        ("a;\na b c\n\n", 2, "`;` or `{` expected before the end of the file"),
        ("pool {\n  range 1 2\n}\noption x 1;", 3, "`;` expected before `}`"),
        ("a {\n b { c; }\n d\n}\n", 4, "`;` expected before `}`"),
        ("option x = ;\npool { a { b } }", 2, "`;` expected before `}`"),
    ],
)
def test_errors_name_line_and_expectation(text: str, line: int, what: str) -> None:
    """What is no dhcpd.conf is told with its file, the line, and what should have been there."""
    with pytest.raises(ConfParseError) as caught:
        parse(text, "m")
    assert str(caught.value).startswith(f"m line {line}: ")
    assert what in str(caught.value)


def test_many_hosts() -> None:
    """Eight times the hosts take about eight times as long, whatever else the machine does: it is CPU time, and a ratio."""
    line = "host h{n} {{ hardware ethernet 00:11:22:33:{hi:02x}:{lo:02x}; fixed-address 10.1.{hi}.{lo}; }}\n"
    took = []
    for count in (1_250, 10_000):
        text = "".join(line.format(n=n, hi=n >> 8, lo=n & 255) for n in range(count))
        began = time.process_time()
        root = parse(text, "m")
        took.append(time.process_time() - began)
        assert [node.line for node in root.children or ()][-1] == count
    assert took[1] < 24 * took[0]  # eight when it is linear, 64 when each host is compared with all others


@pytest.mark.parametrize(
    "text", ["{" * 100_000, "a {" * 100_000 + "}" * 100_000, "}" * 100_000, '"' * 99_999, "\\" * 50_000, "a" * 200_000]
)
def test_hostile_text_ends_soon(text: str) -> None:
    """No depth and no repetition makes it hang or overflow."""
    began = time.process_time()
    with pytest.raises(ConfParseError):
        parse(text, "m")
    assert time.process_time() - began < 5


def test_depth_has_a_limit() -> None:
    """At the limit it parses, one deeper it does not."""
    assert parse("a {" * MAX_DEPTH + "}" * MAX_DEPTH, "m").children
    with pytest.raises(ConfParseError, match="deep"):
        parse("a {" * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1), "m")


@given(st.text(alphabet='abc ;{}"#=of\n\\', max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """There is no third outcome."""
    with contextlib.suppress(ConfParseError):
        parse(text, "m")


async def test_includes() -> None:
    """Nested, inside blocks, twice the same file, relative to where dhcpd is started; each node keeps its own file."""
    files = Files(
        {
            "/a": 'include "/b";\ngroup { include "c/d"; }\ninclude "/b";',
            "/b": "\nauthoritative;",
            "/c/d": 'host x { }\ninclude "/b";',
        }
    )
    root = await load(files.read, "/a")
    assert [(node.words[0], node.file, node.line) for node in root.walk() if node.words] == [
        ("authoritative", "/b", 2),
        ("group", "/a", 2),
        ("host", "/c/d", 1),
        ("authoritative", "/b", 2),
        ("authoritative", "/b", 2),
    ]


@pytest.mark.parametrize(
    ("files", "where", "what"),
    [
        ({}, "/a: ", "does not exist"),
        ({"/a": '\ninclude "/b";'}, "/a line 2: ", "/b does not exist"),
        ({"/a": 'include "/a";'}, "/a line 1: ", "/a includes itself"),
        ({"/a": 'x;\ninclude "/b";', "/b": '\n\ninclude "/a";'}, "/b line 3: ", "/a includes itself"),
        ({"/a": 'include "/b";', "/b": "pool {\nrange 1 2\n}"}, "/b line 3: ", "expected"),
        ({"/a": 'include "/b";' * (MAX_FILES + 1), "/b": ""}, "/a line 1: ", "files are included"),
    ],
)
async def test_include_errors(files: dict[str, str], where: str, what: str) -> None:
    """A missing file, a loop, a fault in an included file: named where they stand."""
    with pytest.raises(ConfParseError) as caught:
        await load(Files(files).read, "/a")
    assert str(caught.value).startswith(where)
    assert what in str(caught.value)


def test_peer_declaration() -> None:
    """Keywords in any case, names byte for byte, the default port, the last statement counts."""
    root = parse(
        "FAILOVER Peer Foo { Secondary; Peer Address 10.0.0.10; port 519; port 520; load balance max seconds 3; }", "m"
    )
    (peer,) = peers(root)
    assert (peer.name, peer.role, peer.port, peer.peer_port) == ("Foo", "secondary", 520, 647)
    assert (peer.text("peer address"), peer.number("load balance max seconds")) == ("10.0.0.10", 3)
    place = failover_place(root, "Foo")
    assert place is not None
    assert (place.peer_address, place.peer_port) == ("10.0.0.10", 647)
    assert failover_place(root, "foo") is None


def test_a_secret_stays_out_of_reprs() -> None:
    """Quoted or not, the secret is read whole, and shown nowhere."""
    found = keys(parse('key a { algorithm HMAC-SHA256; secret abc+/==; }; key b { algorithm x; secret "q w=="; }', "m"))
    assert (found["a"].algorithm, found["a"].secret) == ("hmac-sha256", "abc+/==")
    assert "abc" not in repr(found)


@pytest.mark.skipif(not shutil.which("dhcpd"), reason="Debian's example configuration comes with isc-dhcp-server")
def test_debians_example() -> None:
    """The example that Debian ships: as it is, and with every commented statement in force."""
    paths = [
        path for path in Path("/usr/share/doc/isc-dhcp-server/examples").glob("dhcpd.conf*") if path.suffix != ".gz"
    ]
    for path in [*paths, Path("/etc/dhcp/dhcpd.conf")]:
        text = path.read_text()
        assert parse(text, str(path)).children
        everything = re.sub(r"^#(?=[a-z }])(?! )", "", text, flags=re.MULTILINE)
        assert len(list(parse(everything, str(path)).walk())) > len(list(parse(text, str(path)).walk()))


PAGE = Path("/usr/share/man/man5/dhcpd.conf.5.gz")


@pytest.mark.skipif(not PAGE.exists(), reason="dhcpd.conf(5) is not installed")
def test_the_man_pages_examples() -> None:
    """Every example of dhcpd.conf(5) that is not an outline in words."""
    source = gzip.decompress(PAGE.read_bytes()).decode()
    good = 0
    for example in re.findall(r"^\.nf\n(.*?)^\.fi", source, re.DOTALL | re.MULTILINE):
        text = re.sub(r"^\.(?:PP|sp|RS|RE|br|ne|in|ce).*$", "", example, flags=re.MULTILINE)
        text = re.sub(r"^\.[BI] ?", "", re.sub(r"\\f[BIRP]|\\&", "", text), flags=re.MULTILINE)
        text = text.replace("\\-", "-").replace("\\'", "'").replace("\\e", "\\").replace("\\\\", "\\")
        if ";" in text and not re.search(r"parameters|Figure", text):
            assert parse(text, "dhcpd.conf(5)").children
            good += 1
    assert good >= 20
