"""dhcpd.conf as the console reads it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.dhcpdconf.parse import ConfParseError, load, parse
from dhcptui.dhcpdconf.pools import FailoverPool, failover_pools

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
}
if option x = "}" { log(info, concat("a", "b")); } elsif known { } else { default-lease-time 600; }
"""
PRIMARY = 'failover peer "foo" { primary; address 10.0.0.10; mclt 1800; split 128; }\ninclude "/etc/dhcp/shared/master.conf";\n'


async def read(path: str) -> str:
    """A server with two files."""
    return {"/etc/dhcp/dhcpd.conf": PRIMARY, "/etc/dhcp/shared/master.conf": MASTER}[path]


async def test_pools_of_a_peer() -> None:
    """Pools by peer, named by their network, also where the peer is inherited; through an include."""
    configuration = await load(read, "/etc/dhcp/dhcpd.conf")
    assert failover_pools(configuration, "foo") == (
        FailoverPool("10.0.0.0/24", "10.0.0.100"),
        FailoverPool("10.1.0.0/16", "10.1.2.3"),
        FailoverPool("10.2.0.0/16", "10.2.0.9"),
    )
    assert failover_pools(configuration, "bar") == (FailoverPool("10.0.0.0/24", "10.0.0.211"),)
    assert failover_pools(configuration, "nobody") == ()


def test_lines_and_strings() -> None:
    """A statement knows its line; a quoted string is one word whatever is in it."""
    root = parse(MASTER, "m")
    (domain,) = root.named("option", "domain-name")
    assert domain.words[2] == 'a \\"quoted; {name}\\"'
    assert (domain.line, domain.file) == (4, "m")


@pytest.mark.parametrize("text", ["subnet {", "}", 'option "open;', "a b c"])
def test_errors_name_file_and_line(text: str) -> None:
    """What is no dhcpd.conf is told with its file."""
    with pytest.raises(ConfParseError, match="m line"):
        parse(text, "m")


async def test_include_loop() -> None:
    """A file that includes itself ends in an error, not in a hang."""

    async def itself(path: str) -> str:
        return f'include "{path}";'

    with pytest.raises(ConfParseError, match="too many includes"):
        await load(itself, "/loop.conf")


@given(st.text(alphabet='abc ;{}"#\n\\', max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """There is no third outcome."""
    with contextlib.suppress(ConfParseError):
        parse(text, "m")


@pytest.mark.skipif(not shutil.which("dhcpd"), reason="Debian's example configuration comes with isc-dhcp-server")
def test_debians_example() -> None:
    """The example that Debian ships, whose every second line is commented out."""
    for path in Path("/usr/share/doc/isc-dhcp-server/examples").glob("dhcpd.conf*"):
        if path.suffix != ".gz":
            assert parse(path.read_text(), str(path)).children
