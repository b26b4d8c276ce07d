from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hitzoo.data.transform import prepare

DEFAULTS: dict[str, Any] = {
    "resolution": 8,
    "channels": 3,
    "crop": "center",
    "crop_fraction": 1.0,
    "flip": False,
    "random": None,
}


def prepared(image: Image.Image, **changes: object) -> NDArray[np.uint8]:
    return prepare(image, **{**DEFAULTS, **changes})


def coordinates(width: int, height: int) -> Image.Image:
    """Red is the column and green the row: a crop of the right size tells where it was cut."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return Image.fromarray(np.dstack([columns, rows, np.zeros_like(rows)]))


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (height, width, channels), np.uint8))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("crop", ["center", "random", "none"])
@pytest.mark.parametrize("size", [(8, 8), (1, 1), (1, 30), (30, 1), (17, 9), (400, 3)])
def test_every_size_becomes_the_square(channels: int, crop: str, size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    pixels = prepared(noise(*size), channels=channels, crop=crop, crop_fraction=0.875, flip=True, random=random)
    assert pixels.shape == (8, 8, channels)
    assert pixels.dtype == np.uint8
    assert pixels.flags["C_CONTIGUOUS"]
    assert pixels.flags["WRITEABLE"]


@pytest.mark.parametrize("channels", [3, 4])
def test_the_right_size_keeps_the_very_pixels(channels: int) -> None:
    image = noise(8, 8, channels)
    for crop in ("center", "none"):
        assert np.array_equal(prepared(image, channels=channels, crop=crop), np.asarray(image))


def test_the_centre_is_cut_from_the_longer_side() -> None:
    pixels = prepared(coordinates(20, 8))
    assert pixels[0, :, 0].tolist() == list(range(6, 14))
    assert pixels[:, 0, 1].tolist() == list(range(8))


def test_the_fraction_is_of_the_shorter_side() -> None:
    pixels = prepared(coordinates(32, 16), crop_fraction=0.5)
    assert pixels[0, :, 0].tolist() == list(range(12, 20))
    assert pixels[:, 0, 1].tolist() == list(range(4, 12))


def test_the_smallest_crop_is_one_pixel() -> None:
    pixels = prepared(coordinates(9, 9), crop_fraction=0.01)
    assert pixels.reshape(-1, 3).tolist() == [[4, 4, 0]] * 64


def test_without_a_crop_the_whole_picture_is_squeezed() -> None:
    image = noise(30, 10)
    expected = image.resize((8, 8), Image.Resampling.BICUBIC)
    assert np.array_equal(prepared(image, crop="none", crop_fraction=0.5), np.asarray(expected))


def test_enlarging_and_reducing_are_bicubic_with_antialiasing() -> None:
    checks = Image.fromarray((np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8))
    assert np.abs(prepared(checks, channels=1).astype(int) - 128).max() <= 3  # without antialiasing: 0 or 255
    small = noise(3, 3)
    assert np.array_equal(prepared(small), np.asarray(small.resize((8, 8), Image.Resampling.BICUBIC)))


def test_random_crops_stay_inside_and_reach_every_place() -> None:
    image = coordinates(12, 10)
    random = np.random.default_rng(0)
    corners = set()
    for _ in range(600):
        pixels = prepared(image, crop="random", crop_fraction=0.8, random=random)
        left, top = int(pixels[0, 0, 0]), int(pixels[0, 0, 1])
        assert pixels[:, :, 0].tolist() == [list(range(left, left + 8))] * 8
        assert pixels[0, :, 1].tolist() == [top] * 8
        corners.add((left, top))
    assert corners == {(left, top) for left in range(5) for top in range(3)}


class Extreme(np.random.Generator):
    """Draws the same number always."""

    def __init__(self, value: float) -> None:
        super().__init__(np.random.PCG64())
        self.value = value

    def random(self, size: int) -> NDArray[np.float64]:  # type: ignore[override]
        return np.full(size, self.value)


@pytest.mark.parametrize(("value", "corner"), [(0.0, (0, 0)), (float(np.nextafter(1, 0)), (200 - 8, 56 - 8))])
def test_the_least_and_the_greatest_draw_are_the_corners(value: float, corner: tuple[int, int]) -> None:
    pixels = prepared(coordinates(200, 56), crop="random", crop_fraction=1 / 7, random=Extreme(value))
    assert tuple(pixels[0, 0, :2].tolist()) == corner


def test_without_a_generator_a_random_crop_is_the_centre_and_nothing_is_mirrored() -> None:
    image = noise(20, 13)
    evaluated = prepared(image, crop="random", crop_fraction=0.875, flip=True)
    assert np.array_equal(evaluated, prepared(image, crop="center", crop_fraction=0.875))


def test_half_of_the_pictures_are_mirrored() -> None:
    image = coordinates(8, 8)
    random = np.random.default_rng(0)
    firsts = [int(prepared(image, flip=True, random=random)[0, 0, 0]) for _ in range(400)]
    assert set(firsts) == {0, 7}
    assert 160 < firsts.count(7) < 240


@pytest.mark.parametrize("crop", ["center", "random", "none"])
def test_the_same_generator_mirrors_the_same_pictures_under_every_crop(crop: str) -> None:
    image = coordinates(16, 16)

    def mirrored(crop: str) -> list[bool]:
        random = np.random.default_rng(5)
        rows = (prepared(image, crop=crop, crop_fraction=0.5, flip=True, random=random)[0] for _ in range(50))
        return [bool(row[0, 0] > row[-1, 0]) for row in rows]

    expected = [bool(np_draw[2] < 0.5) for np_draw in np.random.default_rng(5).random((50, 3))]
    assert mirrored(crop) == expected


@pytest.mark.parametrize("crop", ["center", "random", "none"])
@pytest.mark.parametrize("flip", [False, True])
def test_three_numbers_are_drawn_whatever_the_settings(crop: str, flip: bool) -> None:
    used, counted = np.random.default_rng(9), np.random.default_rng(9)
    prepared(noise(9, 9), crop=crop, flip=flip, random=used)
    counted.random(3)
    assert used.random() == counted.random()


def test_the_same_draws_give_the_same_pixels() -> None:
    image = noise(40, 30)
    settings: dict[str, Any] = {"crop": "random", "crop_fraction": 0.6, "flip": True}
    first, second, other = (prepared(image, **settings, random=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_invisible_colours_do_not_bleed_into_visible_ones() -> None:
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:, :13] = (255, 0, 0, 255)  # visible red
    pixels[:, 13:] = (0, 255, 0, 0)  # invisible green
    resized = prepared(Image.fromarray(pixels), channels=4)
    visible = resized[resized[:, :, 3] > 8]
    assert (visible[:, 3] < 250).sum() > 0  # there is a half covered column to look at
    assert visible[:, 1].max() == 0
    assert visible[:, 0].min() >= 250


def test_white_is_laid_behind_before_resizing() -> None:
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:, :13] = (255, 0, 0, 255)
    resized = prepared(Image.fromarray(pixels))  # the invisible half is black in the file
    assert resized[:, :, 0].min() >= 250
    assert resized[0, -1].tolist() == [255, 255, 255]


def test_palette_numbers_are_not_mixed() -> None:
    image = Image.new("P", (16, 16))
    image.putpalette([255, 0, 0] + [0, 255, 0] * 254 + [255, 0, 0])
    image.putdata([0, 255] * 128)  # both red; every number in between is green
    assert prepared(image).reshape(-1, 3).tolist() == [[255, 0, 0]] * 64


def test_an_unknown_crop_is_a_mistake_in_the_call() -> None:
    with pytest.raises(ValueError, match="'middle'"):
        prepared(noise(8, 8), crop="middle")
