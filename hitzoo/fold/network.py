"""A generator optimized for inference, and what renders parts of its images where it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import nn

from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.plan.network import NetworkPlan


class HeadOutput(Protocol):
    """A map from which on every pixel stands alone, for a batch."""

    @property
    def side(self) -> int:
        """Side of the map in pixels."""

    @property
    def image(self) -> torch.Tensor | None:
        """The image so far [B, side, side, K], where there is one."""


class PixelwiseTail(Protocol):
    """A network whose last stages treat every pixel by itself, so that a rectangle costs what its area costs."""

    @property
    def image_channels(self) -> int:
        """K, channels of the image."""

    @property
    def head_depth(self) -> int:
        """Stages of the head, which needs whole maps."""

    @property
    def levels(self) -> Mapping[int, int]:
        """The resolutions at which there is an image, with the number of stages each takes."""

    def run_head(self, z: torch.Tensor, depth: int | None = None) -> HeadOutput:
        """Run the head on rows [B, input_width], or its first `depth` stages for a preview."""

    def run_tail(self, head_output: Any, pixel_block: PixelBlock, depth: int) -> torch.Tensor:
        """Run `depth` stages of the tail on a rectangle of the head's map: [B, height·2ᵏ, width·2ᵏ, K]."""


class OptimizedNetwork(nn.Module):
    """The network for inference of a generator: [B, input_width] -> [B, K, R, R] in float32, `precision` inside."""

    plan: NetworkPlan
    precision: torch.dtype

    @property
    def pixelwise(self) -> PixelwiseTail | None:
        """The network as one that computes parts of an image, or None."""
        return None

    def on_canvas(self, side: int) -> PixelwiseTail | None:
        """The network whose images have `side`² pixels, or None where their resolution is fixed."""
        return None

    @property
    def why_not_pixelwise(self) -> str:
        """The reason why no part of an image can be computed alone."""
        return f"a generator of the family {self.plan.family} computes whole images only"
