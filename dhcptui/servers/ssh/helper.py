"""Looks that want root and come again and again: through one shell of sudo's, not by a sudo each."""

from __future__ import annotations

import asyncio
from typing import Protocol

from dhcptui.servers.host import MAX_OUTPUT, Completed, Host
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import OutputTooLarge
from dhcptui.servers.ssh.shell import RemoteShell


class Runs(Protocol):
    """What runs a small command to its end: a session, or its helper."""

    async def run(self, command: Command, *, timeout: float = ..., max_bytes: int = ...) -> Completed:
        """Run it; `timeout` in seconds. Raises RemoteError."""


class Helper:
    """Belongs to one session. sudo writes four lines into auth.log for each command; here it does so once.

    What the account may do itself, and everything where it needs no sudo, has a channel of its own as before.
    """

    def __init__(self, session: Host) -> None:
        self._session = session
        self._shell: RemoteShell | None = None
        self._opening = asyncio.Lock()

    async def run(self, command: Command, *, timeout: float = 30.0, max_bytes: int = MAX_OUTPUT) -> Completed:
        """Run a command without input; stdout and stderr come as one, sanitised. Raises RemoteError."""
        if not command.as_root(self._session.target.sudo).sudo:
            return await self._session.run(command, timeout=timeout, max_bytes=max_bytes)
        shell = await self._ready()
        try:
            answer = await shell.ask(command.line, timeout)
        except OutputTooLarge:  # for the shell, which holds a whole answer
            return await self._session.run(command, timeout=timeout, max_bytes=max_bytes)
        text = "\n".join(answer.lines).encode()
        return Completed(text, text if answer.exit_status else b"", answer.exit_status)

    async def _ready(self) -> RemoteShell:
        """The shell: opened with the first look, and again after it has ended."""
        async with self._opening:
            if self._shell is None or self._shell.closed:
                self._shell = await RemoteShell.open(self._session)
            return self._shell
