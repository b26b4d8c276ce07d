"""Capture and replay of a CUDA graph, as the optimized network does it."""

from __future__ import annotations

import torch

from hitzoo.doctor.check import Measured, NotApplicable
from hitzoo.doctor.checks.specimen import difference, generator_of, latents, specimen, worst
from hitzoo.runtime.cuda_graph import CudaGraphs
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.replayed import unwrapped

_LIMIT = 1e-3
_CALLS = 4  # the second of a shape is captured at the latest, and others are replayed


def cuda_graph(device: torch.device) -> Measured:
    """Compare several calls with different latents, most of them replayed, with calls of the network itself.

    Raises:
        NotApplicable: no NVIDIA GPU.
    """
    if device.type != "cuda" or torch.version.cuda is None:
        raise NotApplicable("only NVIDIA GPUs have CUDA graphs")
    return replayed_calls(device)


def replayed_calls(device: torch.device) -> Measured:
    """Compare calls through `CudaGraphs` with direct ones; where there are no graphs it calls the network."""
    network = unwrapped(fast_network(generator_of(), device=device))
    graphs, found = CudaGraphs(network), []
    with torch.inference_mode():
        for call in range(_CALLS):
            z = latents(specimen()[1].input_width, 2, seed=call).to(device)
            found.append(difference(graphs(z), network(z)))
    return Measured(value=worst(found), unit="relative", limit=_LIMIT)
