"""The image as rows beside those of the map: what stages add to it, and nearest-neighbour upsampling.

B batch, N rows, K image channels.
"""

from __future__ import annotations

import torch


def onto_children(image: torch.Tensor) -> torch.Tensor:
    """Nearest neighbour for rows: each pixel's value to its four children, [B, N, K] -> [B, 4N, K]."""
    return image.unsqueeze(2).expand(-1, -1, 4, -1).flatten(1, 2)


def added(image: torch.Tensor | None, contribution: torch.Tensor | None, *, doubled: bool) -> torch.Tensor | None:
    """The image of the stage before and what this one adds, at this one's resolution; None while there is none."""
    if image is None or contribution is None:
        return contribution if image is None else onto_children(image) if doubled else image
    if not doubled:
        return image + contribution
    return (contribution.unflatten(1, (-1, 4)) + image.unsqueeze(2)).flatten(1, 2)
