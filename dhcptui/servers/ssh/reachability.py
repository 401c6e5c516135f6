"""What a server meets when it tries its partner: ping, failover port, SSH port, each in a second or two."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress

from dhcptui.model.snapshot import PartnerReach, Reach
from dhcptui.servers.host import Host
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandTimeout

TRY_SECONDS = 6.0
"""How long a try may take that itself needs two; longer on a server that has shown that it is slow."""
_WORDS = {"open": Reach.OPEN, "refused": Reach.REFUSED, "silent": Reach.SILENT}
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.:-]{0,254}")
"""What may be tried: a name or an address. Anything else could be an option, or a path below /dev/tcp."""


async def try_partner(
    session: Host, address: str, failover_port: int | None, ssh_port: int | None = 22
) -> PartnerReach:
    """Try the partner from the session's server. Needs nothing installed; what is not or cannot be tried is UNKNOWN.

    An open failover port costs something: the partner's dhcpd takes the connection, sees it end, and puts off its next
    own try to connect by 5 s. Tried in both directions more often than that, the two never meet again (seen on a real
    pair; neither logs anything). While they are connected it costs nothing. A server whose own
    commands do not end in time has been tried all the same (`unanswered`). Raises RemoteError when the session is lost.
    """
    if not _PLAIN.fullmatch(address):
        return PartnerReach(address, Reach.UNKNOWN, Reach.UNKNOWN, Reach.UNKNOWN)

    late: list[float] = []
    began = time.monotonic()

    async def ask(command: Command | None) -> Reach:
        if command is None:
            return Reach.UNKNOWN
        try:
            done = await session.ask(command, TRY_SECONDS)
        except CommandTimeout as error:
            late.append(error.seconds)
            return Reach.UNKNOWN
        word = ""
        with suppress(UnicodeDecodeError):
            word = done.stdout.decode("ascii").strip()
        return _WORDS.get(word, Reach.UNKNOWN)

    answers = await asyncio.gather(
        ask(commands.ping(address)),
        ask(commands.try_port(address, failover_port) if failover_port else None),
        ask(commands.try_port(address, ssh_port) if ssh_port else None),
    )
    if late and set(answers) == {Reach.UNKNOWN}:
        return PartnerReach(address, *answers, took_seconds=max(late), unanswered=True)
    return PartnerReach(address, *answers, took_seconds=time.monotonic() - began)
