"""Who is next where several relationships share one machine."""

from __future__ import annotations

import asyncio

import pytest

from dhcptui.watch.shared import Shared
from dhcptui.watch.turns import MOST_QUESTIONS, RightOfWay, Turns, machine_offset, seconds_until_turn


async def test_no_more_at_once_and_urgent_ones_first() -> None:
    """Two have a turn; of those that wait the urgent one is next, else the one that came first."""
    turns, log, go = Turns(2), list[str](), asyncio.Event()

    async def one(name: str, *, urgent: bool = False) -> None:
        async with turns.turn(urgent=urgent):
            log.append(name)
            await go.wait()

    tasks = [asyncio.create_task(one(name, urgent=name == "e")) for name in "abcde"]
    await asyncio.sleep(0.01)
    assert log == ["a", "b"]
    go.set()
    await asyncio.gather(*tasks)
    assert log == ["a", "b", "e", "c", "d"]


async def test_a_turn_that_nobody_wants_any_more_goes_on() -> None:
    """Who waits may be cancelled, also in the moment in which its turn comes."""
    turns = Turns(1)

    async def one() -> None:
        async with turns.turn():
            pass

    async with turns.turn():
        waiting, handed = asyncio.create_task(one()), asyncio.create_task(one())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
    handed.cancel()  # it was handed the turn, and has not run since
    await asyncio.gather(waiting, handed, return_exceptions=True)
    assert handed.cancelled()
    async with asyncio.timeout(1), turns.turn():
        pass


async def test_a_question_that_an_action_waits_for_goes_first() -> None:
    """The others wait while it is under way, but not for ever."""
    way, log = RightOfWay(), list[str]()

    async def ask(name: str) -> None:
        async with way.question(urgent=False):
            log.append(name)

    async with way.question(urgent=True):
        quick = asyncio.create_task(ask("behind"))
        await asyncio.sleep(0.05)
        assert log == []
    await quick
    async with way.question(urgent=True):
        async with asyncio.timeout(2):
            await ask("not put off for ever")
    assert log == ["behind", "not put off for ever"]


@pytest.mark.parametrize("every", [1.0, 0.25])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.95])
@pytest.mark.parametrize("now", [0.0, 12.34, 999.999])
def test_the_next_turn(every: float, place: float, now: float) -> None:
    """It is at the same place of each round, soon, and never in the same moment again."""
    wait = seconds_until_turn(now, every, place)
    assert 0.1 * every < wait <= 1.1 * every + 1e-9
    assert ((now + wait) / every - place) % 1.0 == pytest.approx(0, abs=1e-6) or (
        (now + wait) / every - place
    ) % 1.0 == pytest.approx(1, abs=1e-6)


def test_machines_begin_at_different_moments() -> None:
    """However many there are, their turns do not bunch."""
    offsets = sorted(machine_offset() for _ in range(40))
    gaps = [b - a for a, b in zip(offsets, [*offsets[1:], offsets[0] + 1], strict=True)]
    assert max(gaps) < 3 / 40
    assert min(gaps) > 0.2 / 40


async def test_what_several_want_is_read_once() -> None:
    """By those who ask meanwhile, and by those to whom it is new enough; a reading that fails is nobody's."""
    count = 0

    async def read() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        if count == 2:
            raise OSError("gone")
        return count

    shared: Shared[int] = Shared()
    assert await asyncio.gather(*(shared.read(read, 0.0) for _ in range(3))) == [1, 1, 1]
    with pytest.raises(OSError, match="gone"):
        await shared.read(read, 1e12)
    assert await shared.read(read, 0.0) == 1
    assert await shared.read(read, 1e12) == 3


async def test_questions_never_pile_up_on_a_connection() -> None:
    """However many ask at once, few are under way; an urgent one is the next."""
    way, under_way, most, log = RightOfWay(), 0, 0, list[str]()

    async def ask(name: str, *, urgent: bool = False) -> None:
        nonlocal under_way, most
        async with way.question(urgent=urgent):
            under_way += 1
            most = max(most, under_way)
            log.append(name)
            await asyncio.sleep(0.01)
            under_way -= 1

    tasks = [asyncio.create_task(ask(f"{number}")) for number in range(100)]
    await asyncio.sleep(0.005)
    tasks.append(asyncio.create_task(ask("urgent", urgent=True)))
    await asyncio.gather(*tasks)
    assert most == MOST_QUESTIONS
    assert log.index("urgent") < 2 * MOST_QUESTIONS
