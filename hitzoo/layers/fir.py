"""StyleGAN2's filters [1, 3, 3, 1] around convolutions that change the resolution, and for images. Maps are NCHW."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.downsample import blur, blur_kernel, spread


class Blur(nn.Module):
    """outer([1, 3, 3, 1])·gain/64 with zero padding p: [B, C, r, r] -> [B, C, r + 2p − 3, …]."""

    kernel: torch.Tensor

    def __init__(self, channels: int, *, padding: int, gain: float = 1.0) -> None:
        super().__init__()
        self.padding = padding
        self.register_buffer("kernel", blur_kernel(channels, gain), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the blurred map."""
        return blur(x, self.kernel, stride=1, padding=self.padding)


class FirUpsample(nn.Module):
    """Zeros between the pixels, then the filter: [B, C, r, r] -> [B, C, 2r, 2r]."""

    kernel: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("kernel", blur_kernel(channels, 4.0), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution; nothing is kept for the way back."""
        return spread(x, self.kernel)
