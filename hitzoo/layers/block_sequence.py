"""Transformer blocks in a row on one map, which is cut into blocks of pixels where they attend inside those.

B batch, r resolution, C channels, T latent tokens.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from hitzoo.layers.blocking import from_blocks, to_blocks
from hitzoo.layers.checkpointing import checkpointed


def through_blocks(
    blocks: Iterable[nn.Module],
    x: torch.Tensor,
    tokens: torch.Tensor | None = None,
    noise_keys: torch.Tensor | None = None,
) -> torch.Tensor:
    """Apply the blocks in their order: [B, r, r, C] -> [B, r, r, C]; the map is cut anew only where their sizes differ.

    A block's `block_size` is the side of its blocks of pixels, 0 for the whole map. Each can be computed again in the
    backward pass.
    """
    side, cut = x.shape[1], 0
    for block in blocks:
        size: int = getattr(block, "block_size")  # noqa: B009 - of a module, which says no types
        x, cut = _cut(x, side, cut, size), size
        x = checkpointed(block, x, tokens, noise_keys)
    return _cut(x, side, cut, 0)


def _cut(x: torch.Tensor, side: int, now: int, wanted: int) -> torch.Tensor:
    """From blocks of one size to those of another; 0 is the map itself."""
    if now == wanted:
        return x
    whole = from_blocks(x, now, side // now) if now else x
    return to_blocks(whole, wanted) if wanted else whole
