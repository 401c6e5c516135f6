"""The operator's guide covers everything there is, and no link in the documents is dead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dhcptui.assess.incidents.catalogue import INCIDENTS
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.states import FailoverState
from tools.documents import guide, incidents
from tools.generate import ROOT

GUIDE = (ROOT / "docs" / "guide.md").read_text()
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "RELEASING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def section(heading: str) -> str:
    """What stands below a heading, up to the next one."""
    parts = re.split(rf"^#+ {re.escape(heading)}$", GUIDE, maxsplit=1, flags=re.MULTILINE)
    assert len(parts) == 2, f"the guide has no section {heading!r}"
    return re.split(r"^#+ ", parts[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_state_says_what_to_do() -> None:
    """One row a state."""
    rows = section("States")
    assert set(guide.TO_DO) == set(FailoverState)
    assert all(f"**{state.word}**" in rows for state in FailoverState)


@pytest.mark.parametrize("action", Action, ids=lambda action: action.value)
def test_every_action_is_told(action: Action) -> None:
    """When, what runs, how long, what can go wrong, what is left behind; and its key in the list."""
    text = section(action.value)
    for asked in ("*When.*", "*How long.*", "*What can go wrong.*", "*What it leaves.*", f"steps of {action.value}:"):
        assert asked in text
    assert f"| `{key_of(action)}` | [{action.value}]" in section("Actions")


def test_every_incident_is_told() -> None:
    """All of the catalogue, in order; each says what is seen, what it means, what to do, what not, and where to look."""
    page = (ROOT / "docs" / "incidents.md").read_text()
    told = re.findall(r"^## (I-\d+) .*$", page, re.MULTILINE)
    assert told == [each.id for each in INCIDENTS]
    for each, text in zip(INCIDENTS, re.split(r"^## I-\d+ .*$", page, flags=re.MULTILINE)[1:], strict=True):
        asked = re.findall(r"^- \*\*(You see|It means|Do|Take care|Look at):\*\*", text, re.MULTILINE)
        assert asked == ["You see", "It means", "Do", "Take care", "Look at"], each.id
        assert all(words in text for words in (each.sees, each.means, each.do, each.avoid, *each.look)), each.id
        assert f"(incidents.md#{incidents.anchor(each)})" in section("Incidents"), each.id


def test_the_lines_of_an_incident() -> None:
    """All but these have lines of their own, taken from the lexicon; a slot of a format is no text of dhcpd."""
    silent = ["I-11", "I-14", "I-22", "I-24", "I-25", "I-26", "I-27"]
    assert [each.id for each in INCIDENTS if not incidents.lines(each)] == silent
    assert not any("{" in text for each in INCIDENTS for text in incidents.lines(each))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files exist, and so do the headings in them."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(path), f"{page.name} links to {target}"
