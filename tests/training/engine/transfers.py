"""A device without a device: steps on meta tensors, as if they were a GPU's, with every copy from and to it counted.

Meta tensors have shapes but no contents. What a GPU would have to wait for reads contents, or copies from memory that
is not page-locked; here it is counted by the line of hitzoo that asked for it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from hitzoo.families.compile import ModelPlan
from hitzoo.objectives.update import Objective, images_per_step
from hitzoo.runtime import transfer
from hitzoo.spec.types import Spec
from hitzoo.training.engine.execution import Execution
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state

META = torch.device("meta")
aten = torch.ops.aten


class Transfers(TorchDispatchMode):
    """Counts copies between host and device by call site: those that wait, and those that do not.

    `pinned` are the addresses of page-locked memory.
    """

    def __init__(self, pinned: set[int]) -> None:
        super().__init__()
        self.pinned = pinned
        self.waits: Counter[str] = Counter()
        self.asynchronous: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if function is aten._local_scalar_dense.default and tensors[0].is_meta:
            self.waits[_site()] += 1
            return 0.0
        if function is aten.lift_fresh.default and tensors[0].is_meta:  # torch.tensor(numbers, device=…)
            self.waits[_site()] += 1
        elif function is aten._to_copy.default and torch.device(kwargs.get("device") or tensors[0].device) != (
            tensors[0].device
        ):
            self._copy(tensors[0], kwargs.get("non_blocking", False))
            if tensors[0].is_meta:
                return torch.zeros(tensors[0].shape, dtype=tensors[0].dtype)
        elif any(t.is_meta for t in tensors) and any(not t.is_meta and t.dim() for t in tensors):
            self.waits[_site()] += 1  # a number of the host goes with the kernel, more has to be copied
        return function(*args, **kwargs)

    def _copy(self, tensor: torch.Tensor, non_blocking: bool) -> None:
        ready = non_blocking and not tensor.is_meta and tensor.untyped_storage().data_ptr() in self.pinned
        (self.asynchronous if ready and tensor.is_contiguous() else self.waits)[_site()] += 1


def _site() -> str:
    """File and function of hitzoo that the present operation is from; in the backward pass there may be none."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        _, inside, file = frame.f_code.co_filename.rpartition("/hitzoo/")
        if inside:
            return f"{file}:{frame.f_code.co_name}"
        frame = frame.f_back
    return "backward"


class OnMeta(Execution):
    """The meta device has no autocast."""

    def forward(self, device: torch.device) -> AbstractContextManager[None]:
        return nullcontext()


@contextmanager
def page_locked() -> Iterator[set[int]]:
    """Copies to the meta device go through page-locked memory, as those to a GPU; the addresses of such memory."""
    addresses: set[int] = set()
    kept: list[torch.Tensor] = []  # so that no other tensor gets their addresses

    def pin(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() in addresses:
            return tensor
        kept.append(tensor.clone(memory_format=torch.contiguous_format))
        addresses.add(kept[-1].untyped_storage().data_ptr())
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "pin_memory", pin)
        patch.setattr(transfer, "is_pinned_for", lambda device: device.type != "cpu")
        yield addresses


def transfers_of_a_step(
    spec: Spec,
    plan: ModelPlan,
    objective: Objective,
    micro_batches: int = 1,
    execution: Execution | None = None,
    steps: int = 2,
) -> Transfers:
    """Make steps with images in page-locked memory, and return the transfers of the last.

    From the second on it is known which random numbers a step asks for.
    """
    with META:
        state = new_state(plan, spec.training, 0, META)
    runner = StepRunner(
        state,
        objective,
        seed=0,
        latent_dim=plan.input_width,
        device=META,
        execution=execution or OnMeta(),
        micro_batches=micro_batches,
    )
    side = plan.resolution
    images = torch.zeros(images_per_step(objective), side, side, plan.image_channels, dtype=torch.uint8)
    with page_locked() as pinned:
        for step in range(1, steps + 1):
            with Transfers(pinned) as transfers:
                assert runner(step, images.pin_memory()).applied
    return transfers
