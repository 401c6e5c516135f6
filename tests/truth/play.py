"""One sequence, from a healthy pair to the judgement of all that was said meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.leaving.trail import Lateness
from tests.truth.judge import judge
from tests.truth.record import Record
from tests.truth.rows import Row
from tests.truth.stage import Stage, asking_status, no_ping
from tests.truth.witness import Witness, witnessing

LATENESS_FACTOR = 3
"""A value crosses several threads on its way, each of which may wait as long as ours had to."""
SHOWN = 5
"""Mismatches of one aspect in a failing test."""


def play(row: Row) -> None:
    """Run it and judge it. What is known to be red must be red."""
    record = watch(row)
    wrong = {aspect: found for aspect, found in judge(record).items() if aspect not in row.unseen}
    told = "\n".join(f"{aspect}: {each}" for aspect, found in wrong.items() for each in found[:SHOWN])
    story = "\n".join(f"  {at - record.ticks[0].at:+.1f} s {what}" for at, what in record.steps)
    told = f"{row.name} (this machine was {record.slack:.2f} s late at worst):\n{story}\n{told}"
    known = row.red | row.tolerated
    assert not set(wrong) - set(known), told
    mended = set(row.red) - set(wrong)
    assert not mended, f"{row.name}: {', '.join(sorted(mended))} is green: take it out of the row's `red`"
    if wrong:
        pytest.xfail(f"{'; '.join(sorted({known[aspect] for aspect in wrong}))}\n{told}")


def watch(row: Row) -> Record:
    """Run it, and bring together what was seen and what was said."""
    record = Record()
    with ExitStack() as stack:
        lab = stack.enter_context(_pair(row))
        lateness = stack.enter_context(Lateness())
        began = time.time()
        witness = stack.enter_context(witnessing(lab, row.newcomers))
        driver = stack.enter_context(driving(lab, **row.console))
        stage = Stage(lab, driver, record)
        begin = _watched(driver, witness)
        with asking_status(stage) as asker:
            row.story(stage)
        end = time.monotonic()
        stage.read_report(begin)
        record.claims = [*stage.console_claims(begin, end), *asker.claims]
        moves = [move for move in stage.timeline_moves() if begin <= move.at <= time.monotonic()]
        record.moves = [*moves, *(move for move in record.moves if move.at >= begin - 1)]
        witness.clients.stop()
        _seen(record, witness, begin)
        record.slack = LATENESS_FACTOR * lateness.worst(began, time.time())
    return record


def _watched(driver: Driver, witness: Witness) -> float:
    """Wait until the console knows both servers, and clients of both kinds have had their first answers."""
    driver.until(
        lambda: all(view.process and view.status for view in driver.engine.snapshot().servers), 30, "both servers seen"
    )
    driver.until(lambda: any(tick.answered for tick in witness.clients.ticks()), 30, "a client answered")
    return time.monotonic()


def _seen(record: Record, witness: Witness, begin: float) -> None:
    record.ticks = [tick for tick in witness.clients.ticks() if tick.at >= begin - 1]
    record.newcomers = [each for each in witness.clients.newcomers() if each.at >= begin - 1]
    record.readings = {
        role: [each for each in tuple(reader.readings) if each.at >= begin - 1]
        for role, reader in witness.readers.items()
    }


@contextmanager
def _pair(row: Row) -> Iterator[Lab]:
    """Both normal, as the row wants them."""
    settings = {
        "mclt": 6,
        "max_response_delay": 10,
        "range": ("10.0.0.40", "10.0.0.239"),
        "key_algorithm": "hmac-sha256",
    }
    lab = Lab(**(settings | row.settings))  # type: ignore[arg-type]
    try:
        lab.start(dhcpd=False)
        no_ping(lab)
        row.prepare(lab)
        lab.start_dhcpd()
        lab.wait_settled(60)
        row.after(lab)
        yield lab
    finally:
        lab.stop()
