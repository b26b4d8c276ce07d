"""Choose the micro-batch size: given, remembered from `run.json`, or searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from hitzoo.layers.batch_statistics import per_replica
from hitzoo.layers.norm import set_statistics
from hitzoo.objectives.build import objective_of
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.distributed import World
from hitzoo.spec.types import Spec
from hitzoo.training.engine.micro_batch_search import predicted_to_fit, refuse_unfit, sizes, tried_to_fit
from hitzoo.training.engine.norm_statistics import use_norm_statistics
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import TrainState
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.remembered_options import to_remember


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
        known, now = folder.last_session(), {"fitted": True, **self.circumstances()}
        stored = known.get("batch_per_device")
        if all(known.get(key) == value for key, value in now.items()) and stored in sizes(self.spec, self.world.size):
            return int(stored)
        return self.world.all_reduce_min(self._found(state), self.device)

    def circumstances(self) -> dict[str, Any]:
        """Return the conditions for which a size that was found holds."""
        on_cuda = self.device.type == "cuda"
        return {
            "device_name": torch.cuda.get_device_name(self.device) if on_cuda else self.device.type,
            "processes": self.world.size,
            "precision": self.options.precision,
            "compiled": self.options.compiled,
        }

    def session(self, at_once: int) -> dict[str, Any]:
        """Return the entry of `run.json` about a session with this micro-batch size."""
        return {
            "device": str(self.device),
            **({"threads": torch.get_num_threads()} if self.device.type == "cpu" else {}),  # they decide the last bits
            **self.circumstances(),
            "batch_per_device": at_once,
            "micro_batches": self.spec.training.batch_size // self.world.size // at_once,
            "fitted": self.options.batch_per_device == "auto",
            "options": to_remember(self.options),
        }

    def _found(self, state: TrainState) -> int:
        if self.device.type != "cuda":
            return predicted_to_fit(self.spec, self.plan, self.world.size)
        set_statistics(
            state.networks["generator"], per_replica
        )  # processes try by themselves: nothing may wait for another
        try:
            return tried_to_fit(lambda size: self._attempt(state, size), sizes(self.spec, self.world.size))
        finally:
            use_norm_statistics(state.networks["generator"], self.spec.training)

    def _attempt(self, state: TrainState, size: int) -> None:
        side, channels = self.plan.resolution, self.plan.image_channels
        images = torch.zeros(size, side, side, channels, dtype=torch.uint8)
        alone = new_runner(self.spec, self.plan, state, self.options, self.device, batch_size=size)
        alone.rehearse(images)


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
        **others,
    )
