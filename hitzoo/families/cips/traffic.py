"""Numbers that CIPS moves through memory, by the byte models of `hitzoo.plan.traffic`.

The features of pixels are made once for a batch. A pair is an MLP, and a stage of its own: where that is one kernel,
its map comes in and goes out, and the last one's does not even go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hitzoo.plan.moved import Moved, add, pointwise
from hitzoo.plan.style_traffic import modulated_linear

_NOISE = 110
"""Numbers that the operations which make one of a pixel's noise read and write; a fused kernel makes it on its way."""


@dataclass(frozen=True, kw_only=True)
class CipsTraffic:
    """Traffic of the rows of CIPS after its features, for `positions` pixels."""

    positions: int
    style_dim: int
    image_channels: int
    noise: bool

    def styled(self, inner: int, outer: int, *, shared: bool = False) -> Moved:
        """A product, the sum with the noise, and the rectifier."""
        n = self.positions * outer
        noise = Moved(eager=_NOISE * self.positions + 2 * n) if self.noise else Moved()
        product = modulated_linear(self.positions, inner, outer, self.style_dim, shared=shared)
        return product + noise + pointwise(n)

    def pairs(self, first: int, channels: Sequence[int]) -> Iterator[Moved]:
        """Each pair, with its share in the image."""
        inner, image = first, self.positions * self.image_channels
        for index, outer in enumerate(channels):
            layers = self.styled(inner, outer) + self.styled(outer, outer)
            to_rgb = modulated_linear(self.positions, outer, self.image_channels, self.style_dim, demodulated=False)
            moved = layers + to_rgb + (add(image) if index else Moved())
            inside = self.positions * (3 * outer + (outer if index == len(channels) - 1 else 0))
            inner = outer
            yield replace(moved, mlp=moved.mlp - inside, stage=moved.stage - inside)
