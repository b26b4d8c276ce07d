"""Two steps of the official recipe: losses, logits, gradients of every variable, and all variables afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pytest
import torch
from torch import nn

from hitzoo.families.hit.official import hit_variables
from hitzoo.families.official import Variable
from hitzoo.families.stylegan2.official import stylegan2_variables
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import Answer
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.update import Inputs
from hitzoo.plan.role import Role
from hitzoo.spec.types import AdamSpec, EmaSpec
from hitzoo.training.engine.ema import MovingAverage
from hitzoo.training.engine.execution import DEFAULT
from hitzoo.training.engine.optimizer import build_optimizer
from hitzoo.training.engine.state import TrainState
from tests.parity.variables import GOLDEN

GOLD = json.loads((GOLDEN / "hit128_train.json").read_text())
BATCH = 4
pytestmark = pytest.mark.exhaustive  # 55 s of a processor; `tests/objectives` holds each of its terms in small


@dataclass(frozen=True)
class Run:
    """What two steps left behind: losses, logits and gradient norms of each, and the networks after the second."""

    losses: list[Losses]
    logits: list[dict[str, torch.Tensor]]
    norms: list[dict[str, float]]
    state: TrainState
    variables: dict[str, list[Variable]]


RunTo: TypeAlias = Callable[[int], Run]


def mirrored(images: torch.Tensor, draws: BatchRandom) -> torch.Tensor:
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
def run_to(official, two_threads) -> RunTo:
    generator, discriminator = official(128)
    generator.train()
    adam = AdamSpec(learning_rate=GOLD["lr"], betas=(GOLD["beta1"], GOLD["beta2"]), epsilon=GOLD["adam_eps"])
    networks: dict[Role, nn.Module] = {"generator": generator, "discriminator": discriminator}
    state = TrainState(
        networks=networks,
        averages={"generator": (MovingAverage(generator, EmaSpec(decay=GOLD["ema_decay"], start_step=1)),)},
        optimizers={role: build_optimizer(adam, network.parameters()) for role, network in networks.items()},
    )
    objective = Simultaneous(
        loss=NON_SATURATING,
        penalties=(R1(GOLD["r1_weight"]), BalancedConsistency(GOLD["bcr_weight"])),
        batch_size=BATCH,
        augment=mirrored,
    )
    variables = {
        "generator": list(hit_variables(generator.plan)),
        "discriminator": list(stylegan2_variables(discriminator.plan)),
    }
    (update,) = DEFAULT.objective(objective, networks).updates(1)  # as runs go by default
    ready = DEFAULT.networks(networks)
    heard: list[dict[str, torch.Tensor]] = []

    def listen(module: nn.Module, given: tuple[object, ...], answers: tuple[Answer, ...]) -> None:
        heard.append({"fake": answers[0].logits.detach(), "real": answers[1].logits.detach()})

    ready["discriminator"].register_forward_hook(listen)
    done = Run([], heard, [], state, variables)

    def to(step: int) -> Run:
        """Make the steps up to `step`, counted from 0, of which none is made twice."""
        while len(done.losses) <= step:
            make(len(done.losses))
        return done

    def make(step: int) -> None:
        state.forget_gradients()
        z = np.random.default_rng([0, 200 + step]).standard_normal((BATCH, 256)).astype(np.float32)
        real = np.random.default_rng([0, 300 + step]).uniform(-1, 1, (BATCH, 128, 128, 3)).astype(np.float32)
        images = torch.from_numpy(real).permute(0, 3, 1, 2)
        given = Inputs(real=images, latents=torch.from_numpy(z), random=BatchRandom(torch.Generator(), BATCH))
        done.losses.append(update.gradients(ready, given, Moment(step + 1)))
        done.norms.append(norms({"generator": generator, "discriminator": discriminator}, variables))
        state.update(update.moves, step + 1)

    return to


@pytest.mark.parametrize(("step", "tolerance"), [(0, 1e-4), (1, 1e-3)])
def test_losses_and_logits(run_to: RunTo, step: int, tolerance: float) -> None:
    run = run_to(step)
    gold, ours = GOLD["steps"][step], run.losses[step]
    theirs = {"generator": "g_loss", "discriminator": "d_loss_adv"}
    for name, value in ours.terms.items():
        assert float(value) == pytest.approx(gold[theirs.get(name, name)], rel=tolerance), name
    for on, logits in run.logits[step].items():
        np.testing.assert_allclose(logits.numpy(), gold[f"{on}_logits"], rtol=tolerance)
        assert float(ours.logits[on]) == pytest.approx(np.mean(gold[f"{on}_logits"]), rel=tolerance)


@pytest.mark.parametrize(("step", "tolerance"), [(0, {}), (1, {"discriminator": 2e-3})])
def test_gradient_norms(run_to: RunTo, step: int, tolerance: dict[str, float]) -> None:
    """Within 1e-3, but for the discriminator at step 2.

    There the golden float32 run itself is 1.7e-3 from a float64 run of this code (first residual block), while this
    code in float32 is within 5e-4 of it: bCR has grown fifty-fold and its gradient is a difference of large numbers.
    """
    run = run_to(step)
    gold = GOLD["steps"][step]["g_grad_norms"] | GOLD["steps"][step]["d_grad_norms"]
    assert run.norms[step].keys() == gold.keys()
    # What is zero in theory is rounding on both sides: key biases, and biases that only feed a batch norm.
    largest = {part: max(value for name, value in gold.items() if name.startswith(part)) for part in run.variables}
    for name, value in gold.items():
        part = name.split("/")[0]
        allowed = tolerance.get(part, 1e-3)
        assert run.norms[step][name] == pytest.approx(value, rel=allowed, abs=1e-5 * largest[part]), name


@pytest.mark.parametrize("part", ["generator", "ema", "discriminator"])
def test_variables_after_two_steps(run_to: RunTo, part: str) -> None:
    run = run_to(1)
    network = {**run.state.networks, "ema": run.state.averages["generator"][0].network}[part]
    root = "discriminator" if part == "discriminator" else "generator"
    state = network.state_dict()
    gold = GOLD["after"][part]
    assert len(gold) == len(run.variables[root])
    for entry in run.variables[root]:
        theirs = entry.to_theirs(state[entry.ours].numpy()).astype(np.float64)
        mean, norm = gold[f"{root}/{entry.theirs}"]
        assert np.linalg.norm(theirs) == pytest.approx(norm, rel=1e-4), entry.theirs
        assert theirs.mean() == pytest.approx(mean, abs=1e-4 * norm / theirs.size**0.5), entry.theirs
