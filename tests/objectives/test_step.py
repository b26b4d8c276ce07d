from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.build import build
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.adversarial import LOSSES, AdversarialLoss
from hitzoo.objectives.augment import Augmentation
from hitzoo.objectives.batch_random import Draws
from hitzoo.objectives.critic import Judge
from hitzoo.objectives.penalties import R1, BalancedConsistency, build_regularizers
from hitzoo.objectives.step import Objective, Players, StepLosses, compute_gradients
from hitzoo.training.engine.execution import Way

BOTH = "training.regularizers=[{kind: r1, weight: 3.0}, {kind: bcr, weight: 2.0, augment: [flip, color]}]"
NONE = "training.regularizers=[]"
PLAIN = Way(replayed_penalty=False, one_backward=False)
WAYS = {
    "published": PLAIN,
    "one backward": Way(replayed_penalty=False),
    "replayed": Way(one_backward=False),
    "both": Way(),
    "by func": Way(compiled=True, one_backward=False),
}


@pytest.fixture
def networks(tiny_spec):
    """Generator and discriminator in float64, with weights that matter, and what they are trained by."""

    def make(*overrides: str):
        spec = tiny_spec(*overrides)
        torch.manual_seed(0)
        generator, discriminator = (network.double() for network in build(compile_spec(spec)))
        with torch.no_grad():
            for weight in generator.parameters():
                weight.copy_(0.4 * torch.randn_like(weight))
        objective = Objective(LOSSES[spec.training.loss], build_regularizers(spec.training.regularizers))
        return generator, discriminator, objective

    return make


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    real = torch.rand(4, 3, 8, 8, dtype=torch.float64, generator=random) * 2 - 1
    return torch.randn(4, 6, dtype=torch.float64, generator=random), real


def draws(seed: int = 0) -> Draws:
    return Draws(torch.Generator().manual_seed(seed), 4)


def players(generator: nn.Module, discriminator: nn.Module, way: Way = PLAIN) -> Players:
    judge = Judge(discriminator, way.input_gradient(discriminator))
    return Players(generator=generator, judge=judge, images_alone=way.images_alone(discriminator))


def step(generator, discriminator, objective: Objective, way: Way = PLAIN, *, seed: int = 0, **changes) -> StepLosses:
    return compute_gradients(players(generator, discriminator, way), objective, *inputs(), draws(seed), **changes)


def gradients(network: nn.Module) -> list[torch.Tensor]:
    return [weight.grad.clone() for weight in network.parameters()]


def assert_same(mine: list[torch.Tensor], theirs: list[torch.Tensor], rtol: float = 1e-9) -> None:
    largest = max(gradient.abs().max() for gradient in theirs)
    assert largest > 1e-3
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("loss", ["non_saturating", "hinge"])
def test_gradients_are_those_of_the_two_losses_taken_apart(networks, loss, way) -> None:
    generator, discriminator, objective = networks(BOTH, f"training.loss={loss}")
    other_generator, other_discriminator = deepcopy(generator), deepcopy(discriminator)
    z, real = inputs()
    losses = step(generator, discriminator, objective, way, seed=5)

    fake = other_generator(z)
    logits = other_discriminator(fake)
    generator_loss = F.softplus(-logits).mean() if loss == "non_saturating" else -logits.mean()
    generator_loss.backward()
    assert_same(gradients(generator), gradients(other_generator))

    other_discriminator.zero_grad()
    fake, x = fake.detach(), real.clone().requires_grad_()
    of_real, of_fake = other_discriminator(x), other_discriminator(fake)
    (slope,) = torch.autograd.grad(of_real.sum(), x, create_graph=True)
    r1 = 3 * (slope**2).sum() / 4
    drawn, augment = draws(5), Augmentation(("flip", "color"))
    change_of_real = of_real - other_discriminator(augment(real, drawn))
    change_of_fake = of_fake - other_discriminator(augment(fake, drawn))
    bcr = 2 * ((change_of_real**2).sum() + (change_of_fake**2).sum()) / 4
    if loss == "non_saturating":
        adversarial = F.softplus(-of_real).mean() + F.softplus(of_fake).mean()
    else:
        adversarial = F.relu(1 - of_real).mean() + F.relu(1 + of_fake).mean()
    (adversarial + r1 + bcr).backward()
    assert_same(gradients(discriminator), gradients(other_discriminator))

    assert list(losses.penalties) == ["r1", "bcr"]
    torch.testing.assert_close(losses.generator, generator_loss.detach())
    torch.testing.assert_close(losses.discriminator, adversarial.detach())
    torch.testing.assert_close(losses.penalties["r1"], r1.detach())
    torch.testing.assert_close(losses.penalties["bcr"], bcr.detach())
    torch.testing.assert_close(losses.real_logits, of_real.detach())
    torch.testing.assert_close(losses.fake_logits, of_fake.detach())
    numbers = [losses.generator, losses.discriminator, *losses.penalties.values()]
    numbers += [losses.real_logits, losses.fake_logits]
    assert not any(number.requires_grad for number in numbers)  # nothing keeps the graph alive


