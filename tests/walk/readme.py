"""The README as a new user reads it: the commands and files it tells to type."""

from __future__ import annotations

import re

from tools.generate import ROOT


def blocks(kind: str, heading: str) -> list[str]:
    """The fenced blocks of a kind below a heading. Fails when there are none: the README has changed."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no section {heading!r}"
    fenced = re.findall(rf"^```{kind}\n(.*?)^```", found[1], re.DOTALL | re.MULTILINE)
    assert fenced, f"the README shows no {kind} in {heading!r}"
    return list(fenced)


def commands(heading: str) -> list[str]:
    """The commands below a heading, without their comments, in order."""
    lines = "".join(blocks("sh", heading)).splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]
