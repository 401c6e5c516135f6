"""Socket tables of four tools and several systems, and what they say of the link."""

from __future__ import annotations

import pytest

from dhcptui.model.failover import FailoverPlace
from dhcptui.model.snapshot import FailoverSockets
from dhcptui.servers.ssh.sockets import Socket, TcpState, parse_sockets, summarise

PLACE = FailoverPlace("10.0.0.10", 520, "10.0.0.20", 521)
T = TcpState

SS = """\
State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
LISTEN     0      1          10.0.0.10:520        0.0.0.0:*
ESTAB      0      0          10.0.0.10:58067    10.0.0.20:521
SYN-RECV   0      0          10.0.0.10:520      10.0.0.20:40112
SYN-SENT   0      1     10.0.0.10%eth0:40000    10.0.0.20:521
TIME-WAIT  0      0 [::ffff:10.0.0.10]:520 [::ffff:10.0.0.77]:46262
FIN-WAIT-2 0      0          10.0.0.10:40002    10.0.0.20:521
LISTEN     0      128             [::]:22            [::]:*
"""
NETSTAT_LINUX = """\
tcp        0      0 10.0.0.10:520           0.0.0.0:*               LISTEN
tcp        0      0 10.0.0.10:58067         10.0.0.20:521           ESTABLISHED
tcp        0      0 10.0.0.10:520           10.0.0.20:40112         SYN_RECV
tcp        0      1 10.0.0.10:40000         10.0.0.20:521           SYN_SENT
tcp6       0      0 ::ffff:10.0.0.10:520    ::ffff:10.0.0.77:46262  TIME_WAIT
tcp        0      0 10.0.0.10:40002         10.0.0.20:521           FIN_WAIT2
tcp6       0      0 :::22                   :::*                    LISTEN
"""
NETSTAT_BSD = """\
tcp4       0      0 10.0.0.10.520          *.*                    LISTEN
tcp4       0      0 10.0.0.10.58067        10.0.0.20.521          ESTABLISHED
tcp4       0      0 10.0.0.10.520          10.0.0.20.40112        SYN_RCVD
tcp4       0      0 10.0.0.10.40000        10.0.0.20.521          SYN_SENT
tcp4       0      0 10.0.0.10.520          10.0.0.77.46262        TIME_WAIT
tcp4       0      0 10.0.0.10.40002        10.0.0.20.521          FIN_WAIT_2
tcp46      0      0 *.22                   *.*                    LISTEN
"""
SOCKSTAT = """\
USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         FOREIGN ADDRESS       STATE
dhcpd    dhcpd      812   9  tcp4   10.0.0.10:520         *:*                   LISTEN
dhcpd    dhcpd      812   10 tcp4   10.0.0.10:58067       10.0.0.20:521         ESTABLISHED
dhcpd    dhcpd      812   11 tcp4   10.0.0.10:520         10.0.0.20:40112       SYN_RECEIVED
dhcpd    dhcpd      812   11 tcp4   10.0.0.10:520         10.0.0.20:40112       SYN_RCVD
dhcpd    dhcpd      812   12 tcp4   10.0.0.10:40000       10.0.0.20:521         SYN_SENT
?        ?          ?     ?  tcp4   10.0.0.10:520         10.0.0.77:46262       TIME_WAIT
?        ?          ?     ?  tcp4   10.0.0.10:40002       10.0.0.20:521         FIN_WAIT_2
root     sshd       700   4  tcp4   *:22                  *:*                   LISTEN
"""
PROC = """\
   1: 0A00000A:0208 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 146669 1 0 100 0 0 10 0
  34: 0A00000A:E2D3 1400000A:0209 01 00000000:00000000 00:00000000 00000000     0        0 146668 1 0 20 4 0 29 -1
   2: 0A00000A:0208 1400000A:9CB0 03 00000000:00000000 01:00000047 00000000     0        0 0 1 0
   3: 0A00000A:9C40 1400000A:0209 02 00000001:00000000 01:00000047 00000001     0        0 1 2 0 200 0 0 1 7
   4: 0000000000000000FFFF00000A00000A:0208 0000000000000000FFFF00004D00000A:B4B6 06 00000000:00000000 03:0000175F 00000000 0 0 0 3 0
   5: 0A00000A:9C42 1400000A:0209 05 00000000:00000000 03:0000175F 00000000     0        0 0 3 0
   6: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0 0 9 1 0
"""
EXPECTED = {
    Socket(T.LISTEN, "10.0.0.10", 520, "*", 0),
    Socket(T.ESTABLISHED, "10.0.0.10", 58067, "10.0.0.20", 521),
    Socket(T.SYN_RECEIVED, "10.0.0.10", 520, "10.0.0.20", 40112),
    Socket(T.SYN_SENT, "10.0.0.10", 40000, "10.0.0.20", 521),
    Socket(T.TIME_WAIT, "10.0.0.10", 520, "10.0.0.77", 46262),
    Socket(T.FIN_WAIT_2, "10.0.0.10", 40002, "10.0.0.20", 521),
    Socket(T.LISTEN, "*", 22, "*", 0),
}
TABLES = [
    ("ss", SS),
    ("netstat", NETSTAT_LINUX),
    ("netstat", NETSTAT_BSD),
    ("sockstat", SOCKSTAT),
    ("/proc/net/tcp", PROC),
]


@pytest.mark.parametrize(("source", "text"), TABLES, ids=["ss", "Linux", "BSD", "sockstat", "proc"])
def test_every_table_says_the_same(source: str, text: str) -> None:
    """The same seven sockets, however they are spelled; headers and unknown states are passed over."""
    found = parse_sockets(source, text.splitlines())
    assert set(found) == EXPECTED
    assert summarise(found, PLACE, source) == FailoverSockets(
        source,
        listening=True,
        established=True,
        connecting=True,
        half_open=True,
        untaken=True,
        strangers=("10.0.0.77",),
        own_addresses=("10.0.0.10",),
    )


@pytest.mark.parametrize("source", ["ss", "netstat", "sockstat", "/proc/net/tcp", "lsof", ""])
@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "ESTAB 0 0 nonsense 1.2.3.4:5",
        "tcp 0 0 a b c d",
        "1: zz:0208 00:00 0A",
        "1: 0A00000A:0208 1:2 FF",
        "\x1b[2J" * 9,
    ],
)
def test_nonsense_is_passed_over(source: str, line: str) -> None:
    """Whatever stands there, it is no error and no socket."""
    assert parse_sockets(source, [line]) == []


def test_only_the_partner_counts() -> None:
    """A connection with somebody else is no link; with a host name as peer address any address may be the partner."""
    foreign = [Socket(T.ESTABLISHED, "10.0.0.10", 520, "10.0.0.99", 4000)]
    said = summarise(foreign, PLACE, "ss")
    assert not said.established
    assert said.strangers == ("10.0.0.99",)
    named = summarise(foreign, FailoverPlace("dhcp1", 520, "dhcp2.example", 521), "ss")
    assert named.established
    assert named.strangers == ()
    inward = [Socket(T.ESTABLISHED, "10.0.0.10", 520, "10.0.0.20", 33333)]
    assert summarise(inward, PLACE, "ss").established
    other_port = [Socket(T.ESTABLISHED, "10.0.0.10", 33333, "10.0.0.20", 22)]
    assert not summarise(other_port, PLACE, "ss").established
    itself = [Socket(T.TIME_WAIT, "10.0.0.10", 520, "10.0.0.10", 4000)]
    assert summarise(itself, PLACE, "ss").strangers == ()
