"""The last layer of a discriminator as a direction and a scale, which are trained by different parts of its loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class SanLogit(nn.Module):
    """⟨h + b, ω⟩·s with a unit vector ω, a scale s and a bias b of features: [B, C] -> [B].

    The logits train features, bias and scale, and take ω as it is. ω learns from the `directions`, which have the same
    values and are constant in all else: the discriminator's loss holds their Wasserstein distance
    (`objectives/terms/san.py`), so that ω is the direction in which real and fake features differ most.

    Source: Takida et al. 2024 (SAN), section 4; the head of its code, which adds the bias to the features.
    """

    def __init__(self, channels: int, *, scale: float = 1.0) -> None:
        """Draw ω as Glorot's uniform kernel and give it the length that `scale` times that kernel has."""
        super().__init__()
        kernel = nn.init.xavier_uniform_(torch.empty(1, channels)).squeeze(0)
        self.weight = nn.Parameter(kernel)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = nn.Parameter(scale * kernel.detach().norm())
        self.renormalize()

    def forward(self, features: torch.Tensor, *, directions: bool = False) -> torch.Tensor:
        """Return logits [B], and with `directions` those of the direction in a second row: [2, B]."""
        omega = F.normalize(self.weight, dim=0)
        shifted = features + self.bias
        logits = shifted @ (omega.detach() * self.scale)
        if not directions:
            return logits
        return torch.stack((logits, shifted.detach() @ (omega * self.scale.detach())))

    @torch.no_grad()
    def renormalize(self) -> None:
        """Give the stored direction the length 1, as after each of its updates: Adam's steps then turn it alike."""
        self.weight.copy_(F.normalize(self.weight, dim=0))


def renormalize_directions(network: nn.Module) -> None:
    """Do so in every such layer of a network."""
    for module in network.modules():
        if isinstance(module, SanLogit):
            module.renormalize()
