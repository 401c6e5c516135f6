"""The workflow runs what exists, on the Pythons that the package names, with actions that cannot change."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.wheel.building import ROOT

WORKFLOW = (ROOT / ".github/workflows/ci.yml").read_text()


def test_every_promised_python_is_tested() -> None:
    """The matrix is the list of the classifiers."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    promised = [found[1] for each in classifiers if (found := re.fullmatch(r".* :: Python :: (3\.\d+)", each))]
    (matrix,) = re.findall(r"python: \[(.*)\]", WORKFLOW)
    assert re.findall(r'"([\d.]+)"', matrix) == promised


def test_every_target_is_there() -> None:
    """`make TARGET` in the workflow and in the documents of the root is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    texts = "\n".join(
        [WORKFLOW, *((ROOT / f"{name}.md").read_text() for name in ("README", "CONTRIBUTING", "RELEASING"))]
    )
    named = set(re.findall(r"(?:run: |`|^)make ([a-z-]+)", texts, re.MULTILINE))
    assert {"test", "demo", "dist", "test-wheel"} <= named <= targets


def test_a_release_has_digests_and_an_attestation() -> None:
    """The files of a tag are those of the package job, checked, attested, and not published by a machine."""
    release = WORKFLOW[WORKFLOW.index("\n  release:") :]
    assert "if: startsWith(github.ref, 'refs/tags/v')" in release
    jobs = set(re.findall(r"^  ([a-z]+):$", WORKFLOW[WORKFLOW.index("\njobs:") :], re.MULTILINE))
    (needs,) = re.findall(r"needs: \[(.*)\]", release)
    assert set(needs.split(", ")) == jobs - {"release"}
    assert "sha256sum --check --strict SHA256SUMS" in release
    assert "actions/attest-build-provenance@" in release
    assert "--draft" in release
    assert "SHA256SUMS" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("name", ["run", "dev"])
def test_the_lock_fits_the_package(name: str) -> None:
    """Each requirement is there, at one version that its range allows, with digests; and no registry's address stands in it."""
    text = (ROOT / f"requirements/{name}.txt").read_text()
    assert "://" not in text
    entries = re.findall(
        r"^([A-Za-z0-9._-]+)==(\S+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
    )
    assert len(entries) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE))
    locked = {canonicalize_name(package): version for package, version, _ in entries}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *(project["dependency-groups"]["dev"] if name == "dev" else [])]
    for each in map(Requirement, wanted):
        assert each.specifier.contains(locked[canonicalize_name(each.name)]), each


def test_actions_are_pinned() -> None:
    """By commit, with the version as a comment."""
    uses = re.findall(r"uses: (.*)", WORKFLOW)
    assert len(uses) >= 4
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", each) for each in uses)
