"""The answer of a quantizer, and the two things that all of them do.

B images, s side of the map of codes, W its width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch


class Quantized(NamedTuple):
    """A map with a code at every place.

    Attributes:
        codes: [B, W, s, s]; in training its gradient is that of the map that was quantized (straight-through).
        indices: whole numbers that name the codes, [B, s, s].
        loss: the quantizer's own, with its weights, a scalar.
        shares: share of the places that each of K codes has: [K], float32.
    """

    codes: torch.Tensor
    indices: torch.Tensor
    loss: torch.Tensor
    shares: torch.Tensor


def straight_through(quantized: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """Return what is quantized, with a gradient of 1 to what was (Bengio et al. 2013)."""
    return z + (quantized - z).detach()


def shares(indices: torch.Tensor, count: int) -> torch.Tensor:
    """Return the share of the places that each of `count` codes has: [count], float32."""
    flat = indices.flatten()
    found = torch.zeros(count, device=flat.device)
    return found.index_add_(0, flat, torch.full(flat.shape, 1 / flat.numel(), device=flat.device))
