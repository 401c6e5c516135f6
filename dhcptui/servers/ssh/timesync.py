"""Whether something keeps a server's clock right: chrony, ntpd, OpenNTPD or systemd-timesyncd, asked in its own words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable

from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import TimeSync
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.session import Completed

Ask = Callable[[Command], Awaitable[Completed]]
"""Runs a small command on a server."""
_UNSYNCHRONISED = 16
"""The stratum of a clock that follows nobody."""
_ROW = re.compile(r"\s*(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)")
# Names as ps shows them: 15 characters at most on Linux.
_SERVICES = {
    "chronyd": "chrony",
    "ntpd": "ntpd",
    "openntpd": "OpenNTPD",
    "systemd-timesyn": "systemd-timesyncd",
    "systemd-timesyncd": "systemd-timesyncd",
    "ntp-daemon": "ntpd-rs",
    "phc2sys": "phc2sys",
}


async def read_time_sync(ask: Ask) -> TimeSync:
    """Ask the server; what it cannot say is None. Raises RemoteError."""
    table = await ask(commands.process_table())
    rows = [] if table.exit_status else table.stdout.decode("utf-8", "replace").splitlines()
    service, running = find_service(rows)
    kernel = parse_timedate(_text(await ask(commands.timedate())))
    if service == "chrony":
        said = parse_chrony(_text(await ask(commands.chrony_tracking())))
    elif service in {"ntpd", "OpenNTPD"}:
        said = parse_ntpq(_text(await ask(commands.ntpq_variables())))
        if said is None:
            said = parse_openntpd(_text(await ask(commands.openntpd_status())))
    else:
        said = None
    if said is not None:
        return said
    # The service does not say. The kernel does: whoever sets the clock tells it how well.
    return TimeSync(service, running, kernel)


def find_service(rows: Iterable[str]) -> tuple[str, bool | None]:
    """Which time service runs, by the rows of `commands.process_table()`; None: the table shows too little to tell."""
    whole = False
    for row in rows:
        match = _ROW.fullmatch(row)
        if match is None or match[2].startswith("Z"):
            continue
        whole = whole or match[1] == "1"
        if service := _SERVICES.get(match[4].rpartition("/")[2]):
            return service, True
    return "", False if whole else None


def parse_chrony(text: str) -> TimeSync | None:
    """`chronyc -c tracking`: address, name, stratum, ..., leap status at the end. None where it is something else."""
    for line in text.splitlines():
        fields = line.split(",")
        if (
            len(fields) < 13
            or not re.fullmatch(r"[0-9A-F]{8}", fields[0])
            or not re.fullmatch(r"[0-9]{1,2}", fields[2])
        ):
            continue
        status, stratum = fields[-1].strip(), int(fields[2])
        in_sync = status != "Not synchronised" and 0 < stratum < _UNSYNCHRONISED
        return TimeSync("chrony", True, in_sync, f"stratum {stratum}" if in_sync else clean(status, 40).lower())
    return None


def parse_ntpq(text: str) -> TimeSync | None:
    """`ntpq -c rv`: `... leap_none, sync_ntp, ... stratum=3 ...`. None where it is something else."""
    stratum = re.search(r"\bstratum=(\d{1,2})\b", text)
    leap = re.search(r"\bleap_(none|add_sec|del_sec|alarm)\b", text)
    if stratum is None or leap is None:
        return None
    in_sync = leap[1] != "alarm" and int(stratum[1]) < _UNSYNCHRONISED and "sync_unspec" not in text
    return TimeSync("ntpd", True, in_sync, f"stratum {int(stratum[1])}" if in_sync else "follows no server")


def parse_openntpd(text: str) -> TimeSync | None:
    """`ntpctl -s status`: `4/4 peers valid, clock synced, stratum 3`. None where it is something else."""
    match = re.search(r"\bclock (synced|unsynced)\b(?:, stratum (\d{1,2}))?", text)
    if match is None:
        return None
    in_sync = match[1] == "synced"
    return TimeSync("OpenNTPD", True, in_sync, f"stratum {match[2]}" if in_sync and match[2] else "")


def parse_timedate(text: str) -> bool | None:
    """Whether the kernel takes the clock for synchronised: `NTPSynchronized=yes` of timedatectl."""
    match = re.search(r"^NTPSynchronized=(yes|no)$", text, re.MULTILINE)
    return None if match is None else match[1] == "yes"


def _text(done: Completed) -> str:
    return "" if done.exit_status else done.stdout.decode("utf-8", "replace")
