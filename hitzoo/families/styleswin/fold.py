"""StyleSwin's optimized generator, StyleNAT's too: norms and styles in the products after them, biases made once.

B batch, r resolution of a stage, N = r² positions, C channels, S width of the style, K image channels. Maps are rows.
"""

from __future__ import annotations

from itertools import takewhile
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.styleswin.model import StyleswinGenerator, StyleswinStage
from hitzoo.families.styleswin.plan import StyleswinGeneratorPlan
from hitzoo.fold.affine import Affine, affine_of, in_float64
from hitzoo.fold.head_groups import FixedHeadGroups
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.fold.norm import remaining_norm
from hitzoo.fold.rewrites import after_norm, image_of_hidden
from hitzoo.fold.styled_linear import Gate, StyledLinear, gate_of
from hitzoo.layers.fir import FirUpsample
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.style_block import BilinearUpsample, SkipToRGB, StyleBlock

Image = torch.Tensor | None


class OptimizedStyleswin(OptimizedNetwork):
    """Latents to images as the generator it was made of: [B, latent_dim] -> [B, K, R, R] in float32.

    On a CPU the larger maps are computed image by image: nothing is gained by a batch of them.
    """

    initial: torch.Tensor

    def __init__(self, generator: StyleswinGenerator, kernels: Kernels) -> None:
        super().__init__()
        self.plan: StyleswinGeneratorPlan = generator.plan
        self.precision = kernels.like.dtype
        self.mapping = generator.mapping  # as precise as it is; truncation and mixing find it here
        rows = generator.initial.weight.detach().flatten(1).T
        self.register_buffer("initial", rows.to(kernels.like).contiguous())
        stages = cast(list[StyleswinStage], list(generator.stages))
        self.stages = nn.ModuleList(
            OptimizedStyleswinStage(stage, kernels, self.plan.image_channels, last=stage is stages[-1])
            for stage in stages
        )
        most = kernels.chunk_numel
        sizes = (one.resolution**2 * one.channels for one in self.plan.stages)
        self.together = sum(1 for _ in takewhile(lambda size: most is None or size < most, sizes))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents, in channels-last memory."""
        w = self.mapping.at_places(z.to(self.mapping.mean.dtype), None, self.plan.styles)
        x, image = self._through(self.initial.expand(z.shape[0], -1, -1), w, None, slice(0, self.together))
        if self.together < len(self.stages):
            alone = slice(self.together, len(self.stages))
            singly = [
                self._through(
                    x[one : one + 1], w[one : one + 1], None if image is None else image[one : one + 1], alone
                )
                for one in range(max(1, len(z)))
            ]
            image = torch.cat([cast(torch.Tensor, made) for _, made in singly]) if len(singly) > 1 else singly[0][1]
        assert image is not None, "every stage adds to the image"
        return at_least_float32(image)

    @property
    def why_not_pixelwise(self) -> str:
        """Norms and windows."""
        return "this model's maps are normed as a whole, and its windows mix pixels: no part of an image stands alone"

    def _through(self, x: torch.Tensor, w: torch.Tensor, image: Image, part: slice) -> tuple[torch.Tensor, Image]:
        """Return map and image after some of the stages."""
        first = sum(len(stage.blocks) for stage in self.plan.stages[: part.start])
        for plan, stage in zip(self.plan.stages[part], self.stages[part], strict=True):
            own = slice(first, first + len(plan.blocks))
            first = own.stop
            x, image = stage(x, w[:, own], image)
        return x, image


class OptimizedStyleswinStage(nn.Module):
    """One resolution: blocks, the way to the next, and what is added to the image there, if anything.

    The last stage's last block makes its part of the image without the map that only this part would be read from.
    """

    def __init__(self, stage: StyleswinStage, kernels: Kernels, colors: int, *, last: bool) -> None:
        super().__init__()
        *before, end = cast(list[StyleBlock], list(stage.blocks))
        to_rgb = _to_rgb(stage.to_rgb) if stage.to_rgb is not None else None
        blocks = [OptimizedStyleBlock(block, kernels) for block in before]
        self.blocks = nn.ModuleList([*blocks, OptimizedStyleBlock(end, kernels, to_rgb if last else None)])
        self.upsample = OptimizedUpsample(stage.upsample, kernels) if stage.upsample is not None else None
        self.to_rgb: nn.Module | None = nn.Identity()
        if not last:
            self.to_rgb = kernels.linear(to_rgb) if to_rgb is not None else None
        wide = at_least_float32(kernels.like)
        self.enlarge = FirUpsample(colors).to(wide.device, wide.dtype)

    def forward(self, x: torch.Tensor, w: torch.Tensor, image: Image) -> tuple[torch.Tensor, Image]:
        """Return the map at the next stage's resolution [B, N, C], and the image so far [B, K, r, r]."""
        for place, block in enumerate(self.blocks):
            x = block(x, w[:, place])
        if self.upsample is not None:
            x = self.upsample(x)
        side = round(x.shape[1] ** 0.5)
        if image is not None and image.shape[2] != side:
            image = self.enlarge(image)
        if self.to_rgb is None:
            return x, image
        own = at_least_float32(self.to_rgb(x)).unflatten(1, (side, side)).permute(0, 3, 1, 2)
        return x, own if image is None else own + image


