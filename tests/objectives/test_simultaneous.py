from __future__ import annotations

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F

from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.training.engine.execution import Execution
from tests.objectives.steps import BOTH, NONE, PLAIN, Ones, assert_same, draws, gradients, inputs, step

EXECUTIONS = {
    "published": PLAIN,
    "one backward": Execution(replayed_penalty=False),
    "replayed": Execution(one_backward=False),
    "both": Execution(),
    "by func": Execution(compiled=True, one_backward=False),
}


@pytest.mark.parametrize("execution", EXECUTIONS.values(), ids=EXECUTIONS.keys())
@pytest.mark.parametrize("loss", ["non_saturating", "hinge"])
def test_gradients_are_those_of_the_two_losses_taken_apart(networks, loss, execution) -> None:
    generator, discriminator, objective = networks(BOTH, f"training.loss={loss}")
    other_generator, other_discriminator = deepcopy(generator), deepcopy(discriminator)
    z, real = inputs()
    losses = step(generator, discriminator, objective, execution, seed=5)

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
    drawn, augment = draws(5), augmentation_of(("flip", "color"))
    change_of_real = of_real - other_discriminator(augment(real, drawn))
    change_of_fake = of_fake - other_discriminator(augment(fake, drawn))
    bcr = 2 * ((change_of_real**2).sum() + (change_of_fake**2).sum()) / 4
    if loss == "non_saturating":
        adversarial = F.softplus(-of_real).mean() + F.softplus(of_fake).mean()
    else:
        adversarial = F.relu(1 - of_real).mean() + F.relu(1 + of_fake).mean()
    (adversarial + r1 + bcr).backward()
    assert_same(gradients(discriminator), gradients(other_discriminator))

    assert list(losses.terms) == ["generator", "discriminator", "r1", "bcr"]
    torch.testing.assert_close(losses.terms["generator"], generator_loss.detach())
    torch.testing.assert_close(losses.terms["discriminator"], adversarial.detach())
    torch.testing.assert_close(losses.terms["r1"], r1.detach())
    torch.testing.assert_close(losses.terms["bcr"], bcr.detach())
    torch.testing.assert_close(losses.logits["real"], of_real.detach().mean())
    torch.testing.assert_close(losses.logits["fake"], of_fake.detach().mean())
    numbers = [*losses.terms.values(), *losses.logits.values()]
    assert not any(number.requires_grad for number in numbers)  # nothing keeps the graph alive


@pytest.mark.parametrize("execution", [PLAIN, Execution()], ids=["two passes", "one pass"])
def test_penalties_do_not_reach_the_generator(networks, execution) -> None:
    results = []
    for regularizers in (BOTH, NONE):
        generator, discriminator, objective = networks(regularizers)
        step(generator, discriminator, objective, execution)
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


def test_discriminator_is_asked_only_for_what_is_wanted(networks) -> None:
    generator, discriminator, objective = networks(NONE)
    calls: list[int] = []
    discriminator.register_forward_hook(lambda module, given, _: calls.append(len(given[0])))
    losses = step(generator, discriminator, objective)
    assert calls == [4, 4]
    assert list(losses.terms) == ["generator", "discriminator"]


def test_real_and_fake_images_are_augmented_with_draws_of_their_own(networks) -> None:
    """The first draw moves the real images, the second the fake ones; nothing is learnt through either."""
    generator, _, _ = networks(NONE)
    seen: list[torch.Tensor] = []

    def moved(images: torch.Tensor, drawn: BatchRandom) -> torch.Tensor:
        assert not torch.is_grad_enabled()
        seen.append(images)
        return images + drawn.uniform()[:, None, None, None]

    objective = Simultaneous(loss=HINGE, penalties=(BalancedConsistency(1.0),), batch_size=4, augment=moved)
    _, real = inputs()
    losses = step(generator, Ones(), objective, seed=4)
    random = torch.Generator().manual_seed(4)
    first, second = (torch.rand(4, generator=random) for _ in range(2))
    expected = (192 * first).square().mean() + (192 * second).square().mean()
    assert losses.terms["bcr"].item() == pytest.approx(expected.item(), rel=1e-6)
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


@pytest.mark.parametrize("execution", [PLAIN, Execution()], ids=["plain", "fast"])
def test_no_weight_moves_and_gradients_are_added_to_those_that_are_there(networks, execution) -> None:
    generator, discriminator, objective = networks(BOTH, "generator.norm=layer")
    before = [weight.clone() for network in (generator, discriminator) for weight in network.parameters()]
    results = []
    for _ in range(2):
        step(generator, discriminator, objective, execution, seed=3)
        results.append([*gradients(generator), *gradients(discriminator)])
    after = [weight for network in (generator, discriminator) for weight in network.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert_same(results[1], [2 * gradient for gradient in results[0]])


@pytest.mark.parametrize("execution", [PLAIN, Execution()], ids=["plain", "fast"])
def test_share_scales_the_gradients_and_not_the_losses(networks, execution) -> None:
    results = []
    for share in (1.0, 0.25):
        generator, discriminator, objective = networks(BOTH)
        losses = step(generator, discriminator, objective, execution, share=share)
        results.append(([*gradients(generator), *gradients(discriminator)], losses))
    (whole, losses), (part, losses_of_part) = results
    assert_same(part, [gradient / 4 for gradient in whole])
    assert losses_of_part.terms == losses.terms


@pytest.mark.parametrize("execution", [PLAIN, Execution()], ids=["plain", "fast"])
def test_images_given_are_left_as_they_were(networks, execution) -> None:
    generator, discriminator, objective = networks(BOTH)
    _, real = inputs()
    step(generator, discriminator, objective, execution, real=real)
    assert not real.requires_grad
    assert real.grad is None
    assert torch.equal(real, inputs()[1])


def test_lazy_term_is_taken_in_its_steps_alone(networks) -> None:
    generator, discriminator, objective = networks("training.regularizers=[{kind: r1, interval: 3}]")
    taken = [n for n in range(1, 8) if "r1" in step(generator, discriminator, objective, number=n).terms]
    assert taken == [1, 4, 7]


@pytest.mark.parametrize("execution", [PLAIN, Execution()], ids=["plain", "fast"])
@pytest.mark.parametrize("kind", ["r1", "bcr"])
def test_lazy_term_has_its_interval_in_the_gradient_and_not_in_the_number(networks, kind, execution) -> None:
    augment = ", augment: [color]" if kind == "bcr" else ""
    found = {}
    for weight, interval in ((2.0, 1), (2.0, 8), (16.0, 1)):
        terms = f"training.regularizers=[{{kind: {kind}, weight: {weight}, interval: {interval}{augment}}}]"
        generator, discriminator, objective = networks(terms)
        losses = step(generator, discriminator, objective, execution)
        found[weight, interval] = ([*gradients(generator), *gradients(discriminator)], losses.terms[kind].item())
    assert_same(found[2.0, 8][0], found[16.0, 1][0])
    assert found[2.0, 8][1] == pytest.approx(found[2.0, 1][1], rel=1e-12)
    assert found[16.0, 1][1] == pytest.approx(8 * found[2.0, 1][1], rel=1e-12)
    assert any(not torch.allclose(a, b) for a, b in zip(found[2.0, 8][0], found[2.0, 1][0], strict=True))
