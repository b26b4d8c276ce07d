"""The order of updates of TransGAN's published loop, and the gradient that it never clears, against such a loop."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN, Drift, GradientPenalty
from hitzoo.runtime.distributed import ALONE
from hitzoo.runtime.seeding import Purpose, torch_generator
from hitzoo.training.engine import runner as runner_module
from tests.training.two_processes import CLIP, CPU, LAYER, float64, images, make, state

UPDATES, BATCH, STEPS = 3, 4, 2
PUBLISHED = Alternating(
    loss=WASSERSTEIN,
    penalties=(Drift(0.5),),
    discriminator_updates=UPDATES,
    generator_after=1,
    stale_gradient=True,
    batch_size=BATCH,
    generator_batch_size=2 * BATCH,
    clip_norm=CLIP,
)


def published_loop() -> dict[str, torch.Tensor]:
    """The weights after a loop with one counter, as that code has it; its latents are those of our steps."""
    trained, _ = make([LAYER], ALONE, 1)
    generator, discriminator = trained.networks["generator"], trained.networks["discriminator"]
    for count in range(UPDATES * STEPS):
        step, place = count // UPDATES + 1, count % UPDATES
        given = images(step, ALONE, UPDATES * BATCH)[BATCH * place :][:BATCH]
        on_real = discriminator(runner_module.to_real(given, CPU))
        with torch.no_grad():
            fake = generator(latents(step, place + (place > 0), BATCH))
        (discriminator(fake).mean() - on_real.mean() + 0.5 * on_real.square().mean()).backward()
        torch.nn.utils.clip_grad_norm_(discriminator.parameters(), CLIP["discriminator"])
        trained.optimizers["discriminator"].step()
        trained.optimizers["discriminator"].zero_grad()
        if count % UPDATES == 0:
            (-discriminator(generator(latents(step, 1, 2 * BATCH))).mean()).backward()
            torch.nn.utils.clip_grad_norm_(generator.parameters(), CLIP["generator"])
            trained.optimizers["generator"].step()
            trained.optimizers["generator"].zero_grad()
    return weights(state(trained))


def latents(step: int, index: int, count: int) -> torch.Tensor:
    """Those of an update, by its place in the step."""
    purpose, counter = (Purpose.UPDATE, (step << 8) | index) if index else (Purpose.LATENTS, step)
    return torch.randn(count, 6, generator=torch_generator(3, purpose, counter))


def weights(found: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in found.items() if name.startswith(("generator.", "discriminator."))}


def trained_by(objective: Alternating, pieces: int) -> dict[str, torch.Tensor]:
    trained, runner = make([LAYER], ALONE, pieces, objective=objective)
    for step in range(1, STEPS + 1):
        assert runner(step, images(step, ALONE, UPDATES * BATCH)).applied
    return weights(state(trained))


@pytest.mark.parametrize("pieces", [1, 2])
def test_steps_are_those_of_the_published_loop(pieces: int) -> None:
    with float64():
        expected, found = published_loop(), trained_by(PUBLISHED, pieces)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=1e-9, atol=1e-11, msg=name)


def test_without_the_option_no_gradient_is_left() -> None:
    """Clearing it changes the discriminator from the second update on, and so everything that it teaches."""
    with float64():
        kept, cleared = trained_by(PUBLISHED, 1), trained_by(replace(PUBLISHED, stale_gradient=False), 1)
        largest = max(float((kept[name] - value).abs().max()) for name, value in cleared.items())
    assert largest > 1e-4


def test_order_of_updates() -> None:
    moves = [update.moves for update in PUBLISHED.updates(1)]
    assert moves == [("discriminator",), ("generator",), ("discriminator",), ("discriminator",)]
    assert [update.moves for update in replace(PUBLISHED, generator_after=None, stale_gradient=False).updates(1)] == [
        *[("discriminator",)] * 3,
        ("generator",),
    ]


def test_lazy_penalty_counts_the_updates_of_the_discriminator() -> None:
    """The generator's update among them takes no turn of a penalty."""
    lazy = replace(PUBLISHED, penalties=(GradientPenalty(1.0, interval=2),))
    with float64():
        _, runner = make([LAYER], ALONE, 1, objective=lazy)
        taken: list[bool] = []
        compute = lazy.discriminator_gradients

        def noted(networks, inputs, at: Moment):
            losses = compute(networks, inputs, at)
            taken.append("wgan_gp" in losses.terms)
            return losses

        updates = [
            replace(update, gradients=noted) if update.moves == ("discriminator",) else update
            for update in lazy.updates(1)
        ]
        runner.objective = type("Noted", (), {"updates": staticmethod(lambda step: updates)})
        for step in (1, 2):
            runner(step, images(step, ALONE, UPDATES * BATCH))
    assert taken == [True, False, True, False, True, False]


def test_gradient_that_nobody_takes_is_refused() -> None:
    with pytest.raises(RequestError, match="stale_gradient 'True': give generator_after less than 3"):
        replace(PUBLISHED, generator_after=3)
    with pytest.raises(RequestError, match="generator_after '4': give 1 to 3"):
        replace(PUBLISHED, generator_after=4)
