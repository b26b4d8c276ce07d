"""Which way each kind of step goes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.layers import onednn_linear
from hitzoo.objectives.input_gradient import by_autograd, by_func
from hitzoo.objectives.r1_without_double_backward import by_replay
from hitzoo.training.engine.execution import PRECISIONS, Way


@pytest.mark.parametrize(
    ("way", "group", "expected"),
    [
        (Way(), 0, by_replay),
        (Way(), 2, by_autograd),
        (Way(replayed_penalty=False), 0, by_autograd),
        (Way(compiled=True), 0, by_func),
        (Way(compiled=True), 2, by_func),
    ],
)
def test_the_penaltys_gradient(tiny_spec, way, group, expected) -> None:
    network = build_discriminator(compile_spec(tiny_spec(f"discriminator.minibatch_std={group}")))
    assert network.piecewise_linear == (group == 0)
    assert way.input_gradient(network) is expected


@pytest.mark.parametrize(("wanted", "group", "expected"), [(True, 0, True), (True, 2, False), (False, 0, False)])
def test_one_pass_back_for_both_losses(tiny_spec, wanted, group, expected) -> None:
    network = build_discriminator(compile_spec(tiny_spec(f"discriminator.minibatch_std={group}")))
    assert Way(one_backward=wanted).images_alone(network) is expected


def test_of_a_discriminator_that_says_nothing_nothing_is_assumed() -> None:
    assert Way().input_gradient(nn.Linear(1, 1)) is by_autograd
    assert Way().images_alone(nn.Linear(1, 1)) is False


@pytest.mark.parametrize("precision", PRECISIONS)
def test_only_bf16_computes_networks_in_half_precision(precision) -> None:
    way, x = Way(precision=precision), torch.ones(2, 2)
    with way.forward(torch.device("cpu")):
        assert (x @ x).dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
    assert (x @ x).dtype == torch.float32


@pytest.mark.parametrize("wanted", [True, False])
def test_linear_layers_take_the_way_that_is_asked_for(wanted) -> None:
    with Way(onednn_linear=wanted).step():
        assert onednn_linear.applies(torch.ones(1, 1)) == (wanted and torch.backends.mkldnn.is_available())
    assert onednn_linear.applies(torch.ones(1, 1)) == torch.backends.mkldnn.is_available()