def shifted(discriminator: nn.Module, by: float) -> nn.Module:
    """The same critic with all its logits moved."""
    moved = deepcopy(discriminator)
    with torch.no_grad():
        moved.head.logit.bias += by
    return moved


@pytest.mark.parametrize("regularizers", [BOTH, NONE, "training.regularizers=[{kind: bcr, augment: [cutout]}]"])
@pytest.mark.parametrize(
    ("loss", "by"),
    [
        ("non_saturating", 0.0),
        ("non_saturating", -40.0),  # σ(−40) = 4e-18: what the discriminator learns of a fake image vanishes
        ("non_saturating", 40.0),  # and here what the generator learns
        ("hinge", 0.0),
        ("hinge", -5.0),  # every fake logit below −1: the slope is 0
        ("hinge", 5.0),
    ],
)
def test_one_pass_back_gives_both_networks_what_two_passes_do(networks, loss, by, regularizers) -> None:
    generator, discriminator, objective = networks(regularizers, f"training.loss={loss}")
    discriminator = shifted(discriminator, by)
    results = []
    for way in (PLAIN, Way(replayed_penalty=False)):
        mine, critic = deepcopy(generator), deepcopy(discriminator)
        assert way.images_alone(critic) == way.one_backward
        losses = step(mine, critic, objective, way)
        results.append((gradients(mine), gradients(critic), losses))
    (two, critic_of_two, expected), (one, critic_of_one, found) = results
    for apart, together in ((two, one), (critic_of_two, critic_of_one)):
        largest = float(max(gradient.abs().max() for gradient in apart))
        assert largest > 0
        for a, b in zip(apart, together, strict=True):
            torch.testing.assert_close(b, a, rtol=1e-10, atol=1e-10 * largest)
    assert torch.equal(found.fake_logits, expected.fake_logits)


class Ones(nn.Module):
    """D(x) = Σx: the gradient by each pixel is 1."""

    piecewise_linear = True

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x.sum((1, 2, 3))


