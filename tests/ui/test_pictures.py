"""The pictures in screenshots/ are those of the present console on the practice pair."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tools.pictures.__main__ import REAL_PAIR
from tools.pictures.scenes import DIRECTORY, NO_COLOUR, SIXTEEN, Picture, draw, pictures, words
from tools.pictures.story import Take, tell


@pytest.fixture(scope="module")
def takes() -> Mapping[str, Take]:
    """The story, told once."""
    return tell()


@pytest.mark.parametrize("picture", pictures(), ids=lambda picture: picture.name)
def test_pictures_are_current(picture: Picture, takes: Mapping[str, Take]) -> None:
    """Drawn again, each picture reads the same; `make screenshots` renews them."""
    assert words(picture.path.read_text()) == words(asyncio.run(draw(picture, takes)))


def test_no_picture_is_left_over() -> None:
    """Every file in the directory is one that the script draws."""
    drawn = {picture.path.name for picture in pictures()} | {REAL_PAIR}
    assert {file.name for file in DIRECTORY.iterdir()} == drawn


@pytest.mark.parametrize("look", [SIXTEEN, NO_COLOUR])
def test_without_many_colours_everything_reads_the_same(look: str) -> None:
    """Nothing is told by colour alone: each picture has the words of the one in full colour."""
    plain = [picture for picture in pictures() if picture.look == look]
    assert len(plain) >= 5
    for picture in plain:
        assert _letters(picture) == _letters(Picture(picture.scene, picture.size))
    texts = {_letters(picture) for picture in plain}
    assert len(texts) == len(plain)


def _letters(picture: Picture) -> str:
    """All that can be read, without the gaps where the colour changes."""
    return "".join(words(picture.path.read_text()).split())
