"""Whether something keeps a server's clock right: chrony, ntpd, OpenNTPD or systemd-timesyncd, asked in its own words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable

from dhcptui.model.moments import Seen
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import TimeSync
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command

Ask = Callable[[Command], Awaitable[Completed]]
"""Runs a small command on a server."""
SYSTEMD_SECONDS = 3600.0
"""timedatectl is asked no more often than this, and only where nothing else tells."""
KERNEL_TRUST_SECONDS = 32_000
"""The kernel takes a clock for unsynchronised so long after it was last set: 16 s of error at 500 ppm (ntp.c)."""
_TIME_ERROR = 5
"""adjtimex's answer for a clock that is not synchronised."""
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


class SystemdWord:
    """timedatectl's word on the clock, kept: each question wakes a service of systemd, and the journal tells of it."""

    def __init__(self) -> None:
        self.in_sync: bool | None = None
        self.asked: float | None = None
        """When, in seconds on the caller's clock; None: it was not needed."""

    async def read(self, ask: Ask, now: float) -> bool | None:
        """What it says, or said less than SYSTEMD_SECONDS ago. Raises what `ask` raises."""
        if self.asked is None or now - self.asked >= SYSTEMD_SECONDS:
            self.in_sync, self.asked = parse_timedate(_text(await ask(commands.timedate()))), now
        return self.in_sync


async def read_time_sync(ask: Ask, systemd: SystemdWord, now: float) -> Seen[TimeSync]:
    """Ask the server; what it cannot say is None. As old as its oldest part. Raises RemoteError."""
    table = await ask(commands.process_table())
    rows = [] if table.exit_status else table.stdout.decode("utf-8", "replace").splitlines()
    service, running = find_service(rows)
    answer = None
    if service == "chrony":
        answer = parse_chrony(_text(await ask(commands.chrony_tracking())))
    elif service in {"ntpd", "OpenNTPD"}:
        answer = parse_ntpq(_text(await ask(commands.ntpq_variables())))
        if answer is None:
            answer = parse_openntpd(_text(await ask(commands.openntpd_status())))
    if answer is not None:
        return Seen(answer, now)
    # The service does not say. The kernel does: whoever sets the clock tells it how well.
    words = _text(await ask(commands.kernel_clock()))
    in_sync = parse_kernel_clock(words, service)
    if in_sync is not None:
        return Seen(TimeSync(service, running, in_sync), now)
    if "kernel " in words:  # a container that may not ask; systemd's own service there may not either, and says "no"
        return Seen(TimeSync(service, running or None, None), now)
    in_sync = await systemd.read(ask, now)
    return Seen(TimeSync(service, running, in_sync), now if systemd.asked is None else systemd.asked)


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


def parse_kernel_clock(text: str, service: str = "") -> bool | None:
    """Whether the clock is synchronised, by `commands.kernel_clock`; None where the kernel did not answer."""
    words = dict(re.findall(r"^(kernel|timesyncd) (-?\d{1,10})$", text, re.MULTILINE))
    if service == "systemd-timesyncd" and "timesyncd" in words:
        return abs(int(words["timesyncd"])) < KERNEL_TRUST_SECONDS
    answer = int(words.get("kernel", -1))
    return answer != _TIME_ERROR if 0 <= answer <= _TIME_ERROR else None


def parse_timedate(text: str) -> bool | None:
    """Whether the kernel takes the clock for synchronised: `NTPSynchronized=yes` of timedatectl."""
    match = re.search(r"^NTPSynchronized=(yes|no)$", text, re.MULTILINE)
    return None if match is None else match[1] == "yes"


def _text(done: Completed) -> str:
    return "" if done.exit_status else done.stdout.decode("utf-8", "replace")
