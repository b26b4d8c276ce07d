from __future__ import annotations

from itertools import product

import pytest
import torch

from hitzoo.objectives.augment.policy import AUGMENTATIONS
from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.runtime.shard import Shard


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(count: int, seed: int = 0) -> BatchRandom:
    return BatchRandom(seeded(seed), count)


def images(count: int = 16, channels: int = 3, side: int = 16) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=seeded(99), dtype=torch.float64) * 2 - 1


def apply(name: str, given: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return augmentation_of((name,))(given, draws(len(given), seed))


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_draw_follows_from_the_generator_alone(name, channels) -> None:
    given = images(channels=channels)
    kept = given.clone()
    torch.manual_seed(1)
    first = apply(name, given)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert torch.equal(apply(name, given), first)
    assert torch.equal(torch.get_rng_state(), state)
    grey = name == "hue" and channels == 1  # it has no hue
    assert torch.equal(apply(name, given, seed=1), first) == grey
    assert torch.equal(given, kept)  # the images given are left as they were
    assert first.shape == given.shape
    assert first.dtype == given.dtype


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_image_has_a_draw_of_its_own(name) -> None:
    alike = images(1).expand(64, -1, -1, -1)
    results = {tuple(image.flatten().tolist()) for image in apply(name, alike)}
    assert len(results) == 2 if name == "flip" else len(results) > 15


def test_flip_mirrors_about_half_of_the_images_left_to_right() -> None:
    given = images(200, side=4)
    out = apply("flip", given)
    mirrored = [torch.equal(after, before.flip(2)) for before, after in zip(given, out, strict=True)]
    kept = [torch.equal(after, before) for before, after in zip(given, out, strict=True)]
    assert all(one != other for one, other in zip(mirrored, kept, strict=True))
    assert 70 < sum(mirrored) < 130


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_color_is_brightness_then_saturation_then_contrast(channels) -> None:
    given = images(5, channels)
    random = seeded()
    brightness, saturation, contrast = (torch.rand(5, 1, 1, 1, generator=random).flatten().tolist() for _ in range(3))
    out = apply("color", given)
    for index in range(5):
        image = given[index, :3] + brightness[index] - 0.5
        grey = image.mean(0, keepdim=True)
        image = (image - grey) * (2 * saturation[index]) + grey
        image = (image - image.mean()) * (0.5 + contrast[index]) + image.mean()
        torch.testing.assert_close(out[index, :3], image, rtol=1e-6, atol=1e-6)
    assert torch.equal(out[:, 3:], given[:, 3:])  # transparency


def test_color_keeps_to_its_ranges() -> None:
    flat = torch.full((600, 3, 4, 4), 0.25)
    shifts = apply("color", flat) - flat  # brightness is all that shows
    assert (shifts - shifts[:, :1, :1, :1]).abs().max() < 1e-6
    assert -0.5 <= shifts.min() < -0.48
    assert 0.48 < shifts.max() <= 0.5
    slope = torch.linspace(-1, 1, 16).view(1, 1, 4, 4).expand(600, 3, 4, 4)  # grey: saturation does not show
    out = apply("color", slope)
    contrast = (out[:, 0, 3, 3] - out[:, 0, 0, 0]) / 2
    assert 0.5 <= contrast.min() < 0.52
    assert 1.48 < contrast.max() <= 1.5 + 1e-6
    red = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(600, 3, 4, 4)  # saturation · contrast
    both = apply("color", red)
    both = (both[:, 0] - both[:, 2])[:, 0, 0] / 2
    assert (both >= 0).all()
    assert (both / contrast).min() < 0.02
    assert 1.96 < (both / contrast).max() <= 2 + 1e-5


def moved(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    out = torch.zeros_like(image)
    side = image.shape[-1]
    for row, column in product(range(side), range(side)):
        if 0 <= row + down < side and 0 <= column + right < side:
            out[:, row + down, column + right] = image[:, row, column]
    return out


@pytest.mark.parametrize(("side", "most"), [(16, 2), (8, 1), (4, 1), (12, 2)])
def test_translation_moves_by_up_to_an_eighth_and_fills_with_zero(side, most) -> None:
    count = 40 * (2 * most + 1) ** 2 // 5
    one = images(1, 2, side)
    places = list(product(range(-most, most + 1), repeat=2))
    shifted = {place: moved(one[0], *place) for place in places}
    seen = []
    for image in apply("translation", one.expand(count, -1, -1, -1)):
        (place,) = [place for place in places if torch.equal(image, shifted[place])]
        seen.append(place)
    assert set(seen) == set(places)


@pytest.mark.parametrize(("side", "size", "first", "last"), [(8, 4, -2, 6), (5, 3, -1, 3), (7, 4, -2, 5)])
def test_cutout_is_one_square_of_half_the_side_with_its_centre_inside(side, size, first, last) -> None:
    given = torch.ones(1500, 4, side, side)
    starts = set()
    for image in apply("cutout", given):
        assert torch.equal(image[0], image[3])
        holes = (image[0] == 0).nonzero()
        (top, left), (bottom, right) = holes.amin(0).tolist(), holes.amax(0).tolist()
        assert len(holes) == (bottom - top + 1) * (right - left + 1)
        assert set(image[0].unique().tolist()) <= {0.0, 1.0}
        # a square that hangs over the upper or left edge ends where it would have
        start_row = bottom - size + 1 if top == 0 and bottom < size - 1 else top
        start_column = right - size + 1 if left == 0 and right < size - 1 else left
        assert bottom == min(side, start_row + size) - 1
        assert right == min(side, start_column + size) - 1
        starts.add((start_row, start_column))
    assert {row for row, _ in starts} == set(range(first, last + 1))
    assert {column for _, column in starts} == set(range(first, last + 1))


def test_a_policy_is_applied_in_the_order_written() -> None:
    given = images()
    drawn = draws(len(given))
    expected = AUGMENTATIONS["cutout"](AUGMENTATIONS["color"](given, drawn), drawn)
    assert torch.equal(augmentation_of(("color", "cutout"))(given, draws(len(given))), expected)
    other = augmentation_of(("cutout", "color"))(given, draws(len(given)))
    assert not torch.equal(other, expected)
    assert (other == 0).sum() < (expected == 0).sum()  # colour after cutout fills the hole


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_policy_is_differentiable_by_the_images(name) -> None:
    """Whoever wants no gradient through it says so; in one direction, by finite differences."""
    given, direction = images(6).requires_grad_(), torch.rand(6, 3, 16, 16, generator=seeded(5), dtype=torch.float64)
    weights = torch.rand(6, 3, 16, 16, generator=seeded(6), dtype=torch.float64)
    (gradient,) = torch.autograd.grad((apply(name, given) * weights).sum(), given)
    more, less = (float((apply(name, given.detach() + h * direction) * weights).sum()) for h in (1e-5, -1e-5))
    assert abs(more - less) > 1e-6
    assert float((gradient * direction).sum()) == pytest.approx((more - less) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("shard", [Shard(0, 2), Shard(1, 2), Shard(2, 4)])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_shard_of_the_images_gets_its_shard_of_the_draws(name, shard) -> None:
    given = images()
    whole = apply(name, given)
    part = augmentation_of((name,))(shard.of(given), BatchRandom(seeded(), len(given), shard))
    rounding = 1e-6 if name == "filter" else 0.0  # of its gains, in float32
    torch.testing.assert_close(part, shard.of(whole), rtol=rounding, atol=rounding)
    assert not torch.allclose(part, apply(name, shard.of(given)))  # what draws of its own would make of it