@pytest.mark.parametrize("slope", [0.0, 1e-30, -1e-30, 1e-9, -1e-9, 0.3, -0.3])
def test_a_slope_of_nothing_and_next_to_nothing_still_reaches_the_generator(slope) -> None:
    """The generator's loss has a slope of its own, whatever the discriminator learns of the same logit."""
    generator = nn.Conv2d(3, 3, 1, bias=False).double()
    images = torch.rand(2, 3, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    loss = AdversarialLoss(lambda fake: -7 * fake.sum(), lambda real, fake: real.sum() + slope * fake.sum())
    critic = Ones()
    alone = Players(generator=generator, judge=Judge(critic), images_alone=True)
    losses = compute_gradients(alone, Objective(loss, ()), images, images, draws())
    expected = (-7 * images.sum((0, 2, 3))).expand(3, 3)
    torch.testing.assert_close(generator.weight.grad[:, :, 0, 0], expected, rtol=1e-10, atol=0)
    learnt = losses.real_logits.sum() + slope * losses.fake_logits.sum()
    torch.testing.assert_close(critic.weight.grad[0], learnt, rtol=1e-10, atol=0)


def test_images_that_meet_in_the_minibatch_deviation_are_judged_in_two_passes(networks) -> None:
    _, together, _ = networks("discriminator.minibatch_std=2")
    _, alone, _ = networks()
    assert not Way().images_alone(together)
    assert Way().images_alone(alone)
    assert not PLAIN.images_alone(alone)


def test_one_pass_would_be_wrong_where_images_meet(networks) -> None:
    """What the test above is worth."""
    generator, discriminator, objective = networks(NONE, "discriminator.minibatch_std=2")
    results = []
    for alone in (False, True):
        mine, critic = deepcopy(generator), deepcopy(discriminator)
        both = Players(generator=mine, judge=Judge(critic), images_alone=alone)
        compute_gradients(both, objective, *inputs(), draws())
        results.append(gradients(mine))
    assert any(not torch.allclose(one, other, rtol=1e-4) for one, other in zip(*results, strict=True))


@pytest.mark.parametrize("way", [PLAIN, Way()], ids=["two passes", "one pass"])
def test_the_penalties_do_not_reach_the_generator(networks, way) -> None:
    results = []
    for regularizers in (BOTH, NONE):
        generator, discriminator, objective = networks(regularizers)
        step(generator, discriminator, objective, way)
        results.append((gradients(generator), gradients(discriminator)))
    (with_both, critic_with), (without, critic_without) = results
    assert_same(with_both, without)
    assert any(not torch.allclose(one, other) for one, other in zip(critic_with, critic_without, strict=True))


def test_one_forward_pass_serves_both_networks(networks) -> None:
    generator, discriminator, objective = networks(BOTH)
    calls: list[str] = []
    generator.register_forward_hook(lambda *_: calls.append("G"))
    discriminator.register_forward_hook(lambda module, given, _: calls.append(f"D{len(given[0])}"))
    step(generator, discriminator, objective)
    assert sorted(calls) == ["D4", "D4", "D8", "G"]  # fake, real, and both of them augmented


def test_the_discriminator_is_asked_only_for_what_is_wanted(networks) -> None:
    generator, discriminator, objective = networks(NONE)
    calls: list[int] = []
    discriminator.register_forward_hook(lambda module, given, _: calls.append(len(given[0])))
    losses = step(generator, discriminator, objective)
    assert calls == [4, 4]
    assert losses.penalties == {}


def test_real_and_fake_images_are_augmented_with_draws_of_their_own(networks) -> None:
    """The first draw moves the real images, the second the fake ones; nothing is learnt through either."""
    generator, _, _ = networks(NONE)
    seen: list[torch.Tensor] = []

    def moved(images: torch.Tensor, drawn: Draws) -> torch.Tensor:
        assert not torch.is_grad_enabled()
        seen.append(images)
        return images + drawn.uniform()[:, None, None, None]

    objective = Objective(LOSSES["hinge"], [BalancedConsistency(1.0, moved)])
    _, real = inputs()
    losses = step(generator, Ones(), objective, seed=4)
    random = torch.Generator().manual_seed(4)
    first, second = (torch.rand(4, generator=random) for _ in range(2))
    expected = (192 * first).square().mean() + (192 * second).square().mean()
    assert losses.penalties["bcr"].item() == pytest.approx(expected.item(), rel=1e-6)
    assert torch.equal(seen[0], real)
    assert len(seen) == 2


def test_running_statistics_take_in_the_batch_once(networks) -> None:
    generator, discriminator, objective = networks(BOTH)
    other = deepcopy(generator)
    step(generator, discriminator, objective)
    other(inputs()[0])
    compared = 0
    for name, value in generator.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-12, atol=1e-12)
            assert not torch.equal(value, torch.full_like(value, float("var" in name)))
            compared += 1
    assert compared >= 10


