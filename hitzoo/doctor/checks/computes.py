"""The plainest work: a device takes numbers, adds and multiplies them, and gives them back."""

from __future__ import annotations

import torch

from hitzoo.doctor.check import Measured
from hitzoo.doctor.checks.specimen import difference, worst

_LIMIT = 1e-2  # a device may round products of float32 to 10 bits, by its own default


def computes(device: torch.device) -> Measured:
    """Compare a sum, a product of matrices and a convolution with float64 on the CPU."""
    random = torch.Generator().manual_seed(0)
    left, right = (torch.randn(64, 64, generator=random) for _ in range(2))
    image, kernel = torch.randn(2, 8, 16, 16, generator=random), torch.randn(8, 8, 3, 3, generator=random)
    there = [each.to(device) for each in (left, right, image, kernel)]
    found = _work(*there)
    expected = _work(*(each.double() for each in (left, right, image, kernel)))
    value = worst(difference(one, other) for one, other in zip(found, expected, strict=True))
    return Measured(value=value, unit="relative", limit=_LIMIT)


def _work(
    left: torch.Tensor, right: torch.Tensor, image: torch.Tensor, kernel: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    return left + right, left @ right, torch.nn.functional.conv2d(image, kernel)
