"""A generator's optimized network as one graph of plain operations with a dynamic batch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.export import Dim, ExportedProgram
from torch.func import functional_call

from hitzoo.families.fold import fold
from hitzoo.fold.kernels import plain_kernels
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.layers.pixel_range import to_unit
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.truncation import set_center
from hitzoo.spec.types import PixelRange

_ANY_BUT_ONE = 2  # a traced batch of 1 would be taken for a constant


@torch.no_grad()
def traced(generator: Generator, *, truncates: bool = False) -> ExportedProgram:
    """Trace the graph `latents` [batch, latent_dim] -> images [batch, image_channels, R, R], for any batch.

    It holds nothing about the machine it was made on, and no example input.

    Args:
        generator: any, on the CPU.
        truncates: the graph has a second input, the number `truncation`, that moves styles towards their mean. For
            generators with a mapping network; the latents of others are scaled before they go in.

    Raises:
        RequestError: the generator is in training mode.
    """
    images = ToImages(_row_by_row(fold(generator.module, plain_kernels())), generator.plan.pixel_range)
    network, more = (ToTruncatedImages(images), {"truncation": torch.ones(())}) if truncates else (images, {})
    return program_of(network, torch.zeros(_ANY_BUT_ONE, generator.plan.input_width), "latents", more)


@torch.no_grad()
def program_of(
    network: nn.Module, example: torch.Tensor, name: str, more: Mapping[str, torch.Tensor] | None = None
) -> ExportedProgram:
    """Trace a network for any batch of its argument of this name; `example` is one of 2 or more.

    `more` are examples of its other arguments, which have no batch.
    """
    more = more or {}
    batch = Dim("batch", min=1)
    shapes = {name: {0: batch}, **dict.fromkeys(more)}
    program = torch.export.export(network, (example, *more.values()), dynamic_shapes=shapes, strict=False)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # source paths, recorded with every operation
    program.example_inputs = None  # would be stored as a pickle
    return program


class ToImages(nn.Module):
    """The optimized network with contiguous NCHW images in [-1, 1] and a named input."""

    def __init__(self, network: nn.Module, pixel_range: PixelRange) -> None:
        super().__init__()
        self.network, self.pixel_range = network, pixel_range

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return contiguous float32 images."""
        return to_unit(self.network(latents), self.pixel_range).contiguous()


class ToTruncatedImages(nn.Module):
    """Images with the truncation of their styles as a second input; the mean style is a constant."""

    def __init__(self, images: nn.Module) -> None:
        super().__init__()
        self.images = images
        self.factors = [
            f"{name}.factor" for name, module in images.named_modules() if isinstance(module, MappingNetwork)
        ]
        for module in images.modules():
            if isinstance(module, MappingNetwork):
                set_center(module)

    def forward(self, latents: torch.Tensor, truncation: torch.Tensor) -> torch.Tensor:
        """Return contiguous float32 images."""
        images: torch.Tensor = functional_call(self.images, dict.fromkeys(self.factors, truncation), (latents,))
        return images


def _row_by_row(network: nn.Module) -> nn.Module:
    """Make every weight contiguous: torch.export warns about other layouts, such as channels-last."""
    for module in network.modules():
        for name, weight in module.named_buffers(recurse=False):
            setattr(module, name, weight.contiguous())
    return network
