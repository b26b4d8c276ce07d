"""Learned features over the square of an image, read at any position between the learned ones.

r side of the table, C channels.
"""

from __future__ import annotations

import torch


def axis(side: int, *, start: int = 0, length: int | None = None, device: torch.device | None = None) -> torch.Tensor:
    """Coordinates of `length` pixels of `side` from the `start`-th on, −1 and 1 being the first and the last pixel.

    The values are those of torch's `linspace` in float32, as published code has them, held in float64: what is read of
    a table with unrelated neighbours depends on their last bits.
    """
    whole = torch.linspace(-1, 1, side, dtype=torch.float32, device=device).double()
    return whole[start : side if length is None else start + length]


def read_table(table: torch.Tensor, down: torch.Tensor, right: torch.Tensor, *, align_corners: bool) -> torch.Tensor:
    """Interpolate bilinearly at rows `down` and columns `right` in [−1, 1]: [r, r, C], [h], [w] -> [h, w, C].

    With `align_corners` −1 and 1 are the centres of the first and the last entry, so that the table read at its own
    resolution is itself; without, they are the edges, and what is beyond the outermost centres is constant.
    """
    first, second, share = _neighbours(down, len(table), align_corners)
    rows = _between(table[first], table[second], share[:, None, None])
    first, second, share = _neighbours(right, len(table), align_corners)
    return _between(rows[:, first], rows[:, second], share[:, None])


def _between(first: torch.Tensor, second: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    share = share.to(first.dtype)
    return first * (1 - share) + second * share


def _neighbours(at: torch.Tensor, side: int, align_corners: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Both entries that a coordinate lies between, and its distance from the first."""
    place = (at + 1) * ((side - 1) / 2) if align_corners else (at + 1) * (side / 2) - 0.5
    place = place.clamp(0, side - 1)
    first = place.floor()
    return first.long(), (first + 1).clamp(max=side - 1).long(), place - first
