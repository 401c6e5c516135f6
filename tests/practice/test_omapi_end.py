"""A connection that is accepted in the moment in which dhcpd dies is closed with all others."""

from __future__ import annotations

import asyncio
import socket

import pytest

from dhcptui.model.role import Role
from tests.practice.pair import WatchedPair


@pytest.mark.parametrize("turns", range(6))
def test_nobody_is_left_hanging(turns: int) -> None:
    """Killed so many turns of the event loop after somebody has connected."""
    with WatchedPair() as pair, socket.socket() as sock:
        sock.settimeout(5)

        async def connect_and_kill() -> None:
            sock.connect(("127.0.0.1", pair.primary.omapi_port))  # blocks the loop, and the kernel answers
            for _ in range(turns):
                await asyncio.sleep(0)
            dhcpd = pair.machines[Role.PRIMARY].dhcpd
            assert dhcpd is not None
            dhcpd.kill()

        pair.call(connect_and_kill())
        try:
            while sock.recv(1024):
                pass
        except ConnectionResetError:
            pass
