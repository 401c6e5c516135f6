"""Every reader of text, with texts that are broken: typed errors only, and nothing takes longer because it is hostile."""

from __future__ import annotations

import io
import random
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dhcptui.act.sync.tree import TreeError, read_tree
from dhcptui.conf.lint.findings import Pair, Subject
from dhcptui.conf.lint.rules import lint
from dhcptui.conf.pools import failover_pools
from dhcptui.conf.reader import ConfParseError, Node, parse
from dhcptui.conf.scaffold import Key, Scaffold
from dhcptui.conf.site import failover_place
from dhcptui.config.loading import ConfigError, load
from dhcptui.logs import lines as loglines
from dhcptui.logs.lease_file import parse_records
from dhcptui.logs.zone import Zone
from dhcptui.model.leases import parse_question
from dhcptui.model.sentence import in_commands
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.clock import read_clock
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.holders import parse as parse_look
from dhcptui.servers.ssh.lines import MAX_LINE, LineSplitter
from dhcptui.servers.ssh.lock_files import parse_marks
from dhcptui.servers.ssh.ours import Place, judge, servers
from dhcptui.servers.ssh.shell import Answer
from dhcptui.servers.ssh.sockets import parse_sockets
from dhcptui.servers.ssh.timesync import (
    find_service,
    parse_chrony,
    parse_kernel_clock,
    parse_ntpq,
    parse_openntpd,
    parse_timedate,
)
from tests.fuzz.broken import broken
from tests.lab.texts import Settings as LabSettings
from tests.lab.texts import console_config

NOW = 1795347125.0
SCAFFOLD = Scaffold(
    "foo",
    "10.0.0.10",
    "10.0.0.20",
    "10.0.0.0/24",
    ("10.0.0.100", "10.0.0.200"),
    key=Key("omapi", "hmac-md5", "c2VjcmV0"),
)
CONF = SCAFFOLD.dhcpd_conf("primary").replace('include "/etc/dhcp/shared/master.conf";', SCAFFOLD.master_conf())
STATEMENTS = r"""
class "x" { match if substring (option vendor-class-identifier, 0, 9) = "PXE\x41\102\n"; }
option space a; option a.b code 1 = array of { ip-address, integer 8 }; # not the end }
if not (option dhcp-message-type = 3) { set y = concat ("a", "\""); } else { execute ("/bin/true", "a"); }
"""
LEASES = """
failover peer "foo" state {
  my state communications-interrupted at 4 2026/08/20 11:52:11;
  partner state normal at epoch 1787226731; # Thu Aug 20 11:52:11 2026
  mclt 1800;
}
lease 10.0.0.100 { starts 4 2026/08/20 11:52:11; ends never; client-hostname "a\\"b"; }
"""
LOG = (
    "2026-11-22T11:33:05.123456+00:00 dhcp1 dhcpd[123]: failover peer foo: I move from normal to communications-interrupted",
    "Nov 22 11:33:05 dhcp1 dhcpd[123]: DHCPACK on 10.0.0.103 to 02:00:5e:10:00:01 (laptop) via eth0",
    "1795347125.123456 dhcp1 dhcpd: bind update on 10.0.0.100 from foo rejected: incoming update is less critical than"
    " outgoing update",
    "dhcpd[123]: balancing pool 55cf1a2b3c4d 10.0.0.0/24  total 101  free 51  backup 50  lts 0  max-own (+/-)10",
    "Nov 22 11:33:05 dhcp1 dhcpd: message repeated 3 times: [ DHCPDISCOVER from 02:00:5e:10:00:01 via eth0: not responding"
    " (recover wait)]",
    "/etc/dhcp/dhcpd.conf line 12: semicolon expected.",
)
PS = (
    "    1 Ss   12-03:04:05 systemd /sbin/init",
    "  812 Ssl        10:11 dhcpd /usr/sbin/dhcpd -4 -cf /etc/dhcp/dhcpd.conf eth0",
    "   99 S       01:10:11 chronyd /usr/sbin/chronyd",
)
SOCKETS = {
    "ss": "ESTAB 0 0 10.0.0.10:58067 [::ffff:10.0.0.20]:520",
    "netstat": "tcp4 0 0 10.0.0.10.520 *.* LISTEN",
    "sockstat": "root dhcpd 812 9 tcp4 10.0.0.10:520 *:* LISTEN",
    "/proc/net/tcp": "1: 0A00000A:0208 0000000000000000FFFF00001400000A:0000 0A 0 0",
}
CHRONY = "A29FC87B,162.159.200.123,4,1795347125.12,-0.01,0.02,0.04,-12.3,0.001,0.05,0.012,0.0009,1030.5,Normal\n"
MARKS = (
    '{"token":"0123456789abcdef0123456789abcdef","owner":"ann","host":"op","pair":"office","action":"start","step":"x",'
    '"since":1795347125,"expires":1795347185}',
    '{"server":"dhcp2","by":"ann","reason":"it is dead","since":1795347125}',
)

