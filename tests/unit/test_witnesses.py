"""docs/witnesses.md is complete: what the code can say has a row, and no row has lost its sentence."""

from __future__ import annotations

from types import ModuleType

import pytest

from tools.documents.witnesses import READ_FROM, Witness, everything, sentences, witnesses


@pytest.mark.parametrize("section", everything())
def test_every_sentence_has_its_witness(section: str) -> None:
    """A new headline, advice, incident, check or kind wants a row; one that is gone takes its row along."""
    said, rows = everything()[section]
    told = [key for row in rows for key in row.said]
    assert len(told) == len(set(told))
    assert sorted(set(said) - set(told)) == []
    assert sorted(set(told) - set(said)) == []
    assert all(row.carried for row in rows)
    assert section == "Findings of a plan" or all(row.missing for row in rows)


def test_what_is_read_from_the_code() -> None:
    """There is something to compare with, in each section."""
    assert all(len(said) > 3 for said, _ in everything().values())
    assert set(READ_FROM) == set(Witness)
    assert witnesses().startswith("# Witnesses\n")


def test_a_new_sentence_is_found() -> None:
    """Plain, with slots, in a branch; docstrings, single words and parts of a slot are none."""
    import tests.unit.sample_sentences as sample

    assert isinstance(sample, ModuleType)
    assert sentences(sample) == {"… serves, and … does not": "one", "nobody at all": "one", "two words": "two"}
