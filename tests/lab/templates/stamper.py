"""Run dhcpd (arguments after the log file) and write each of its lines as Debian 12's rsyslog would.

dhcpd -d writes no time stamps. Standard library only: it runs inside a lab server, under the server's clock.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime

CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


def escape(line: bytes) -> bytes:
    """rsyslog writes control characters as # and three octal digits."""
    return CONTROL.sub(lambda match: b"#%03o" % match[0][0], line)


def append(path: str, line: bytes) -> None:
    """Opened anew for each line, so that a rotated file is left alone; a full disk must not stop dhcpd."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError:
        return
    with suppress(OSError):
        os.write(handle, line)
    os.close(handle)


def main(path: str, *argv: str) -> int:
    """Ends with dhcpd, and with its exit code."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert child.stdout is not None
    tag = f"{socket.gethostname()} dhcpd[{child.pid}]: ".encode()
    for raw in child.stdout:
        now = datetime.now(UTC).isoformat(timespec="microseconds").encode()
        append(path, now + b" " + tag + escape(raw.rstrip(b"\r\n")) + b"\n")
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
