"""Two steps of the official recipe: losses, logits, gradients of every variable, and all variables afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from hitzoo.families.hit.official import Variable, discriminator_variables, generator_variables
from hitzoo.objectives.adversarial import LOSSES
from hitzoo.objectives.batch_random import Draws
from hitzoo.objectives.critic import Judge
from hitzoo.objectives.penalties import R1, BalancedConsistency
from hitzoo.objectives.step import Objective, Players, StepLosses, compute_gradients
from hitzoo.spec.types import AdamSpec, EmaSpec
from hitzoo.training.engine.ema import MovingAverage
from hitzoo.training.engine.execution import Way
from hitzoo.training.engine.optimizer import build_optimizer
from hitzoo.training.engine.state import Trainee
from tests.parity.variables import GOLDEN

GOLD = json.loads((GOLDEN / "hit128_train.json").read_text())
BATCH = 4


@dataclass(frozen=True)
class Run:
    """What two steps left behind: losses and gradient norms of each, and the networks after the second."""

    losses: list[StepLosses]
    norms: list[dict[str, float]]
    trainee: Trainee
    variables: dict[str, list[Variable]]


def mirrored(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """The fixed augmentation the golden steps were made with."""
    return images.flip(-1) + 0.1


def norms(networks: dict[str, nn.Module], variables: dict[str, list[Variable]]) -> dict[str, float]:
    gradients = {
        f"{part}/{name}": weight.grad for part, net in networks.items() for name, weight in net.named_parameters()
    }
    named = {
        f"{part}/{entry.ours}": f"{part}/{entry.theirs}" for part, entries in variables.items() for entry in entries
    }
    return {named[name]: float(gradient.double().norm()) for name, gradient in gradients.items()}


@pytest.fixture(scope="module")
def two_threads() -> Iterator[None]:
    """Adam's first step turns rounding into whole steps, so sums are split in the same way on every machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def run(official, two_threads) -> Run:
    generator, discriminator = official(128)
    generator.train()
    adam = AdamSpec(learning_rate=GOLD["lr"], betas=(GOLD["beta1"], GOLD["beta2"]), epsilon=GOLD["adam_eps"])
    trainee = Trainee(
        generator,
        discriminator,
        MovingAverage(generator, EmaSpec(decay=GOLD["ema_decay"], start_step=1)),
        build_optimizer(adam, generator.parameters()),
        build_optimizer(adam, discriminator.parameters()),
    )
    penalties = (R1(GOLD["r1_weight"]), BalancedConsistency(GOLD["bcr_weight"], mirrored))
    objective = Objective(LOSSES["non_saturating"], penalties)
    variables = {
        "generator": list(generator_variables(generator.plan)),
        "discriminator": list(discriminator_variables(discriminator.plan)),
    }
    way = Way()  # as runs go by default
    players = Players(
        generator=generator,
        judge=Judge(discriminator, way.input_gradient(discriminator)),
        images_alone=way.images_alone(discriminator),
    )
    losses, found = [], []
    for step in range(2):
        for network in (generator, discriminator):
            network.zero_grad(set_to_none=True)
        z = np.random.default_rng([0, 200 + step]).standard_normal((BATCH, 256)).astype(np.float32)
        real = np.random.default_rng([0, 300 + step]).uniform(-1, 1, (BATCH, 128, 128, 3)).astype(np.float32)
        images = torch.from_numpy(real).permute(0, 3, 1, 2)
        draws = Draws(torch.Generator(), BATCH)
        losses.append(compute_gradients(players, objective, torch.from_numpy(z), images, draws))
        found.append(norms({"generator": generator, "discriminator": discriminator}, variables))
        trainee.update(step + 1)
    return Run(losses, found, trainee, variables)


@pytest.mark.parametrize(("step", "tolerance"), [(0, 1e-4), (1, 1e-3)])
def test_losses_and_logits(run: Run, step: int, tolerance: float) -> None:
    gold, ours = GOLD["steps"][step], run.losses[step]
    terms = {"g_loss": ours.generator, "d_loss_adv": ours.discriminator, **ours.penalties}
    for name, value in terms.items():
        assert float(value) == pytest.approx(gold[name], rel=tolerance), name
    np.testing.assert_allclose(ours.real_logits.numpy(), gold["real_logits"], rtol=tolerance)
    np.testing.assert_allclose(ours.fake_logits.numpy(), gold["fake_logits"], rtol=tolerance)


@pytest.mark.parametrize(("step", "tolerance"), [(0, {}), (1, {"discriminator": 2e-3})])
def test_gradient_norms(run: Run, step: int, tolerance: dict[str, float]) -> None:
    """Within 1e-3, but for the discriminator at step 2.

    There the golden float32 run itself is 1.7e-3 from a float64 run of this code (first residual block), while this
    code in float32 is within 5e-4 of it: bCR has grown fifty-fold and its gradient is a difference of large numbers.
    """
    gold = GOLD["steps"][step]["g_grad_norms"] | GOLD["steps"][step]["d_grad_norms"]
    assert run.norms[step].keys() == gold.keys()
    # What is zero in theory is rounding on both sides: key biases, and biases that only feed a batch norm.
    largest = {part: max(value for name, value in gold.items() if name.startswith(part)) for part in run.variables}
    for name, value in gold.items():
        part = name.split("/")[0]
        allowed = tolerance.get(part, 1e-3)
        assert run.norms[step][name] == pytest.approx(value, rel=allowed, abs=1e-5 * largest[part]), name


@pytest.mark.parametrize("part", ["generator", "ema", "discriminator"])
def test_variables_after_two_steps(run: Run, part: str) -> None:
    network = {
        "generator": run.trainee.generator,
        "ema": run.trainee.average.network,
        "discriminator": run.trainee.discriminator,
    }[part]
    root = "discriminator" if part == "discriminator" else "generator"
    state = network.state_dict()
    gold = GOLD["after"][part]
    assert len(gold) == len(run.variables[root])
    for entry in run.variables[root]:
        theirs = entry.to_theirs(state[entry.ours].numpy()).astype(np.float64)
        mean, norm = gold[f"{root}/{entry.theirs}"]
        assert np.linalg.norm(theirs) == pytest.approx(norm, rel=1e-4), entry.theirs
        assert theirs.mean() == pytest.approx(mean, abs=1e-4 * norm / theirs.size**0.5), entry.theirs
