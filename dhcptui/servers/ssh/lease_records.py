"""Read what a server wrote down: failover records and leases in its lease file, and the log of before."""

from __future__ import annotations

import re

from dhcptui.logs.lease_file import FailoverRecord, parse_records
from dhcptui.servers.host import Host
from dhcptui.servers.ssh import lease_record_commands as commands
from dhcptui.servers.ssh.errors import CommandFailed
from dhcptui.servers.ssh.helper import Runs
from dhcptui.servers.ssh.tail import LogSource

SEARCH_SECONDS = 60.0
"""A whole lease file of half a gigabyte, from a disk that gives 10 MB/s."""
LOG_BYTES = 64 * 1024 * 1024
"""How far back a log file is read, on the server; only what matters of it travels."""
MOST_LEASES = 16


class LastRecord:
    """The newest failover record of one server's lease file, read again at little cost."""

    def __init__(self, path: str, peer: str) -> None:
        self._path, self._peer = path, peer
        self._where = ""
        self.record: FailoverRecord | None = None

    @property
    def cheap(self) -> bool:
        """Whether the next read needs only what was appended since."""
        return bool(self._where)

    async def read(self, looks: Runs) -> FailoverRecord | None:
        """The newest whole record; None where the file has none. Raises RemoteError."""
        command = commands.last_records(self._path, self._peer, self._where)
        done = await looks.run(command, timeout=SEARCH_SECONDS)
        head, _, text = done.stdout.decode("utf-8", "replace").partition("\n")
        if done.exit_status != 0 or not re.fullmatch(r"\d+ \d+", head):
            raise CommandFailed(f"reading {self._path}", done.exit_status, done.stderr or done.stdout)
        if text.strip() != commands.SAME:
            found = parse_records(text, self._peer)
            if not found and text.strip():  # caught in the middle of writing: look again
                return self.record
            self.record = found[-1] if found else None
        self._where = head
        return self.record


async def failover_records(session: Host, path: str, peer: str, most: int = 200) -> tuple[FailoverRecord, ...]:
    """The last failover records of a lease file, oldest first. Raises RemoteError."""
    done = await session.run(commands.all_records(path, peer, most), timeout=SEARCH_SECONDS)
    if done.stderr and not done.stdout:
        raise CommandFailed(f"reading {path}", 1, done.stderr)
    return parse_records(done.stdout.decode("utf-8", "replace"), peer)


async def lease_addresses(session: Host, path: str, statement: str) -> tuple[str, ...]:
    """Addresses of the leases that have this statement, such as `hardware ethernet 02:...;`. Raises RemoteError."""
    done = await session.run(commands.leases_with(path, statement, MOST_LEASES), timeout=SEARCH_SECONDS)
    if done.stderr and not done.stdout:
        raise CommandFailed(f"reading {path}", 1, done.stderr)
    lines = done.stdout.decode("ascii", "replace").split()
    return tuple(line for line in lines if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", line))


async def log_before(
    session: Host, source: LogSource, since: float, lines: int, read_bytes: int = LOG_BYTES
) -> list[bytes]:
    """A server's log, nearly all client traffic left out: its last lines; may begin before `since`.

    Raises RemoteError also where a file is not there or cannot be read: an empty log is another thing.
    """
    if source.kind == "file":
        command = commands.log_before(source.name, read_bytes, lines)
    else:
        command = commands.journal_before(source.name, int(since), lines)
    done = await session.run(command, timeout=SEARCH_SECONDS)
    if done.exit_status != 0 or (done.stderr and not done.stdout):
        raise CommandFailed(f"reading {source}", done.exit_status or 1, done.stderr)
    return source.logged(done.stdout.splitlines())
