"""What the Triton kernels compute for an MLP: both of its layers in one launch.

B batch, N positions, C channels, H hidden features, K image channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.fold.gradient import needs_gradient
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.linear import FusedLinear, OneDnnLinear
from hitzoo.fold.triton.launch import Gelu
from hitzoo.fold.triton.mlp import fused_last_mlp, fused_mlp
from hitzoo.fold.triton.support import supports_mlp
from hitzoo.fold.triton.trying import has_failed, tried
from hitzoo.layers.norm import BatchNorm


@dataclass(frozen=True, eq=False)
class OneKernel:
    """The two layers of an MLP block behind a batch norm; the kernel knows no layer norm."""

    widen: FusedLinear | OneDnnLinear
    narrow: FusedLinear | OneDnnLinear
    gelu: Gelu

    @classmethod
    def of(
        cls,
        widen: FusedLinear | OneDnnLinear,
        narrow: FusedLinear | OneDnnLinear,
        norm: BatchNorm | nn.LayerNorm,
        kernels: Kernels,
    ) -> OneKernel | None:
        """The kernel where it may be used at all."""
        return cls(widen, narrow, kernels.gelu) if kernels.triton and isinstance(norm, BatchNorm) else None

    def fits(self, x: torch.Tensor, outputs: int | None = None) -> bool:
        """Whether there is a kernel for a map [B, N, C] on its device."""
        return not has_failed() and not needs_gradient(x) and supports_mlp(x, len(self.widen.bias), outputs)

    def mlp(self, x: torch.Tensor) -> torch.Tensor | None:
        """x + W2·gelu(W1·x): [B, N, C] -> [B, N, C]; None where the kernel cannot be built."""
        rows = tried(lambda: fused_mlp(x.flatten(0, 1), *self._weights(), gelu=self.gelu))
        return None if rows is None else rows.view(x.shape)

    def to_image(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor | None:
        """skip·x + W2·gelu(W1·x): [B, N, C] -> [B, N, K]; None where the kernel cannot be built."""
        widen, widen_bias, narrow, bias = self._weights()
        rows = tried(lambda: fused_last_mlp(x.flatten(0, 1), widen, widen_bias, skip, narrow, bias, gelu=self.gelu))
        return None if rows is None else rows.unflatten(0, x.shape[:2])

    def _weights(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.widen.weight, self.widen.bias, self.narrow.weight, self.narrow.bias
