"""The fast way to the same images: the optimized network on the kernels that suit the device."""

from __future__ import annotations

import logging

import torch
from torch import nn

from hitzoo.families.fold import fold
from hitzoo.fold.kernels import compiled_kernels, kernels_for
from hitzoo.fold.triton.launch import Gelu
from hitzoo.runtime.allocator import keep_freed_memory
from hitzoo.runtime.precision import PRECISIONS, bfloat16_note, known_precision
from hitzoo.sampling.replayed import Replayed

_log = logging.getLogger(__name__)
_told: set[str] = set()


def fast_network(
    module: nn.Module,
    *,
    precision: str = "float32",
    device: torch.device,
    gelu: Gelu = "exact",
    compiled: bool = False,
    keeps_memory: bool = False,
    graphs: int = 4,
) -> nn.Module:
    """Make the optimized network of an evaluation-mode generator: [B, input_width] -> [B, K, R, R] in float32.

    In float32 the images are the generator's own but for rounding; in bfloat16 every map is rounded to 8 bits, which
    moves nearly all pixels by at most one step of 256 (docs/sampling.md). On CUDA, a shape of input that comes often is
    replayed as a graph.

    The network stays where and as precise as it was made. A gradient goes through it to the latents, by torch's own
    operations instead of the fused kernels; its weights, which are products of the generator's, have none.

    Args:
        gelu: `approximate` takes a cheaper one in the Triton kernels, off by up to 2.6e-5: not the same images.
        compiled: let torch.compile make the kernels instead of taking ours; on a CPU it needs a C++ compiler, and the
            first image of each batch size waits for it.
        keeps_memory: on a CPU, memory that is freed stays with the whole process from now on: pieces are small, and
            mapping their pages anew each time would take longer than filling them.
        graphs: on CUDA, shapes of input that are replayed as graphs, at most; 0 for a network that is soon discarded.

    Raises:
        RequestError: an unknown precision, or a generator in training mode.
    """
    dtype = PRECISIONS[known_precision(precision, PRECISIONS)]
    if dtype == torch.bfloat16:
        _tell_once(bfloat16_note(device))
    kernels = compiled_kernels(dtype, device) if compiled else kernels_for(dtype, device, gelu)
    network = fold(module, kernels).to(device)
    if device.type == "cpu" and keeps_memory:
        keep_freed_memory()  # from here on: what folding needed goes back
    if compiled:
        network.compile(dynamic=False)
    return Replayed(network, graphs) if device.type == "cuda" and graphs else network


def _tell_once(note: str | None) -> None:
    if note is not None and note not in _told:
        _told.add(note)
        _log.warning("%s", note)
