"""The image as rows beside those of the map: the stages' contributions, and nearest-neighbour upsampling.

B batch, N rows, K image channels.
"""

from __future__ import annotations

import torch


def upsample_nearest(image: torch.Tensor) -> torch.Tensor:
    """Copy each pixel's value to its four children: [B, N, K] -> [B, 4N, K]."""
    return image.unsqueeze(2).expand(-1, -1, 4, -1).flatten(1, 2)


def add_to_image(
    image: torch.Tensor | None, contribution: torch.Tensor | None, *, doubled: bool
) -> torch.Tensor | None:
    """Add a stage's contribution to the image so far, at the stage's resolution; None as long as there is no image."""
    if image is None or contribution is None:
        return contribution if image is None else upsample_nearest(image) if doubled else image
    if not doubled:
        return image + contribution
    return (contribution.unflatten(1, (-1, 4)) + image.unsqueeze(2)).flatten(1, 2)
