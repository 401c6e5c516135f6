"""What is generated from the code is current."""

from __future__ import annotations

import pytest

from tests.generate import DOCS, DOCUMENTS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_current(name: str) -> None:
    """`make docs` would change nothing."""
    assert (DOCS / name).read_text() == DOCUMENTS[name]()
