from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from hitzoo.families.compile import compile_spec
from hitzoo.training.engine.keras_adam import KerasAdam
from hitzoo.training.engine.state import new_state


def state_of(spec, seed: int = 0):
    return new_state(compile_spec(spec), spec.training, seed, torch.device("cpu"))


def test_everything_follows_from_the_seed(tiny_spec) -> None:
    torch.manual_seed(1)
    first = state_of(tiny_spec(), 3)
    torch.manual_seed(2)
    again, other = state_of(tiny_spec(), 3), state_of(tiny_spec(), 4)
    for name in ("generator", "discriminator"):
        mine, same, different = (state.networks[name].state_dict() for state in (first, again, other))
        assert all(torch.equal(mine[key], same[key]) for key in mine)
        assert any(not torch.equal(mine[key], different[key]) for key in mine)


def test_update_moves_both_networks_by_their_own_gradients_and_then_the_average(tiny_spec) -> None:
    state = state_of(tiny_spec("training.ema={decay: 0.75, start_step: 0}"))
    expected = {name: deepcopy(network) for name, network in state.networks.items()}
    before = deepcopy(state.averages["generator"][0].network)
    random = torch.Generator().manual_seed(0)
    for name, network in expected.items():
        for mine, other in zip(state.networks[name].parameters(), network.parameters(), strict=True):
            mine.grad = torch.randn(mine.shape, generator=random)
            other.grad = mine.grad.clone()
        KerasAdam(network.parameters(), lr=0.01, betas=(0.0, 0.99)).step()
    state.update(("generator", "discriminator"), 1)
    for name, network in expected.items():
        for mine, other in zip(state.networks[name].parameters(), network.parameters(), strict=True):
            assert torch.equal(mine, other)
    for average, old, new in zip(
        state.averages["generator"][0].network.parameters(),
        before.parameters(),
        expected["generator"].parameters(),
        strict=True,
    ):
        torch.testing.assert_close(average, 0.75 * old + 0.25 * new)


@pytest.mark.parametrize(("form", "kind"), [("keras", KerasAdam), ("torch", torch.optim.Adam)])
def test_each_network_has_an_optimizer_of_the_form_the_spec_names(tiny_spec, form, kind) -> None:
    state = state_of(tiny_spec(f"training.optimizer.form={form}"))
    assert state.optimizers.keys() == state.networks.keys()
    for role, optimizer in state.optimizers.items():
        assert type(optimizer) is kind
        weights = state.networks[role].parameters()
        assert [id(w) for w in optimizer.param_groups[0]["params"]] == [id(w) for w in weights]


def test_network_that_does_not_move_keeps_weights_average_and_optimizer(tiny_spec) -> None:
    state = state_of(tiny_spec("training.ema={decay: 0.75, start_step: 0}"))
    still = {
        **state.networks["generator"].state_dict(),
        "average": next(state.averages["generator"][0].network.parameters()),
    }
    before = {name: value.clone() for name, value in still.items()}
    for network in state.networks.values():
        for weight in network.parameters():
            weight.grad = torch.ones_like(weight)
    critic = next(state.networks["discriminator"].parameters())
    old = critic.detach().clone()
    state.update(("discriminator",), 1)
    assert all(torch.equal(value, before[name]) for name, value in still.items())
    assert not state.optimizers["generator"].state
    assert not torch.equal(critic, old)


def test_gradients_are_forgotten(tiny_spec) -> None:
    state = state_of(tiny_spec())
    for network in state.networks.values():
        for weight in network.parameters():
            weight.grad = torch.ones_like(weight)
    state.forget_gradients()
    assert all(weight.grad is None for network in state.networks.values() for weight in network.parameters())


def test_average_knows_how_many_images_a_step_takes(tiny_spec) -> None:
    spec = tiny_spec("training.updates={discriminator: 3}", "training.ema={half_life: 100, start_step: 0}")
    assert state_of(spec).averages["generator"][0].decay(1) == pytest.approx(0.5 ** (12 / 100))


def test_update_gives_the_average_its_images(tiny_spec) -> None:
    half_life = "{from: 0, to: 100, images: 1000, shape: linear}"
    state = state_of(tiny_spec(f"training.ema={{half_life: {half_life}, start_step: 0}}"))
    before = deepcopy(state.averages["generator"][0].network)
    with torch.no_grad():
        for weight in state.networks["generator"].parameters():
            weight += 1.0
    state.update(("generator",), 126, 500)
    share = 1 - 0.5 ** (4 / 50)
    for new, old in zip(state.averages["generator"][0].network.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(new, old + share)


def test_several_averages_follow_the_generator_each_at_its_pace(tiny_spec) -> None:
    spec = tiny_spec("training.ema=[{half_life: 4, start_step: 0}, {decay: 0.75, start_step: 0}]")
    state = state_of(spec)
    quick, slow = state.averages["generator"]
    assert (quick.name, slow.name) == ("4", "0.75")
    before = deepcopy(quick.network)
    with torch.no_grad():
        for weight in state.networks["generator"].parameters():
            weight += 1.0
    state.update(("generator",), 1)
    for average, share in ((quick, 0.5), (slow, 0.25)):
        for new, old in zip(average.network.parameters(), before.parameters(), strict=True):
            torch.testing.assert_close(new, old + share)


def test_direction_of_the_last_layer_keeps_its_length(tiny_spec) -> None:
    state = state_of(tiny_spec("discriminator.san=true"))
    layer = state.networks["discriminator"].head.logit
    for weight in state.networks["discriminator"].parameters():
        weight.grad = torch.ones_like(weight)
    before = layer.weight.detach().clone()
    state.update(("discriminator",), 1)
    assert not torch.equal(layer.weight, before)
    assert layer.weight.norm().item() == pytest.approx(1, abs=1e-6)
