"""The two ways a generator computes images that are measured against each other, and one call of either."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from hitzoo.families.compile import ModelPlan
from hitzoo.layers.onednn_linear import without_onednn_linear
from hitzoo.runtime.allocator import keep_freed_memory
from hitzoo.runtime.device import wait_for
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.runtime.precision import PRECISIONS
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.initial import initial_generator
from hitzoo.sampling.latents import latents_of_seeds

PATHS = {
    "plain": "the reference module as a plain PyTorch port runs: eager, without hitzoo's oneDNN linear layers, with the"
    " C allocator's own habits; bfloat16 is module.to(bfloat16)",
    "fast": "hitzoo's network for inference, with freed memory kept by the process",
    "compiled": "the same network by torch.compile instead of our own kernels",
}
"""What they are, in words that `--help` can use."""

DEFAULT_PATHS = ("plain", "fast")

Network = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Call:
    """Which generator makes how many images at once, and how."""

    plan: ModelPlan
    path: str
    precision: str
    batch: int


class Caller:
    """Makes calls of one path in this process, with random weights: what is computed does not depend on them.

    On CPUs the allocator's habits are a process's for good: memory that one path keeps would serve the other too. A
    process has a `Caller` of one path therefore (see `own_process`).
    """

    def __init__(self, path: str, device: torch.device) -> None:
        self.path, self.device = path, device
        self._networks: dict[tuple[str, str], Network] = {}

    def seconds(self, call: Call) -> float:
        """Of one call, to the last of its work; latents are on the device already, images stay there."""
        network, z = self._network(call), self._latents(call)
        with torch.inference_mode(), self._linear():
            wait_for(self.device)
            began = time.perf_counter()
            network(z)
            wait_for(self.device)
            return time.perf_counter() - began

    def peak_bytes(self, call: Call) -> int:
        """The most bytes that a call holds at once besides what was there before it; counting slows the call.

        On CPUs these are the tensors that are alive; what kernels use as scratch space is not seen.
        """
        network, z = self._network(call), self._latents(call)
        with torch.inference_mode(), self._linear():
            if self.device.type != "cuda":
                with LiveBytes() as memory:
                    network(z)
                return memory.peak
            before = torch.cuda.memory_allocated(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
            network(z)
            return torch.cuda.max_memory_allocated(self.device) - before

    def _linear(self) -> AbstractContextManager[None]:
        return without_onednn_linear() if self.path == "plain" else nullcontext()

    def _latents(self, call: Call) -> torch.Tensor:
        return torch.from_numpy(latents_of_seeds(range(call.batch), call.plan.generator.latent_dim)).to(self.device)

    def _network(self, call: Call) -> Network:
        keep_freed_memory(self.path != "plain")
        key = call.plan.generator_hash, call.precision
        if key not in self._networks:
            module = initial_generator(call.plan, seed=0).eval().requires_grad_(False)
            self._networks[key] = _NETWORKS[self.path](module, call.precision, self.device)
        return self._networks[key]


def _plain(module: torch.nn.Module, precision: str, device: torch.device) -> Network:
    """Latents and images are float32 here too, so that both paths give the same."""
    network, dtype = module.to(device, PRECISIONS[precision]), PRECISIONS[precision]
    return lambda z: network(z.to(dtype)).float()


def _fast(module: torch.nn.Module, precision: str, device: torch.device) -> Network:
    return fast_network(module, precision=precision, device=device, keeps_memory=True)


def _compiled(module: torch.nn.Module, precision: str, device: torch.device) -> Network:
    return fast_network(module, precision=precision, device=device, compiled=True, keeps_memory=True)


_NETWORKS = {"plain": _plain, "fast": _fast, "compiled": _compiled}
