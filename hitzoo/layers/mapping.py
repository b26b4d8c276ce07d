"""The mapping network of style-based generators, with the truncation of what it makes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from hitzoo.layers.equalized_linear import EqualizedLinear, scaled_leaky_relu
from hitzoo.layers.keyed_noise import normal, stream_of
from hitzoo.layers.registry import register_block

_EPSILON = 1e-8
_NOWHERE = 1 << 30  # a place that no network has
_OTHER_LATENT, _PLACE = 1 << 16, (1 << 16) + 1  # streams of a key that no layer's noise has


@register_block("mapping_network")
class MappingNetwork(nn.Module):
    """Latent to style: z/√(mean z² + 1e-8), then linear layers and leaky relus: [B, latent_dim] -> [B, width].

    In evaluation the style is truncated: mean + ψ·(w − mean), with ψ = 1 unless `truncate` says otherwise. `mean` is
    the mean style that a published file holds; zeros mean that it is not known, and it is computed when it is needed.
    Source: Karras et al. 2019, sections 2, 3.1 (style mixing) and 3.2 with appendix B.
    Differs: the mean is of a fixed set of latents, where StyleGAN's is a moving average of the training's styles.
    """

    mean: torch.Tensor
    center: torch.Tensor
    factor: torch.Tensor
    other: torch.Tensor
    other_from: torch.Tensor

    def __init__(self, *, latent_dim: int, width: int, layers: int, learning_rate: float, mixing: float = 0.0) -> None:
        super().__init__()
        self.mixing = mixing
        widths = [latent_dim] + [width] * layers
        self.layers = nn.ModuleList(
            EqualizedLinear(inner, width, learning_rate=learning_rate) for inner in widths[:layers]
        )
        self.latent_dim = latent_dim
        self.register_buffer("mean", torch.zeros(width))
        # Tensors, so that a recorded CUDA graph sees a change of theirs; no part of the weights.
        self.register_buffer("center", torch.zeros(width), persistent=False)
        self.register_buffer("factor", torch.ones(()), persistent=False)
        self.register_buffer("other", torch.zeros(latent_dim), persistent=False)
        self.register_buffer("other_from", torch.tensor(_NOWHERE), persistent=False)
        self._center_of: tuple[int, ...] | None = None
        self._given: torch.Tensor | None = None

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return the styles of a batch of latents, or those given instead, truncated in evaluation."""
        w = self.styles(z) if self._given is None else self._given[:, 0].to(z.dtype)
        return w if self.training else self._truncated(w)

    def at_places(self, z: torch.Tensor, keys: torch.Tensor | None, places: int) -> torch.Tensor:
        """Return a style for each place that takes one: [B, latent_dim], [B] -> [B, places, width].

        In evaluation they are all the same unless `mix` says otherwise. In training `mixing` is the probability with
        which those from some place on are of another latent. That latent and the place follow from the image's key.
        """
        if not self.training:
            return self._mixed(z, places)
        w = self(z)[:, None].expand(-1, places, -1)
        if not self.mixing or keys is None:
            return w
        other = self(_drawn(keys, _OTHER_LATENT, self.latent_dim).to(z.dtype))
        chance, place = torch.special.ndtr(_drawn(keys, _PLACE, 2)).unbind(dim=1)
        first = 1 + (place * (places - 1)).long().clamp(max=places - 2)
        first = torch.where((chance < self.mixing) & (keys >= 0), first, places)
        mixed = torch.arange(places, device=w.device) >= first[:, None]
        return torch.where(mixed[:, :, None], other[:, None], w)

    def styles(self, z: torch.Tensor) -> torch.Tensor:
        """Return the styles as they are."""
        x = normalized(z)
        for layer in self.layers:
            x = scaled_leaky_relu(layer(x))
        return x

    def _mixed(self, z: torch.Tensor, places: int) -> torch.Tensor:
        """Styles in evaluation; a place's lie together in memory, as those of a batch that nothing is mixed into."""
        if self._given is not None:
            return self._truncated(self._given.to(z.dtype)).expand(-1, places, -1)
        w, other = self(z), self(self.other[None].to(z.dtype))
        takes_other = torch.arange(places, device=w.device) >= self.other_from
        return torch.where(takes_other[:, None, None], other, w).transpose(0, 1)

    def _truncated(self, w: torch.Tensor) -> torch.Tensor:
        return torch.lerp(self.center.to(w.dtype), w, self.factor.to(w.dtype))

    def give(self, styles: torch.Tensor | None) -> None:
        """Take styles [B, 1 or places, width] instead of the latents' from here on, in evaluation; None ends it."""
        self._given = styles

    @torch.inference_mode()
    def mix(self, latent: torch.Tensor | None, first: int = 0) -> None:
        """Let the places from `first` on take the style of one latent [latent_dim] from here on; None ends it."""
        if latent is not None:
            self.other.copy_(latent)
        self.other_from.fill_(_NOWHERE if latent is None else first)

    @torch.inference_mode()
    def truncate(self, factor: float, latents: Callable[[int], torch.Tensor]) -> None:
        """Set ψ from here on; where no mean is stored, the center is the mean style of the `latents` of a width."""
        of = tuple(0 if weight.is_inference() else weight._version for weight in (self.mean, *self.parameters()))
        if factor != 1 and self._center_of != of:
            known = bool(self.mean.any())
            self.center.copy_(self.mean if known else self.styles(latents(self.latent_dim).to(self.mean)).mean(dim=0))
            self._center_of = of
        self.factor.fill_(factor)


@torch.no_grad()
def forget_means(network: nn.Module) -> None:
    """Clear the stored mean styles of a network whose training begins anew: its styles will have another."""
    for module in network.modules():
        if isinstance(module, MappingNetwork):
            module.mean.zero_()


def _drawn(keys: torch.Tensor, number: int, count: int) -> torch.Tensor:
    return normal(stream_of(keys, number).clamp(min=0), count)


def normalized(z: torch.Tensor) -> torch.Tensor:
    """Divide each latent by the root of its mean square."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + _EPSILON)
