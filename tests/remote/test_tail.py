"""Following a log: batches, rotation, truncation, loss, and the seam after a reconnect."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.servers.ssh import commands, tail
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import SessionLost, TailEnded
from dhcptui.servers.ssh.lines import LineSplitter, Overlap
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.tail import LogSource, follow
from tests.remote.ssh_server import Server, running_session
from tests.waiting import until


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, SshSession]]:
    """A running server and a session with it."""
    async with running_session(tmp_path, monkeypatch) as both:
        yield both


class Follower:
    """Collects what a follow delivers, so that a test can wait for a line."""

    def __init__(self, session: SshSession, path: Path, overlap: Overlap | None = None) -> None:
        self.lines: list[bytes] = []
        self.notices: list[str] = []
        source = LogSource.parse(f"file:{path}")
        self.gaps: list[int] = []
        """After how many lines it was said that some may be missing."""
        self._follow = follow(
            session,
            source,
            on_notice=self.notices.append,
            on_gap=lambda: self.gaps.append(len(self.lines)),
            overlap=overlap,
        )
        self.task = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        async with aclosing(self._follow) as batches:
            async for batch in batches:
                self.lines += batch

    async def see(self, line: bytes) -> None:
        """Wait until the line has come."""

        def came() -> bool:
            if self.task.done():
                self.task.result()
            return line in self.lines

        await until(came)

    async def notice(self, word: str) -> None:
        """Wait until something that is no line was said with this word in it."""
        await until(lambda: any(word in notice for notice in self.notices))

    async def stop(self) -> None:
        """Stop following."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def append(path: Path, *lines: str) -> None:
    """Write lines at the end of the log."""
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


