"""Runs something for each relationship of a machine, as they come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from dhcptui.watch.record import MachineRecord, ServerRecord


async def for_each_member(machine: MachineRecord, work: Callable[[ServerRecord], Coroutine[Any, Any, None]]) -> None:
    """Run `work` for each one, also for those that join later, until they leave; for ever. Raises what one of them raises."""
    tasks: dict[ServerRecord, asyncio.Task[None]] = {}
    event = machine.watch_members()
    try:
        async with asyncio.TaskGroup() as group:
            while True:
                event.clear()
                for member in [each for each in tasks if each not in machine.members]:
                    tasks.pop(member).cancel()
                for member in machine.members:
                    if member not in tasks:
                        tasks[member] = group.create_task(work(member))
                await event.wait()
    finally:
        machine.unwatch_members(event)
