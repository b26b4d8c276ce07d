from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.layers import convolution, onednn_linear
from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.double_backward import is_twice_differentiable
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.linear import linear
from hitzoo.layers.self_attention import GlobalBlock
from hitzoo.objectives.batch_images import batch_images
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import Critic, ask
from hitzoo.objectives.input_gradient import InputGradient, LogitsAndGradient, by_autograd, by_func
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.term import questions_of
from hitzoo.objectives.terms.wgan_gp import GradientPenalty
from tests.objectives.squared import squared
from tests.support import fill


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("way", [by_autograd, by_func])
def test_by_hand(way) -> None:
    """D(x) = Σ w·x² has the gradient 2wx, whose square is 4w²x²; by w that is 8wx²."""

    class Squares(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(randn(3, 2, 2, seed=9))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.weight * x.square()).sum((1, 2, 3))

    critic, x = Squares(), randn(4, 3, 2, 2)
    logits, squares = squared(way)(critic, x)
    weight = critic.weight.detach()
    torch.testing.assert_close(logits.detach(), (weight * x**2).sum((1, 2, 3)))
    torch.testing.assert_close(squares.detach(), (4 * weight**2 * x**2).sum((1, 2, 3)))
    (by_squares,) = torch.autograd.grad(squares.sum(), critic.weight, retain_graph=True)
    torch.testing.assert_close(by_squares, (8 * weight * x**2).sum(0))
    (by_logits,) = torch.autograd.grad(logits.sum(), critic.weight)
    torch.testing.assert_close(by_logits, (x**2).sum(0))


CASES = {
    "published": [],
    "average": ["discriminator.downsample=average"],
    "minibatch_std": ["discriminator.minibatch_std=2"],
    "equalized": ["discriminator.equalized=true"],
}


@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_the_two_agree(tiny_spec, overrides) -> None:
    torch.manual_seed(0)
    network = build_discriminator(compile_spec(tiny_spec(*overrides))).double()
    found = []
    for way in (by_autograd, by_func):
        critic = deepcopy(network)
        logits, squares = squared(way)(critic, randn(4, 3, 8, 8))
        (logits * randn(4, seed=1) + squares * randn(4, seed=2)).sum().backward()
        found.append([logits.detach(), squares.detach(), *(weight.grad for weight in critic.parameters())])
    assert max(tensor.abs().max() for tensor in found[0][2:]) > 0.1
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("way", [by_autograd, by_func])
def test_the_images_given_are_left_as_they_were(tiny_spec, way) -> None:
    network, images = build_discriminator(compile_spec(tiny_spec())).double(), randn(2, 3, 8, 8)
    _, squares = squared(way)(network, images)
    squares.sum().backward()
    assert not images.requires_grad
    assert images.grad is None
    assert torch.equal(images, randn(2, 3, 8, 8))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(torch.bfloat16, torch.float32), (torch.float32, torch.float32), (torch.float64, torch.float64)],
)
def test_half_precision_ends_at_the_logits(given, wanted) -> None:
    assert at_least_float32(torch.ones(2, dtype=given)).dtype == wanted


class Attending(CheckpointedModule):
    """A discriminator of hitzoo's own attention and linear layers: [B, 3, 4, 4] -> [B]."""

    def __init__(self, *, recomputed: bool = False, share_kv: bool = True) -> None:
        super().__init__()
        self.stem = linear(3, 4)
        self.block = GlobalBlock(channels=4, heads=2, share_kv=share_kv, norm="layer", expansion=2)
        self.block.recomputed = recomputed
        self.logit = linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logit(checkpointed(self.block, self.stem(x.permute(0, 2, 3, 1)))).mean((1, 2, 3))


def compiled(discriminator: nn.Module, images: torch.Tensor) -> LogitsAndGradient:
    """`by_func` as the compiler traces it, in one graph."""
    way: InputGradient = torch.compile(by_func, backend="aot_eager", fullgraph=True)
    return way(discriminator, images)


WAYS: dict[str, tuple[InputGradient, nn.Module]] = {
    "by_autograd": (by_autograd, Attending()),
    "by_autograd, multi-head": (by_autograd, Attending(share_kv=False)),
    "by_autograd, recomputed": (by_autograd, Attending(recomputed=True)),
    "by_func": (by_func, Attending()),
    "compiled": (compiled, Attending()),
}


def penalties(way: InputGradient, discriminator: nn.Module) -> torch.Tensor:
    """The sum of R1 and WGAN-GP."""
    pair = {"real": randn(3, 3, 4, 4, seed=1), "fake": randn(3, 3, 4, 4, seed=2)}
    random = BatchRandom(torch.Generator().manual_seed(3), 3)
    terms = [R1(0.5), GradientPenalty(2.0)]
    like = next(discriminator.parameters())
    images = batch_images(questions_of(terms), **{on: image.to(like) for on, image in pair.items()}, random=random)
    answers = ask(Critic(discriminator, way), questions_of(terms), images)
    return sum(term(answers, Moment(1)) for term in terms)


@pytest.mark.parametrize("name", WAYS)
def test_penalties_learn_through_attention_as_finite_differences_do(name) -> None:
    way, discriminator = WAYS[name]
    network = fill(deepcopy(discriminator).double(), scale=0.7)
    torch.compiler.reset()
    penalties(way, network).backward()
    weights = [weight for weight in network.parameters() if weight.grad is not None]
    direction = [randn(*weight.shape, seed=5) for weight in weights]
    slope = float(sum((weight.grad * step).sum() for weight, step in zip(weights, direction, strict=True)))
    values = []
    for size in (1e-5, -2e-5):
        with torch.no_grad():
            torch._foreach_add_(weights, direction, alpha=size)
        values.append(float(penalties(by_autograd, network).detach()))
    assert slope == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)
    assert abs(slope) > 1e-2


def test_penalty_in_float32_learns_through_linear_layers() -> None:
    """There oneDNN has them, whose backward pass has none of its own."""
    found = []
    for dtype in (torch.float32, torch.float64):
        network = fill(Attending(), scale=0.7).to(dtype)
        penalties(by_autograd, network).backward()
        found.append([weight.grad for weight in network.parameters() if weight.grad is not None])
    for single, double in zip(*found, strict=True):
        torch.testing.assert_close(single.double(), double, rtol=1e-3, atol=1e-4)


def test_fused_attention_is_back_after_a_penalty() -> None:
    network = fill(Attending(), scale=0.7)
    images = randn(2, 3, 4, 4).float()
    before = torch.backends.cuda.flash_sdp_enabled(), onednn_linear.applies(images)
    by_autograd(network, images)
    by_func(network, images)
    assert (torch.backends.cuda.flash_sdp_enabled(), onednn_linear.applies(images)) == before
    assert not is_twice_differentiable()


@pytest.mark.parametrize("way", [by_autograd, by_func])
def test_gradient_by_images_leaves_out_that_by_kernels(tiny_spec, way, monkeypatch) -> None:
    network = build_discriminator(compile_spec(tiny_spec("discriminator.minibatch_std=2"))).double()
    asked = []
    monkeypatch.setattr(convolution, "_gradients", lambda *args: asked.append(args[-1]) or KERNELS(*args))
    _, squares = way(network, randn(2, 3, 8, 8))
    assert set(asked) == {(True, False, False)}
    squares.sum().backward()
    assert (False, True, False) in asked


KERNELS = convolution._gradients