@pytest.mark.parametrize("way", [PLAIN, Way()], ids=["plain", "fast"])
def test_no_weight_moves_and_gradients_are_added_to_those_that_are_there(networks, way) -> None:
    generator, discriminator, objective = networks(BOTH, "generator.norm=layer")
    before = [weight.clone() for network in (generator, discriminator) for weight in network.parameters()]
    results = []
    for _ in range(2):
        step(generator, discriminator, objective, way, seed=3)
        results.append([*gradients(generator), *gradients(discriminator)])
    after = [weight for network in (generator, discriminator) for weight in network.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert_same(results[1], [2 * gradient for gradient in results[0]])


@pytest.mark.parametrize("way", [PLAIN, Way()], ids=["plain", "fast"])
def test_a_share_scales_the_gradients_and_not_the_losses(networks, way) -> None:
    results = []
    for share in (1.0, 0.25):
        generator, discriminator, objective = networks(BOTH)
        losses = step(generator, discriminator, objective, way, share=share)
        results.append(([*gradients(generator), *gradients(discriminator)], losses))
    (whole, losses), (part, losses_of_part) = results
    assert_same(part, [gradient / 4 for gradient in whole])
    assert losses_of_part.discriminator == losses.discriminator
    assert losses_of_part.penalties == losses.penalties


@pytest.mark.parametrize("way", [PLAIN, Way()], ids=["plain", "fast"])
def test_the_images_given_are_left_as_they_were(networks, way) -> None:
    generator, discriminator, objective = networks(BOTH)
    z, real = inputs()
    compute_gradients(players(generator, discriminator, way), objective, z, real, draws())
    assert not real.requires_grad
    assert real.grad is None
    assert torch.equal(real, inputs()[1])


def test_a_term_is_due_at_the_first_step_and_every_interval_after() -> None:
    r1, bcr = R1(1.0, interval=3), BalancedConsistency(1.0, Augmentation(()), interval=2)
    objective = Objective(LOSSES["hinge"], (r1, bcr, replace(r1, interval=1, name="always")))
    due = {step: [term.name for term in objective.due(step).regularizers] for step in range(1, 8)}
    assert [step for step, names in due.items() if "r1" in names] == [1, 4, 7]
    assert [step for step, names in due.items() if "bcr" in names] == [1, 3, 5, 7]
    assert all("always" in names for names in due.values())
    assert objective.due(2).loss is objective.loss


@pytest.mark.parametrize("way", [PLAIN, Way()], ids=["plain", "fast"])
@pytest.mark.parametrize("kind", ["r1", "bcr"])
def test_a_lazy_term_has_its_interval_in_the_gradient_and_not_in_the_number(networks, kind, way) -> None:
    augment = ", augment: [color]" if kind == "bcr" else ""
    found = {}
    for weight, interval in ((2.0, 1), (2.0, 8), (16.0, 1)):
        terms = f"training.regularizers=[{{kind: {kind}, weight: {weight}, interval: {interval}{augment}}}]"
        generator, discriminator, objective = networks(terms)
        losses = step(generator, discriminator, objective.due(1), way)
        found[weight, interval] = ([*gradients(generator), *gradients(discriminator)], losses.penalties[kind].item())
    assert_same(found[2.0, 8][0], found[16.0, 1][0])
    assert found[2.0, 8][1] == pytest.approx(found[2.0, 1][1], rel=1e-12)
    assert found[16.0, 1][1] == pytest.approx(8 * found[2.0, 1][1], rel=1e-12)
    assert any(not torch.allclose(a, b) for a, b in zip(found[2.0, 8][0], found[2.0, 1][0], strict=True))
