"""Steps of several updates, through the runner: images, randomness, accumulation, clipping, damage, resuming."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.runtime.distributed import ALONE
from hitzoo.runtime.seeding import Purpose, torch_generator
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state
from hitzoo.training.run.checkpoint import Progress, load_checkpoint, save_checkpoint
from tests.training.two_processes import ALTERNATING, BATCH, CLIP, CPU, LAYER, float64, images, make, state, two_steps

COUNT = 2 * BATCH  # real images of a step: two halves of a batch, and a batch


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert len(found) > 50
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-9, atol=1e-11, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("pieces", [2, 4])
@pytest.mark.parametrize("clip", [{}, CLIP])
def test_micro_batches_make_the_updates_of_the_batch(pieces, clip) -> None:
    objective = replace(ALTERNATING, clip_norm=clip)
    parts = two_steps([LAYER], ALONE, pieces, objective=objective)
    assert_same(parts, two_steps([LAYER], ALONE, 1, objective=objective))


def test_micro_batches_of_a_batch_norm_are_its_groups() -> None:
    parts = two_steps([], ALONE, 2, objective=replace(ALTERNATING, generator_batch_size=None))
    groups = two_steps(
        ["training.norm_statistics=2"], ALONE, 1, objective=replace(ALTERNATING, generator_batch_size=None)
    )
    assert_same(parts, groups)


def test_each_update_has_latents_and_images_of_its_own() -> None:
    """The first has those of a simultaneous step; later ones are counted by step and place."""
    with float64():
        trained, runner = make([LAYER], ALONE, 1, objective=ALTERNATING)
        latents: list[torch.Tensor] = []
        judged: list[torch.Tensor] = []
        trained.networks["generator"].register_forward_hook(lambda module, given, _: latents.append(given[0]))
        trained.networks["discriminator"].register_forward_hook(lambda module, given, _: judged.append(given[0]))
        given = images(3, ALONE, COUNT)
        runner(3, given)
        expected = [torch.randn(BATCH // 2, 6, generator=torch_generator(3, Purpose.LATENTS, 3))]
        for index, count in ((1, BATCH // 2), (2, BATCH)):
            random = torch_generator(3, Purpose.UPDATE, (3 << 8) | index)
            expected.append(torch.randn(count, 6, generator=random))
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(latents, expected, strict=True))
        real = (given.double() / 127.5 - 1).permute(0, 3, 1, 2)
        for part in (real[:4], real[4:8], real[8:]):
            assert any(len(seen) == len(part) and torch.allclose(seen, part, atol=1e-6) for seen in judged)


def test_generator_keeps_its_running_statistics_while_the_discriminator_learns() -> None:
    with float64():
        trained, runner = make([], ALONE, 1, objective=ALTERNATING)
        norms = {name for name in trained.networks["generator"].state_dict() if "running" in name}
        seen: list[dict[str, torch.Tensor]] = []
        move = runner._move

        def moving(update, at):
            seen.append({name: trained.networks["generator"].state_dict()[name].clone() for name in norms})
            move(update, at)

        runner._move = moving
        runner(1, images(1, ALONE, COUNT))
        assert all(torch.equal(seen[0][name], seen[1][name]) for name in norms)
        assert any(not torch.equal(seen[1][name], seen[2][name]) for name in norms)


def test_gradients_are_clipped_to_their_norm() -> None:
    def norms(**clip: float) -> list[float]:
        with float64():
            trained, runner = make([LAYER], ALONE, 2, objective=replace(ALTERNATING, clip_norm=clip))
            found: list[float] = []
            update = trained.optimizers["discriminator"].step

            def step() -> None:
                weights = trained.networks["discriminator"].parameters()
                found.append(math.sqrt(sum(float(weight.grad.square().sum()) for weight in weights)))
                update()

            trained.optimizers["discriminator"].step = step
            runner(1, images(1, ALONE, COUNT))
            return found

    free = norms()
    assert min(free) > 0.1
    assert norms(discriminator=0.1) == pytest.approx([0.1, 0.1], rel=1e-4)
    assert norms(discriminator=1e6) == pytest.approx(free, rel=1e-12)


def test_damaged_update_ends_the_step_before_it() -> None:
    """The updates before it stay, those after it are left out, and the next step goes on."""
    with float64():
        trained, runner = make([], ALONE, 1, objective=ALTERNATING)
        given = images(1, ALONE, COUNT)
        calls: list[int] = []

        def poisoned(module, inputs, output):
            calls.append(len(output))
            return output * math.nan if len(calls) == 2 else None

        hook = trained.networks["generator"].register_forward_hook(poisoned)
        before = state(trained)
        outcome = runner(1, given)
        hook.remove()
        after = state(trained)
        assert calls == [4, 4]
        assert "discriminator loss" in outcome.damaged
        assert all(torch.equal(after[name], before[name]) for name in before if not name.startswith("discriminator"))
        assert any(not torch.equal(after[name], before[name]) for name in before if name.startswith("discriminator"))
        assert trained.optimizers["discriminator"].param_groups[0]["step"] == 1
        assert runner(2, images(2, ALONE, COUNT)).applied


def test_resumed_training_goes_on_to_the_bit(tiny_spec, tmp_path) -> None:
    spec = tiny_spec()
    plan = compile_spec(spec)

    def steps(trained, numbers) -> None:
        runner = StepRunner(trained, ALTERNATING, seed=3, latent_dim=6, device=CPU)
        for number in numbers:
            assert runner(number, images(number, ALONE, COUNT)).applied

    whole, begun, resumed = (new_state(plan, spec.training, seed, CPU) for seed in (0, 0, 1))
    steps(whole, range(1, 5))
    steps(begun, range(1, 3))
    place = save_checkpoint(tmp_path, spec, plan, begun, Progress(2, 2 * COUNT, 3))
    load_checkpoint(place, resumed)
    assert resumed.optimizers["discriminator"].param_groups[0]["step"] == 4
    steps(resumed, range(3, 5))
    expected, found = state(whole), state(resumed)
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_pair_learns_the_colour_of_its_images(tiny_spec) -> None:
    spec = tiny_spec(LAYER, "training.optimizer.learning_rate=0.003", "training.optimizer.betas=[0.0, 0.9]")
    trained = new_state(compile_spec(spec), spec.training, 0, CPU)
    objective = Alternating(
        loss=NON_SATURATING,
        penalties=(R1(0.1),),
        discriminator_updates=2,
        batch_size=8,
        clip_norm={"generator": 5.0, "discriminator": 5.0},
    )
    runner = StepRunner(trained, objective, seed=0, latent_dim=6, device=CPU)
    real = torch.tensor([230, 128, 40], dtype=torch.uint8).expand(16, 8, 8, 3)
    target = torch.tensor([230.0, 128.0, 40.0]) / 127.5 - 1

    def distance() -> float:
        with torch.no_grad():
            made = trained.networks["generator"](torch.randn(64, 6, generator=torch.Generator().manual_seed(1)))
        return float((made.mean((0, 2, 3)) - target).abs().max())

    before = distance()
    for step in range(1, 81):
        assert runner(step, real).applied
    assert distance() < 0.5 * before


@pytest.mark.parametrize("generator_batch", [2, 6, 8])
def test_rehearsal_has_the_images_of_every_update(tiny_spec, generator_batch: int) -> None:
    spec = tiny_spec(LAYER)
    trained = new_state(compile_spec(spec), spec.training, 0, CPU)
    objective = Alternating(loss=RELATIVISTIC, batch_size=4, generator_batch_size=generator_batch)
    runner = StepRunner(trained, objective, seed=0, latent_dim=6, device=CPU)
    runner.rehearse(images(1, ALONE)[:4])
    assert all(weight.grad is None for network in trained.networks.values() for weight in network.parameters())


def test_update_that_does_not_divide_is_refused(tiny_spec) -> None:
    spec = tiny_spec(LAYER)
    trained = new_state(compile_spec(spec), spec.training, 0, CPU)
    objective = Alternating(loss=NON_SATURATING, batch_size=4, generator_batch_size=3)
    with pytest.raises(RequestError, match="an update of 3 images does not divide into 2 equal parts"):
        StepRunner(trained, objective, seed=0, latent_dim=6, device=CPU, micro_batches=2)


def test_step_without_an_update_of_the_discriminator_is_refused() -> None:
    with pytest.raises(RequestError, match="discriminator_updates '0': give 1 or more"):
        Alternating(loss=NON_SATURATING, batch_size=4, discriminator_updates=0)
