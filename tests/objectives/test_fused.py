"""One pass back for both losses against the plain step: in float64, over losses, penalties and saturated logits."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import nn

from hitzoo.objectives.augment.ada import Ada
from hitzoo.objectives.augment.pipe import AugmentPipe
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.fused import FusedSimultaneous
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.objectives.terms.term import AdversarialLoss, OfLogits
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN, Drift, GradientPenalty
from hitzoo.objectives.update import Inputs
from hitzoo.training.engine.execution import Execution
from tests.objectives.steps import NONE, PLAIN, Ones, draws, gradients, inputs, step

RECIPES = {
    "nothing": (),
    "r1 and bcr": (R1(3.0), BalancedConsistency(2.0)),
    "r1 and r2": (R1(3.0), R2(2.0)),
    "gradient penalty and drift": (GradientPenalty(10.0, target=0.5), Drift(0.1)),
    "lazy bcr": (BalancedConsistency(2.0, interval=4),),
}
CASES = [
    (NON_SATURATING, 0.0),
    (NON_SATURATING, -40.0),  # σ(−40) = 4e-18: what the discriminator learns of a fake image vanishes
    (NON_SATURATING, 40.0),  # and here what the generator learns
    (HINGE, 0.0),
    (HINGE, -5.0),  # every fake logit below −1: the slope is 0
    (HINGE, 5.0),
    (RELATIVISTIC, 0.0),
    (WASSERSTEIN, 0.0),
]
NAMES = {id(NON_SATURATING): "logistic", id(HINGE): "hinge", id(RELATIVISTIC): "pairs", id(WASSERSTEIN): "wasserstein"}


def shifted(discriminator: nn.Module, by: float) -> nn.Module:
    """The same critic with all its logits moved."""
    moved = deepcopy(discriminator)
    with torch.no_grad():
        moved.head.logit.bias += by
    return moved


@pytest.mark.parametrize("replayed", [False, True], ids=["double backward", "replayed"])
@pytest.mark.parametrize("penalties", RECIPES.values(), ids=RECIPES.keys())
@pytest.mark.parametrize(("loss", "by"), CASES, ids=[f"{NAMES[id(loss)]} {by:g}" for loss, by in CASES])
def test_fused_step_has_the_gradients_of_the_plain_one(networks, loss, by, penalties, replayed) -> None:
    generator, discriminator, of_spec = networks("training.regularizers=[{kind: bcr, augment: [cutout]}]")
    objective = replace(of_spec, loss=loss, penalties=penalties)
    assert_fused_is_plain(generator, shifted(discriminator, by), objective, replayed)


@pytest.mark.parametrize("name", ["r1 and bcr", "r1 and r2"])
@pytest.mark.parametrize("loss", [NON_SATURATING, RELATIVISTIC], ids=["logistic", "pairs"])
def test_fused_step_is_the_plain_one_through_augmentation(networks, loss, name) -> None:
    generator, discriminator, of_spec = networks("training.regularizers=[{kind: bcr, augment: [cutout]}]")
    pipe = AugmentPipe(Ada(("blit", "geometry", "color", "cutout")), 0.7)
    objective = replace(of_spec, loss=loss, penalties=RECIPES[name], augment_pipe=pipe)
    assert_fused_is_plain(generator, discriminator, objective, replayed=True)


def assert_fused_is_plain(
    generator: nn.Module, discriminator: nn.Module, objective: Simultaneous, replayed: bool
) -> None:
    results = []
    for execution in (PLAIN, Execution(replayed_penalty=replayed)):
        mine, critic = deepcopy(generator), deepcopy(discriminator)
        fused = execution.objective(objective, {"generator": mine, "discriminator": critic})
        assert isinstance(fused, FusedSimultaneous) == execution.one_backward
        losses = step(mine, critic, objective, execution)
        results.append((gradients(mine), gradients(critic), losses))
    (two, critic_of_two, expected), (one, critic_of_one, found) = results
    for apart, together in ((two, one), (critic_of_two, critic_of_one)):
        largest = float(max(gradient.abs().max() for gradient in apart))
        assert largest > 0
        for a, b in zip(apart, together, strict=True):
            torch.testing.assert_close(b, a, rtol=1e-10, atol=1e-10 * largest)
    assert found.logits == expected.logits


@pytest.mark.parametrize("slope", [0.0, 1e-30, -1e-30, 1e-9, -1e-9, 0.3, -0.3])
def test_slope_of_nothing_and_next_to_nothing_still_reaches_the_generator(slope) -> None:
    """The generator's loss has a slope of its own, whatever the discriminator learns of the same logit."""
    generator = nn.Conv2d(3, 3, 1, bias=False).double()
    images = torch.rand(2, 3, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    loss = AdversarialLoss(
        OfLogits("generator", ("fake",), lambda fake: -7 * fake.sum()),
        OfLogits("discriminator", ("real", "fake"), lambda real, fake: real.sum() + slope * fake.sum()),
    )
    critic = Ones()
    fused = FusedSimultaneous(loss=loss, batch_size=2)
    made = generator(images).detach()
    given = Inputs(real=images, latents=images, random=draws())
    fused.gradients({"generator": generator, "discriminator": Critic(critic)}, given, Moment())
    expected = (-7 * images.sum((0, 2, 3))).expand(3, 3)
    torch.testing.assert_close(generator.weight.grad[:, :, 0, 0], expected, rtol=1e-10, atol=0)
    learnt = images.sum() + slope * made.sum()
    torch.testing.assert_close(critic.weight.grad[0], learnt, rtol=1e-10, atol=0)


def test_discriminator_whose_images_meet_gets_the_plain_step(networks) -> None:
    generator, together, objective = networks("discriminator.minibatch_std=2")
    _, alone, _ = networks()
    assert type(Execution().objective(objective, {"generator": generator, "discriminator": together})) is Simultaneous
    assert type(Execution().objective(objective, {"generator": generator, "discriminator": alone})) is FusedSimultaneous


def test_fused_step_would_be_wrong_where_images_meet(networks) -> None:
    """What the test above is worth."""
    generator, discriminator, objective = networks(NONE, "discriminator.minibatch_std=2")
    results = []
    z, real = inputs()
    for objective_ in (objective, FusedSimultaneous.of(objective)):
        mine, critic = deepcopy(generator), deepcopy(discriminator)
        given = Inputs(real=real, latents=z, random=draws())
        objective_.gradients({"generator": mine, "discriminator": Critic(critic)}, given, Moment())
        results.append(gradients(mine))
    assert any(not torch.allclose(one, other, rtol=1e-4) for one, other in zip(*results, strict=True))
