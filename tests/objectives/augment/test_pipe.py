"""Everything that the discriminator sees goes through one augmentation, with gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.augment.ada import Ada
from hitzoo.objectives.augment.pipe import AugmentPipe, see
from hitzoo.objectives.augment.policy import AUGMENTATIONS
from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.batch_images import batch_images
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import Critic, Question, ask
from hitzoo.objectives.input_gradient import by_autograd, by_func
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.noise import Noise
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.objectives.schedule import Linear
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.finite_difference import FiniteDifference
from hitzoo.objectives.terms.wgan_gp import GradientPenalty

COUNT = 5
EVERY = augmentation_of(tuple(AUGMENTATIONS))
ADA = Ada(("blit", "geometry", "color", "filter", "noise", "cutout"))


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


REAL, FAKE = randn(COUNT, 3, 8, 8), randn(COUNT, 3, 8, 8, seed=1)


def draws(seed: int = 0) -> BatchRandom:
    return BatchRandom(torch.Generator().manual_seed(seed), COUNT)


@pytest.fixture
def discriminator(tiny_spec) -> nn.Module:
    """A piecewise linear one, in which no image touches another's logit."""
    torch.manual_seed(0)
    network = build_discriminator(compile_spec(tiny_spec())).double()
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(0.4 * torch.randn_like(weight))
    assert network.piecewise_linear
    return network


def learnt(network: nn.Module, loss: torch.Tensor) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, list(network.parameters()), allow_unused=True))


@pytest.mark.parametrize("way", [by_autograd, by_func, by_replay])
@pytest.mark.parametrize("name", [*AUGMENTATIONS, "all", "ada"])
def test_gradient_is_by_the_image_before_augmentation(discriminator, way, name) -> None:
    """‖∇_x D(T(x))‖² and what is learnt of it, against the double backward of the two as one function."""
    policy = {"all": EVERY, "ada": ADA}.get(name) or augmentation_of([name])
    question = Question("real", gradient=True)
    images, back = see(AugmentPipe(policy), {question}, {"real": REAL}, draws(), 0)
    answer = ask(Critic(discriminator, way), {question}, images, back)[question]
    x = REAL.clone().requires_grad_()
    logits = discriminator(policy(x, draws()))
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    squares = gradient.square().sum((1, 2, 3))
    torch.testing.assert_close(answer.logits, logits, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(answer.squared_gradient, squares, rtol=1e-9, atol=1e-12)
    factors = randn(COUNT, seed=3), randn(COUNT, seed=4)
    mine, theirs = (
        learnt(discriminator, (one * factors[0] + other * factors[1]).sum())
        for one, other in ((answer.logits, answer.squared_gradient), (logits, squares))
    )
    for found, expected in zip(mine, theirs, strict=True):
        if found is None or expected is None:  # the last bias, by some ways
            assert (found if expected is None else expected) is None or name
            continue
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9 * float(expected.abs().max()))
    assert max(float(expected.abs().max()) for expected in theirs if expected is not None) > 0.1


def test_images_that_want_no_gradient_lead_to_none(discriminator) -> None:
    """The discriminator's own backward pass ends at what it sees."""
    question = Question("real", gradient=True)
    images, _ = see(AugmentPipe(EVERY), {question}, {"real": REAL}, draws(), 0)
    assert not images["real"].requires_grad
    assert not REAL.requires_grad


def test_images_that_want_a_gradient_get_it_through_the_augmentation(discriminator) -> None:
    fake = FAKE.clone().requires_grad_()
    question = Question("fake")
    answer = ask(Critic(discriminator), {question}, *see(AugmentPipe(EVERY), {question}, {"fake": fake}, draws(), 0))
    (found,) = torch.autograd.grad(answer[question].logits.sum(), fake)
    (expected,) = torch.autograd.grad(discriminator(EVERY(fake, draws())).sum(), fake)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    (plain,) = torch.autograd.grad(discriminator(fake).sum(), fake)
    assert not torch.allclose(found, plain, rtol=0.1)


