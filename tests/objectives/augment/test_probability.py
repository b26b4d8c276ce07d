"""How often transforms are applied, and to whom."""

from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.augment.policy import AUGMENTATIONS
from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.runtime.shard import Shard
from hitzoo.spec.augmentation import CutoutSpec, EraseSpec, FilterSpec, HueSpec, TranslationSpec


def draws(count: int, seed: int = 0, shard: Shard | None = None) -> BatchRandom:
    random = torch.Generator().manual_seed(seed)
    return BatchRandom(random, count) if shard is None else BatchRandom(random, count, shard)


def images(count: int, side: int = 16) -> torch.Tensor:
    random = torch.Generator().manual_seed(9)
    return torch.rand(count, 3, side, side, generator=random, dtype=torch.float64) * 1.8 - 0.9


def changed(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    return (before != after).flatten(1).any(1)


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_entry_changes_images_with_its_probability(chance) -> None:
    given = images(400, 4)
    share = changed(given, augmentation_of([HueSpec(probability=chance)])(given, draws(400))).double().mean()
    assert share == pytest.approx(chance, abs=0.08)


def test_strength_is_a_factor_of_the_probability() -> None:
    given = images(400, 4)
    for strength, wanted in ((0.0, 0.0), (0.5, 0.3), (1.0, 0.6)):
        out = augmentation_of([HueSpec(probability=0.6)])(given, draws(400), strength)
        assert changed(given, out).double().mean() == pytest.approx(wanted, abs=0.08)
    assert not changed(given, augmentation_of(tuple(AUGMENTATIONS))(given, draws(400), 0.0)).any()


def test_strength_that_grows_keeps_what_it_changed() -> None:
    """The same numbers are drawn at every strength, so that one more image changes at a time."""
    given, policy = images(200, 4), augmentation_of(["color", "hue"])
    few, many = (changed(given, policy(given, draws(200), strength)) for strength in (0.2, 0.4))
    assert 10 < few.sum() < many.sum()
    assert not (few & ~many).any()


@pytest.mark.parametrize("kind", [CutoutSpec, EraseSpec, TranslationSpec, HueSpec])
def test_per_batch_all_images_are_changed_or_none(kind) -> None:
    given = images(24)
    policy = augmentation_of([kind(probability=0.3, per="batch")])
    shares = [changed(given, policy(given, draws(24, seed))).double().mean().item() for seed in range(100)]
    assert all(share == 0 or share > 0.8 for share in shares)  # a shift of 0 changes nothing
    assert sum(share > 0 for share in shares) == pytest.approx(30, abs=12)


def test_per_batch_shards_agree() -> None:
    given, policy = images(24), augmentation_of([EraseSpec(probability=0.5, per="batch"), CutoutSpec(probability=0.5)])
    for seed in range(6):
        whole = policy(given, draws(24, seed))
        for shard in (Shard(0, 2), Shard(1, 2)):
            assert torch.equal(policy(shard.of(given), draws(24, seed, shard)), shard.of(whole))


def boxes(out: torch.Tensor) -> list[tuple[int, int, int, int]]:
    """First line and column of every hole, and its height and width."""
    found = []
    for image in out[:, 0] == 0:
        lines = image.nonzero()
        (top, left), (bottom, right) = lines.amin(0).tolist(), lines.amax(0).tolist()
        assert len(lines) == (bottom - top + 1) * (right - left + 1)  # a rectangle
        found.append((top, left, bottom - top + 1, right - left + 1))
    return found


def test_erase_draws_height_and_width_of_every_image() -> None:
    side = 20
    holes = boxes(augmentation_of(["erase"])(torch.ones(3000, 4, side, side), draws(3000)))
    inside = [hole for hole in holes if hole[0] > 0 and hole[1] > 0 and hole[0] + hole[2] < side]
    inside = [hole for hole in inside if hole[1] + hole[3] < side]
    assert {height for _, _, height, _ in inside} == set(range(4, 15))  # int(0.2·20) … int(0.7·20)
    assert {width for _, _, _, width in inside} == set(range(4, 15))
    assert len({(height, width) for _, _, height, width in inside}) > 60


def test_erase_per_batch_has_one_height_and_width() -> None:
    """And a centre for each image: TransGAN's `stl_erase_ratio` at 48 pixels, 20 to 44 of them."""
    policy = augmentation_of([EraseSpec(ratio=(0.417, 0.917), per="batch")])
    sizes = set()
    for seed in range(60):
        holes = boxes(policy(torch.ones(12, 3, 48, 48), draws(12, seed)))
        assert len({(top, left) for top, left, _, _ in holes}) > 3
        tallest, widest = (max(hole[2 + axis] for hole in holes) for axis in (0, 1))
        assert tallest <= 44
        assert widest <= 44
        sizes |= {tallest, widest}
    assert min(sizes) < 24
    assert max(sizes) > 40


def test_translation_by_a_fifth_is_transgans() -> None:
    policy = augmentation_of([TranslationSpec(ratio=0.2)])
    ramp = torch.arange(1.0, 33).expand(2000, 1, 32, 32)
    shifts = policy(ramp, draws(2000))[:, 0, 16, 16] - ramp[:, 0, 16, 16]
    assert set(shifts.tolist()) == set(range(-6, 7))  # int(0.2·32 + 0.5)


def test_hue_turns_colours_about_grey() -> None:
    given = images(300, 2)
    out = augmentation_of(["hue"])(given, draws(300))
    torch.testing.assert_close(out.mean(1), given.mean(1), rtol=0, atol=1e-6)
    torch.testing.assert_close(out.square().sum(1), given.square().sum(1), rtol=1e-6, atol=1e-6)
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(2000, 3, 1, 1)
    turned = augmentation_of(["hue"])(red, draws(2000))[:, :, 0, 0]
    x, y = turned[:, 0] - (turned[:, 1] + turned[:, 2]) / 2, (turned[:, 1] - turned[:, 2]) * 3**0.5 / 2
    angle = torch.atan2(y, x).sort().values
    torch.testing.assert_close(angle, torch.linspace(-torch.pi, torch.pi, 2000), rtol=0, atol=0.15)  # uniform


def waves(side: int, count: int) -> torch.Tensor:
    """Cosines that meet at the borders as mirrored ones do."""
    places = torch.arange(side, dtype=torch.float64)
    lines = torch.cos(torch.pi * count * places / (side - 1))
    return (lines[:, None] * lines[None]).expand(1, 3, side, side)


@pytest.mark.parametrize("side", [8, 16, 33])
def test_filter_multiplies_frequencies_of_the_mirrored_image(side) -> None:
    """At small sides the kernel is wider than the image."""
    given = waves(side, 3)
    out = augmentation_of(["filter"])(given, draws(1))
    factor = out[0, 0, 0, 0] / given[0, 0, 0, 0]
    assert not torch.isclose(factor, torch.ones_like(factor), rtol=1e-3)
    torch.testing.assert_close(out, factor * given, rtol=0, atol=1e-5)


def test_filter_leaves_an_image_with_the_probability_of_no_band() -> None:
    given = images(600, 4)
    out = augmentation_of([FilterSpec(probability=0.25)])(given, draws(600))
    kept = (out - given).flatten(1).abs().amax(1) < 1e-5
    assert kept.double().mean() == pytest.approx(0.75**4, abs=0.07)


def test_filter_keeps_the_expected_power_of_a_single_band() -> None:
    """With power 10 in the lowest band and 1 in each other, whichever gain one band has."""
    from hitzoo.objectives.augment.band_filter import BandFilter

    class One(BatchRandom):
        def __init__(self, band: int) -> None:
            self.band = band

        def uniforms(self, width: int) -> torch.Tensor:
            return torch.tensor([[0.0 if band == self.band else 1.0 for band in range(width)]])

        def normal(self, width: int) -> torch.Tensor:
            return torch.full((1, width), 1.5)

    powers = torch.tensor([10.0, 1.0, 1.0, 1.0]) / 13
    for band in range(4):
        gains = BandFilter(0.5)._gains(One(band), 1.0)[0]
        assert (powers * gains.square()).sum().item() == pytest.approx(1, rel=1e-5)
        assert (gains[band] / gains[band - 1]).item() == pytest.approx(2**1.5, rel=1e-5)
