"""Quantizers: a projection, the choice of a code at every place, and a projection back.

B batch, s side of the map, W its width, d numbers of a code, N = B·s² places.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from hitzoo.families.quantizer.plan import QuantizerPlan
from hitzoo.layers import build_block
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.quantized import Quantized, shares
from hitzoo.layers.vqgan_blocks import PlainConv


class Quantizer(nn.Module):
    """A map to a map of codes: [B, W, s, s] -> `Quantized`. The choice is made in float32, under autocast too."""

    def __init__(self, plan: QuantizerPlan) -> None:
        super().__init__()
        self.plan = plan
        self.project_in: PlainConv = build_block(plan.project_in)
        self.choice: Any = build_block(plan.choice)
        self.project_out: PlainConv = build_block(plan.project_out)

    def forward(self, z: torch.Tensor) -> Quantized:
        """Put a code in the place of every vector."""
        inner = self.project_in(z)
        batch, width, side, _ = inner.shape
        vectors = at_least_float32(inner.permute(0, 2, 3, 1).reshape(-1, width))
        if inner.is_meta:  # it has no autocast
            codes, indices, loss = self.choice(vectors)
        else:
            with torch.autocast(inner.device.type, enabled=False):
                codes, indices, loss = self.choice(vectors)
        mapped = codes.view(batch, side, side, width).permute(0, 3, 1, 2)
        found = indices.view(batch, side, side)
        return Quantized(self.project_out(mapped), found, loss, shares(indices, self.plan.codes))

    def choose(self, z: torch.Tensor) -> torch.Tensor:
        """Return the numbers of the codes alone: [B, W, s, s] -> [B, s, s]."""
        inner = self.project_in(z)
        indices: torch.Tensor = self.choice(inner.permute(0, 2, 3, 1).flatten(0, 2))[1]
        return indices.view(-1, *inner.shape[2:])

    def look_up(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the map of codes that numbers name: [B, s, s] -> [B, W, s, s]."""
        codes = self.choice.look_up(indices.flatten())
        mapped = codes.view(*indices.shape, -1).permute(0, 3, 1, 2)
        return self.project_out(mapped.to(self.project_out.conv.weight.dtype))
