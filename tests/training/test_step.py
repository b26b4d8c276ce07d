from __future__ import annotations

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F

from hitzoo.models.build import build
from hitzoo.plan.compile import compile_spec
from hitzoo.training.adversarial import LOSSES
from hitzoo.training.augment import Augmentation
from hitzoo.training.penalties import build_regularizers
from hitzoo.training.step import Objective, compute_gradients

BOTH = "training.regularizers=[{kind: r1, weight: 3.0}, {kind: bcr, weight: 2.0, augment: [flip, color]}]"
NONE = "training.regularizers=[]"


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


def gradients(network: torch.nn.Module) -> list[torch.Tensor]:
    return [weight.grad.clone() for weight in network.parameters()]


def assert_same(mine: list[torch.Tensor], theirs: list[torch.Tensor]) -> None:
    assert max(gradient.abs().max() for gradient in theirs) > 1e-3
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", ["non_saturating", "hinge"])
def test_gradients_are_those_of_the_two_losses_taken_apart(networks, loss) -> None:
    generator, discriminator, objective = networks(BOTH, f"training.loss={loss}")
    other_generator, other_discriminator = deepcopy(generator), deepcopy(discriminator)
    z, real = inputs()
    losses = compute_gradients(generator, discriminator, objective, z, real, torch.Generator().manual_seed(5))

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
    random, augment = torch.Generator().manual_seed(5), Augmentation(("flip", "color"))
    change_of_real = of_real - other_discriminator(augment(real, random))
    change_of_fake = of_fake - other_discriminator(augment(fake, random))
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


def test_the_penalties_do_not_reach_the_generator(networks) -> None:
    z, real = inputs()
    results = []
    for regularizers in (BOTH, NONE):
        generator, discriminator, objective = networks(regularizers)
        compute_gradients(generator, discriminator, objective, z, real, torch.Generator())
        results.append((gradients(generator), gradients(discriminator)))
    (with_both, critic_with), (without, critic_without) = results
    assert_same(with_both, without)
    assert any(not torch.allclose(one, other) for one, other in zip(critic_with, critic_without, strict=True))


def test_one_forward_pass_serves_both_networks(networks) -> None:
    generator, discriminator, objective = networks(BOTH)
    calls: list[str] = []
    generator.register_forward_hook(lambda *_: calls.append("G"))
    discriminator.register_forward_hook(lambda module, given, _: calls.append(f"D{len(given[0])}"))
    compute_gradients(generator, discriminator, objective, *inputs(), torch.Generator())
    assert sorted(calls) == ["D4", "D4", "D8", "G"]  # fake, real, and both of them augmented


def test_running_statistics_take_in_the_batch_once(networks) -> None:
    generator, discriminator, objective = networks(BOTH)
    other = deepcopy(generator)
    z, real = inputs()
    compute_gradients(generator, discriminator, objective, z, real, torch.Generator())
    other(z)
    compared = 0
    for name, value in generator.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-12, atol=1e-12)
            assert not torch.equal(value, torch.full_like(value, float("var" in name)))
            compared += 1
    assert compared >= 10


def test_no_weight_moves_and_old_gradients_are_replaced(networks) -> None:
    generator, discriminator, objective = networks(BOTH, "generator.norm=layer")
    before = [weight.clone() for network in (generator, discriminator) for weight in network.parameters()]
    results = []
    for _ in range(2):
        compute_gradients(generator, discriminator, objective, *inputs(), torch.Generator().manual_seed(3))
        results.append([*gradients(generator), *gradients(discriminator)])
    after = [weight for network in (generator, discriminator) for weight in network.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert_same(*results)


def test_the_images_given_are_left_as_they_were(networks) -> None:
    generator, discriminator, objective = networks(BOTH)
    z, real = inputs()
    compute_gradients(generator, discriminator, objective, z, real, torch.Generator())
    assert not real.requires_grad
    assert real.grad is None
    assert torch.equal(real, inputs()[1])
