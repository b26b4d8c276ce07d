"""The MLP block without its norm, and the last one with the layer to the image in it."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.fold.affine import affine_of
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.norm import rest_of
from hitzoo.fold.one_kernel import OneKernel
from hitzoo.fold.rewrites import after_norm, image_of_hidden
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.rgb import ToRGB


class FoldedMLP(nn.Module):
    """x + W2·gelu(W1·x): [B, N, C] -> [B, N, C]."""

    def __init__(self, block: MLPBlock, kernels: Kernels) -> None:
        super().__init__()
        self.standardise = rest_of(block.norm)
        self.widen = kernels.linear(after_norm(affine_of(block.widen), block.norm), gelu=True)
        self.narrow = kernels.linear(affine_of(block.narrow))
        self.one_kernel = OneKernel.of(self.widen, self.narrow, block.norm, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the block's update to `x`."""
        kernel = self.one_kernel
        if kernel is not None and kernel.fits(x) and (whole := kernel.mlp(x)) is not None:
            return whole
        return self.narrow(self.widen(self.standardise(x)), x)


class MLPToImage(nn.Module):
    """The last MLP block and the layer to the image: [B, N, C] -> [B, N, K].

    The block's own output is never made. Only behind a batch norm: a layer norm needs that output.
    """

    def __init__(self, block: MLPBlock, to_rgb: ToRGB, kernels: Kernels) -> None:
        super().__init__()
        skip, narrow = image_of_hidden(affine_of(block.narrow), after_norm(affine_of(to_rgb.linear), to_rgb.norm))
        self.standardise = rest_of(block.norm)
        self.widen = kernels.linear(after_norm(affine_of(block.widen), block.norm), gelu=True)
        self.narrow = kernels.linear(narrow)
        self.skip = kernels.linear(skip)
        self.one_kernel = OneKernel.of(self.widen, self.narrow, block.norm, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the positions add to the image."""
        kernel = self.one_kernel
        if kernel is not None and kernel.fits(x, len(self.narrow.bias)):
            whole = kernel.to_image(x, self.skip.weight)
            if whole is not None:
                return whole
        return self.narrow(self.widen(self.standardise(x)), self.skip(x))


class FoldedToRGB(nn.Module):
    """A stage's layer to the image without its norm: [B, N, C] -> [B, N, K]."""

    def __init__(self, block: ToRGB, kernels: Kernels) -> None:
        super().__init__()
        self.standardise = rest_of(block.norm)
        self.linear = kernels.linear(after_norm(affine_of(block.linear), block.norm))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the positions add to the image."""
        return self.linear(self.standardise(x))
