"""Stages of a generator: the image as each leaves it, and what each adds to it.

R resolution of the image, r that of a stage, K channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hitzoo.layers.image_stage import ImageStage
from hitzoo.layers.pixel_range import to_unit
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.truncation import truncation as truncation_of


@dataclass(frozen=True)
class StageImage:
    """A stage's image so far, and what of it the stage added: (r, r, K) each, in the scale of [-1, 1], not clipped.

    `added` is the difference to the image of the stage before, enlarged as the stage enlarges it; of the first stage
    it is the image itself.
    """

    side: int
    image: NDArray[np.float32]
    added: NDArray[np.float32]


@torch.inference_mode()
def stage_images(generator: Generator, row: NDArray[np.float32], truncation: float = 1.0) -> list[StageImage]:
    """Compute one image, [1, input_width], and return it as each stage leaves it, from coarse to fine.

    Args:
        generator: the network as it was trained, in evaluation mode; stages of one that is optimized are not kept.
        row: the input of one image.
        truncation: as for `Generator.sample`.

    Returns:
        A `StageImage` for each stage that has an image; none where the generator has a single layer to RGB.
    """
    ports = generator.plan.generator.takes
    truncated = truncation_of(generator.module, row, ports, truncation)
    with truncated as z, _noted(generator.module) as passes, inference_precision(generator.device):
        generator.module(torch.from_numpy(z).to(generator.device))
    found: list[StageImage] = []
    before: torch.Tensor | None = None
    for stage, image in passes:
        side = image.shape[2]
        base = None if before is None else stage.enlarged(before, side)
        before = image
        if base is not None and found and found[-1].side == side:
            found.pop()  # the same resolution twice: the last word of the two
        own = _pixels(image, stage, generator)
        found.append(StageImage(side, own, own if base is None else own - _pixels(base, stage, generator)))
    return found


@contextmanager
def _noted(network: nn.Module) -> Iterator[list[tuple[ImageStage, torch.Tensor]]]:
    """Note the image of each stage that a forward pass goes through."""
    passes: list[tuple[ImageStage, torch.Tensor]] = []

    def note(stage: Any, _: Any, output: tuple[torch.Tensor, torch.Tensor | None]) -> None:
        if output[1] is not None:
            passes.append((stage, output[1]))

    hooks = [each.register_forward_hook(note) for each in network.modules() if isinstance(each, ImageStage)]
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


def _pixels(image: torch.Tensor, stage: ImageStage, generator: Generator) -> NDArray[np.float32]:
    """One image as (r, r, K)."""
    rows = image if stage.image_layout == "b h w c" else image.permute(0, 2, 3, 1)
    return to_unit(rows.float(), generator.plan.pixel_range, axis=3)[0].cpu().numpy()
