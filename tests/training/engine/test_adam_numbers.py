"""Learning rates and betas by images, by network, with warm-up and for lazy regularization."""

from __future__ import annotations

from math import cos, pi

import pytest
import torch

from hitzoo.families.compile import compile_spec
from hitzoo.objectives.build import objective_of
from hitzoo.training.engine.adam_numbers import AdamNumbers
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state

RATE = "training.optimizer.learning_rate={from: 0.02, to: 0.01, images: 100, shape: linear, start: 20}"
BETAS = "training.optimizer.betas=[0.0, {from: 0.9, to: 0.99, images: 200}]"
LAZY = "training.regularizers=[{kind: r1, interval: 16}, {kind: r2, interval: 4}, {kind: bcr}]"


def numbers(spec, role="discriminator") -> AdamNumbers:
    return AdamNumbers.of(spec.training, role)


def test_constant_numbers_are_the_specs_to_the_bit(tiny_spec) -> None:
    found = numbers(tiny_spec("training.optimizer.learning_rate=0.0003", "training.optimizer.betas=[0.1, 0.99]"))
    assert found.at(10**9) == (0.0003, (0.1, 0.99))
    assert not found.changes


def test_numbers_follow_their_schedules_at_every_image(tiny_spec) -> None:
    found = numbers(tiny_spec(RATE, BETAS))
    assert found.changes
    for images in (0, 1, 19, 20, 70, 119, 120, 121, 10**9):
        rate, (beta1, beta2) = found.at(images)
        assert rate == pytest.approx(0.02 - 0.01 * min(max(images - 20, 0), 100) / 100, rel=1e-12)
        assert beta1 == 0.0
        assert beta2 == pytest.approx(0.99 - 0.09 * (1 + cos(pi * min(images, 200) / 200)) / 2, rel=1e-12)


def test_warm_up_rises_from_nothing_to_what_would_be(tiny_spec) -> None:
    found = numbers(tiny_spec("training.optimizer.learning_rate=0.02", "training.optimizer.warm_up=50"))
    assert found.changes
    assert [found.at(images)[0] for images in (0, 10, 50, 51)] == pytest.approx([0.0, 0.004, 0.02, 0.02])
    both = numbers(tiny_spec(RATE, "training.optimizer.warm_up=40"))
    assert both.at(30)[0] == pytest.approx(0.75 * 0.019)


def test_network_may_have_numbers_of_its_own(tiny_spec) -> None:
    spec = tiny_spec(
        "training.optimizer.betas=[0.0, 0.9]",
        "training.optimizer.discriminator={learning_rate: 0.2}",
        "training.optimizer.generator={betas: [0.5, 0.7]}",
    )
    assert numbers(spec).at(0) == (0.2, (0.0, 0.9))
    assert numbers(spec, "generator").at(0) == (0.01, (0.5, 0.7))


def test_lazy_correction_is_of_the_shortest_interval_and_the_discriminators(tiny_spec) -> None:
    spec = tiny_spec(LAZY, "training.optimizer.betas=[0.5, 0.99]", "training.optimizer.lazy_correction=true")
    rate, betas = numbers(spec).at(0)
    assert rate == pytest.approx(0.01 * 4 / 5)
    assert betas == pytest.approx((0.5**0.8, 0.99**0.8))
    assert numbers(spec, "generator").at(0) == (0.01, (0.5, 0.99))
    assert numbers(tiny_spec(LAZY)).at(0) == (0.01, (0.0, 0.99))


@pytest.mark.parametrize("form", ["keras", "torch"])
def test_optimizer_has_the_numbers_of_the_images_before_its_step(tiny_spec, form) -> None:
    spec = tiny_spec(RATE, BETAS, f"training.optimizer.form={form}", "training.updates={discriminator: 2}")
    state = new_state(compile_spec(spec), spec.training, 0, torch.device("cpu"))
    runner = StepRunner(state, objective_of(spec), seed=0, latent_dim=6, device=torch.device("cpu"))
    assert runner.images_per_step == 8
    real = torch.zeros(8, 8, 8, 3, dtype=torch.uint8)
    for step in (1, 9):
        assert runner(step, real).applied
        for role, optimizer in state.optimizers.items():
            (group,) = optimizer.param_groups
            assert (group["lr"], group["betas"]) == AdamNumbers.of(spec.training, role).at(8 * (step - 1))
