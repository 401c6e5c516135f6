"""What the console says in an incident: its name, the verdict, and the rows that a person reads first."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.signs import Probable
from dhcptui.assess.verdict import Level, Verdict, derive
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from tests.lab.driving import Driver
from tests.lab.pair import Lab
from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
WITHIN_SECONDS = 10.0
SIZES = ((80, 24), (120, 40))
PRESS = re.compile(r"\b([RPSHUX])\b(?= (?:brings|on|\(|takes|makes|lets|sets))")
"""A key that an advice tells to press."""
SCREENS = os.environ.get("INCIDENT_SCREENS", "")
"""A directory that gets every screen that was read, as text."""


@dataclass(frozen=True)
class Answer:
    """What the console must say in an incident: who serves clients now, and what to press. Patterns are regular expressions."""

    id: str
    weight: Weight
    level: Level
    headline: str
    advice: str
    first: bool = True
    """No other incident stands before it."""

    def given(self, verdict: Verdict) -> bool:
        """Whether the verdict is this answer."""
        found = [each for each in verdict.incidents if each.id == self.id and each.weight is self.weight]
        return (
            bool(found)
            and bool(found[0].evidence)
            and (not self.first or verdict.incidents[0].id == self.id)
            and verdict.level is self.level
            and re.search(self.headline, verdict.headline) is not None
            and re.search(self.advice, verdict.advice) is not None
        )

    def on(self, lines: list[str]) -> bool:
        """Whether a screen says so: level and headline at its top, the advice at its end, and the keys in it not refused."""
        top = re.sub(r"(rw|read-only) +\d\d:\d\dZ", " ", "\n".join(lines[:2]))
        said = re.sub(r"\s+", " ", top)
        now = re.sub(r"\s+", " ", " ".join(lines)).partition("What now: ")[2]
        return (
            self.level.value.upper() in said
            and re.search(self.headline, said) is not None
            and re.match(self.advice, now) is not None
            and not set(PRESS.findall(now))
            & {item[0] for item in re.split(r"\s{2,}", lines[-1].strip()) if "✗" in item}
        )


def verdict(driver: Driver) -> Verdict:
    """What the console says now."""
    return derive(driver.engine.snapshot(), driver.now())


def incidents(driver: Driver) -> dict[str, Probable]:
    """What it names now, by id."""
    return {each.id: each for each in verdict(driver).incidents}


def told(driver: Driver) -> str:
    """All it says now, for a failure."""
    now = verdict(driver)
    return (
        f"{now.level.value}: {now.headline} / {now.advice} / {[(each.id, each.weight.name) for each in now.incidents]}"
    )


def named(driver: Driver, answer: Answer, timeout: float = WITHIN_SECONDS) -> Probable:
    """Wait until the console gives this answer."""
    try:
        driver.until(lambda: answer.given(verdict(driver)), timeout, answer.id)
    except AssertionError as error:
        raise AssertionError(f"{error}\nwanted {answer}\nsaid {told(driver)}") from error
    return incidents(driver)[answer.id]


def until_named(driver: Driver, id_: str, holds: Callable[[Probable], bool], what: str) -> None:
    """Wait until an incident is named and this is true of it: logs and states come on ways of their own, one after the other."""

    def given() -> bool:
        each = incidents(driver).get(id_)
        return each is not None and holds(each)

    try:
        driver.until(given, WITHIN_SECONDS, f"{what} for {id_}")
    except AssertionError as error:
        raise AssertionError(f"{error}\nsaid {told(driver)}") from error


def said(incident: Probable) -> str:
    """Its evidence in one text."""
    return "\n".join(each.sentence for each in incident.evidence)


def actions(incident: Probable) -> list[tuple[Action, Role]]:
    """Its remedies."""
    return [(each.action, each.acting) for each in incident.remedies]


def says(driver: Driver, id_: str, words: str) -> None:
    """Wait until the evidence for an incident holds these words."""
    until_named(driver, id_, lambda found: words in said(found), words)


def weighs(driver: Driver, id_: str, weight: Weight) -> None:
    """Wait until an incident is named with this weight."""
    until_named(driver, id_, lambda found: found.weight is weight, weight.name)


def remedied(driver: Driver, id_: str, *remedies: tuple[Action, Role]) -> None:
    """Wait until an incident is named with these remedies."""
    until_named(driver, id_, lambda found: actions(found) == list(remedies), "remedies")


def replay(driver: Driver, since: float = 0.0) -> Iterator[Verdict]:
    """The verdict on every snapshot since then (monotonic seconds), as it was drawn at that moment."""
    now = driver.now()
    for at, snapshot in driver.snapshots:
        if at >= since:
            yield derive(snapshot, Moment(now.wall - now.mono + at, at))


def never(driver: Driver, since: float, *ids: str, headline: str = "$^") -> None:
    """None of these incidents was named since then, and no headline was like that: not for a single frame."""
    for each in replay(driver, since):
        assert not set(ids) & {found.id for found in each.incidents}, (each.headline, each.incidents)
        assert not re.search(headline, each.headline), each.headline


@contextmanager
def screen(lab: Lab) -> Iterator[Terminal]:
    """The real console, in a terminal of 80x24, at the operator's place."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.write_config()))
    with terminal(argv) as opened:
        yield opened


@contextmanager
def terminal(argv: list[str]) -> Iterator[Terminal]:
    """A program in a terminal of the smallest size."""
    columns, rows = SIZES[0]
    with Terminal(argv, columns=columns, rows=rows, env={"PYTHONPATH": str(ROOT)}) as opened:
        yield opened


def read(opened: Terminal, answer: Answer, timeout: float = WITHIN_SECONDS) -> None:
    """The answer stands on the screen, in both sizes."""
    for columns, rows in SIZES:
        opened.resize(columns, rows)
        opened.until(partial(_reads, opened, answer, columns), timeout)
        if SCREENS:
            words = re.sub(r"\W+", "-", answer.headline)[:60].strip("-")
            Path(SCREENS, f"{answer.id}-{words}-{columns}x{rows}.txt").write_text(opened.text() + "\n")


def _reads(opened: Terminal, answer: Answer, columns: int) -> bool:
    """Whether the screen, drawn in its present size down to the key bar, says so."""
    lines = opened.lines()
    return max(map(len, lines)) >= columns - 1 and bool(lines[-1]) and answer.on(lines)


def shown(lab: Lab, answer: Answer) -> None:
    """Somebody who opens the console in the midst of it reads the answer."""
    with screen(lab) as opened:
        read(opened, answer)
