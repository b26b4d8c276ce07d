"""Lazy penalties as updates of their own, against a loop as the published code of StyleGAN2 and StyleSwin has it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import torch
import torch.nn.functional as F

from hitzoo.errors import SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.lecam import LeCam
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.term import Answers
from hitzoo.objectives.terms.wgan_gp import GradientPenalty
from hitzoo.objectives.update import images_per_step
from hitzoo.runtime.distributed import ALONE
from hitzoo.training.engine import runner as runner_module
from tests.training.engine.test_stale_gradient import latents, weights
from tests.training.two_processes import CPU, LAYER, float64, images, make, state

BATCH, STEPS, WEIGHT, INTERVAL = 4, 3, 40.0, 2
PUBLISHED = Alternating(
    loss=NON_SATURATING,
    penalties=(R1(WEIGHT, interval=INTERVAL),),
    batch_size=BATCH,
    clip_norm={"discriminator": 0.01},
    lazy_updates=True,
)


def published_loop() -> dict[str, torch.Tensor]:
    """D's update, clipped; every second time R1's on the same images, not clipped; G's."""
    trained, _ = make([LAYER], ALONE, 1)
    networks, optimizers = trained.networks, trained.optimizers
    generator, discriminator = networks["generator"], networks["discriminator"]
    for step in range(1, STEPS + 1):
        real = runner_module.to_real(images(step, ALONE, BATCH), CPU)
        with torch.no_grad():
            fake = generator(latents(step, 0, BATCH))
        (F.softplus(discriminator(fake)).mean() + F.softplus(-discriminator(real)).mean()).backward()
        torch.nn.utils.clip_grad_norm_(discriminator.parameters(), 0.01)
        optimizers["discriminator"].step()
        optimizers["discriminator"].zero_grad()
        lazy = (step - 1) % INTERVAL == 0
        if lazy:
            real.requires_grad_()
            logits = discriminator(real)
            (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
            (WEIGHT * INTERVAL * slope.square().sum(dim=(1, 2, 3)).mean() + 0 * logits[0]).backward()
            optimizers["discriminator"].step()
            optimizers["discriminator"].zero_grad()
        F.softplus(-discriminator(generator(latents(step, 1 + lazy, BATCH)))).mean().backward()
        optimizers["generator"].step()
        for optimizer in optimizers.values():
            optimizer.zero_grad()
    return weights(state(trained))


def trained_by(objective: Alternating, pieces: int) -> dict[str, torch.Tensor]:
    trained, runner = make([LAYER], ALONE, pieces, objective=objective)
    for step in range(1, STEPS + 1):
        assert runner(step, images(step, ALONE, BATCH)).applied
    return weights(state(trained))


@pytest.mark.parametrize("pieces", [1, 2])
def test_steps_are_those_of_the_published_loop(pieces: int) -> None:
    with float64():
        expected, found = published_loop(), trained_by(PUBLISHED, pieces)
        added = trained_by(replace(PUBLISHED, lazy_updates=False), pieces)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-9, atol=1e-11, msg=name)
    assert max(float((added[name] - value).abs().max()) for name, value in expected.items()) > 1e-4


def test_order_of_updates() -> None:
    twice = replace(PUBLISHED, discriminator_updates=2, generator_after=1, penalties=(R1(1.0, 3), GradientPenalty(1.0)))
    orders = [["penalties" if one.again else one.moves[0] for one in twice.updates(step)] for step in (1, 2, 3)]
    assert orders == [
        ["discriminator", "penalties", "generator", "discriminator"],
        ["discriminator", "generator", "discriminator", "penalties"],
        ["discriminator", "generator", "discriminator"],
    ]
    assert images_per_step(twice) == 2 * BATCH
    assert [one.latents for one in twice.updates(1)] == [BATCH, 0, BATCH, BATCH]


def test_penalty_of_mixtures_has_fakes_of_its_own() -> None:
    mixed = replace(PUBLISHED, penalties=(GradientPenalty(1.0, interval=2),))
    with float64():
        _, runner = make([LAYER], ALONE, 1, objective=mixed)
        found = [runner(step, images(step, ALONE, BATCH)).losses.terms.keys() for step in (1, 2)]
    assert ["wgan_gp" in names for names in found] == [True, False]


@dataclass
class Noticed:
    """LeCam that notes the averages it is given."""

    term: LeCam
    averages: list[tuple[float, float]] = field(default_factory=list)
    name = "lecam"
    asks = LeCam.asks

    @property
    def interval(self) -> int:
        return self.term.interval

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        self.averages.append(at.logits)
        return self.term(answers, at)


def test_lecam_of_its_own_compares_with_the_logits_of_the_discriminators_updates() -> None:
    lecam, averaged = Noticed(LeCam(1.0, interval=2)), (0.0, 0.0)
    expected = [averaged]
    with float64():
        _, runner = make(
            [LAYER, "training.regularizers=[{kind: lecam, interval: 2, decay: 0.5}]"],
            ALONE,
            1,
            objective=replace(PUBLISHED, penalties=(lecam,)),
        )
        for step in range(1, STEPS + 1):
            seen = runner(step, images(step, ALONE, BATCH)).losses.logits
            averaged = (0.5 * (averaged[0] + float(seen["real"])), 0.5 * (averaged[1] + float(seen["fake"])))
            expected.append(averaged)
    assert runner.state.compared == pytest.approx(expected[3])
    assert lecam.averages == [pytest.approx(expected[0]), pytest.approx(expected[2])]  # before steps 1 and 3
    assert min(map(abs, expected[2])) > 0


def test_option_without_a_lazy_regularizer_is_refused(tiny_spec) -> None:
    words = ("training.updates={discriminator: 1, lazy_updates: true}", "training.regularizers=[{kind: r1}]")
    with pytest.raises(SpecError, match="no regularizer of the discriminator has an interval"):
        compile_spec(tiny_spec(*words))
