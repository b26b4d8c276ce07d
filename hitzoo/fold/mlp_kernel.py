"""An MLP by one Triton kernel: both of its layers in a single launch.

B batch, N positions, C channels, H hidden features, K image channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.fold.gradient import needs_gradient
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.linear import FusedLinear, OneDnnLinear
from hitzoo.fold.triton.attempts import run_or_none
from hitzoo.fold.triton.disabled import disabled_kernels
from hitzoo.fold.triton.launch import Gelu
from hitzoo.fold.triton.mlp import fused_last_mlp, fused_mlp
from hitzoo.fold.triton.support import supports_mlp
from hitzoo.layers.norm import BatchNorm, Norm


@dataclass(frozen=True, eq=False)
class MLPKernel:
    """The two layers of an MLP block behind a batch norm; the kernel has no layer norm."""

    widen: FusedLinear | OneDnnLinear
    narrow: FusedLinear | OneDnnLinear
    gelu: Gelu

    @classmethod
    def create(
        cls,
        widen: FusedLinear | OneDnnLinear,
        narrow: FusedLinear | OneDnnLinear,
        norm: Norm,
        kernels: Kernels,
    ) -> MLPKernel | None:
        """Create the kernel; None where it cannot be used."""
        return cls(widen, narrow, kernels.gelu) if kernels.triton and isinstance(norm, BatchNorm) else None

    def supports(self, x: torch.Tensor, outputs: int | None = None) -> bool:
        """True if there is a kernel for a map [B, N, C] on its device."""
        kernel = "mlp" if outputs is None else "mlp_to_image"
        return (
            not needs_gradient(x)
            and supports_mlp(x, len(self.widen.bias), outputs)
            and kernel not in disabled_kernels(x.device)
        )

    def mlp(self, x: torch.Tensor) -> torch.Tensor | None:
        """x + W2·gelu(W1·x): [B, N, C] -> [B, N, C]; None where the kernel cannot be built."""
        rows = run_or_none(lambda: fused_mlp(x.flatten(0, 1), *self._weights(), gelu=self.gelu))
        return None if rows is None else rows.view(x.shape)

    def to_image(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor | None:
        """skip·x + W2·gelu(W1·x): [B, N, C] -> [B, N, K]; None where the kernel cannot be built."""
        widen, widen_bias, narrow, bias = self._weights()
        rows = run_or_none(
            lambda: fused_last_mlp(x.flatten(0, 1), widen, widen_bias, skip, narrow, bias, gelu=self.gelu)
        )
        return None if rows is None else rows.unflatten(0, x.shape[:2])

    def _weights(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.widen.weight, self.widen.bias, self.narrow.weight, self.narrow.bias