fuzzed = settings(max_examples=250, deadline=None)
slower = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shown(*texts: str) -> None:
    """Assert that these may stand on a screen."""
    assert all(text.isprintable() for text in texts), texts


# --- dhcpd.conf ---


def look_at(node: Node) -> None:
    """Everything that reads a configuration."""
    failover_place(node, "foo")
    failover_pools(node, "foo")
    whole = parse(CONF, "dhcpd.conf")
    for pair in (
        Pair("foo", Subject("dhcp1", node), Subject("dhcp2", whole)),
        Pair("foo", Subject("dhcp1", whole), Subject("dhcp2", node)),
    ):
        for finding in lint(pair):
            shown(finding.sentence, in_commands(finding.fix, "office"))


@slower
@given(broken(CONF, CONF + STATEMENTS, STATEMENTS))
def test_dhcpd_conf(text: str) -> None:
    """A broken configuration is refused with file and line, or it is read and linted."""
    try:
        node = parse(text, "dhcpd.conf")
    except ConfParseError as error:
        refused = error
    else:
        look_at(node)
        return
    shown(str(refused))
    assert 0 <= refused.line <= text.count("\n") + 1


# --- the log, the lease file ---


@fuzzed
@given(st.lists(broken(*LOG), min_size=1, max_size=8), st.integers(-50000, 50000))
def test_log(texts: list[str], offset: int) -> None:
    """Any line is judged and folded; what it shows is one printable line."""
    folder = loglines.Folder()
    for text in texts:
        for raw in (text, text.encode("utf-8", "surrogatepass"), text.encode("latin-1", "replace")):
            line = loglines.parse(raw, NOW, Zone(offset))
            shown(line.text, line.clock, line.meaning, folder.add(line).row.summary)
            assert len(line.clock) == 8
            assert len(line.text) <= 2000


@fuzzed
@given(broken(LEASES, LEASES * 2))
def test_lease_file(text: str) -> None:
    """Whole records or none; times are numbers."""
    for record in parse_records(text, "foo"):
        assert record.written is None or abs(record.written) < 1e12


# --- what programs on the servers say ---


@fuzzed
@given(broken("\n".join(PS)))
def test_process_table(text: str) -> None:
    """Rows that are processes, and no others."""
    find_service(text.splitlines())


LOOKS = (
    "K Linux\nI\nU 808.46\nL 14 -rw-r--r-- 1 0 0 96 Apr 17 2023 /l\nS tcp 00000000:1EE7 0 77\nS read\nF 812 S 77\n"
    "F 812 L same 0100001 /l\nD 9\nN 1\nW all\nT 812 812 (dhcpd) S 1 8 8 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 80425 9 1\n"
    "V 812 0 inner\nA 812 dhcpd -4 -cf /c -lf /l\nE l 1 0 0 0 Nov 28 03:23 /proc/812/ns/net -> net:[402]\n",
    "K FreeBSD\nO 0\nL 14 -rw-r--r-- 1 0 0 96 Apr 17 2023 /l\nS read\nS dhcpd dhcpd 812 9 tcp4 10.0.0.10:647 *:*\nW all\n"
    "F dhcpd dhcpd 812 5 /var 14 -rw-r--r-- 96 w /l\nP   812 0 Is 01:02 Sat Nov 28 03:15:14 2026 dhcpd dhcpd -4 -lf /l\n",
    "K Plan9\nP   812 0 Is 01:02 Sat Nov 28 03:15:14 2026 dhcpd dhcpd -4 -lf /l\n",
)


