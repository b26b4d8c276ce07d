"""VQGAN's encoder and decoder.

Esser, Rombach, Ommer: "Taming Transformers for High-Resolution Image Synthesis", CVPR 2021 (arXiv 2012.09841).

B batch, R side of the images, s side of the map of codes, W its width. Maps are NCHW.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.vqgan.plan import ConvDecoderPlan, VqEncoderPlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed


class VqganNetwork(nn.Module):
    """A chain of blocks: images [B, C, R, R] -> [B, W, s, s] as the encoder, the other way round as the decoder."""

    def __init__(self, plan: VqEncoderPlan | ConvDecoderPlan) -> None:
        super().__init__()
        self.plan = plan
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map of an image, or the image of a map."""
        for block in self.blocks:
            x = checkpointed(block, x)
        return x
