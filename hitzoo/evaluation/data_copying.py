"""A test for copies of the training images among samples.

Source: Meehan, Chaudhuri, Dasgupta 2020 ("A Non-Parametric Test to Detect Data-Copying in Generative Models"),
section 3.1. Their C_T is the mean of this statistic over cells of the space; here the whole space is one cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class DataCopying:
    """Result of the test: do samples lie nearer to the training images than held-out images do?

    `z` is standard normal where both lie equally near: far below 0 (−3 and less) samples are copies more often than
    chance allows, far above 0 they are farther from the data than other real images. `probability` is that of a
    sample being farther from its nearest training image than a held-out image is, ½ where they lie equally near.
    """

    z: float
    probability: float
    samples: int
    held_out: int

    def can_tell(self, limit: float) -> bool:
        """True if |z| could exceed `limit`: with few images it cannot, even where every sample is a copy."""
        pairs = self.samples * self.held_out
        return 3 * pairs / (self.samples + self.held_out + 1) > limit**2


def data_copying(samples: torch.Tensor, held_out: torch.Tensor) -> DataCopying:
    """Test distances to the nearest training image, those (N) of samples against those (M) of held-out images.

    The z-score of the Mann–Whitney U statistic, the number of pairs in which the sample is farther; of equal ones half.
    """
    count = len(samples) * len(held_out)
    ordered = held_out.double().sort().values
    below = torch.searchsorted(ordered, samples.double())
    up_to = torch.searchsorted(ordered, samples.double(), right=True)
    larger = float((below + up_to).sum()) / 2
    deviation = math.sqrt(count * (len(samples) + len(held_out) + 1) / 12)
    return DataCopying((larger - count / 2) / deviation, larger / count, len(samples), len(held_out))
