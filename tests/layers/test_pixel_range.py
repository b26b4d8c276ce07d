"""Scales of pixel values: the published numbers, and the way back."""

from __future__ import annotations

import torch

from hitzoo.layers.pixel_range import from_unit, to_unit

MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def test_imagenet_statistics_are_of_pixels_from_0_to_1(randn) -> None:
    pixels = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    normalised = (pixels - MEAN.double()[:, None, None]) / DEVIATION.double()[:, None, None]
    torch.testing.assert_close(from_unit(2 * pixels - 1, "imagenet"), normalised, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(to_unit(normalised, "imagenet"), 2 * pixels - 1, rtol=1e-6, atol=1e-6)


def test_channels_may_come_last(randn) -> None:
    images = randn(2, 3, 4, 4)
    last = to_unit(images.permute(0, 2, 3, 1), "imagenet", axis=3)
    torch.testing.assert_close(last.permute(0, 3, 1, 2), to_unit(images, "imagenet"))


def test_unit_is_left_alone(randn) -> None:
    images = randn(1, 3, 2, 2)
    assert to_unit(images, "unit") is images
    assert from_unit(images, "unit") is images


def test_memory_stays_channels_last(randn) -> None:
    images = randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    assert from_unit(images, "imagenet").is_contiguous(memory_format=torch.channels_last)
