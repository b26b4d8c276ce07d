"""R1 without a double backward, against the double backward."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.input_gradient import InputGradient, by_autograd
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.training.engine.activation_checkpointing import use_activation_checkpointing
from tests.families.r3gan.variables import tiny as tiny_r3gan
from tests.families.stylegan2_generator.variables import tiny as tiny_stylegan2
from tests.objectives.squared import squared
from tests.support import fill

STAGE = "{channels: 8, depth: 1, heads: 2, attention: none}"
THREE = [f"generator.stages=[{STAGE}, {STAGE}, {STAGE}]", "discriminator.channels=[4, 6, 8]"]
CASES = {
    f"{kind}, {downsample}": [f"discriminator.equalized={flag}", f"discriminator.downsample={downsample}"]
    for kind, flag in (("plain", "false"), ("equalized", "true"))
    for downsample in ("blur", "average")
}


def randn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=random).to(dtype)


@pytest.fixture
def discriminator(tiny_spec) -> Callable[..., nn.Module]:
    """A discriminator of 16×16 pixels with kernels, and by default biases, that matter."""

    def make(*overrides: str, biases: bool = True, dtype: torch.dtype = torch.float64) -> nn.Module:
        torch.manual_seed(0)
        network = build_discriminator(compile_spec(tiny_spec(*THREE, *overrides)))
        with torch.no_grad():
            for weight in network.parameters():
                if weight.dim() > 1:
                    weight.mul_(2)
                elif biases:
                    weight.copy_(0.5 * torch.randn_like(weight))
        return network.to(dtype)

    return make


def learnt(
    input_gradient: InputGradient, network: nn.Module, images: torch.Tensor, *incoming: torch.Tensor | None
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Logits and squares, and the gradient of every weight for the incoming gradients of both."""
    network = deepcopy(network)
    answers = [*squared(input_gradient)(network, images)]
    given = [(answer, gradient) for answer, gradient in zip(answers, incoming, strict=True) if gradient is not None]
    torch.autograd.backward([answer for answer, _ in given], [gradient for _, gradient in given])
    found = [torch.zeros_like(w) if w.grad is None else w.grad for w in network.parameters()]
    return [answer.detach() for answer in answers], found


def assert_same(mine, theirs, tolerance: float) -> None:
    for one, other in zip(mine[0], theirs[0], strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)
    largest = max(float(gradient.abs().max()) for gradient in theirs[1])
    assert largest > 0.1
    for one, other in zip(mine[1], theirs[1], strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance * largest)


OTHERS = {
    "stylegan2_original": lambda: tiny_stylegan2("discriminator.minibatch_std=0"),
    "r3gan": lambda: tiny_r3gan("discriminator.classes=0"),
    "r3gan with classes": tiny_r3gan,
}


@pytest.mark.parametrize("name", OTHERS)
def test_it_is_the_double_backward_of_other_families(name: str) -> None:
    """Strides, groups, and layers whose weights are made of others."""
    network = fill(build_discriminator(OTHERS[name]()).double(), scale=0.5)
    assert network.piecewise_linear
    images, upstream = randn(4, 3, 16, 16), (randn(4, seed=1), randn(4, seed=2))
    assert_same(*(learnt(way, network, images, *upstream) for way in (by_replay, by_autograd)), 1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-5)], ids=["64", "32"])
@pytest.mark.parametrize("biases", [True, False], ids=["biases", "no biases"])
@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_it_is_the_double_backward(discriminator, overrides, biases, dtype, tolerance) -> None:
    network = discriminator(*overrides, biases=biases, dtype=dtype)
    given = (randn(5, 3, 16, 16, dtype=dtype), randn(5, seed=1, dtype=dtype), randn(5, seed=2, dtype=dtype))
    assert_same(learnt(by_replay, network, *given), learnt(by_autograd, network, *given), tolerance)


@pytest.mark.parametrize(
    ("for_logits", "for_squares"),
    [
        (randn(4), None),
        (None, randn(4)),
        (torch.zeros(4, dtype=torch.float64), randn(4)),
        (torch.tensor([0.0, -1e-7, 3e4, 1.0], dtype=torch.float64), torch.tensor([1e3, 0.0, -2e-6, 0.0]).double()),
    ],
    ids=["logits alone", "squares alone", "zeros", "all sizes"],
)
def test_whatever_comes_in(discriminator, for_logits, for_squares) -> None:
    network, images = discriminator(), randn(4, 3, 16, 16)
    mine, theirs = (learnt(way, network, images, for_logits, for_squares) for way in (by_replay, by_autograd))
    assert_same(mine, theirs, 1e-10)


def test_kernels_that_are_not_channels_last_do_as_well(discriminator) -> None:
    network = discriminator().to(memory_format=torch.contiguous_format)
    given = (randn(3, 3, 16, 16), randn(3, seed=1), randn(3, seed=2))
    assert_same(learnt(by_replay, network, *given), learnt(by_autograd, network, *given), 1e-10)


def test_with_activation_checkpointing(discriminator, tiny_spec) -> None:
    network, given = discriminator(), (randn(3, 3, 16, 16), randn(3, seed=1), randn(3, seed=2))
    expected = learnt(by_autograd, network, *given)
    use_activation_checkpointing(network, network.plan, tiny_spec("training.activation_checkpointing=all").training)
    assert_same(learnt(by_replay, network, *given), expected, 1e-10)


def test_the_network_runs_once_each_way(discriminator) -> None:
    network = discriminator()
    calls: list[int] = []
    network.register_forward_hook(lambda module, given, _: calls.append(len(given[0])))
    logits, squares = squared(by_replay)(network, randn(3, 3, 16, 16))
    assert calls == [3]
    (logits.sum() + squares.sum()).backward()
    assert calls == [3, 3]


def test_images_stay_as_they_were_and_get_no_gradient_of_the_squares(discriminator) -> None:
    images = randn(3, 3, 16, 16).requires_grad_()
    _, squares = squared(by_replay)(discriminator(), images)
    squares.sum().backward()
    assert not images.grad.any()  # around them, the squares are constant
    assert torch.equal(images.detach(), randn(3, 3, 16, 16))


def test_images_get_the_gradient_of_their_logits(discriminator) -> None:
    network, found = discriminator(), []
    for input_gradient in (by_replay, by_autograd):
        images = randn(3, 3, 16, 16).requires_grad_()
        logits, squares = squared(input_gradient)(network, images)
        ((logits * randn(3, seed=1)).sum() + (squares * randn(3, seed=2)).sum()).backward()
        found.append(images.grad)
    assert found[1].abs().max() > 0.1
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-12)


def test_a_weight_that_enters_otherwise_is_refused() -> None:
    """Not one is passed over in silence."""

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(12, 1)
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.scale * self.linear(x.flatten(1))).squeeze(1)

    logits, squares = squared(by_replay)(Scaled(), torch.ones(2, 3, 2, 2))
    with pytest.raises(RuntimeError, match=r"of shape \(1,\) enters otherwise"):
        (logits.sum() + squares.sum()).backward()


def test_it_is_not_for_images_that_meet(discriminator) -> None:
    """Why `Execution` looks whether a discriminator is piecewise linear."""
    network = discriminator("discriminator.minibatch_std=2")
    assert not network.piecewise_linear
    assert discriminator().piecewise_linear
    given = (randn(4, 3, 16, 16), randn(4, seed=1), randn(4, seed=2))
    mine, theirs = (learnt(way, network, *given)[1] for way in (by_replay, by_autograd))
    assert any(not torch.allclose(one, other, rtol=1e-3) for one, other in zip(mine, theirs, strict=True))
