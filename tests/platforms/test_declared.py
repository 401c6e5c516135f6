"""The declarations behind docs/platforms.md are of tests that are there, and leave no cell blank."""

from __future__ import annotations

import re

import pytest

from tests.platforms import declared
from tests.platforms.declared import CAPABILITIES, DECLARED, ELSEWHERE, LOOK_ALIKE, BlankCell, on
from tests.platforms.look_alike import ROOT
from tests.platforms.looks import FREEBSD, LOOKS
from tools.documents.platforms import platforms

platforms()  # all tests of this directory are loaded now
NAMED = [*{each.test for each in DECLARED}, *ELSEWHERE.values()]


@pytest.mark.source
@pytest.mark.parametrize("name", sorted({*NAMED}))
def test_a_declared_test_is_there(name: str) -> None:
    """By file and function."""
    path, _, function = name.partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / path).read_text(), re.MULTILINE), name


def test_every_cell_says_something() -> None:
    """Tested, here or on a look-alike, or refused with the reason; Debian has a test for each capability."""
    rows = [
        line.strip("| \n").split(" | ") for line in platforms().split("## ")[0].splitlines() if line.startswith("| ")
    ]
    assert rows[0] == ["platform", *CAPABILITIES]
    for row in rows[1:]:
        assert len(row) == len(rows[0]), row
        assert all(re.fullmatch(r"tested|look-alike|refused: \S.*", cell) for cell in row[1:]), row
    assert set(ELSEWHERE) == set(CAPABILITIES)
    assert all(ELSEWHERE.values())


@pytest.mark.parametrize(("look", "capability"), [(look, word) for look in LOOKS for word in CAPABILITIES])
def test_a_cell_that_nobody_declares_is_no_document(
    look: str, capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever cell loses its declarations: the document is not written."""
    kept = [each for each in DECLARED if (each.look, each.capability) != (look, capability)]
    assert len(kept) < len(DECLARED)
    monkeypatch.setattr(declared, "DECLARED", kept)
    with pytest.raises(BlankCell, match=re.escape(f"{capability!r} on {look!r}")):
        platforms()


def test_a_declaration_stands_where_its_test_stands() -> None:
    """It names the test, and what came of it."""
    before = len(DECLARED)
    try:

        @on((FREEBSD,), "init", refused="for a test")
        def test_x() -> None:
            """None."""

        (declared,) = DECLARED[before:]
        assert declared.test.endswith("test_x")
        assert declared.outcome == "refused: for a test"
        assert declared.outcome != LOOK_ALIKE
    finally:
        del DECLARED[before:]
