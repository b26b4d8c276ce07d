from __future__ import annotations

import torch

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.noise import Noise
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


def test_micro_batches_have_the_noise_of_the_whole_batch() -> None:
    noise = Noise(1.0, fraction=0.5)
    whole = noisy(noise, Shard())
    parts = [noisy(noise, Shard(index, 2), count=4) for index in (0, 1)]
    assert len(whole) == 4
    torch.testing.assert_close(torch.stack(parts, dim=1).flatten(0, 1), whole, rtol=0, atol=0)


def test_noise_is_drawn_in_any_memory_format() -> None:
    images = torch.zeros(2, 4, 4, 3).permute(0, 3, 1, 2)
    (plain, permuted) = (
        Noise(1.0)(given, BatchRandom(torch.Generator().manual_seed(0), 2)) for given in (IMAGES[:2], images)
    )
    torch.testing.assert_close(plain, permuted, rtol=0, atol=0)


def test_meta_images_stay_without_contents() -> None:
    images = torch.empty(8, 3, 4, 4, device="meta")
    assert Noise(1.0, fraction=0.25)(images, BatchRandom(torch.Generator(), 8)).shape == (2, 3, 4, 4)
