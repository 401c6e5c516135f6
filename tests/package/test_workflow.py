"""The workflow runs what exists, on the Pythons that the package names, with actions that cannot change."""

from __future__ import annotations

import re
import tomllib

from tests.package.building import ROOT

WORKFLOW = (ROOT / ".github/workflows/ci.yml").read_text()


def test_every_promised_python_is_tested() -> None:
    """The matrix is the list of the classifiers."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    promised = [found[1] for each in classifiers if (found := re.fullmatch(r".* :: Python :: (3\.\d+)", each))]
    (matrix,) = re.findall(r"python: \[(.*)\]", WORKFLOW)
    assert re.findall(r'"([\d.]+)"', matrix) == promised


def test_every_target_is_there() -> None:
    """`make TARGET` in the workflow, the README and the release list is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    texts = WORKFLOW + (ROOT / "README.md").read_text() + (ROOT / "RELEASING.md").read_text()
    named = set(re.findall(r"(?:run: |`|^)make ([a-z-]+)", texts, re.MULTILINE))
    assert {"test", "demo", "dist", "test-wheel"} <= named <= targets


def test_actions_are_pinned() -> None:
    """By commit, with the version as a comment."""
    uses = re.findall(r"uses: (.*)", WORKFLOW)
    assert len(uses) >= 4
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", each) for each in uses)
