"""Which dhcpd runs on a server, and whether it is frozen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dhcptui.remote import commands
from dhcptui.remote.errors import RemoteError
from dhcptui.remote.shell import RemoteShell

_ROW = re.compile(r"\s*(\d{1,10})\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)")
_ELAPSED = re.compile(r"(?:(?:(\d{1,6})-)?(\d{1,4}):)?(\d{1,4}):(\d{1,4})")


@dataclass(frozen=True, slots=True)
class DhcpdProcess:
    """One running dhcpd for IPv4. `stat` is ps's state letters, `args` its command line as one text."""

    pid: int
    stat: str
    args: str
    elapsed_seconds: int | None

    @property
    def is_stopped(self) -> bool:
        """Whether a signal or a debugger holds it: it exists, keeps its sockets, and answers nobody."""
        return self.stat[:1] in {"T", "t"}


async def find_dhcpd(shell: RemoteShell, timeout: float = 10.0) -> tuple[DhcpdProcess, ...]:
    """Every dhcpd on the server that is alive and serves IPv4, by pid; containers on the same host are seen too.

    Raises RemoteError when there is no process table, and what `RemoteShell.ask` raises.
    """
    answer = await shell.ask(commands.process_table().line, timeout)
    if answer.exit_status != 0:
        raise RemoteError(f"ps on {shell.session.target} failed: {answer.lines[-1] if answer.lines else 'no output'}")
    if not any(line.split(None, 1)[:1] == ["1"] for line in answer.lines):
        raise RemoteError(
            f"the account on {shell.session.target} sees only its own processes",
            "/proc is mounted with hidepid, or the like: set sudo = true in the configuration.",
        )
    return parse_table(answer.lines)


def parse_table(lines: Iterable[str]) -> tuple[DhcpdProcess, ...]:
    """The dhcpd among the rows of `commands.process_table()`: no zombie, none started with -6."""
    found = []
    for line in lines:
        match = _ROW.fullmatch(line)
        if match is None:
            continue
        pid, stat, elapsed, comm, args = match.groups()
        if comm.rpartition("/")[2] == "dhcpd" and not stat.startswith("Z") and "-6" not in args.split():
            found.append(DhcpdProcess(int(pid), stat, args.rstrip(), _seconds(elapsed)))
    return tuple(sorted(found, key=lambda process: process.pid))


def _seconds(elapsed: str) -> int | None:
    """ps's `[[days-]hours:]minutes:seconds` in seconds."""
    match = _ELAPSED.fullmatch(elapsed)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
