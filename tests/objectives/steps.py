"""One simultaneous step of tiny networks, carried out in different ways."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.update import Inputs
from hitzoo.training.engine.execution import Execution

BOTH = "training.regularizers=[{kind: r1, weight: 3.0}, {kind: bcr, weight: 2.0, augment: [flip, color]}]"
NONE = "training.regularizers=[]"
PLAIN = Execution(replayed_penalty=False, one_backward=False)


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    real = torch.rand(4, 3, 8, 8, dtype=torch.float64, generator=random) * 2 - 1
    return torch.randn(4, 6, dtype=torch.float64, generator=random), real


def draws(seed: int = 0) -> BatchRandom:
    return BatchRandom(torch.Generator().manual_seed(seed), 4)


def step(
    generator: nn.Module,
    discriminator: nn.Module,
    objective: Simultaneous,
    execution: Execution = PLAIN,
    *,
    seed: int = 0,
    number: int = 1,
    **changes,
) -> Losses:
    """The gradients of a step as an execution takes them."""
    pair = {"generator": generator, "discriminator": discriminator}
    (update,) = execution.objective(objective, pair).updates(number)
    z, real = inputs()
    given = {"real": real, "latents": z, "random": draws(seed), **changes}
    return update.gradients(execution.networks(pair), Inputs(**given), Moment(step=number))


def gradients(network: nn.Module) -> list[torch.Tensor]:
    return [weight.grad.clone() for weight in network.parameters()]


def assert_same(mine: list[torch.Tensor], theirs: list[torch.Tensor], rtol: float = 1e-9) -> None:
    largest = max(gradient.abs().max() for gradient in theirs)
    assert largest > 1e-3
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=rtol, atol=1e-12)


class Ones(nn.Module):
    """D(x) = Σx: the gradient by each pixel is 1."""

    piecewise_linear = True

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x.sum((1, 2, 3))
