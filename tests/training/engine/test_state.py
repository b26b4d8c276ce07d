from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from hitzoo.families.compile import compile_spec
from hitzoo.training.engine.keras_adam import KerasAdam
from hitzoo.training.engine.state import new_trainee


def trainee_of(spec, seed: int = 0):
    return new_trainee(compile_spec(spec), spec.training, seed, torch.device("cpu"))


def test_everything_follows_from_the_seed(tiny_spec) -> None:
    torch.manual_seed(1)
    first = trainee_of(tiny_spec(), 3)
    torch.manual_seed(2)
    again, other = trainee_of(tiny_spec(), 3), trainee_of(tiny_spec(), 4)
    for name in ("generator", "discriminator"):
        mine, same, different = (getattr(trainee, name).state_dict() for trainee in (first, again, other))
        assert all(torch.equal(mine[key], same[key]) for key in mine)
        assert any(not torch.equal(mine[key], different[key]) for key in mine)


def test_an_update_moves_both_networks_by_their_own_gradients_and_then_the_average(tiny_spec) -> None:
    trainee = trainee_of(tiny_spec("training.ema={decay: 0.75, start_step: 0}"))
    expected = {name: deepcopy(getattr(trainee, name)) for name in ("generator", "discriminator")}
    before = deepcopy(trainee.average.network)
    random = torch.Generator().manual_seed(0)
    for name, network in expected.items():
        for mine, other in zip(getattr(trainee, name).parameters(), network.parameters(), strict=True):
            mine.grad = torch.randn(mine.shape, generator=random)
            other.grad = mine.grad.clone()
        KerasAdam(network.parameters(), lr=0.01, betas=(0.0, 0.99)).step()
    trainee.update(1)
    for name, network in expected.items():
        for mine, other in zip(getattr(trainee, name).parameters(), network.parameters(), strict=True):
            assert torch.equal(mine, other)
    for average, old, new in zip(
        trainee.average.network.parameters(), before.parameters(), expected["generator"].parameters(), strict=True
    ):
        torch.testing.assert_close(average, 0.75 * old + 0.25 * new)


@pytest.mark.parametrize(("form", "kind"), [("keras", KerasAdam), ("torch", torch.optim.Adam)])
def test_each_network_has_an_optimizer_of_the_form_the_spec_names(tiny_spec, form, kind) -> None:
    trainee = trainee_of(tiny_spec(f"training.optimizer.form={form}"))
    for network, optimizer in (
        (trainee.generator, trainee.generator_optimizer),
        (trainee.discriminator, trainee.discriminator_optimizer),
    ):
        assert type(optimizer) is kind
        assert [id(w) for w in optimizer.param_groups[0]["params"]] == [id(w) for w in network.parameters()]