@fuzzed
@given(broken(*LOOKS))
@example(LOOKS[0].replace("0100001", "9999999999990100001"))
@example(LOOKS[0].replace("F 812 S 77", "F \u00b2 S 77"))
def test_a_look_at_the_holders(text: str) -> None:
    """Whatever comes is judged: a proof needs a whole answer, and nobody below pid 0 is ours."""
    place = Place("/l", "/c", 7911, 647)
    look = parse_look(text.splitlines(), place)
    sighting = judge(look, place)
    assert len(sighting.pids) == len(sighting.born)
    assert all(pid >= 0 for pid in sighting.pids)
    servers(look)


def test_an_empty_answer_proves_nothing() -> None:
    """Nor does one that was cut."""
    place = Place("/l", "/c", 7911, 647)
    for text in ("", *LOOKS):
        for lines in (text.splitlines()[:size] for size in range(5)):
            assert not judge(parse_look(lines, place), place).proven_gone, lines


@fuzzed
@given(st.sampled_from(sorted(SOCKETS)).flatmap(lambda source: st.tuples(st.just(source), broken(SOCKETS[source]))))
def test_sockets(said: tuple[str, str]) -> None:
    """Rows that are sockets, and no others."""
    for socket in parse_sockets(said[0], said[1].splitlines()):
        shown(socket.local, socket.remote)


class _Said:
    """The far end of a remote shell: says one thing."""

    def __init__(self, text: str) -> None:
        self.session: Any = type("Session", (), {"target": "dhcp1"})
        self._lines = text.splitlines()

    async def ask(self, script: str, timeout: float = 10.0) -> Answer:
        """As RemoteShell."""
        assert script == commands.read_clock().line
        return Answer(self._lines, 0, 1.0, 1.1)


@fuzzed
@given(broken("1795347125.123456789", "1795347125.N", "date: illegal option -- s\nusage: date"))
async def test_date(text: str) -> None:
    """A time, or a RemoteError that can be shown."""
    try:
        reading = await read_clock(_Said(text), lambda: NOW, lambda: 2.0)  # type: ignore[arg-type]
    except RemoteError as error:
        shown(str(error))
    else:
        assert abs(reading.offset_seconds) < 1e12


@fuzzed
@given(
    broken(
        CHRONY,
        "leap_none, sync_ntp, stratum=3",
        "4/4 peers valid, clock synced, stratum 3",
        "NTPSynchronized=yes\n",
        "kernel 0\ntimesyncd 5\n",
    )
)
@example(CHRONY.replace(",4,", ",²,"))
def test_time_services(text: str) -> None:
    """Each of them is told apart from anything else."""
    for reader in (parse_chrony, parse_ntpq, parse_openntpd):
        if said := reader(text):
            shown(said.detail)
    parse_timedate(text)
    parse_kernel_clock(text)


@fuzzed
@given(broken(MARKS[0]), broken(MARKS[1]), broken("1795347125"))
def test_marks(lock: str, lockout: str, now: str) -> None:
    """A lock that says nothing sensible is one all the same; what is shown of it is clean."""
    lines = [now, f"{commands.LOCK} {now}", lock, f"{commands.LOCKOUT} {now}", lockout]
    lock_files = parse_marks(lines)
    assert lock_files.lock is not None
    shown(lock_files.lock.owner, lock_files.lock.host, lock_files.lock.action, lock_files.lock.step)
    if lock_files.lockout:
        shown(lock_files.lockout.server, lock_files.lockout.by, lock_files.lockout.reason)


@fuzzed
@given(broken("10.0.0.9", "02:00:5E:10:00:01", "0200.5e10.0001", "printer-3.example.org"))
def test_questions(text: str) -> None:
    """What is looked up can be shown, and cannot be taken for anything but a word."""
    if question := parse_question(text):
        shown(question.text)
        assert not set(question.text) & set(" \"'\\;{}")


# --- our own configuration, and the directory that is copied ---


@slower
@given(data=st.data())
def test_config_toml(tmp_path: Path, data: st.DataObject) -> None:
    """A broken configuration is one sentence."""
    whole = console_config(tmp_path, LabSettings(), "office", {})
    path = tmp_path / "config.toml"
    path.write_bytes(data.draw(broken(whole)).encode("utf-8", "surrogatepass"))
    with suppress(ConfigError):
        load(path)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20000, "a = " + "{b=" * 3000, "a = " + "9" * 5000, "[" + "a." * 4000 + "a]"]
)
def test_config_toml_extremes(tmp_path: Path, text: str) -> None:
    """Depth and size, too, are one sentence."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    shown(str(caught.value))


def archive() -> bytes:
    """A small directory as a tar stream."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, size in (("./master.conf", 900), ("./" + "n" * 120, 10), ("./empty", 0)):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname = size, int(NOW), "root"
            tar.addfile(member, io.BytesIO(b"x" * size))
        link = tarfile.TarInfo("./link")
        link.type, link.linkname = tarfile.SYMTYPE, "master.conf"
        tar.addfile(link)
    return stream.getvalue()


