"""Ways of a style into a block: before the first linear layer of its attention and of its MLP, and at what these add.

B batch, r side of the map, C channels, C' outputs of a linear layer, S width of the style.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.equalized import Dense
from hitzoo.layers.equalized_linear import EqualizedLinear
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.linear import linear
from hitzoo.layers.modulated_linear import EPSILON as DEMODULATION_EPSILON
from hitzoo.layers.norm import LAYER_NORM_EPSILON

EPSILON = 1e-5  # of an instance norm


class Conditioning(nn.Module):
    """The port of a style in one part of a block; a kind is a norm, and may change what is around it."""

    gates = False
    """True if what the part adds is multiplied by a function of the style."""

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Normalise a map under a style: [B, r, r, C], [B, S] -> [B, r, r, C]."""
        raise NotImplementedError

    def into(self, layer: nn.Linear, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Compute the linear layer after it: [B, r, r, C], [B, S] -> [B, r, r, C']."""
        product: torch.Tensor = layer(self(x, w))
        return product

    def gated(self, update: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Return what the part adds to the map."""
        return update


class AdaptiveInstanceNorm(Conditioning):
    """γ(w)·(x − mean)/√(var + 1e-5) + β(w) by image and channel.

    γ and β are the halves of one linear layer with an equalized learning rate whose bias begins at 0; nothing adds 1 to
    γ. Statistics are those of the map itself in evaluation too, in float32 at least.
    Source: Huang and Belongie 2017, equation 8, as StyleSwin (Zhang et al. 2022) has it.
    """

    def __init__(self, *, channels: int, style_dim: int) -> None:
        super().__init__()
        self.style = Dense(style_dim, 2 * channels, equalized=True)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Normalise each channel of each image, then scale and shift it by the style."""
        gamma, beta = self.style(w)[:, None, None].chunk(2, dim=-1)
        wide = at_least_float32(x)
        centered = wide - wide.mean(dim=(1, 2), keepdim=True)  # half the time of var_mean along these axes
        variance = centered.square().mean(dim=(1, 2), keepdim=True)
        return torch.addcmul(beta, centered, gamma * torch.rsqrt(variance + EPSILON)).to(x.dtype)


class SelfModulatedNorm(Conditioning):
    """(1 + γ(w))·norm(x) + β(w), the norm over each position's channels; it begins near the plain norm.

    Source: Chen et al. 2019 (self-modulation), equation 2, on a layer norm as ViTGAN has it (Lee et al. 2022, section
    3.3).
    """

    def __init__(self, *, channels: int, style_dim: int) -> None:
        super().__init__()
        self.modulation = linear(style_dim, 2 * channels)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Normalise each position, then scale and shift it by the style."""
        gamma, beta = self.modulation(w)[:, None, None].chunk(2, dim=-1)
        return torch.addcmul(beta, standardised(x), 1 + gamma)


class AdaptiveLayerNorm(Conditioning):
    """(1 + γ(w))·norm(x) + β(w) before a part, and its update times α(w): all 0 at first, and so is the update.

    γ, β and α are thirds of one linear layer of silu(w).
    Source: Peebles and Xie 2023 (DiT), section 3.2, adaLN-Zero.
    """

    gates = True

    def __init__(self, *, channels: int, style_dim: int) -> None:
        super().__init__()
        self.modulation = nn.Linear(style_dim, 3 * channels)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Normalise each position, then scale and shift it by the style."""
        gamma, beta, _ = self.of_style(w)
        return torch.addcmul(beta, standardised(x), 1 + gamma)

    def gated(self, update: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Multiply the update by α(w), channel by channel."""
        return update * self.of_style(w)[2]

    def of_style(self, w: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return γ, β and α: [B, 1, 1, C] each."""
        return self.modulation(F.silu(w))[:, None, None].chunk(3, dim=-1)


class ModulatedWeights(Conditioning):
    """s(w)·norm(x), and each output of the linear layer after it divided by the norm of its row under s.

    With its bias the layer is a `ModulatedLinear` of the normalised map. s begins near 1.
    Source: Karras et al. 2020, equations 1 to 3; Park and Kim 2022 (Styleformer), section 3.2, for attention.
    """

    def __init__(self, *, channels: int, style_dim: int) -> None:
        super().__init__()
        self.modulation = EqualizedLinear(style_dim, channels, bias=1.0)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Normalise each position, then scale it by the style."""
        return standardised(x) * self.modulation(w)[:, None, None]

    def into(self, layer: nn.Linear, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Compute the layer with modulated and demodulated weights."""
        energy = F.linear(self.modulation(w).square(), layer.weight.square())  # [B, C']
        factor = torch.rsqrt(energy + DEMODULATION_EPSILON)[:, None, None]
        return torch.addcmul(layer.bias, F.linear(self(x, w), layer.weight), factor)


CONDITIONINGS: Final[dict[str, type[Conditioning]]] = {
    "adain": AdaptiveInstanceNorm,
    "self_modulated": SelfModulatedNorm,
    "adaln": AdaptiveLayerNorm,
    "modulated": ModulatedWeights,
}
"""By the word of a plan; each takes `channels` and `style_dim`."""


def standardised(x: torch.Tensor) -> torch.Tensor:
    """Give each position's channels mean 0 and variance 1: a layer norm with nothing to learn."""
    return F.layer_norm(x, x.shape[-1:], eps=LAYER_NORM_EPSILON)
