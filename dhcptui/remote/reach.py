"""What a server meets when it tries its partner: ping, failover port, SSH port, each in a second or two."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dhcptui.model.snapshot import PartnerReach, Reach
from dhcptui.remote import commands
from dhcptui.remote.commands import Command
from dhcptui.remote.session import SshSession

_WORDS = {"open": Reach.OPEN, "refused": Reach.REFUSED, "silent": Reach.SILENT}


async def try_partner(session: SshSession, address: str, failover_port: int) -> PartnerReach:
    """Try the partner from the session's server. Needs nothing installed; what cannot be tried is UNKNOWN.

    Raises RemoteError when the session is lost.
    """

    async def ask(command: Command) -> Reach:
        done = await session.run(command, timeout=6)
        word = ""
        with suppress(UnicodeDecodeError):
            word = done.stdout.decode("ascii").strip()
        return _WORDS.get(word, Reach.UNKNOWN)

    answers = await asyncio.gather(
        ask(commands.ping(address)),
        ask(commands.try_port(address, failover_port)),
        ask(commands.try_port(address, 22)),
    )
    return PartnerReach(address, *answers)
