"""What is generated from the code is current."""

from __future__ import annotations

import pytest

from tools.generate import DOCUMENTS, ROOT


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_current(name: str) -> None:
    """`make docs` would change nothing."""
    assert (ROOT / name).read_text() == DOCUMENTS[name]()