async def test_backlog_and_append(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """First the last 500 lines, then new ones as they come; a half line waits for its end."""
    log = tmp_path / "odd 'name.log"
    append(log, *(f"old {n}" for n in range(600)))
    follower = Follower(pair[1], log)
    await follower.see(b"old 599")
    assert follower.lines[0] == b"old 100"
    with log.open("ab") as file:
        file.write(b"half")
        file.flush()
        await asyncio.sleep(0.3)
        assert b"half" not in follower.lines
        file.write(b" whole \xff\n")
    await follower.see(b"half whole \xff")
    await follower.stop()


async def test_rotation_truncation_absence(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """The log may be renamed, emptied or deleted; the follow goes on and says what happened."""
    log = tmp_path / "dhcpd.log"
    append(log, "one")
    follower = Follower(pair[1], log)
    await follower.see(b"one")
    log.rename(tmp_path / "dhcpd.log.1")
    append(log, "after rotation")
    await follower.see(b"after rotation")
    os.truncate(log, 0)
    await follower.notice("truncated")
    append(log, "after truncation")
    await follower.see(b"after truncation")
    log.unlink()
    await follower.notice("inaccessible")
    append(log, "after deletion")
    await follower.see(b"after deletion")
    assert follower.lines.count(b"one") == 1
    await follower.stop()


async def test_a_link_that_is_switched_each_day(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """As OPNsense and newsyslog do: another file behind the same name; nothing is lost, nothing comes twice."""
    link = tmp_path / "latest.log"
    append(tmp_path / "dhcpd_21.log", "yesterday")
    link.symlink_to(tmp_path / "dhcpd_21.log")
    follower = Follower(pair[1], link)
    await follower.see(b"yesterday")
    append(tmp_path / "dhcpd_22.log", "today")
    (tmp_path / "new").symlink_to(tmp_path / "dhcpd_22.log")
    (tmp_path / "new").rename(link)
    await follower.see(b"today")  # GNU tail looks at the name of a file that is quiet every five seconds
    append(tmp_path / "dhcpd_22.log", "and later")
    await follower.see(b"and later")
    assert follower.lines == [b"yesterday", b"today", b"and later"]
    await follower.stop()


async def test_missing_file_is_awaited(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """A log that does not exist yet is a notice, not an end."""
    log = tmp_path / "later.log"
    follower = Follower(pair[1], log)
    await until(lambda: follower.notices)
    assert "No such file" in follower.notices[0]
    append(log, "here")
    await follower.see(b"here")
    await follower.stop()


async def test_tail_dies(pair: tuple[Server, SshSession], monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote tail that ends raises, with its exit status and last words, sanitised."""
    dying = Command(("/bin/sh", "-c", "echo line; printf 'no \\033 luck\\n' >&2; exit 4"))
    monkeypatch.setattr(commands, "tail_file", lambda path, lines: dying)
    got: list[bytes] = []

    async def collect() -> None:
        async for batch in follow(pair[1], LogSource.parse("file:/x")):
            got.extend(batch)

    with pytest.raises(TailEnded, match=r"file:/x.*exit status 4.*no \\x1b luck"):
        await collect()
    assert got == [b"line"]


async def test_session_lost(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """A lost session ends the follow with SessionLost."""
    server, session = pair
    log = tmp_path / "a.log"
    append(log, "one")
    follower = Follower(session, log)
    await follower.see(b"one")
    server.kill()
    async with asyncio.timeout(3):
        with pytest.raises(SessionLost):
            await follower.task


async def test_nothing_is_left(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """A follow that is given up leaves no task here and no tail there."""
    log = tmp_path / "unique-name.log"
    append(log, "one")
    before = asyncio.all_tasks()
    follower = Follower(pair[1], log)
    await follower.see(b"one")
    await follower.stop()
    for _ in range(100):
        table = (await pair[1].run(commands.process_table())).stdout
        if b"unique-name.log" not in table:
            break
        await asyncio.sleep(0.05)
    assert b"unique-name.log" not in table
    if pair[0].sshd is not None:
        assert asyncio.all_tasks() <= before


async def test_reconnect_joins(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """Two follows with one Overlap deliver every line once, also what came in between."""
    log = tmp_path / "a.log"
    append(log, *(f"old {n}" for n in range(800)))
    overlap = Overlap()
    first = Follower(pair[1], log, overlap)
    await first.see(b"old 799")
    append(log, "same", "same", "same")
    await until(lambda: first.lines.count(b"same") == 3)
    await first.stop()
    append(log, *(f"away {n}" for n in range(2000)))
    async with await SshSession.connect(pair[0].target()) as again:
        second = Follower(again, log, overlap)
        await second.see(b"away 1999")
        append(log, "live")
        await second.see(b"live")
        await second.stop()
    assert first.lines + second.lines == [
        *(b"old %d" % n for n in range(300, 800)),
        *[b"same"] * 3,
        *(b"away %d" % n for n in range(2000)),
        b"live",
    ]
    assert not overlap.gap


def _renamed(log: Path) -> None:
    log.rename(log.with_name("a.log.1"))


def _packed(log: Path) -> None:
    log.with_name("a.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()


def _newsyslog(log: Path) -> None:
    log.rename(log.with_name("a.log.0"))


def _dated(log: Path) -> None:
    log.rename(log.with_name("a.log-20261128"))


def _copied(log: Path) -> None:
    shutil.copy(log, log.with_name("a.log.1"))
    os.truncate(log, 0)


def _lost(log: Path) -> None:
    os.truncate(log, 0)


def _twice(log: Path) -> None:
    log.rename(log.with_name("a.log.2"))
    append(log.with_name("a.log.1"), "of a file between")


@pytest.mark.parametrize("fresh", [0, 3], ids=["nothing since", "lines since"])
@pytest.mark.parametrize("rotated", [_renamed, _packed, _newsyslog, _dated, _copied, _lost, _twice])
async def test_rotated_while_away(
    rotated: Callable[[Path], None], fresh: int, pair: tuple[Server, SshSession], tmp_path: Path
) -> None:
    """The end of the old file is read from where the rotation has put it; where it is not found, the gap is told."""
    log, overlap = tmp_path / "a.log", Overlap()
    append(log, *(f"old {n}" for n in range(20)))
    first = Follower(pair[1], log, overlap)
    await first.see(b"old 19")
    await first.stop()
    append(log, "the last of the old file")
    rotated(log)
    append(log, *(f"new {n}" for n in range(fresh)))
    async with await SshSession.connect(pair[0].target()) as again:
        second = Follower(again, log, overlap)
        await asyncio.sleep(0.5)
        append(log, "live")
        await second.see(b"live")
        await second.stop()
        new = [*(b"new %d" % n for n in range(fresh)), b"live"]
        if rotated in {_lost, _twice}:
            assert (second.lines, second.gaps) == (new, [0])
        else:
            assert (second.lines, second.gaps) == ([b"the last of the old file", *new], [])
        third = Follower(again, log, overlap)
        append(log, "later")
        await third.see(b"later")
        await third.stop()
    assert (third.lines, third.gaps) == ([b"later"], []), "what was told once is not told again"


async def test_more_lines_than_are_read_again(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """A hole between what was delivered and the last of many lines is told, whatever stands in an older file."""
    log, overlap = tmp_path / "a.log", Overlap()
    append(log, "one", "two")
    first = Follower(pair[1], log, overlap)
    await first.see(b"two")
    await first.stop()
    _renamed(log)
    append(log, *(f"flood {n}" for n in range(500 * tail.CATCH_UP + 1)))
    second = Follower(pair[1], log, overlap)
    await second.see(b"flood 5000")
    await second.stop()
    assert (second.lines[0], second.gaps) == (b"flood 1", [0])


async def test_a_log_that_cannot_be_read_again_has_no_gap(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """It is tried every few seconds, and says so itself; nothing is known of its lines."""
    log, overlap = tmp_path / "a.log", Overlap()
    append(log, "one")
    first = Follower(pair[1], log, overlap)
    await first.see(b"one")
    await first.stop()
    log.unlink()
    for _ in range(2):
        again = Follower(pair[1], log, overlap)
        async with asyncio.timeout(40):
            while len(again.notices) < 2:  # of the look back, and of the follow
                await asyncio.sleep(0.02)
        await again.stop()
        assert (again.lines, again.gaps) == ([], [])


async def test_slow_consumer_bounds_memory(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """Who does not read slows the server down instead of filling our memory."""
    log = tmp_path / "a.log"
    log.write_bytes(b"".join(b"%09d %s\n" % (n, b"x" * 90) for n in range(200_000)))
    batches = follow(pair[1], LogSource.parse(f"file:{log}"), lines=200_000, batch_seconds=0)
    async with aclosing(batches) as stream:
        total = len(await anext(stream))
        await asyncio.sleep(0.5)
        async for batch in stream:
            assert len(batch) < 50_000
            total += len(batch)
            if total >= 200_000:
                break
    assert total == 200_000


async def test_a_flood_is_not_collected(pair: tuple[Server, SshSession], tmp_path: Path) -> None:
    """Whoever reads twenty times a second holds what came since, not all that the server could send meanwhile."""
    log, size = tmp_path / "a.log", 60_000_000
    with log.open("wb") as out:
        out.writelines(b"%09d %s\n" % (n, b"x" * 989) for n in range(size // 1000))
    source, few = LogSource.parse(f"file:{log}"), Overlap(keep=100)
    batches = follow(pair[1], source, lines=size // 1000, batch_seconds=0.05, overlap=few)
    async with aclosing(batches) as stream:
        await anext(stream)
        tracemalloc.start()
        try:
            for _ in range(30):
                await anext(stream)
                held, _ = tracemalloc.get_traced_memory()
                assert held < 12_000_000
        finally:
            tracemalloc.stop()


def test_journal_remarks_are_no_log_lines() -> None:
    """What journalctl says on its own behalf is dropped, the same line in a file is not."""
    lines = [b"-- Boot 0123 --", b"2024-01-01T00:00:00.000000+0000 h dhcpd[1]: x"]
    assert LogSource.parse("journal:dhcpd").logged(lines) == lines[1:]
    assert LogSource.parse("file:/x").logged(lines) == lines
    assert tail.LogSource.parse("journal:a").follow(7).line.startswith("journalctl -f -n 7")


@pytest.mark.parametrize("text", ["", "/var/log/x", "file:x", "file:", "journal:", "syslog:x"])
def test_log_source_is_strict(text: str) -> None:
    """Anything but the two forms is an error that names them."""
    with pytest.raises(ValueError, match="journal:unit"):
        LogSource.parse(text)
    assert str(LogSource.parse("file:/a:b")) == "file:/a:b"


@given(st.binary(max_size=200), st.lists(st.integers(1, 20), max_size=30))
def test_splitter_does_not_depend_on_chunks(data: bytes, sizes: list[int]) -> None:
    """However the bytes are cut, the lines are the same, and none is longer than the limit."""
    rest = data = data.replace(b"\x01", b"\n")
    splitter = LineSplitter(limit=8)
    got: list[bytes] = []
    for size in sizes:
        got += splitter.feed(rest[:size])
        rest = rest[size:]
    got += splitter.feed(rest) + splitter.flush()
    expected = [line[:8] for line in data.split(b"\n")]
    assert got == (expected if expected[-1] else expected[:-1])


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.lists(st.integers(1, 9), max_size=20))
def test_overlap_neither_repeats_nor_loses(delivered: int, missed: int, more: int, cuts: list[int]) -> None:
    """A streamed backlog, cut anywhere, that reaches back to what was delivered, brings exactly what is new."""
    distinct = [b"%d" % at for at in range(delivered + missed)]
    repeated = [b"%d" % (at // 3) for at in range(delivered + missed)]
    for log, start in ((distinct, max(0, delivered - more)), (repeated, 0)):
        overlap = Overlap(keep=80)
        got = list(overlap.feed(log[:delivered]))
        overlap.resume()
        replay = log[start:]
        for cut in cuts:
            got += overlap.feed(replay[:cut])
            replay = replay[cut:]
        got += overlap.feed(replay)
        got += overlap.feed([b"last"])
        assert got == [*log, b"last"]


def test_a_log_that_repeats_itself_does_not_stand_still() -> None:
    """Without times, as from `dhcpd -d`, new lines say what old ones said: behind the replay each is new."""
    cycle = [
        b"DHCPREQUEST for 10.0.0.7 from 00:16:3e:11:22:33 via eth0",
        b"DHCPACK on 10.0.0.7 to 00:16:3e:11:22:33 via eth0",
    ]
    overlap = Overlap(keep=100)
    overlap.feed(cycle * 50)
    overlap.resume(50)
    assert overlap.feed(cycle * 25) == []
    assert [overlap.feed([line]) for line in cycle * 3] == [[line] for line in cycle * 3]


def test_overlap_gap() -> None:
    """A backlog that does not touch what was delivered comes whole, and says so."""
    overlap = Overlap()
    overlap.feed([b"a", b"b"])
    assert overlap.trim([b"x", b"y"]) == [b"x", b"y"]
    assert overlap.gap
    assert overlap.trim([b"b", b"x", b"y", b"z"]) == [b"z"]
    assert not overlap.gap
