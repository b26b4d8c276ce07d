"""A network for inference whose calls are replayed as CUDA graphs."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.runtime.cuda_graph import CudaGraphs


class Replayed(nn.Module):
    """`network` itself, and its forward pass as graphs: [B, latent_dim] -> images."""

    def __init__(self, network: nn.Module, graphs: int = 4) -> None:
        super().__init__()
        self.network = network
        self._graphs = CudaGraphs(network, most=graphs)
        self.replays = True  # False where a graph would not see what has changed

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Compute the images of a batch; by a graph from the fourth batch of its size on."""
        return self._graphs(z) if self.replays else self.network(z)


def unwrapped(module: nn.Module) -> nn.Module:
    """The network itself."""
    return module.network if isinstance(module, Replayed) else module
