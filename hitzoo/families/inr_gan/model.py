"""INR-GAN: an implicit function of coordinates whose matrices depend on a style, on maps of doubling resolution.

Skorokhodov, Ignatyev, Elhoseiny: "Adversarial Generation of Continuous Images", CVPR 2021 (arXiv 2011.12026).
Written from a description of what the published code computes; no code of it.

B batch, r side of a stage's map, h×w positions at hand, C channels, K image channels, R resolution of the image. Maps
are channels-last.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.inr_gan.coordinates import Coordinates
from hitzoo.families.inr_gan.plan import InrGanGeneratorPlan
from hitzoo.families.inr_gan.stage_plan import InrGanStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.equalized_linear import SLOPE
from hitzoo.layers.factorized_linear import EPSILON, FactorizedLinear
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.layers.modulated_linear import ModulatedLinear

GAIN = math.sqrt(2)
"""Of every rectifier."""

WHOLE = (slice(None), slice(None))
"""Rows and columns of a whole map."""


class InrGanGenerator(nn.Module):
    """Latents to images: [B, latent_dim] -> [B, K, R, R]. The image is not bounded."""

    def __init__(self, plan: InrGanGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.mapping: MappingNetwork = build_block(plan.mapping)
        self.stages = nn.ModuleList(InrGanStage(plan, stage) for stage in plan.stages)

    def stage_list(self) -> list[InrGanStage]:
        """The stages, with their type."""
        return cast(list[InrGanStage], list(self.stages))

    def forward(self, z: torch.Tensor, *, return_w: bool = False) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """The images of a batch of latents, in NCHW shape and channels-last memory.

        With `return_w` also their styles [B, style_dim].
        """
        w = self.mapping(z)
        x: torch.Tensor | None = None
        image: torch.Tensor | None = None
        for stage in self.stages:
            x, image = checkpointed(stage, x, image, w)
        assert image is not None, "a plan has a stage at least"
        images = image.permute(0, 3, 1, 2)
        return (images, w) if return_w else images


class InrGanStage(CheckpointedModule):
    """One resolution: growth, coordinates, layers and a share in the image."""

    def __init__(self, network: InrGanGeneratorPlan, plan: InrGanStagePlan) -> None:
        super().__init__()
        self.plan, self.grown = plan, network.upsample
        style = {"style_dim": network.style_dim}
        self.coordinates = Coordinates(plan) if plan.features else None
        self.layers = nn.ModuleList(
            FactorizedLinear(channels=inner, out_channels=outer, rank=network.rank, gain=GAIN, **style)
            for inner, outer in plan.widths
        )
        self.to_rgb = ModulatedLinear(
            channels=plan.channels, out_channels=network.image_channels, demodulate=False, **style
        )

    def layer_list(self) -> list[FactorizedLinear]:
        """The layers, with their type."""
        return cast(list[FactorizedLinear], list(self.layers))

    def forward(
        self, x: torch.Tensor | None, image: torch.Tensor | None, w: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the stage's map [B, r, r, C] and the image so far [B, r, r, K]."""
        x, image = self.enter(x, image, w.shape[0], *WHOLE)
        height, width = x.shape[1:3]
        x = x.flatten(1, 2)
        for index, layer in enumerate(self.layer_list()):
            x = F.leaky_relu_(layer(self.normed(x, index), w), SLOPE)
        colours = at_least_float32(self.to_rgb(x, w)).unflatten(1, (height, width))
        return x.unflatten(1, (height, width)), colours if image is None else image + colours

    def enter(
        self, x: torch.Tensor | None, image: torch.Tensor | None, batch: int, down: slice, right: slice
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The grown map with the coordinates of its rectangle, and the grown image."""
        if self.plan.upsample and x is not None and image is not None:
            x, image = grown(x, self.grown), grown(image, self.grown)
        if self.coordinates is None:
            assert x is not None, "the first stage has coordinates"
            return x, image
        features = self.coordinates(down, right).expand(batch, -1, -1, -1)
        return features if x is None else torch.cat((x, features.to(x.dtype)), dim=-1), image

    def normed(self, x: torch.Tensor, index: int) -> torch.Tensor:
        """Divide each channel by its deviation over the map, where the plan says so."""
        if self.grown != "bilinear" or not index or not self.plan.inner:
            return x
        return x / (x.std(dim=1, keepdim=True) + EPSILON)


def grown(x: torch.Tensor, how: str) -> torch.Tensor:
    """Double the side of maps, by nearest neighbours or bilinearly between the outermost centres."""
    maps, align = x.permute(0, 3, 1, 2), True if how == "bilinear" else None
    return F.interpolate(maps, scale_factor=2, mode=how, align_corners=align).permute(0, 2, 3, 1)
