"""The MLP block with its norm folded in, and the last one merged with the layer to the image."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.fold.affine import affine_of
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp_kernel import MLPKernel
from hitzoo.fold.norm import remaining_norm
from hitzoo.fold.rewrites import after_norm, image_of_hidden
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.rgb import ToRGB


class OptimizedMLP(nn.Module):
    """x + W2·gelu(W1·x): [B, N, C] -> [B, N, C]."""

    def __init__(self, block: MLPBlock, kernels: Kernels) -> None:
        super().__init__()
        self.standardise = remaining_norm(block.norm)
        self.widen = kernels.linear(after_norm(affine_of(block.widen), block.norm), gelu=True)
        self.narrow = kernels.linear(affine_of(block.narrow))
        self.mlp_kernel = MLPKernel.create(self.widen, self.narrow, block.norm, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the block's update to `x`."""
        kernel = self.mlp_kernel
        if kernel is not None and kernel.supports(x) and (whole := kernel.mlp(x)) is not None:
            return whole
        return self.narrow(self.widen(self.standardise(x)), x)


class MLPToImage(nn.Module):
    """The last MLP block and the layer to the image: [B, N, C] -> [B, N, K].

    The block's own output is never computed. Only behind a batch norm: a layer norm needs that output.
    """

    def __init__(self, block: MLPBlock, to_rgb: ToRGB, kernels: Kernels) -> None:
        super().__init__()
        skip, narrow = image_of_hidden(affine_of(block.narrow), after_norm(affine_of(to_rgb.linear), to_rgb.norm))
        self.standardise = remaining_norm(block.norm)
        self.widen = kernels.linear(after_norm(affine_of(block.widen), block.norm), gelu=True)
        self.narrow = kernels.linear(narrow)
        self.skip = kernels.linear(skip)
        self.mlp_kernel = MLPKernel.create(self.widen, self.narrow, block.norm, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the contribution to the image."""
        kernel = self.mlp_kernel
        if kernel is not None and kernel.supports(x, len(self.narrow.bias)):
            whole = kernel.to_image(x, self.skip.weight)
            if whole is not None:
                return whole
        return self.narrow(self.widen(self.standardise(x)), self.skip(x))


class OptimizedToRGB(nn.Module):
    """A stage's layer to the image with its norm folded in: [B, N, C] -> [B, N, K]."""

    def __init__(self, block: ToRGB, kernels: Kernels) -> None:
        super().__init__()
        self.standardise = remaining_norm(block.norm)
        self.linear = kernels.linear(after_norm(affine_of(block.linear), block.norm))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the contribution to the image."""
        return self.linear(self.standardise(x))
