"""Variants of a generator that are timed against each other, and one call of either."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from hitzoo.layers.onednn_linear import without_onednn_linear
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.allocator import keep_freed_memory
from hitzoo.runtime.device import wait_for
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.runtime.precision import PRECISIONS
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.initial import initial_generator
from hitzoo.sampling.latents import latents_of_seeds

VARIANTS = {
    "plain": "the reference module as a plain PyTorch port runs: eager, without hitzoo's oneDNN linear layers, with the"
    " C allocator's own habits; bfloat16 is module.to(bfloat16)",
    "optimized": "hitzoo's inference network, with freed memory kept by the process",
    "compiled": "the same network by torch.compile instead of hitzoo's own kernels",
}
"""Descriptions for `--help`."""

DEFAULT_VARIANTS = ("plain", "optimized")

_GRAPHS = 64  # so that every batch size of a benchmark has one

Network = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class SamplingCall:
    """One call: generator, variant, precision and batch."""

    plan: ModelPlan
    variant: str
    precision: str
    batch: int


class VariantRunner:
    """Makes calls of one variant in this process, with random weights, which do not change the time.

    On CPUs the allocator keeps memory for the whole process, so a process runs one variant (see `subprocess_runner`).
    """

    def __init__(self, variant: str, device: torch.device) -> None:
        self.variant, self.device = variant, device
        self._networks: dict[tuple[str, str], Network] = {}

    def seconds(self, call: SamplingCall) -> float:
        """Time one call to completion; latents are on the device already, images stay there."""
        network, z = self._network(call), self._latents(call)
        with torch.inference_mode(), inference_precision(self.device), self._linear():
            wait_for(self.device)
            began = time.perf_counter()
            network(z)
            wait_for(self.device)
            return time.perf_counter() - began

    def peak_bytes(self, call: SamplingCall) -> int:
        """Measure the peak bytes of a call besides what was allocated before; counting slows the call.

        On CPUs this counts live tensors, without the kernels' scratch space.
        """
        network, z = self._network(call), self._latents(call)
        with torch.inference_mode(), inference_precision(self.device), self._linear():
            if self.device.type != "cuda":
                with LiveBytes() as memory:
                    network(z)
                return memory.peak
            before = torch.cuda.memory_allocated(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
            network(z)
            return torch.cuda.max_memory_allocated(self.device) - before

    def _linear(self) -> AbstractContextManager[None]:
        return without_onednn_linear() if self.variant == "plain" else nullcontext()

    def _latents(self, call: SamplingCall) -> torch.Tensor:
        return torch.from_numpy(latents_of_seeds(range(call.batch), call.plan.input_width)).to(self.device)

    def _network(self, call: SamplingCall) -> Network:
        keep_freed_memory(self.variant != "plain")
        key = call.plan.generator_hash, call.precision
        if key not in self._networks:
            module = initial_generator(call.plan, seed=0).eval().requires_grad_(False)
            self._networks[key] = _NETWORKS[self.variant](module, call.precision, self.device)
        return self._networks[key]


def _plain(module: torch.nn.Module, precision: str, device: torch.device) -> Network:
    """Keep latents and images in float32, so that all variants have the same interface."""
    network, dtype = module.to(device, PRECISIONS[precision]), PRECISIONS[precision]
    return lambda z: network(z.to(dtype)).float()


def _optimized(module: torch.nn.Module, precision: str, device: torch.device) -> Network:
    return fast_network(module, precision=precision, device=device, keeps_memory=True, graphs=_GRAPHS)


def _compiled(module: torch.nn.Module, precision: str, device: torch.device) -> Network:
    return fast_network(module, precision=precision, device=device, compiled=True, keeps_memory=True, graphs=_GRAPHS)


_NETWORKS = {"plain": _plain, "optimized": _optimized, "compiled": _compiled}
