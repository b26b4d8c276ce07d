"""Steps of several processes and micro-batches against one step on the whole batch; steps that are left out."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import load_file

from hitzoo.families.compile import compile_spec
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.update import Update
from hitzoo.runtime.distributed import ALONE
from hitzoo.training.engine import runner as runner_module
from hitzoo.training.engine.execution import Execution
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state
from hitzoo.training.run.metrics_file import GRADIENT_NORM
from tests.training.two_processes import (
    ADA,
    ADAPTIVE,
    AUGMENT,
    BATCH,
    CASES,
    CPU,
    LAYER,
    LAZY,
    MEET,
    PATHS,
    TURNS,
    float64,
    images,
    make,
    objective_in,
    state,
    two_steps,
)


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    largest = max(float(value.abs().max()) for name, value in expected.items() if name.startswith("gradient"))
    assert largest > 1e-2
    for name, value in expected.items():
        atol = 1e-11 * (largest if name.startswith("gradient") else 1)
        torch.testing.assert_close(found[name], value, rtol=1e-9, atol=atol, msg=lambda m, name=name: f"{name}: {m}")


def test_path_mean_follows_the_lengths_of_each_update() -> None:
    """The second penalty is towards the first one's mean."""
    with float64():
        trained, runner = make(PATHS, ALONE, 2)
        first = runner(1, images(1, ALONE)).losses.path_length
        assert trained.paths.value == pytest.approx(float(first) / 2, rel=1e-12)
        second = runner(2, images(2, ALONE)).losses.path_length
    assert trained.paths.value == pytest.approx(float(first) / 4 + float(second) / 2, rel=1e-12)


@pytest.mark.processes
def test_two_processes_make_the_steps_of_one_though_weights_have_no_gradient(two_processes) -> None:
    """One of each network is never used, one of the generator in every second step."""
    for rank in range(2):
        found = json.loads((two_processes / f"unused {rank}.json").read_text(encoding="utf-8"))
        assert found["apart"] < 1e-9


@pytest.mark.processes
@pytest.mark.parametrize("name", CASES)
def test_two_processes_make_the_steps_of_one(two_processes, name) -> None:
    """Losses, gradients, weights, running statistics and averages, over two updates with R1 and bCR."""
    parts = [load_file(two_processes / f"{name} {rank}.safetensors") for rank in range(2)]
    expected = two_steps(CASES[name][2], ALONE, 1, objective=objective_in(name))
    for key in expected:
        if not key.startswith("loss"):
            assert torch.equal(parts[0][key], parts[1][key]), key  # the processes agree to the bit
    assert any(not torch.equal(parts[0][key], parts[1][key]) for key in expected if key.startswith("loss"))
    both = {key: (parts[0][key] + parts[1][key]) / 2 for key in expected}
    assert_same(both, expected)


def test_normalising_each_processs_images_is_another_algorithm() -> None:
    """What the comparisons above are worth."""
    one, other = two_steps([], ALONE, 1), two_steps(["training.norm_statistics=4"], ALONE, 1)
    assert any(not torch.allclose(one[key], other[key], rtol=0.01) for key in one if key.startswith("gradient 1 0"))


@pytest.mark.parametrize("pieces", [2, 4, 8])
@pytest.mark.parametrize(
    "overrides",
    [[LAYER], [LAYER, LAZY], [LAYER, "training.loss=hinge"], [LAYER, *AUGMENT], [LAYER, *ADA], [LAYER, *ADAPTIVE]],
)
def test_micro_batches_make_the_step_of_the_batch(overrides, pieces) -> None:
    assert_same(two_steps(overrides, ALONE, pieces), two_steps(overrides, ALONE, 1))


def test_micro_batches_keep_the_groups_of_the_minibatch_deviation() -> None:
    assert_same(two_steps([LAYER, MEET], ALONE, 4), two_steps([LAYER, MEET], ALONE, 1))


@pytest.mark.parametrize("pieces", [2, 4])
def test_micro_batches_of_a_batch_norm_are_its_groups(pieces) -> None:
    """In outputs, gradients and running statistics."""
    groups = [f"training.norm_statistics={BATCH // pieces}"]
    assert_same(two_steps([], ALONE, pieces), two_steps(groups, ALONE, 1))


