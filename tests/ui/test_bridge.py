"""The bridge from the engine's thread: newest wins, one wake-up at a time, bounded logs."""

from __future__ import annotations

import threading

from textual.message import Message

from dhcptui.logs.lines import parse
from dhcptui.model.role import Role
from dhcptui.ui.bridge import LOG_BACKLOG, Bridge
from tests.ui.feed import WALL, healthy, one_down
from tests.ui.test_main_screen import panel, screen
from tests.ui.waiting import until


def test_frames_are_dropped_not_queued() -> None:
    """A thousand snapshots without a look cause one wake-up, and the last one is shown."""
    posted: list[Message] = []

    def post(message: Message) -> bool:
        posted.append(message)
        return True

    bridge = Bridge(post)
    for _ in range(999):
        bridge.on_snapshot(healthy())
    last = one_down()
    bridge.on_snapshot(last)
    assert len(posted) == 1
    assert bridge.take().snapshot is last
    assert bridge.take().snapshot is None
    bridge.on_snapshot(last)
    assert len(posted) == 2


def test_log_backlog_is_bounded_and_says_so() -> None:
    """A terminal that does not read costs bounded memory; what was dropped is counted."""
    bridge = Bridge(lambda _: True)
    line = parse("dhcpd[1]: x", WALL)
    for _ in range(7):
        bridge.on_log(Role.PRIMARY, [line] * 1000)
    lines, dropped = bridge.take_logs(Role.PRIMARY)
    assert (len(lines), dropped) == (LOG_BACKLOG, 2000)
    assert bridge.take_logs(Role.PRIMARY) == ([], 0)


def test_a_closed_ui_does_not_hurt_the_engine() -> None:
    """The ui's loop has ended: the engine's call returns all the same."""

    def post(_: Message) -> bool:
        raise RuntimeError("Event loop is closed")

    Bridge(post).on_snapshot(healthy())


async def test_news_from_another_thread_reach_the_screen() -> None:
    """The engine runs on its own thread."""
    async with screen(healthy()) as (app, pilot, console):
        thread = threading.Thread(target=console.show, args=(one_down(),))
        thread.start()
        thread.join()
        await until(pilot, lambda: "dhcpd not running" in panel(app, Role.SECONDARY))
