"""The kernels of an optimized network, by device and precision, and the rewrites that pay off with them.

N positions, C channels, T latent tokens, h heads.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.fold.affine import Affine
from hitzoo.fold.linear import FusedLinear, OneDnnLinear, OneDnnPerSampleLinear, PerSampleLinear
from hitzoo.fold.triton.launch import Gelu
from hitzoo.fold.triton.support import supports_device
from hitzoo.layers import onednn_linear

_CHUNK_NUMEL = (
    1 << 19
)  # 8,192 pixels of 64 channels: in bfloat16 a quarter and four times as many are slower (docs/benchmarks.md)
_POSITION_CACHE_NUMEL = 1 << 23  # up to 512² pixels of 32 channels
_UNLIMITED = 1 << 62


@dataclass(frozen=True, eq=False)
class Kernels:
    """`like` is an empty tensor with the network's precision and device.

    `chunk_numel` is the size of a chunk of the tail's map (elements), None for all samples and pixels at once.
    `position_cache_numel` is the largest position table (elements) cached as rows. `triton` runs an MLP,
    and a pixel-wise stage, as one kernel where the sizes allow it; `gelu` is exact, or approximate to 2.6e-5.
    """

    like: torch.Tensor
    onednn: bool
    chunk_numel: int | None
    position_cache_numel: int
    triton: bool = False
    gelu: Gelu = "exact"

    def linear(self, layer: Affine, *, gelu: bool = False) -> FusedLinear | OneDnnLinear:
        """A linear layer with its epilogue."""
        return (OneDnnLinear if self.onednn else FusedLinear)(layer, gelu=gelu, like=self.like)

    def per_sample_linear(self) -> PerSampleLinear:
        """A linear layer whose weight differs per sample."""
        return OneDnnPerSampleLinear() if self.onednn else PerSampleLinear()

    def prefers_token_matrices(self, positions: int, channels: int, heads: int, tokens: int) -> bool:
        """True if attention to the tokens is cheaper through W_q·Kᵀ and V·W_o, computed per sample.

        2·N·h·T·C multiply-adds and both matrices, instead of 2·N·C² + 2·N·T·C with a softmax kernel
        between; where the counts are close, the matrices win, since attention heads this narrow run far below a
        matrix product's rate (docs/benchmarks.md).
        """
        through_matrices = 2 * positions * heads * tokens * channels + 2 * tokens * channels**2
        plain = 2 * positions * channels**2 + 2 * positions * tokens * channels
        return through_matrices < 1.5 * plain

    def prefers_styled_matrices(self, positions: int, outputs: int) -> bool:
        """True if a norm's scale, which differs by image, is cheaper in the layer after it than in the map.

        Either is read and written once: the matrix of `outputs` rows, or the map of `positions`; a new matrix is
        reordered besides.
        """
        return positions > 2 * outputs


def kernels_for(precision: torch.dtype, device: torch.device, gelu: Gelu = "exact") -> Kernels:
    """Choose Triton's on CUDA, oneDNN's on a CPU that has them for the precision, else torch's own."""
    like = torch.empty(0, dtype=precision, device=device)
    if device.type != "cpu":
        triton = supports_device(device)
        return Kernels(like, onednn=False, chunk_numel=None, position_cache_numel=_UNLIMITED, triton=triton, gelu=gelu)
    return Kernels(
        like, onednn=_onednn_has(precision), chunk_numel=_CHUNK_NUMEL, position_cache_numel=_POSITION_CACHE_NUMEL
    )


def compiled_kernels(precision: torch.dtype, device: torch.device) -> Kernels:
    """Choose torch's own, all pixels at once: a graph for torch.compile to make kernels of."""
    like = torch.empty(0, dtype=precision, device=device)
    return Kernels(like, onednn=False, chunk_numel=None, position_cache_numel=_UNLIMITED)


def plain_kernels(precision: torch.dtype = torch.float32) -> Kernels:
    """Choose torch's own on the CPU without chunks: a graph of plain operations, to export."""
    return Kernels(torch.empty(0, dtype=precision), onednn=False, chunk_numel=None, position_cache_numel=0)


def _onednn_has(precision: torch.dtype) -> bool:
    if precision == torch.bfloat16:
        return onednn_linear.is_here() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return precision == torch.float32 and onednn_linear.is_here()