def test_activation_checkpointing_changes_nothing() -> None:
    for more in ([], ["training.norm_statistics=4"], [LAYER, MEET]):
        assert_same(two_steps([*more, "training.activation_checkpointing=all"], ALONE, 2), two_steps(more, ALONE, 2))


@pytest.mark.parametrize("choice", ["replayed_penalty", "one_backward", "onednn_linear", "channels_last"])
@pytest.mark.parametrize("overrides", [[], AUGMENT, ADA], ids=["plain", "augmented", "ada"])
def test_every_execution_makes_the_same_steps(choice, overrides) -> None:
    assert_same(two_steps(overrides, ALONE, 2, Execution(**{choice: False})), two_steps(overrides, ALONE, 2))


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["training.norm_statistics=4", *AUGMENT], id="at once, augmented"),
        pytest.param(
            [LAYER, "training.loss=hinge", "discriminator.san=true", *TURNS],
            id="by turns",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_compiled_networks_make_the_same_steps(monkeypatch, overrides) -> None:
    """Without the part that writes machine code; running statistics, averages and the penalty's gradient included."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    torch.compiler.reset()
    assert_same(two_steps(overrides, ALONE, 1, Execution(compiled=True)), two_steps(overrides, ALONE, 1))
    torch.compiler.reset()


def test_gradient_norms_are_of_whole_networks_before_a_limit() -> None:
    with float64():
        trained, runner = make(["training.optimizer.discriminator={clip_norm: 0.01}"], ALONE, 2)
        measures = runner(1, images(1, ALONE, runner.images_per_step)).losses.measures
    left = {
        role: torch.cat([weight.grad.flatten() for weight in network.parameters() if weight.grad is not None]).norm()
        for role, network in trained.networks.items()
    }
    assert measures.keys() == {f"{GRADIENT_NORM}{role}" for role in left}
    torch.testing.assert_close(measures[f"{GRADIENT_NORM}generator"], left["generator"])
    assert left["discriminator"] == pytest.approx(0.01, rel=1e-3)
    assert measures[f"{GRADIENT_NORM}discriminator"] > 0.02


@pytest.mark.processes
def test_both_processes_leave_out_a_step_that_one_of_them_cannot_make(two_processes) -> None:
    told = [json.loads((two_processes / f"guard {rank}.json").read_text(encoding="utf-8")) for rank in range(2)]
    assert told[0] == told[1]
    assert {"discriminator loss", "bcr penalty", "discriminator's gradient"} <= set(told[0]["damaged"])
    assert told[0]["applied"] == [False, True]
    assert told[0]["unchanged"]
    assert told[0]["moved"]  # by the step after it
    assert told[0]["stop"] == [False, True]  # one that is asked to stop stops both


def everything(trained) -> dict[str, torch.Tensor]:
    """Networks, average and all that the optimizers remember."""
    found = state(trained)
    for name, optimizer in trained.optimizers.items():
        found[f"{name} optimizer step"] = torch.tensor(optimizer.param_groups[0]["step"])
        for index, remembered in enumerate(optimizer.state.values()):
            found |= {f"{name} optimizer {index} {key}": value.clone() for key, value in remembered.items()}
    return found


DAMAGE = {
    "real images": ("discriminator loss", "bcr penalty", "discriminator's gradient"),
    "latents": (
        "generator loss",
        "discriminator loss",
        "bcr penalty",
        "generator's gradient",
        "discriminator's gradient",
    ),
    "r1": ("r1 penalty", "discriminator's gradient"),
}


def poison(runner: StepRunner, where: str, value: float, patch: pytest.MonkeyPatch) -> None:
    """Multiply what a step begins with, or a penalty, by what is no number."""
    sources = {"real images": (runner_module, "to_real"), "latents": (torch, "randn")}
    if where in sources:
        module, name = sources[where]
        draw = getattr(module, name)
        patch.setattr(module, name, lambda *given, **how: draw(*given, **how) * value)
    else:
        terms = tuple(R1(value) if term.name == where else term for term in runner.objective.penalties)
        patch.setattr(runner, "objective", replace(runner.objective, penalties=terms))


@pytest.mark.parametrize("where", DAMAGE)
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_step_that_is_not_finite_leaves_all_as_it_was(monkeypatch, where, pieces, value) -> None:
    """To the bit: weights, running statistics, average and optimizers; the next step goes on as if it had not been."""
    with float64():
        trained, runner = make([], ALONE, pieces)
        runner(1, images(1, ALONE))
        before = everything(trained)
        with monkeypatch.context() as patch:
            poison(runner, where, value, patch)
            outcome = runner(2, images(2, ALONE))
        after = everything(trained)
        assert outcome.damaged == DAMAGE[where]
        assert not outcome.applied
        assert before.keys() == after.keys()
        for name, value in before.items():
            assert torch.equal(after[name], value), name
        assert runner(3, images(3, ALONE)).applied
        assert any(not torch.equal(value, before[name]) for name, value in everything(trained).items())
        assert int(everything(trained)["generator optimizer step"]) == 2


def test_gradient_alone_that_is_not_finite_is_seen() -> None:
    """The loss is, and every entry of the gradient but one."""
    with float64():
        trained, runner = make([], ALONE, 1)
        weight = trained.networks["discriminator"].head.logit.weight
        weight.register_hook(lambda gradient: torch.where(torch.arange(gradient.numel()) == 2, math.inf, gradient))
        assert runner(1, images(1, ALONE)).damaged == ("discriminator's gradient",)


@pytest.mark.parametrize(("size", "damaged"), [(1e15, ()), (1e25, ("generator's gradient",))])
def test_gradient_whose_square_overflows_is_left_out_too(tiny_spec, size, damaged) -> None:
    """The optimizers could do nothing with it: they square it."""
    spec = tiny_spec(LAYER)
    trained = new_state(compile_spec(spec), spec.training, 0, CPU)
    objective = Simultaneous(loss=HINGE, batch_size=BATCH)
    runner = StepRunner(trained, objective, seed=0, latent_dim=6, device=CPU)
    trained.networks["generator"].initial.linear.weight.register_hook(lambda gradient: torch.full_like(gradient, size))
    assert runner(1, images(1, ALONE)).damaged == damaged


def test_rehearsal_leaves_nothing_behind() -> None:
    with float64():
        trained, runner = make([], ALONE, 4)
        before = everything(trained)
        runner.rehearse(images(1, ALONE)[:2])
        assert all(weight.grad is None for weight in trained.networks["generator"].parameters())
        assert all(weight.grad is None for weight in trained.networks["discriminator"].parameters())
        assert all(torch.equal(value, before[name]) for name, value in everything(trained).items())
        assert runner(1, images(1, ALONE)).applied


def test_losses_of_micro_batches_are_those_of_the_batch() -> None:
    losses = [two_steps([LAYER], ALONE, pieces) for pieces in (1, 4)]
    assert {name for name in losses[0] if name.startswith("loss 1")} == {
        f"loss 1 {name}" for name in ("generator", "discriminator", "r1", "bcr", "d_real", "d_fake")
    }
    for name in losses[0]:
        if name.startswith("loss"):
            torch.testing.assert_close(losses[1][name], losses[0][name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("replayed", [True, False])
def test_weight_without_a_gradient_stays_beside_r1(replayed) -> None:
    with float64():
        trained, runner = make([], ALONE, 1, execution=Execution(replayed_penalty=replayed))
        discriminator = trained.networks["discriminator"]
        discriminator.register_parameter("unused", torch.nn.Parameter(torch.ones(3)))
        assert runner(1, images(1, ALONE)).applied
        assert discriminator.unused.grad is None
        assert discriminator.head.logit.weight.grad is not None


class Idle:
    """An objective whose update leaves both networks without a gradient."""

    roles = ("generator", "discriminator")

    def updates(self, step: int) -> tuple[Update, ...]:
        return (Update(moves=self.roles, images=BATCH, latents=BATCH, gradients=self.gradients),)

    def gradients(self, networks, inputs, at) -> Losses:
        return Losses(terms={"generator": inputs.real.mean()})


def test_networks_without_gradients_are_finite_and_stay(tiny_spec) -> None:
    spec = tiny_spec(LAYER)
    trained = new_state(compile_spec(spec), spec.training, 0, CPU)
    before = state(trained)
    outcome = StepRunner(trained, Idle(), seed=0, latent_dim=6, device=CPU)(1, images(1, ALONE))
    assert outcome.applied
    assert all(torch.equal(value, before[name]) for name, value in state(trained).items())