class OptimizedStyleBlock(nn.Module):
    """x + attention(norm(x, w)), then x + MLP(norm(x, w)): [B, N, C], [B, S] -> [B, N, C].

    With `to_rgb` its outcome is that layer's, [B, N, K], and the block's own map is never made unless it is gated.
    """

    def __init__(self, block: StyleBlock, kernels: Kernels, to_rgb: Affine | None = None) -> None:
        super().__init__()
        self.side, self.heads = block.side, block.attention.heads
        positions, projection = self.side**2, affine_of(block.query_key_value)
        factors = torch.ones_like(projection.bias)
        factors.chunk(3)[0].fill_((len(factors) // 3 // self.heads) ** -0.5)  # attention's 1/√d, in the queries
        self.query_key_value = StyledLinear(block.norm1, projection, positions, kernels, factors=factors)
        self.attention = FixedHeadGroups(block.attention, kernels)
        self.output = kernels.linear(affine_of(block.output))
        self.widen = StyledLinear(block.norm2, affine_of(block.widen), positions, kernels, gelu=True)
        self.gate1, self.gate2 = gate_of(block.norm1, kernels), gate_of(block.norm2, kernels)
        narrow = affine_of(block.narrow)
        self.skip: nn.Module = nn.Identity()
        self.end: nn.Module = nn.Identity()
        if to_rgb is not None and self.gate2 is None:
            skip, narrow = image_of_hidden(narrow, to_rgb)
            self.skip = kernels.linear(skip)
        elif to_rgb is not None:
            self.end = kernels.linear(to_rgb)
        self.narrow = kernels.linear(narrow)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Add what the heads read, then the MLP's update."""
        projected = self.query_key_value(x, w).unflatten(1, (self.side, self.side))
        query, key, value = projected.unflatten(-1, (3, self.heads, -1)).unbind(-3)
        read = self.attention(query, key, value).flatten(3).flatten(1, 2)
        x = _sum(x, self.output, read, self.gate1, w)
        return self.end(_sum(self.skip(x), self.narrow, self.widen(x, w), self.gate2, w))


def _sum(x: torch.Tensor, layer: nn.Module, update: torch.Tensor, gate: Gate | None, w: torch.Tensor) -> torch.Tensor:
    """Add a layer's output, with its gate where it has one."""
    return layer(update, x) if gate is None else torch.addcmul(x, layer(update), gate(w))


class OptimizedUpsample(nn.Module):
    """Bilinear doubling, a norm, and one product with its scale and the positions: [B, N, C] -> [B, 4N, C'].

    The positions are made each time: a table of them would be read from memory, and measured no faster.
    """

    halves: torch.Tensor

    def __init__(self, block: BilinearUpsample, kernels: Kernels) -> None:
        super().__init__()
        self.standardise = remaining_norm(block.norm)
        weight = in_float64(block.weight)
        self.linear = kernels.linear(after_norm(Affine(weight, weight.new_zeros(len(weight))), block.norm))
        table = in_float64(block.position.scale) * in_float64(block.position.table)
        self.register_buffer("halves", table.to(kernels.like), persistent=False)  # columns' or rows', [2r, C'/2]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution."""
        side = round(x.shape[1] ** 0.5)
        maps = x.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        doubled = F.interpolate(maps, scale_factor=2, mode="bilinear").permute(0, 2, 3, 1).flatten(1, 2)
        return self.linear(self.standardise(doubled), _map_of(self.halves))


def _map_of(halves: torch.Tensor) -> torch.Tensor:
    """The rows of a map whose channels are those of the column and then of the row: [r, C/2] -> [r·r, C]."""
    side = len(halves)
    pair = halves[None].expand(side, -1, -1), halves[:, None].expand(-1, side, -1)
    return torch.cat(pair, dim=-1).flatten(0, 1)


def _to_rgb(block: SkipToRGB) -> Affine:
    """The layer to the image with both of its biases."""
    layer = affine_of(block.linear)
    return Affine(layer.weight, layer.bias + in_float64(block.bias))
