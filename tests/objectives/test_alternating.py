"""Updates by turns: their gradients against the losses taken apart, in float64."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN, GradientPenalty
from hitzoo.objectives.update import Inputs, images_per_step
from tests.objectives.steps import assert_same, draws, gradients, inputs


def given(**changes) -> Inputs:
    z, real = inputs()
    return Inputs(**{"real": real, "latents": z, "random": draws(), **changes})


def has_gradient(network: nn.Module) -> bool:
    return any(weight.grad is not None for weight in network.parameters())


def test_updates_are_the_discriminators_and_then_the_generators() -> None:
    objective = Alternating(
        loss=NON_SATURATING,
        discriminator_updates=3,
        batch_size=4,
        generator_batch_size=6,
        clip_norm={"discriminator": 5.0},
    )
    updates = objective.updates(1)
    assert [update.moves for update in updates] == [("discriminator",)] * 3 + [("generator",)]
    assert [(update.images, update.latents) for update in updates] == [(4, 4)] * 3 + [(0, 6)]
    assert all(update.clip_norm == {"discriminator": 5.0} for update in updates)
    assert images_per_step(objective) == 12


def test_generator_takes_real_images_where_its_loss_asks_about_them() -> None:
    objective = Alternating(loss=RELATIVISTIC, batch_size=4)
    assert [update.images for update in objective.updates(1)] == [4, 4]
    assert images_per_step(objective) == 8


def test_discriminator_has_the_gradient_of_its_loss_and_the_generator_none(networks) -> None:
    generator, discriminator, _ = networks()
    other_generator, other = deepcopy(generator), deepcopy(discriminator)
    objective = Alternating(loss=NON_SATURATING, penalties=(R1(3.0),), batch_size=4)
    pair = {"generator": generator, "discriminator": Critic(discriminator)}
    losses = objective.discriminator_gradients(pair, given(), Moment())
    assert not has_gradient(generator)

    z, real = inputs()
    x = real.clone().requires_grad_()
    of_real, of_fake = other(x), other(other_generator(z).detach())
    (slope,) = torch.autograd.grad(of_real.sum(), x, create_graph=True)
    r1 = 3 * (slope**2).sum() / 4
    adversarial = F.softplus(-of_real).mean() + F.softplus(of_fake).mean()
    (adversarial + r1).backward()
    assert_same(gradients(discriminator), gradients(other))
    torch.testing.assert_close(losses.terms, {"discriminator": adversarial.detach(), "r1": r1.detach()})
    torch.testing.assert_close(losses.logits["fake"], of_fake.detach().mean())


@pytest.mark.parametrize("loss", [NON_SATURATING, RELATIVISTIC], ids=["fakes alone", "pairs"])
def test_generator_has_the_gradient_of_its_loss_and_the_discriminator_none(networks, loss) -> None:
    generator, discriminator, _ = networks()
    other_generator, other = deepcopy(generator), deepcopy(discriminator)
    objective = Alternating(loss=loss, penalties=(R1(3.0),), batch_size=4)
    losses = objective.generator_gradients(
        {"generator": generator, "discriminator": Critic(discriminator)}, given(), Moment()
    )
    assert not has_gradient(discriminator)
    assert all(weight.requires_grad for weight in discriminator.parameters())  # as they were

    z, real = inputs()
    of_fake, of_real = other(other_generator(z)), other(real)
    expected = (F.softplus(-of_fake) if loss is NON_SATURATING else F.softplus(of_real - of_fake)).mean()
    expected.backward()
    assert_same(gradients(generator), gradients(other_generator))
    torch.testing.assert_close(losses.terms, {"generator": expected.detach()})


def test_share_scales_the_gradients_and_not_the_losses(networks) -> None:
    objective = Alternating(loss=WASSERSTEIN, penalties=(GradientPenalty(10.0),), batch_size=4)
    found = []
    for share in (1.0, 0.25):
        generator, discriminator, _ = networks()
        pair = {"generator": generator, "discriminator": Critic(discriminator)}
        of_critic = objective.discriminator_gradients(pair, given(share=share), Moment())
        of_generator = objective.generator_gradients(pair, given(share=share), Moment(index=1))
        losses = {**of_critic.terms, **of_generator.terms}
        found.append(([*gradients(discriminator), *gradients(generator)], losses))
    (whole, losses), (part, losses_of_part) = found
    assert_same(part, [gradient / 4 for gradient in whole])
    assert losses_of_part == losses


def test_lazy_penalty_counts_the_discriminators_updates(networks) -> None:
    generator, discriminator, _ = networks()
    objective = Alternating(
        loss=NON_SATURATING, penalties=(R1(3.0, interval=3),), discriminator_updates=2, batch_size=4
    )
    pair = {"generator": generator, "discriminator": Critic(discriminator)}
    places = [Moment(step=step, index=index) for step in range(1, 5) for index in range(2)]
    taken = ["r1" in objective.discriminator_gradients(pair, given(), at).terms for at in places]
    assert taken == [True, False, False, True, False, False, True, False]


def test_step_takes_so_many_passes() -> None:
    """Counted by hand, per real image that the discriminator learns from."""
    one = Alternating(loss=NON_SATURATING, batch_size=4)
    assert one.passes() == {"generator": 1 + 3, "discriminator": 6 + 2}
    many = Alternating(
        loss=NON_SATURATING,
        penalties=(R1(1.0, interval=2), BalancedConsistency(1.0)),
        discriminator_updates=4,
        batch_size=4,
        generator_batch_size=8,
    )
    assert many.passes() == {"generator": 1 + 3 / 2, "discriminator": 6 + 3 / 2 + 6 + 2 / 2}
