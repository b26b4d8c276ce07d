from __future__ import annotations

import numpy as np
import pytest

from hitzoo.training.run.diversity import Spread


def plain(*values: int, side: int = 16) -> np.ndarray:
    return np.stack([np.full((side, side, 3), value, np.uint8) for value in values])


def test_difference_is_the_mean_over_all_pairs() -> None:
    assert Spread.of(plain(0, 255)) == Spread(between=1.0, within=0.0)
    three = Spread.of(plain(0, 255, 51))
    assert three.between == pytest.approx((1 + 0.2 + 0.8) / 3)


def test_contrast_is_the_deviation_within_an_image() -> None:
    halves = np.zeros((2, 16, 16, 1), np.uint8)
    halves[:, :8] = 255
    assert Spread.of(halves) == Spread(between=0.0, within=0.5)


def test_colour_alone_is_no_contrast() -> None:
    red = plain(0, 0)
    red[..., 0] = 255
    assert Spread.of(red).within == 0


def test_noise_differs_less_than_scenes() -> None:
    random = np.random.default_rng(0)
    noise = Spread.of(random.integers(0, 256, (8, 64, 64, 3), np.uint8))
    scenes = Spread.of(np.kron(random.integers(0, 256, (8, 8, 8, 3), np.uint8), np.ones((1, 8, 8, 1), np.uint8)))
    assert noise.between < scenes.between / 6


@pytest.mark.parametrize("side", [4, 8, 12, 37])
def test_every_side_has_thumbnails(side: int) -> None:
    assert Spread.of(plain(0, 255, side=side)).between == 1.0


def test_shares_are_of_real_images_that_have_any() -> None:
    own = Spread(between=0.1, within=0.3)
    assert own.relative_to(Spread(between=0.2, within=0.3)) == {"diversity": 0.5, "contrast": 1.0}
    assert own.relative_to(Spread.of(plain(7, 7))) == {}
    assert Spread.of(plain(3)).between == 0
