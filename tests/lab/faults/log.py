"""Faults of the log file on a server: gone, replaced, unreadable, and flooded."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.lab.faults.row import Deed, Fault, Group
from tests.lab.faults.scene import Scene

FLOOD = 10_000


def _stamp(scene: Scene) -> bytes:
    return f"{datetime.now(UTC).isoformat(timespec='microseconds')} {scene.secondary.name} dhcpd[1]: ".encode()


def _append(data: bytes) -> Deed:
    """A line of these bytes, stamped as the others."""

    def deed(scene: Scene) -> None:
        with scene.secondary.log_file.open("ab") as file:
            file.write(_stamp(scene) + data + b"\n")

    return deed


def _rotated(scene: Scene) -> None:
    """As logrotate does without copytruncate."""
    log = scene.secondary.log_file
    log.rename(log.with_suffix(".log.1"))
    log.touch()


def _truncated(scene: Scene) -> None:
    with scene.secondary.log_file.open("wb"):
        pass


def _deleted(scene: Scene) -> None:
    scene.secondary.log_file.unlink()


def _there_again(scene: Scene) -> None:
    scene.secondary.log_file.touch()


def directory(scene: Scene) -> None:
    """A directory stands where the log was."""
    log = scene.secondary.log_file
    log.unlink()
    log.mkdir()


def file_again(scene: Scene) -> None:
    """A new file stands there."""
    log = scene.secondary.log_file
    log.rmdir()
    log.touch()


def _flood(scene: Scene) -> None:
    head = _stamp(scene)
    with scene.secondary.log_file.open("ab") as file:
        file.write(b"".join(head + b"flood %d\n" % number for number in range(FLOOD)))


def _passes(scene: Scene) -> None:
    """It is over once it has been read."""


WHOLE = ("^dhcp2 log ok", "^ok: both servers serve$")

GROUP = Group(
    "log",
    (
        Fault("log rotated", _rotated, _passes, WHOLE, 3, hold=2),
        Fault("log truncated", _truncated, _passes, WHOLE, 3, hold=2),
        Fault("log deleted", _deleted, _there_again, ("^dhcp2 log failed .*check log in the configuration",), 5,
              ("dhcp2 log",)),
        Fault("log replaced by a directory", directory, file_again, ("^dhcp2 log failed",), 5, ("dhcp2 log",), hold=2),
        Fault("10 000 log lines at once", _flood, _passes, (*WHOLE, f"^dhcp2 heard flood {FLOOD - 1}$", f"^dhcp2 heard {FLOOD} lines like it$"), 10),
        Fault("a log line of 1 MB", _append(b"x" * 1_000_000), _passes, (*WHOLE, "^dhcp2 heard x{100}"), 5),
        Fault("a log line that is not UTF-8", _append(b"caf\xe9 \xff\xfe \x1b[2J"), _passes,
              (*WHOLE, r"^dhcp2 heard caf\\xe9 \\xff\\xfe \\x1b\[2J$"), 5),
    ),
)  # fmt: skip
