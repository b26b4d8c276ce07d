"""How a step is carried out: choices that change its speed and memory, and its results by rounding alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import nn

from hitzoo.layers.onednn_linear import without_onednn_linear
from hitzoo.objectives.input_gradient import InputGradient, by_autograd, by_func
from hitzoo.objectives.r1_without_double_backward import by_replay

Precision: TypeAlias = Literal["float32", "tf32", "bf16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


@dataclass(frozen=True, kw_only=True)
class Way:
    """The defaults are the fastest that stay exact; `hitzoo bench train` measures each.

    `precision`: `tf32` lets CUDA round the factors of float32 products to 10 bits; `bf16` runs both networks under
    autocast, with logits, losses, penalties, weights and optimizers in float32. `compiled`: both networks through
    torch.compile. `replayed_penalty`: R1 by `replay.py` where the discriminator allows. `one_backward`: one pass back
    through the fake images for both losses, likewise. `onednn_linear`: the generator's linear layers on CPUs by oneDNN.
    `channels_last`: the discriminator's kernels and maps channels-last in memory.
    """

    precision: Precision = "float32"
    compiled: bool = False
    replayed_penalty: bool = True
    one_backward: bool = True
    onednn_linear: bool = True
    channels_last: bool = True

    def input_gradient(self, discriminator: nn.Module) -> InputGradient:
        """How the discriminator's gradient by its images is taken."""
        if self.compiled:
            return by_func
        return by_replay if self.replayed_penalty and _piecewise_linear(discriminator) else by_autograd

    def images_alone(self, discriminator: nn.Module) -> bool:
        """Whether one backward pass may serve both losses."""
        return self.one_backward and _piecewise_linear(discriminator)

    @contextmanager
    def forward(self, device: torch.device) -> Iterator[None]:
        """Around the forward passes of a step."""
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            yield

    @contextmanager
    def step(self) -> Iterator[None]:
        """Around a whole step."""
        with ExitStack() as stack:
            stack.enter_context(without_onednn_linear(not self.onednn_linear))
            if torch.cuda.is_available():
                stack.enter_context(_tf32(self.precision == "tf32"))
            yield


DEFAULT = Way()


def _piecewise_linear(discriminator: nn.Module) -> bool:
    return bool(getattr(discriminator, "piecewise_linear", False))


@contextmanager
def _tf32(wanted: bool) -> Iterator[None]:
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = wanted
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
