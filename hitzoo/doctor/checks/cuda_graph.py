"""Capture and replay of a CUDA graph, as the optimized network does it."""

from __future__ import annotations

import torch

from hitzoo.doctor.check import Measured, NotApplicable
from hitzoo.doctor.checks.specimen import difference, generator_of, latents, specimen, worst
from hitzoo.runtime.cuda_graph import CAPTURED_CALL, CudaGraphs
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.replayed import unwrapped

_LIMIT = 1e-3
_REPLAYED = 3  # calls after the one that is captured, whose own replay is right even if it never reads its input


def cuda_graph(device: torch.device) -> Measured:
    """Compare calls with different latents, the last ones replayed, with calls of the network itself.

    Raises:
        NotApplicable: no NVIDIA GPU.
        RuntimeError: no graph can be captured.
    """
    if device.type != "cuda" or torch.version.cuda is None:
        raise NotApplicable("only NVIDIA GPUs have CUDA graphs")
    return replayed_calls(device)


def replayed_calls(device: torch.device) -> Measured:
    """Compare calls through `CudaGraphs` with direct ones; where there are no graphs it calls the network."""
    network = unwrapped(fast_network(generator_of(), device=device))
    graphs, found = CudaGraphs(network), []
    with torch.inference_mode():
        for call in range(CAPTURED_CALL + _REPLAYED):
            z = latents(specimen()[1].input_width, 2, seed=call).to(device)
            found.append(difference(graphs(z), network(z)))
    if graphs.failure is not None:
        raise RuntimeError(f"no graph can be captured: {graphs.failure}")
    return Measured(value=worst(found), unit="relative", limit=_LIMIT)