def test_archive() -> None:
    """A spoilt tar stream is a tree, or a TreeError."""
    whole, rng = archive(), random.Random("spoilt archives")  # noqa: S311
    assert len(read_tree(whole)) == 4
    trees = 0
    for _ in range(4000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            block = rng.randrange(len(data) // 512) * 512
            at = block + rng.choice((0, 100, 124, 136, 148, 156, 157, 257, 345, rng.randrange(512)))
            data[at] = rng.choice((0, 0x20, 0x37, 0x4B, 0x53, 0x67, 0x78, 0x80, 0xFF))
            head = data[block : block + 512]
            if rng.random() < 0.9:  # a right checksum, so that the rest is looked at
                head[148:156] = b" " * 8
                data[block + 148 : block + 156] = b"%06o\0 " % sum(head)
        with suppress(TreeError):
            trees += bool(read_tree(bytes(data)))
    assert trees > 100


def pax(**records: str) -> bytes:
    """A file of one byte with these extended attributes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("./a")
        member.size, member.pax_headers = 1, records
        tar.addfile(member, io.BytesIO(b"x"))
    return stream.getvalue()


@pytest.mark.parametrize(
    "records",
    [
        {"mtime": "inf"},
        {"mtime": "nan"},
        {"mtime": "-1e300"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 50)},
        {"GNU.sparse.size": str(1 << 50), "GNU.sparse.map": f"0,1,{1 << 49},0"},
        {"size": str(1 << 60)},
    ],
)
def test_archive_extremes(records: dict[str, str]) -> None:
    """Times and sizes that no file has: a TreeError or a small file, at once."""
    began = time.process_time()
    with suppress(TreeError):
        assert all(len(entry.data) < 10_000 for entry in read_tree(pax(**records)).values())
    assert time.process_time() - began < 2


# --- time and size ---

SIZE = 40_000


def heavy() -> Iterator[tuple[str, str]]:
    """Texts that would take long if anything looked at them from each of their characters on."""
    size = SIZE
    for name, piece in {
        "words": "a ", "strings": '"a"', "open strings": '"', "backslashes": '"\\', "braces": "{", "closed": "}", "ends": ";",
        "comments": "#", "signs": "~", "records": "= { a }", "blank lines": "\n", "blanks": " ", "tabs": "\t", "zeros": "\0",
        "statements": "a;", "peers": 'failover peer "foo" state {', "states": "my state normal at ", "dots": "10.0.0.",
    }.items():  # fmt: skip
        yield name, piece * (size // len(piece))
        yield f"{name} in a block", "a {" + piece * (size // len(piece))


@pytest.mark.parametrize(("name", "text"), [pytest.param(*each, id=each[0]) for each in heavy()])
def test_heavy_texts(name: str, text: str) -> None:
    """Anything is read, or refused, in a second or two: time grows with size, not with its square."""
    readers: dict[str, Callable[[], object]] = {
        "dhcpd.conf": lambda: parse(text, "dhcpd.conf"),
        "log": lambda: [loglines.parse(line, NOW) for line in LineSplitter().feed(text.encode() + b"\n")],
        "leases": lambda: parse_records('failover peer "foo" state {\n' + text, "foo"),
        "processes": lambda: parse_look([f"P {text[:2000]}", f"E {text[:2000]}"], None),
        "clocks": lambda: [
            parse_chrony(text),
            parse_ntpq(text),
            parse_openntpd(text),
            parse_kernel_clock(text),
            parse_timedate(text),
        ],
    }
    for reader, read in readers.items():
        began = time.process_time()  # of this process alone: what else the machine does is not counted
        with suppress(ConfParseError):
            read()
        took = time.process_time() - began
        assert took < 4, f"{reader} took {took:.1f} s for {name}"


def test_endless_line() -> None:
    """A line that never ends is kept up to its limit only."""
    splitter = LineSplitter()
    kept = [line for _ in range(200) for line in splitter.feed(b"x" * 65536)]
    kept += splitter.feed(b"\nnext\n")
    assert [len(line) for line in kept] == [MAX_LINE, 4]
