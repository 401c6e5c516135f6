"""Whether the terminal is still there. A hang-up is not always told: without a controlling terminal there is no SIGHUP.

Textual would then block in its queue of writes, and its reader would spin on a file that always has an end to read.
"""

from __future__ import annotations

import os
import select
import signal
import threading


def watch_terminal(fd: int) -> None:
    """Send ourselves SIGHUP as soon as the terminal behind `fd` is gone; what is still written goes nowhere."""
    if hasattr(select, "poll") and os.isatty(fd):
        threading.Thread(target=_watch, args=(fd,), name="dhcptui-lifeline", daemon=True).start()


def _watch(fd: int) -> None:
    poll = select.poll()
    poll.register(fd, 0)  # a hang-up is reported whether asked for or not
    while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
        pass
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)
    os.kill(os.getpid(), signal.SIGHUP)
