"""A linear layer fused with its epilogue: gelu, or the addition of a residual.

N rows, C inputs, C' outputs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.fold.affine import Affine
from hitzoo.fold.gradient import needs_gradient


class FusedLinear(nn.Module):
    """W·x + b, then gelu or the sum with another map: [B, N, C] -> [B, N, C'], by torch's own operations."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, layer: Affine, *, gelu: bool, like: torch.Tensor) -> None:
        super().__init__()
        self.gelu = gelu
        self.register_buffer("weight", layer.weight.to(like))
        self.register_buffer("bias", layer.bias.to(like))

    def forward(self, x: torch.Tensor, add: torch.Tensor | None = None) -> torch.Tensor:
        """The layer's output, plus `add` where given."""
        return linear(x, self.weight, self.bias, add, gelu=self.gelu)


class OneDnnLinear(nn.Module):
    """The same by oneDNN on a CPU, with gelu and sum in the product's epilogue and the weight in oneDNN's own order."""

    def __init__(self, layer: Affine, *, gelu: bool, like: torch.Tensor) -> None:
        super().__init__()
        self.gelu = gelu
        self.weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.to(like))
        self.bias = layer.bias.to(like)

    def forward(self, x: torch.Tensor, add: torch.Tensor | None = None) -> torch.Tensor:
        """The layer's output, plus `add` where given."""
        if needs_gradient(x, add):
            return linear(x, self.weight.to_dense(), self.bias, add, gelu=self.gelu)
        return onednn_product(x, self.weight, self.bias, add, gelu=self.gelu)


def linear(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, add: torch.Tensor | None, *, gelu: bool
) -> torch.Tensor:
    """W·x + b, with gelu or the sum with `add`, by differentiable operations."""
    product = F.linear(x, weight, bias)
    if gelu:
        return F.gelu(product)
    return product if add is None else product + add


def onednn_product(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, add: torch.Tensor | None, *, gelu: bool = False
) -> torch.Tensor:
    """W·x + b by oneDNN, with gelu or the sum with `add`; not differentiable."""
    rows = x.reshape(-1, x.shape[-1])
    if gelu:
        out = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "gelu", [], "none")
    elif add is None:
        out = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    else:
        other = add.expand(*x.shape[:-1], add.shape[-1]).reshape(-1, add.shape[-1])
        out = torch.ops.mkldnn._linear_pointwise.binary(rows, other, weight, bias, "add")
    return out.view(*x.shape[:-1], out.shape[-1])


class PerSampleLinear(nn.Module):
    """A linear layer whose weight belongs to the sample: [B, N, C], [B, C', C] -> [B, N, C']."""

    def forward(
        self,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        add: torch.Tensor | None = None,
        *,
        gelu: bool = False,
    ) -> torch.Tensor:
        """x·Wᵀ + b for every sample, then gelu or the sum with `add`; `bias` is [B, C'] or [C']."""
        product = x @ weight.transpose(1, 2) + (bias if bias.ndim == 1 else bias.unsqueeze(1))
        if gelu:
            return F.gelu(product)
        return product if add is None else product + add


class OneDnnPerSampleLinear(PerSampleLinear):
    """The same by oneDNN, sample by sample."""

    def forward(
        self,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        add: torch.Tensor | None = None,
        *,
        gelu: bool = False,
    ) -> torch.Tensor:
        """x·Wᵀ + b for every sample, then gelu or the sum with `add`; `bias` is [B, C'] or [C']."""
        if len(x) == 0 or needs_gradient(x, weight, bias, add):
            return super().forward(x, weight, bias, add, gelu=gelu)
        biases = bias.expand(len(x), -1)
        rows = [
            onednn_product(x[b], weight[b], biases[b], None if add is None else add[b], gelu=gelu)
            for b in range(len(x))
        ]
        return rows[0].unsqueeze(0) if len(rows) == 1 else torch.stack(rows)
