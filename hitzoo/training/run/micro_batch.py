"""Choose the micro-batch size: given, remembered from `run.json`, or searched for."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import torch

from hitzoo.layers.batch_statistics import per_replica
from hitzoo.layers.norm import set_statistics
from hitzoo.objectives.build import objective_of
from hitzoo.plan.model import ModelPlan
from hitzoo.releases import release_of
from hitzoo.runtime.distributed import World
from hitzoo.runtime.launcher import launch_environment
from hitzoo.spec.types import Spec
from hitzoo.training.engine.micro_batch_search import predicted_to_fit, refuse_unfit, sizes, tried_to_fit
from hitzoo.training.engine.norm_statistics import use_norm_statistics
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import TrainState
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.remembered_options import to_remember

_BUCKET = 25 * 2**20 // 4  # numbers that DistributedDataParallel exchanges at once


@dataclass(frozen=True, kw_only=True)
class MicroBatchChoice:
    """The choice of a micro-batch size, for a run under these conditions."""

    spec: Spec
    plan: ModelPlan
    options: RunOptions
    world: World
    device: torch.device

    def decide(self, state: TrainState, folder: RunFolder) -> int:
        """Return the size. One in `run.json` is taken over only where `auto` found it, under the same conditions.

        On CUDA it is rehearsed once, and a smaller one is searched for where it no longer fits.

        Raises:
            RequestError: the size that is asked for does not divide the work.
            RunError: nothing fits.
        """
        wanted = self.options.batch_per_device
        if wanted is None:
            return self.spec.training.batch_size // self.world.size
        if wanted != "auto":
            refuse_unfit(wanted, self.spec, self.world.size)
            return wanted
        stored = self.world.broadcast_from_first(lambda: self._remembered(folder))
        if stored is not None and self.device.type != "cuda":
            return int(stored)
        return self.world.all_reduce_min(self._found(state, stored), self.device)

    def smaller(self, state: TrainState, size: int) -> int | None:
        """Return a smaller size than one that did not fit, for a process alone; None where there is none.

        Raises:
            RunError: nothing fits.
        """
        most = next((other for other in sizes(self.spec, self.world.size) if other < size), None)
        return None if most is None else self._found(state, most)

    def _remembered(self, folder: RunFolder) -> int | None:
        """Return the size in `run.json` where it was found in circumstances like these."""
        known, now = folder.last_session(), {"fitted": True, **self.circumstances()}
        stored = known.get("batch_per_device")
        versions = known["versions"] if isinstance(known.get("versions"), dict) else {}
        same = all(known.get(key) == value for key, value in now.items())
        same = same and all(versions.get(name) == value for name, value in _versions().items())
        return int(stored) if same and stored in sizes(self.spec, self.world.size) else None

    def circumstances(self) -> dict[str, Any]:
        """Return the conditions, as JSON, for which a size that was found holds: what decides how much memory is used.

        How much of it is free is none of them: that is seen by trying.
        """
        on_cuda = self.device.type == "cuda"
        checkpointed = self.spec.training.activation_checkpointing
        return {
            "device_name": torch.cuda.get_device_name(self.device) if on_cuda else self.device.type,
            "processes": self.world.size,
            "local_processes": launch_environment().local_size,
            "precision": self.options.precision,
            "compiled": self.options.compiled,
            "deterministic": self.options.deterministic,
            "activation_checkpointing": checkpointed if isinstance(checkpointed, str) else list(checkpointed),
            "allocator": _allocator_settings(),
        }

    def pieces(self, at_once: int) -> int:
        """Number of micro-batches of this size in a process's share of the batch."""
        return self.spec.training.batch_size // self.world.size // at_once

    def runner(self, state: TrainState, seed: int, at_once: int) -> StepRunner:
        """Make the runner of the run's steps, with micro-batches of this size."""
        return new_runner(
            self.spec,
            self.plan,
            state,
            self.options,
            self.device,
            seed=seed,
            world=self.world,
            micro_batches=self.pieces(at_once),
        )

    def session(self, at_once: int) -> dict[str, Any]:
        """Return the entry of `run.json` about a session with this micro-batch size."""
        return {
            "device": str(self.device),
            **({"threads": torch.get_num_threads()} if self.device.type == "cpu" else {}),  # they decide the last bits
            **self.circumstances(),
            "batch_per_device": at_once,
            "micro_batches": self.pieces(at_once),
            "fitted": self.options.batch_per_device == "auto",
            "options": to_remember(self.options),
        }

    def _found(self, state: TrainState, most: int | None) -> int:
        """Return the largest size that fits, none over `most`."""
        if self.device.type != "cuda":
            return predicted_to_fit(self.spec, self.plan, self.world.size, most)
        if self.world.size > 1:  # connections between processes take memory from the first exchange on
            self.world.all_reduce_sum(torch.zeros(_BUCKET, device=self.device))
        set_statistics(
            state.networks["generator"], per_replica
        )  # processes try by themselves: nothing may wait for another
        try:
            candidates = [size for size in sizes(self.spec, self.world.size) if most is None or size <= most]
            return tried_to_fit(lambda size: self._attempt(state, size), candidates)
        finally:
            use_norm_statistics(state.networks["generator"], self.spec.training)

    def _attempt(self, state: TrainState, size: int) -> None:
        """Rehearse a step of micro-batches of this size: two, where there are several, and the gradients of one remain.

        It runs without the compiler, which would compile each size for minutes and gives up after eight.
        """
        side, channels = self.plan.resolution, self.plan.image_channels
        pieces = min(2, self.pieces(size))
        alone = new_runner(
            self.spec,
            self.plan,
            state,
            replace(self.options, compiled=False),
            self.device,
            batch_size=pieces * size,
            micro_batches=pieces,
        )
        buckets = _gradient_bytes(state) if self.world.size > 1 else 0
        alone.rehearse(torch.zeros(size, side, side, channels, dtype=torch.uint8), buckets)


def _versions() -> dict[str, str]:
    """Return the versions that decide how much memory a step takes, as a session's record has them."""
    return {"torch": str(torch.__version__), "hitzoo": release_of()}


def _allocator_settings() -> str:
    names = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF")
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _gradient_bytes(state: TrainState) -> int:
    """Bytes of the buckets in which all networks' gradients are exchanged, beside the gradients themselves."""
    networks = state.networks.values()
    return sum(weight.numel() * weight.element_size() for net in networks for weight in net.parameters())


def new_runner(
    spec: Spec,
    plan: ModelPlan,
    state: TrainState,
    options: RunOptions,
    device: torch.device,
    *,
    seed: int = 0,
    batch_size: int | None = None,
    **others: Any,
) -> StepRunner:
    """Make the runner of a spec's steps; `others` are its own arguments."""
    return StepRunner(
        state,
        objective_of(spec, batch_size),
        seed=seed,
        latent_dim=plan.input_width,
        device=device,
        execution=options.execution,
        pixel_range=plan.pixel_range,
        **others,
    )
