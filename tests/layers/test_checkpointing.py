"""A part that is computed again: called twice, with the same result and side effects once."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.norm import BATCH_NORM_MOMENTUM, BatchNorm


class Small(CheckpointedModule):
    """Two linear layers about a batch norm and a rectifier; counts how often it is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(3, 4), BatchNorm(4), nn.Linear(4, 3)
        self.calls = 0

    def forward(self, x: torch.Tensor, more: torch.Tensor | None = None) -> torch.Tensor:
        self.calls += 1
        out = self.second(torch.relu(self.norm(self.first(x))))
        return out if more is None else out * more


def small(recomputed: bool) -> Small:
    torch.manual_seed(0)
    part = Small().double()
    part.recomputed = recomputed
    return part


def numbers(part: Small, x: torch.Tensor, *more: torch.Tensor | None) -> dict[str, torch.Tensor]:
    x = x.clone().requires_grad_()
    out = checkpointed(part, x, *more)
    out.square().sum().backward()
    gradients = {name: weight.grad for name, weight in part.named_parameters()}
    return {"out": out.detach(), "x": x.grad, **gradients, **dict(part.named_buffers())}


@pytest.mark.parametrize("more", [(), (None,), ("map",)], ids=["one input", "none", "two inputs"])
def test_it_gives_what_it_gives_when_kept(randn, more) -> None:
    rest = [randn(6, 3, seed=2) if word else None for word in more]
    kept, again = small(False), small(True)
    expected, found = numbers(kept, randn(6, 3), *rest), numbers(again, randn(6, 3), *rest)
    assert (kept.calls, again.calls) == (1, 2)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name
    assert not torch.equal(found["norm.running_mean"], torch.zeros(4))  # they did take in the batch


def test_the_momentum_is_as_before_afterwards(randn) -> None:
    part = small(True)
    numbers(part, randn(6, 3))
    assert part.norm.momentum == BATCH_NORM_MOMENTUM
    out = checkpointed(part, randn(6, 3).requires_grad_())

    def full(*_: object) -> None:
        assert part.norm.momentum == 0.0
        raise MemoryError("while it is computed again")

    part.second.register_forward_pre_hook(full)
    with pytest.raises(MemoryError):
        out.sum().backward()
    assert part.norm.momentum == BATCH_NORM_MOMENTUM


def test_its_gradient_can_be_differentiated_again(randn) -> None:
    """As R1 does with the discriminator."""
    found = []
    for part in (small(False), small(True)):
        x = randn(6, 3).requires_grad_()
        (gradient,) = torch.autograd.grad(checkpointed(part, x).square().sum(), x, create_graph=True)
        gradient.square().sum().backward()
        found.append([x.grad, *(weight.grad for weight in part.parameters())])
    assert found[0][1].abs().max() > 1e-3
    for kept, again in zip(*found, strict=True):
        torch.testing.assert_close(again, kept, rtol=1e-12, atol=1e-12)


def test_running_statistics_are_held_in_every_further_pass(randn) -> None:
    """A double backward computes a part three times."""
    part, kept = small(True), small(False)
    x = randn(6, 3).requires_grad_()
    (gradient,) = torch.autograd.grad(checkpointed(part, x).square().sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert part.calls > 2
    kept(randn(6, 3))
    assert torch.equal(part.norm.running_var, kept.norm.running_var)


def test_nothing_is_computed_again_where_nothing_is_learnt(randn) -> None:
    part = small(True)
    with torch.no_grad():
        checkpointed(part, randn(6, 3).requires_grad_())
    assert part.calls == 1
    checkpointed(
        part, randn(6, 3)
    ).sum().backward()  # only the weights learn, so the map that came in is no part of a graph
    assert part.calls == 2
    assert part.first.weight.grad is not None


def test_a_module_that_is_no_part_is_called() -> None:
    layer = nn.Linear(2, 2)
    x = torch.ones(1, 2)
    assert torch.equal(checkpointed(layer, x), deepcopy(layer)(x))


def test_half_precision_is_met_again(randn) -> None:
    """The backward pass lies outside of autocast; what is computed again must not."""
    found = []
    for part in (small(False).float(), small(True).float()):
        x = randn(6, 3).float().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            out = checkpointed(part, x)
        out.float().sum().backward()
        found.append([out.detach(), x.grad, *(weight.grad for weight in part.parameters())])
    assert found[0][0].dtype == torch.bfloat16
    for kept, again in zip(*found, strict=True):
        assert torch.equal(again, kept)
