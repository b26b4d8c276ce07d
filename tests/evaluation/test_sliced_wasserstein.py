"""Patches of a pyramid and the distance between their distributions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.evaluation import sliced_wasserstein as module
from hitzoo.evaluation.sliced_wasserstein import LaplacianPatches, laplacian_pyramid, sliced_wasserstein

CPU = torch.device("cpu")


def noise(count: int, side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def descriptors(seed: int, count: int = 40, patches: int = 5) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, 1, patches, 12)).astype(np.float32))


@pytest.mark.parametrize("side", [16, 32, 37, 50])
def test_a_pyramid_adds_up_to_its_picture(side: int) -> None:
    x = torch.from_numpy(noise(2, side)).permute(0, 3, 1, 2).float()
    *fine, last = laplacian_pyramid(x, 3)
    for level in reversed(fine):
        last = level + torch.nn.functional.interpolate(last, level.shape[-2:], mode="bilinear")
    torch.testing.assert_close(last, x)
    assert [level.shape[-1] for level in laplacian_pyramid(x, 3)] == [side, side // 2, side // 4]


def test_a_flat_picture_is_all_in_the_last_level() -> None:
    *fine, last = laplacian_pyramid(torch.full((1, 3, 64, 64), 0.5), 3)
    assert all(level.abs().max() < 1e-6 for level in fine)
    torch.testing.assert_close(last, torch.full((1, 3, 16, 16), 0.5))


@pytest.mark.parametrize(
    ("side", "count", "shape"),
    [
        (64, 100, (3, 128, 147)),
        (32, 4096, (2, 16, 147)),
        (256, 50_000, (5, 1, 147)),
        (8, 10**6, (1, 1, 147)),
        (4, 10, (1, 128, 48)),
    ],
)
def test_how_many_patches(side: int, count: int, shape: tuple[int, ...]) -> None:
    network = LaplacianPatches(side, count, CPU)
    assert network.shape == shape
    assert network(noise(2, side), range(2)).shape == (2, *shape)


def test_patches_are_cut_from_the_picture_and_follow_from_its_number() -> None:
    pictures = noise(3, 16)
    network = LaplacianPatches(16, 4096, CPU)
    rows = network(pictures, [7, 8, 9])
    scaled = pictures.astype(np.float32) / 127.5 - 1
    windows = np.lib.stride_tricks.sliding_window_view(scaled[1], (7, 7), axis=(0, 1)).reshape(100, 147)
    for patch in rows[1, 0]:
        assert np.abs(windows - patch.numpy()).max(axis=1).min() < 1e-6
    torch.testing.assert_close(network(pictures[1:2], [8])[0], rows[1])
    assert not torch.equal(network(pictures[1:2], [9])[0], rows[1])
    assert len(np.unique(rows[1, 0].numpy(), axis=0)) > 1


def test_batches_change_nothing() -> None:
    pictures = noise(70, 16)
    network = LaplacianPatches(16, 70, CPU)
    parts = [network(pictures[start : start + 9], range(start, start + 9)) for start in range(0, 70, 9)]
    torch.testing.assert_close(network(pictures, range(70)), torch.cat(parts))


def test_the_same_patches_in_any_order_are_at_no_distance() -> None:
    rows = descriptors(0)
    assert sliced_wasserstein(rows.flip(0).flip(2), rows) < 1e-6
    assert sliced_wasserstein(rows, rows.repeat(3, 1, 1, 1)) < 1e-6
    assert sliced_wasserstein(rows[:20].repeat(3, 1, 1, 1), rows[:20].repeat(2, 1, 1, 1)) < 1e-6


def test_a_shift_is_its_own_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions that differ by a shift alone: every projection is moved by (shift · direction)."""
    rows, shift = descriptors(0), 0.7
    scale = rows.reshape(-1, 3, 4).numpy().std(axis=(0, 2))
    directions = np.random.RandomState(module._SEED).standard_normal((module._DIRECTIONS, 12))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    wanted = np.abs(directions @ np.repeat(shift / scale, 4)).mean()
    assert sliced_wasserstein(rows + shift, rows) == pytest.approx(wanted, rel=1e-4)


def test_it_is_the_mean_of_the_levels() -> None:
    fakes, reals = descriptors(1) * 2 + 0.5, descriptors(0)
    alone = [sliced_wasserstein(fakes, reals), sliced_wasserstein(reals, reals)]
    both = sliced_wasserstein(torch.cat([fakes, reals], 1), torch.cat([reals, reals], 1))
    assert both == pytest.approx(sum(alone) / 2)
    assert alone[0] > 0.3


def test_flat_samples_and_flat_reals() -> None:
    """What is too flat is seen, and a real set without any variance is no division by zero."""
    reals = descriptors(0)
    assert sliced_wasserstein(reals * 0.5, reals) > 0.2
    assert 0 < sliced_wasserstein(reals, torch.zeros_like(reals)) < float("inf")
