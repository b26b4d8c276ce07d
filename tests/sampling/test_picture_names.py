"""File names for pictures that are made of others."""

from __future__ import annotations

from hitzoo.sampling.picture_names import picture_names


def test_names_are_those_of_the_pictures() -> None:
    assert picture_names(["a/one.png", "b/one.jpg", "two"]) == ["a_one.png", "b_one.png", "two.png"]


def test_equal_names_get_their_numbers_and_no_others_name() -> None:
    names = picture_names(["x.png", "x.jpg", "00000-x.png", "X.gif"])
    assert len({name.casefold() for name in names}) == 4
    assert names == ["00000-00000-x.png", "00001-x.png", "00000-x.png", "00003-X.png"]
