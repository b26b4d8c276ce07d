"""The fixed random network: fixed, sensitive to what it should be, and indifferent to batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.evaluation.random_conv import RandomConv

CPU = torch.device("cpu")
GOLDEN_FIRST = [0.23180654644966125, 0.02169058658182621, -0.007634148001670837]
GOLDEN_LAST = [0.06050780788064003, -0.006687650457024574]
GOLDEN_ROW = [0.06139516, 0.33316362, 0.61199796, 0.08933231, 0.42490557]


def noise(count: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_the_weights_never_change() -> None:
    """Another machine and another version of anything must give the same network, or the name must change."""
    network = RandomConv(CPU)
    assert network.name == "random-conv-1"
    first, second = network._layers[0][0].flatten()[:3], network._layers[3][1][:2]
    np.testing.assert_array_equal(first.numpy(), np.float32(GOLDEN_FIRST))
    np.testing.assert_array_equal(second.numpy(), np.float32(GOLDEN_LAST))
    row = network(noise(1), [0])[0]
    assert row.shape == network.shape == (512,)
    np.testing.assert_allclose(row[[0, 40, 200, 300, 511]], GOLDEN_ROW, rtol=1e-3)


@pytest.mark.parametrize("side", [4, 32, 64, 100])
def test_any_size_and_any_batch(side: int) -> None:
    pictures, network = noise(70, side), RandomConv(CPU)
    whole = network(pictures, range(70))
    parts = torch.cat([network(pictures[start : start + 11], range(0)) for start in range(0, 70, 11)])
    assert torch.isfinite(whole).all()
    torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1e-5)


def test_larger_pictures_are_made_smaller_with_care() -> None:
    """Noise of 256² pixels is nearly grey at 64²; without antialiasing half of it would stay."""
    network = RandomConv(CPU)
    grey = network(np.full((1, 64, 64, 3), 128, np.uint8), [0])
    small, large = (network(noise(1, side), [0]) - grey for side in (64, 256))
    assert large.norm() < 0.25 * small.norm()


def test_what_it_sees() -> None:
    network = RandomConv(CPU)
    picture = noise(1, 16).repeat(2, 1).repeat(2, 2)
    plain = network(picture, [0])

    def moved(other: np.ndarray) -> float:
        return float((network(np.ascontiguousarray(other), [0]) - plain).norm() / plain.norm())

    halves = np.concatenate([picture[:, 16:] // 2, picture[:, :16]], axis=1)
    assert moved(picture) == 0
    assert moved(picture[..., ::-1]) > 0.02  # colour
    assert moved(picture // 2) > 0.1  # contrast
    assert moved(halves) != pytest.approx(moved(halves[:, ::-1]), rel=1e-3)  # layout