def seen_of(*questions: Question, images: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return dict(see(AugmentPipe(EVERY), questions, images, draws(), 0).images)


def test_versions_of_an_image_have_one_augmentation() -> None:
    """With noise (of the first images alone), and with consistency's copy: the same draw; others have their own."""
    kinds = ("real", "fake", "mixed", "real_augmented", "fake_augmented", "real_noisy", "fake_noisy")
    alike = {on: REAL[: 2 if "noisy" in on else COUNT] for on in kinds}
    noise = Noise(0.1)
    seen = seen_of(*(Question(on, noise=noise if "noisy" in on else None) for on in kinds), images=alike)
    for on in kinds:
        plain = on.partition("_")[0]
        torch.testing.assert_close(seen[on], seen[plain][: len(seen[on])], rtol=0, atol=1e-12)
    assert not torch.allclose(seen["real"], seen["fake"])
    assert not torch.allclose(seen["real"], seen["mixed"])
    assert not torch.allclose(seen["fake"], seen["mixed"])


def test_images_nobody_asks_about_are_not_augmented() -> None:
    assert seen_of(Question("fake"), images={"real": REAL, "fake": FAKE}).keys() == {"fake"}


class Sum(nn.Module):
    """D(x) = Σ w·x."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(randn(3, 8, 8, seed=7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * self.weight).sum((1, 2, 3))


def taken(term, critic: nn.Module, pipe: AugmentPipe | None, augment=None) -> float:
    random = draws()
    batch = batch_images(term.asks, REAL, FAKE, random, augment)
    answers = ask(Critic(critic), term.asks, *see(pipe, term.asks, batch, random, 0))
    return term(answers, Moment()).item()


def test_finite_difference_is_of_the_augmented_discriminator() -> None:
    """Of a linear one it is exact: ((T'w)·ε)², whatever T adds; two draws of T would leave a constant over σ."""
    policy = augmentation_of(["color", "flip", "translation", "cutout"])
    found = [taken(FiniteDifference("real", 1.0, Noise(sigma)), Sum(), AugmentPipe(policy)) for sigma in (1e-1, 1e-4)]
    assert found[0] == pytest.approx(found[1], rel=1e-7)
    assert found[0] != pytest.approx(taken(FiniteDifference("real", 1.0, Noise(0.1)), Sum(), None), rel=0.05)


def test_mixtures_are_mixed_first_and_augmented_then() -> None:
    """The penalty's gradient is by the mixture of the plain images."""
    term, policy, critic = GradientPenalty(1.0), augmentation_of(["color"]), Sum()
    random = draws()
    mixed = batch_images(term.asks, REAL, FAKE, random)["mixed"].requires_grad_()
    (gradient,) = torch.autograd.grad(critic(policy(mixed, random)).sum(), mixed)
    expected = (gradient.flatten(1).norm(dim=1) - 1).square().mean().item()
    assert taken(term, critic, AugmentPipe(policy)) == pytest.approx(expected, rel=1e-9)


def test_consistency_compares_what_is_augmented_alike() -> None:
    """Its own copies come first: (D(T(x)) − D(T(T'(x))))², with T' = identity it is 0."""
    pipe = AugmentPipe(EVERY)
    assert taken(BalancedConsistency(1.0), Sum(), pipe, lambda images, random: images) == pytest.approx(0, abs=1e-20)
    assert taken(BalancedConsistency(1.0), Sum(), pipe, augmentation_of(["flip"])) > 0.1


def test_strength_follows_its_schedule() -> None:
    policy = augmentation_of(["hue"])
    pipe = AugmentPipe(policy, Linear(0.0, 1.0, 100))
    question = Question("real")
    for seen, strength in ((0, 0.0), (60, 0.6), (300, 1.0)):
        found = see(pipe, {question}, {"real": REAL}, draws(), seen).images["real"]
        assert torch.equal(found, policy(REAL, draws(), strength))
    assert not torch.equal(policy(REAL, draws(), 0.0), policy(REAL, draws(), 1.0))


def test_augmentation_is_computed_outside_autocast() -> None:
    """There and back: products of images with a matrix would else be rounded to 8 bits."""
    question, policy = Question("real", gradient=True), augmentation_of(["filter", "hue"])
    calls: list[torch.Tensor] = []

    class InFloat32(Sum):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            calls.append(x)
            with torch.autocast("cpu", enabled=False):
                return super().forward(x)

    network = InFloat32().float()
    found = []
    for half in (False, True):
        images, back = see(AugmentPipe(policy), {question}, {"real": REAL.float()}, draws(), 0)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            found.append(ask(Critic(network), {question}, images, back)[question].squared_gradient)
    torch.testing.assert_close(found[1], found[0], rtol=1e-6, atol=0)
    assert all(image.dtype == torch.float32 for image in calls)
