"""The first map as rows, in the order that the first stage wants: of a latent, or of codes.

B batch, N = s² positions of the map, C its channels, W the codes' width.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.hit.fold import pixel_order
from hitzoo.fold.affine import Affine, affine_of
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.rewrites import with_positions
from hitzoo.layers.code_map import CodeMap
from hitzoo.layers.latent import InitialMap


class FirstMapOfLatent(nn.Module):
    """One linear layer, the positions its bias: [B, latent_dim] -> [B, N, C].

    `table` [s, s, C] has the first stage's positions, where that stage does not add them itself.
    """

    def __init__(self, initial: InitialMap, order: torch.Tensor, table: torch.Tensor | None, kernels: Kernels) -> None:
        super().__init__()
        layer = affine_of(initial.linear)
        if table is not None:
            layer = with_positions(layer, table)
        self.positions = len(order)
        self.linear = kernels.linear(_permute_outputs(layer, order))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The rows of a batch of latents."""
        return self.linear(z).unflatten(1, (self.positions, -1))


class FirstMapOfCodes(nn.Module):
    """A linear layer at every place of the codes, and the positions: [B, W, s, s] -> [B, N, C].

    `table` as of a latent's; codes are fewer numbers than the map, so they are what is put in order.
    """

    order: torch.Tensor | None
    position: torch.Tensor | None

    def __init__(self, initial: CodeMap, order: torch.Tensor, table: torch.Tensor | None, kernels: Kernels) -> None:
        super().__init__()
        self.linear = kernels.linear(affine_of(initial.linear))
        given = pixel_order.raster_order(round(len(order) ** 0.5))
        self.register_buffer("order", pixel_order.permutation_on(kernels.like.device, given, order))
        position = None if table is None else table.detach().flatten(0, 1)[order].to(kernels.like)
        self.register_buffer("position", position)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """The rows of a batch of maps of codes."""
        rows = pixel_order.permuted(codes.flatten(2).transpose(1, 2), self.order)
        return self.linear(rows.contiguous(), self.position)


def first_map(
    initial: InitialMap | CodeMap, order: torch.Tensor, table: torch.Tensor | None, kernels: Kernels
) -> FirstMapOfLatent | FirstMapOfCodes:
    """Fold the first layer of a generator or of a decoder."""
    if isinstance(initial, CodeMap):
        return FirstMapOfCodes(initial, order, table, kernels)
    return FirstMapOfLatent(initial, order, table, kernels)


def _permute_outputs(layer: Affine, wanted: torch.Tensor) -> Affine:
    """Return the layer with its map's rows in another order."""
    weight = layer.weight.unflatten(0, (len(wanted), -1))[wanted]
    return Affine(weight.flatten(0, 1), layer.bias.unflatten(0, (len(wanted), -1))[wanted].flatten())
