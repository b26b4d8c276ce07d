"""Policies against images that public code augmented, from the same random numbers, in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.objectives.augment.band_filter import band_kernels
from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.batch_random import BatchRandom

GOLDEN = np.load(Path(__file__).parent / "golden" / "diffaugment.npz")
DRAWN = {
    "flip": ["u_flip"],
    "color": ["u_brightness", "u_saturation", "u_contrast"],
    "translation": ["t_rows", "t_cols"],
    "cutout": ["c_rows", "c_cols"],
}
POLICIES = {
    "color": ["color"],
    "color_translation_cutout": ["color", "translation", "cutout"],
    "translation_cutout_color": ["translation", "cutout", "color"],
    "crdiffaug_flip_translation_color_cutout": ["flip", "translation", "color", "cutout"],
}


class Stored(BatchRandom):
    """The stored numbers in the order in which transforms ask for them."""

    def __init__(self, names: list[str]) -> None:
        self.left = [torch.from_numpy(GOLDEN[name]) for name in names]
        self.ranges: list[tuple[int, int]] = []

    def uniform(self) -> torch.Tensor:
        return self.left.pop(0)

    def integers(self, low: int, high: int) -> torch.Tensor:
        self.ranges.append((low, high))
        return self.left.pop(0)


@pytest.mark.parametrize("name", POLICIES)
def test_policy_makes_the_stored_images(name) -> None:
    policy = POLICIES[name]
    random = Stored([number for transform in policy for number in DRAWN[transform]])
    found = augmentation_of(policy)(torch.from_numpy(GOLDEN["x"]), random)
    torch.testing.assert_close(found, torch.from_numpy(GOLDEN[name]), rtol=1e-12, atol=1e-12)
    assert not random.left
    assert set(random.ranges) <= {(-2, 2), (0, 16)}


def test_bands_have_transgans_kernels() -> None:
    """The first 22 of 43 symmetric taps of the lowest band, and two of the highest, as its code has them."""
    kernels = band_kernels()
    assert kernels.shape == (4, 43)
    torch.testing.assert_close(kernels, kernels.flip(1), rtol=0, atol=1e-12)
    lowest = [-3.051758e-05, 0, 0.0002746582, 0.0004882812, 0.0005493164, 0, -0.00201416, -0.004394531, -0.006317139]
    lowest += [-0.0078125, -0.009063721, -0.008789062, -0.006469727, 0, 0.01428223, 0.03222656, 0.05108643, 0.0703125]
    lowest += [0.08905029, 0.1054688, 0.1186523, 0.125]
    wanted = torch.tensor(lowest, dtype=torch.float64)
    torch.testing.assert_close(kernels[0, :22], wanted, rtol=1e-6, atol=1e-11)
    assert kernels[3, 21].item() == pytest.approx(0.5, abs=1e-11)
    assert kernels[3, 20].item() == pytest.approx(-0.28125, abs=1e-11)
    middle = torch.zeros(43, dtype=torch.float64)
    middle[21] = 1
    torch.testing.assert_close(kernels.sum(0), middle, rtol=0, atol=1e-11)  # all bands together change nothing
