"""The pictures in screenshots/ are those of the present console."""

from __future__ import annotations

import pytest

from tests.pictures.scenes import DIRECTORY, draw, names, path, words


@pytest.mark.parametrize(("scene", "columns", "rows"), names())
async def test_pictures_are_current(scene: str, columns: int, rows: int) -> None:
    """Drawn again, each picture reads the same; `make screenshots` renews them."""
    assert words(path(scene, columns, rows).read_text()) == words(await draw(scene, columns, rows))


def test_no_picture_is_left_over() -> None:
    """Every file in the directory is one that the script draws."""
    drawn = {path(*name).name for name in names()} | {"real-pair.svg"}
    assert {file.name for file in DIRECTORY.iterdir()} == drawn
