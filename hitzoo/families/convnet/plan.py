"""The rules of the residual convolutional generator: one block per doubling from the initial map to the image.

Source: the ConvNet-R1 baseline of Zhao et al. 2021, of which the paper says no more than that it follows SAGAN (Zhang
et al. 2019); the widths are SAGAN's at 128×128.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hitzoo.families.convnet.spec import ConvnetGeneratorSpec
from hitzoo.plan.types import BlockPlan, block


@dataclass(frozen=True, kw_only=True)
class ConvnetGeneratorPlan:
    """The whole generator: latent (B, latent_dim) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    initial: BlockPlan
    blocks: tuple[BlockPlan, ...]
    head: BlockPlan


def plan_convnet(spec: ConvnetGeneratorSpec, image_channels: int) -> ConvnetGeneratorPlan:
    """Decide every module of the generator; any widths fit."""
    widths = spec.channels
    return ConvnetGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        resolution=spec.initial_size << (len(widths) - 1),
        image_channels=image_channels,
        initial=block(
            "initial",
            "initial_map",
            latent_dim=spec.latent_dim,
            side=spec.initial_size,
            channels=widths[0],
            glorot=True,
        ),
        blocks=tuple(
            block(f"blocks.{k}", "residual_up", in_channels=inner, out_channels=outer)
            for k, (inner, outer) in enumerate(pairwise(widths))
        ),
        head=block("head", "image_head", channels=widths[-1], image_channels=image_channels),
    )
