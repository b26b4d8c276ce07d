"""The execution of each kind of step."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.layers import onednn_linear
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.fused import FusedSimultaneous
from hitzoo.objectives.input_gradient import by_autograd, by_func
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.training.engine.execution import PRECISIONS, Execution
from tests.float32_settings import SETTINGS, reset, settings_in_effect


@pytest.mark.parametrize(
    ("execution", "group", "expected"),
    [
        (Execution(), 0, by_replay),
        (Execution(), 2, by_autograd),
        (Execution(replayed_penalty=False), 0, by_autograd),
        (Execution(compiled=True), 0, by_func),
        (Execution(compiled=True), 2, by_func),
    ],
)
def test_penaltys_gradient_has_an_implementation_by_execution_and_discriminator(
    tiny_spec, execution, group, expected
) -> None:
    network = build_discriminator(compile_spec(tiny_spec(f"discriminator.minibatch_std={group}")))
    assert network.piecewise_linear == (group == 0)
    assert execution.input_gradient(network) is expected


@pytest.mark.parametrize(("wanted", "group", "expected"), [(True, 0, True), (True, 2, False), (False, 0, False)])
def test_one_pass_back_serves_both_losses_where_it_may(tiny_spec, wanted, group, expected) -> None:
    spec = tiny_spec(f"discriminator.minibatch_std={group}")
    networks = {"discriminator": build_discriminator(compile_spec(spec))}
    chosen = Execution(one_backward=wanted).objective(objective_of(spec), networks)
    assert isinstance(chosen, FusedSimultaneous) is expected
    assert (chosen.loss, chosen.penalties, chosen.batch_size) == (NON_SATURATING, (R1(10.0),), 4)


def test_of_a_discriminator_that_says_nothing_nothing_is_assumed(tiny_spec) -> None:
    objective = objective_of(tiny_spec())
    assert Execution().input_gradient(nn.Linear(1, 1)) is by_autograd
    assert Execution().objective(objective, {"discriminator": nn.Linear(1, 1)}) is objective


def test_networks_run_as_they_are_but_for_the_critic() -> None:
    generator, discriminator = nn.Linear(1, 1), nn.Linear(1, 1)
    ready = Execution().networks({"generator": generator, "discriminator": discriminator})
    assert ready["generator"] is generator
    assert isinstance(ready["discriminator"], Critic)
    assert ready["discriminator"].discriminator is discriminator


@pytest.mark.parametrize("precision", PRECISIONS)
def test_only_bf16_computes_networks_in_half_precision(precision) -> None:
    execution, x = Execution(precision=precision), torch.ones(2, 2)
    with execution.forward(torch.device("cpu")):
        assert (x @ x).dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
    assert (x @ x).dtype == torch.float32


@pytest.mark.parametrize("wanted", [True, False])
def test_linear_layers_are_onednns_where_asked_for(wanted) -> None:
    with Execution(onednn_linear=wanted).step():
        assert onednn_linear.applies(torch.ones(1, 1)) == (wanted and torch.backends.mkldnn.is_available())
    assert onednn_linear.applies(torch.ones(1, 1)) == torch.backends.mkldnn.is_available()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("changed", SETTINGS)
def test_step_rounds_products_where_asked_for_whatever_a_program_has_set(monkeypatch, precision, changed) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    SETTINGS[changed]()
    before = settings_in_effect()
    try:
        with Execution(precision=precision).step():
            inside = settings_in_effect()
            assert (inside.products == "tf32", inside.convolutions == "tf32") == (precision == "tf32",) * 2
        assert settings_in_effect() == before
    finally:
        reset()


@pytest.mark.parametrize("wanted", [True, False])
def test_deterministic_kernels_are_a_matter_of_the_step(wanted: bool) -> None:
    with Execution(deterministic=wanted).step():
        assert torch.are_deterministic_algorithms_enabled() is wanted
    assert not torch.are_deterministic_algorithms_enabled()
