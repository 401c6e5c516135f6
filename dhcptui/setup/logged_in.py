"""A session for one look at a server by lint or init: a slow login has a second try, and slow commands what `--wait` gives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dhcptui.servers.connect import connect
from dhcptui.servers.host import Host
from dhcptui.servers.ssh.errors import CommandTimeout, LoginSlow, RemoteError
from dhcptui.servers.ssh.target import SshTarget

SECOND_TRY = 4.0
"""So many times the usual time a login may take that was too slow once, as the console gives at most."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session, and how many seconds its login took, of all tries."""

    session: Host
    login_seconds: float


@asynccontextmanager
async def logged_in(
    target: SshTarget, wait: float | None = None, tell: Tell = lambda text: None
) -> AsyncIterator[LoggedIn]:
    """Log in, and read: all that is done in the block may take `wait` seconds; None: each command has its own limit.

    Raises RemoteError, also where the block takes too long. `tell` gets a word where a slow login is tried again.
    """
    began = time.monotonic()
    session = await _connect(target, tell)
    seconds = time.monotonic() - began
    session.pace.least_seconds = wait or 0.0
    async with session:
        try:
            async with asyncio.timeout(wait) as limit:
                yield LoggedIn(session, seconds)
        except (TimeoutError, CommandTimeout):
            if not limit.expired() and (wait is None or time.monotonic() < began + seconds + wait):
                raise
            raise RemoteError(f"{target} was not read within {wait:g} s", "`--wait SECONDS` gives it more.") from None


async def _connect(target: SshTarget, tell: Tell) -> Host:
    try:
        return await connect(target)
    except LoginSlow:
        tell(f"login takes long there (PAM, DNS?): a second try may take {SECOND_TRY * target.login_seconds:g} s")
        return await connect(target, patience=SECOND_TRY)
