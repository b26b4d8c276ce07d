"""Execution of a step: choices that change its speed and memory, and its results by rounding alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import nn

from hitzoo.layers.onednn_linear import without_onednn_linear
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.fused import FusedSimultaneous
from hitzoo.objectives.input_gradient import InputGradient, by_autograd, by_func
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.update import Networks, Objective
from hitzoo.plan.role import Role
from hitzoo.runtime.determinism import deterministic
from hitzoo.runtime.float32_precision import float32_precision

Precision: TypeAlias = Literal["float32", "tf32", "bf16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """Choices for a step; the defaults are the fastest that stay exact, and `hitzoo bench train` measures each.

    Attributes:
        precision: `tf32` lets CUDA round the factors of float32 products to 10 bits; `bf16` runs the networks under
            autocast, with logits, losses, penalties, weights and optimizers in float32.
        compiled: the networks go through torch.compile.
        deterministic: on CUDA only kernels that add in a fixed order (`hitzoo.runtime.determinism`).
        replayed_penalty: R1 by `objectives/r1_without_double_backward.py`, where the discriminator allows it.
        one_backward: the simultaneous step by `objectives/fused.py`, likewise.
        onednn_linear: the generator's linear layers on CPUs by oneDNN.
        channels_last: the discriminator's kernels and maps channels-last in memory.
    """

    precision: Precision = "float32"
    compiled: bool = False
    deterministic: bool = False
    replayed_penalty: bool = True
    one_backward: bool = True
    onednn_linear: bool = True
    channels_last: bool = True

    def networks(self, networks: Mapping[Role, nn.Module]) -> Networks:
        """Return the networks as they run: the discriminator as a `Critic`, all of them compiled if wanted."""
        return {role: self._prepared(role, network) for role, network in networks.items()}

    def objective(self, objective: Objective, networks: Mapping[Role, nn.Module]) -> Objective:
        """Return the objective in the fastest form that computes the same with these networks."""
        if not isinstance(objective, Simultaneous) or not self.one_backward:
            return objective
        return FusedSimultaneous.of(objective) if _piecewise_linear(networks["discriminator"]) else objective

    def input_gradient(self, discriminator: nn.Module) -> InputGradient:
        """Return the implementation of the discriminator's gradient by its images."""
        if self.compiled:
            return by_func
        return by_replay if self.replayed_penalty and _piecewise_linear(discriminator) else by_autograd

    def _prepared(self, role: Role, network: nn.Module) -> nn.Module:
        if role == "discriminator":
            if not self.channels_last:
                network.to(memory_format=torch.contiguous_format)
            network = Critic(network, self.input_gradient(network))
        if not self.compiled:
            return network
        compiled: Any = torch.compile(network, dynamic=False)
        return compiled

    @contextmanager
    def forward(self, device: torch.device) -> Iterator[None]:
        """Enter it for the forward passes of a step."""
        if device.type == "meta":  # shapes are the same in any precision, and it has no autocast
            yield
            return
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            yield

    def uncompiled(self) -> AbstractContextManager[None]:
        """Enter it for a forward pass that is differentiated twice: torch.compile's cannot be."""
        return torch.compiler.set_stance("force_eager") if self.compiled else nullcontext()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Enter it for a whole step."""
        with ExitStack() as stack:
            stack.enter_context(without_onednn_linear(not self.onednn_linear))
            stack.enter_context(deterministic(self.deterministic))
            if torch.cuda.is_available():
                stack.enter_context(float32_precision("tf32" if self.precision == "tf32" else "ieee"))
            yield


DEFAULT = Execution()


def _piecewise_linear(discriminator: nn.Module) -> bool:
    return bool(getattr(discriminator, "piecewise_linear", False))
