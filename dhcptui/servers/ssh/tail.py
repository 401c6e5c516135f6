"""Follow one server's log, in batches, across rotation on the server and reconnects of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self

from dhcptui.model.sanitize import clean
from dhcptui.servers.host import WINDOW, Host, Running
from dhcptui.servers.ssh import commands, lease_record_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import SessionLost, TailEnded
from dhcptui.servers.ssh.lines import LineSplitter, Overlap

_READ = 4 * WINDOW
"""Bytes. All that has come is taken at once: asyncssh opens the window anew whenever a reader goes on, also while what came
before still waits for it, so that a reader of small pieces would collect a flood in memory."""
_EXIT_SECONDS = 2.0
CATCH_UP = 10
"""After a reconnect, how many times the usual backlog is asked for, so that a busy log has no hole."""

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where dhcpd's log is: a file (absolute path) or a unit in the systemd journal."""

    kind: Literal["file", "journal"]
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """`file:/path` or `journal:unit`; raises ValueError for anything else."""
        kind, _, name = text.partition(":")
        if kind == "file" and name.startswith("/"):
            return cls("file", name)
        if kind == "journal" and name:
            return cls("journal", name)
        raise ValueError(f"a log is file:/absolute/path or journal:unit, not {text!r}")

    def __str__(self) -> str:
        """As in the configuration."""
        return f"{self.kind}:{self.name}"

    def follow(self, lines: int) -> Command:
        """The command that follows it, beginning with the last `lines` lines."""
        return (commands.tail_file if self.kind == "file" else commands.follow_journal)(self.name, lines)

    def last(self, lines: int) -> Command:
        """The command that prints its last `lines` lines."""
        return (commands.last_lines if self.kind == "file" else commands.last_journal)(self.name, lines)

    def logged(self, lines: list[bytes]) -> list[bytes]:
        """Without journalctl's own remarks, such as `-- Boot ... --`."""
        return lines if self.kind == "file" else [line for line in lines if not line.startswith(b"-- ")]


async def follow(
    session: Host,
    source: LogSource,
    lines: int = 500,
    batch_seconds: float = 0.1,
    *,
    on_notice: Notice | None = None,
    on_gap: Callable[[], None] = lambda: None,
    on_start: Callable[[], object] = lambda: None,
    overlap: Overlap | None = None,
) -> AsyncGenerator[list[bytes], None]:
    """Batches of raw log lines, the last `lines` first, then at most one batch every `batch_seconds`.

    Pass the same `overlap` again after a reconnect: then only new lines come, and up to 10 times `lines` that were
    written meanwhile, also those at the end of a file that was rotated. `on_gap` is called before a batch (it may be
    empty) in front of which lines may be missing. What the remote side remarks (`Permission denied`, `file truncated`) goes to `on_notice`,
    sanitised; `on_start` is called when the follow itself runs. A slow consumer slows the server down: no more than a few MiB are held here.
    Iterate it inside `contextlib.aclosing`. Raises TailEnded, SessionLost, SessionRefused; it never just ends.
    """
    notice = on_notice or (lambda _: None)
    overlap = overlap or Overlap(keep=2 * lines)
    if overlap.started:
        known_gap = overlap.gap
        missed, whole = await _missed(session, source, lines * CATCH_UP, notice, overlap)
        if gap := overlap.gap and whole and bool(missed or not known_gap):
            on_gap()
        if missed or gap:
            yield missed
        overlap.resume(lines)
    process = await session.start(source.follow(lines))
    on_start()
    notable_lines = asyncio.create_task(_pump_remarks(process, notice))
    try:
        splitter = LineSplitter()
        while data := await process.read(_READ):
            if fresh := overlap.feed(source.logged(splitter.feed(data))):
                yield fresh
            await asyncio.sleep(batch_seconds)  # what arrives meanwhile comes in one batch
        if last := overlap.feed(source.logged(splitter.flush())):
            yield last
        raise await _ending(session, source, process, notable_lines)
    finally:
        notable_lines.cancel()
        with suppress(asyncio.CancelledError):
            await notable_lines
        process.stop()  # a tail that writes to nobody also ends by itself


async def _missed(
    session: Host, source: LogSource, lines: int, notice: Notice, overlap: Overlap
) -> tuple[list[bytes], bool]:
    """What was written since the last line that was delivered, and whether the log could be read at all."""
    done = await session.run(source.last(lines))
    if done.exit_status != 0:
        notice(clean(done.stderr))
    backlog = source.logged(_cut(done.stdout))
    if source.kind == "file" and len(backlog) < lines and not overlap.touches(backlog):
        older = await session.run(lease_record_commands.rotated_lines(source.name, lines))
        if overlap.touches(both := _cut(older.stdout) + backlog):
            backlog = both
    return overlap.trim(backlog), done.exit_status == 0


def _cut(data: bytes) -> list[bytes]:
    splitter = LineSplitter()
    return splitter.feed(data) + splitter.flush()


async def _pump_remarks(process: Running, notice: Notice) -> str:
    """Hand on each line of stderr; return the last one."""
    splitter, last = LineSplitter(), ""
    with suppress(SessionLost):  # the reader of stdout reports the loss
        while data := await process.read_errors(_READ):
            for line in splitter.feed(data):
                last = clean(line)
                notice(last)
    return last


async def _ending(session: Host, source: LogSource, process: Running, notable_lines: asyncio.Task[str]) -> Exception:
    """Why the stream ended: the session, or the remote command."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_EXIT_SECONDS):
            await process.wait()
            await asyncio.shield(notable_lines)
    if session.closed:
        return session.lost_error()
    ending = notable_lines.result() if notable_lines.done() else ""
    how = "" if process.exit_status is None else f" (exit status {process.exit_status})"
    return TailEnded(
        f"the follow of {source} on {session.target} ended{how}" + (f": {ending}" if ending else ""),
        f"Try on {session.target.host}: {source.follow(5).as_root(session.target.sudo).line}",
    )
