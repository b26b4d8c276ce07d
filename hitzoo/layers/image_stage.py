"""Stages of generators that add to an image, one after another."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch


class ImageStage:
    """A stage whose forward pass returns its map and the image so far, and takes the image before as an argument.

    That is what a class of stages inherits beside `nn.Module`, for those who look at what each stage adds.
    """

    image_layout: ClassVar[Literal["b h w c", "b c h w"]] = "b h w c"

    def enlarged(self, image: torch.Tensor, side: int) -> torch.Tensor:
        """Return the image before as the stage adds to it, at the stage's resolution `side`, in `image_layout`."""
        raise NotImplementedError
