from __future__ import annotations

from math import cos, log, pi, sin, sqrt

import pytest
import torch

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.noise import Noise, normal
from hitzoo.runtime.shard import Shard

IMAGES = torch.zeros(8, 3, 4, 4)


def noisy(noise: Noise, shard: Shard, count: int = 8, seed: int = 0) -> torch.Tensor:
    return noise(IMAGES[:count], BatchRandom(torch.Generator().manual_seed(seed), 8, shard))


def test_noise_is_standard_normal_times_sigma_and_every_images_own() -> None:
    images = torch.zeros(64, 3, 16, 16)
    found = Noise(0.5)(images, BatchRandom(torch.Generator().manual_seed(0), 64))
    assert found.mean().abs() < 0.01
    assert abs(found.std() - 0.5) < 0.01
    assert len(found.flatten(1).unique(dim=0)) == 64
    assert not torch.equal(noisy(Noise(1.0), Shard()), noisy(Noise(1.0), Shard(), seed=1))


def test_numbers_of_a_key_are_normal_and_uncorrelated() -> None:
    """Means of N products of independent normal numbers deviate by 1/√N."""
    first, second = normal(torch.tensor([5, 6]), 200_000)
    bound = 4 / 200_000**0.5
    for numbers in (first, second):
        assert abs(numbers.mean()) < bound
        assert abs(numbers.square().mean() - 1) < 2 * bound
        assert abs(numbers.pow(4).mean() - 3) < 12 * bound
        for lag in (1, 2, 3, 64, 100_000):
            assert abs((numbers[lag:] * numbers[:-lag]).mean()) < 2 * bound, lag
    assert abs((first * second).mean()) < bound
    assert len(first.unique()) > 199_000


@pytest.mark.parametrize("key", [0, 1, 12345, (1 << 32) - 1])
def test_numbers_follow_from_key_and_place_by_the_formula(key) -> None:
    def mixed(word: int) -> int:
        word = ((word ^ (word >> 16)) * 0x7FEB352D) % 2**32
        word = ((word ^ (word >> 15)) * 0x846CA68B) % 2**32
        return word ^ (word >> 16)

    found = normal(torch.tensor([key]), 5)[0].tolist()
    for place in range(3):
        seed = mixed((mixed(place) + key) % 2**32)
        radius = sqrt(-2 * log((mixed(seed ^ 0x9E3779B9) + 0.5) / 2**32))
        angle = 2 * pi * (mixed(seed ^ 0x3C6EF372) + 0.5) / 2**32
        pair = [radius * cos(angle), radius * sin(angle)]
        assert [found[place], *found[place + 3 : place + 4]] == pytest.approx(pair[: 2 if place < 2 else 1], abs=1e-5)


def test_micro_batches_have_the_noise_of_the_whole_batch() -> None:
    noise = Noise(1.0, fraction=0.5)
    whole = noisy(noise, Shard())
    parts = [noisy(noise, Shard(index, 2), count=4) for index in (0, 1)]
    assert len(whole) == 4
    torch.testing.assert_close(torch.stack(parts, dim=1).flatten(0, 1), whole, rtol=0, atol=0)


def test_noise_is_the_same_in_any_memory_format() -> None:
    images = torch.zeros(2, 4, 4, 3).permute(0, 3, 1, 2)
    (plain, permuted) = (
        Noise(1.0)(given, BatchRandom(torch.Generator().manual_seed(0), 2)) for given in (IMAGES[:2], images)
    )
    torch.testing.assert_close(plain, permuted, rtol=0, atol=0)


def test_meta_images_stay_without_contents() -> None:
    images = torch.empty(8, 3, 4, 4, device="meta")
    random = BatchRandom(torch.Generator(), 8, device=images.device)
    assert Noise(1.0, fraction=0.25)(images, random).shape == (2, 3, 4, 4)


def test_fraction_is_the_first_part_of_the_batch() -> None:
    images = torch.arange(8.0)[:, None, None, None].expand(8, 3, 4, 4)
    found = Noise(0.01, fraction=0.5)(images, BatchRandom(torch.Generator().manual_seed(0), 8))
    assert found.shape[0] == 4
    assert (found - images[:4]).abs().max() < 0.1
