from __future__ import annotations

import pytest

from hitzoo.errors import RequestError
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import cards
from hitzoo.zoo.listing import list_models


def test_list_models_shows_every_record_and_spec() -> None:
    assert list_models() == sorted({*cards(), *shipped_specs()})


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("hit-ti-s*", ["hit-ti-shapes32", "hit-ti-shapes64", "hit-ti-small-data"]),
        ("shapes32", ["hit-ti-shapes32"]),
        ("SHAPES32", ["hit-ti-shapes32"]),
        ("shapes32*", []),
        ("nothing", []),
    ],
)
def test_list_models_by_pattern(pattern: str, found: list[str]) -> None:
    assert list_models(pattern) == found


def test_list_models_with_weights_and_without_are_all() -> None:
    with_weights, without = list_models(pretrained=True), list_models(pretrained=False)
    assert "hit-ti-shapes32" in with_weights
    assert "hit-b-ffhq256" in without
    assert sorted(with_weights + without) == list_models()


def test_several_patterns_list_what_one_of_them_matches() -> None:
    assert list_models(["hit-*", "convnet"]) == sorted({*list_models("convnet"), *list_models("hit-*")})
    assert list_models([]) == []
    for pattern in (3, ["hit-*", 3]):
        with pytest.raises(RequestError, match="pattern 3: give a name"):
            list_models(pattern)
