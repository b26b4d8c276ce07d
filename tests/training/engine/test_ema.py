from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from hitzoo.families.compile import compile_spec
from hitzoo.layers.norm import BatchNorm
from hitzoo.spec.types import EmaSpec, ScheduleSpec
from hitzoo.training.engine import ema
from hitzoo.training.engine.ema import MovingAverage, network_of
from hitzoo.training.engine.state import new_state
from tests.threads_as_processes import together


def set_all(network: nn.Module, value: float) -> None:
    with torch.no_grad():
        for index, tensor in enumerate(network.state_dict().values()):
            tensor.fill_(value + index)


def values(network: nn.Module) -> list[float]:
    return [tensor[0].item() for tensor in network.state_dict().values()]


def test_average_copies_up_to_the_start_and_decays_from_then_on() -> None:
    network = BatchNorm(2).double()
    average = MovingAverage(network, EmaSpec(decay=0.75, start_step=2))
    expected = 0.0
    for step, value in enumerate((8.0, 3.0, 11.0, -5.0), start=1):
        set_all(network, value)
        average.update(network, step)
        expected = value if step <= 2 else 0.75 * expected + 0.25 * value
        # weight, bias, and the running statistics like them
        assert values(average.network) == pytest.approx([expected + index for index in range(4)], rel=1e-12)
    assert expected == pytest.approx(0.75 * (0.75 * 3 + 0.25 * 11) + 0.25 * -5)


def test_average_can_begin_without_any_copying() -> None:
    network = BatchNorm(2).double()
    set_all(network, 1.0)
    average = MovingAverage(network, EmaSpec(decay=0.9, start_step=0))
    set_all(network, 11.0)
    average.update(network, 1)
    assert values(average.network) == pytest.approx([2.0, 3.0, 4.0, 5.0])


def test_average_is_a_network_of_its_own_that_does_not_learn() -> None:
    network = BatchNorm(2)
    average = MovingAverage(network, EmaSpec())
    assert not average.network.training
    assert not any(weight.requires_grad for weight in average.network.parameters())
    assert network.training
    assert all(weight.requires_grad for weight in network.parameters())
    set_all(network, 9.0)
    assert values(average.network) == [1.0, 0.0, 0.0, 1.0]


def test_ramping_up_limits_the_decay_at_first_and_no_longer_than_needed() -> None:
    average = MovingAverage(BatchNorm(2), EmaSpec(decay=0.9, start_step=0, ramp_up=True))
    assert [average.decay(step) for step in (1, 8, 1000)] == pytest.approx([2 / 11, 9 / 18, 0.9])
    assert MovingAverage(BatchNorm(2), EmaSpec(decay=0.9)).decay(1) == 0.9


class Indexed(nn.Module):
    """A weight beside what cannot be averaged."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("index", torch.tensor([3, 1]))
        self.register_buffer("used", torch.tensor([False, True]))


@pytest.mark.parametrize("start", [0, 5], ids=["decaying", "copying"])
def test_integers_and_flags_are_copied(start) -> None:
    network = Indexed()
    average = MovingAverage(network, EmaSpec(decay=0.75, start_step=start))
    with torch.no_grad():
        network.weight.fill_(4.0)
        network.index += 7
        network.used.logical_not_()
    average.update(network, 1)
    assert torch.equal(average.network.index, torch.tensor([10, 8]))
    assert torch.equal(average.network.used, torch.tensor([True, False]))
    assert average.network.weight.tolist() == ([1.0, 1.0] if start == 0 else [4.0, 4.0])


def test_half_life_is_in_images_whatever_the_step() -> None:
    """The network stands at 1 from 0 on: after so many images half of the way is left."""
    for images_per_step in (10, 50):
        network = BatchNorm(1).double()
        set_all(network, 0.0)
        average = MovingAverage(network, EmaSpec(start_step=0, half_life=200.0), images_per_step)
        set_all(network, 1.0)
        for step in range(400 // images_per_step):
            average.update(network, step + 1, step * images_per_step)
        assert values(average.network)[0] == pytest.approx(0.75, rel=1e-12)


def test_half_life_may_follow_a_schedule_and_be_nothing() -> None:
    schedule = ScheduleSpec(from_=0.0, to=1000.0, images=100, shape="linear")
    average = MovingAverage(BatchNorm(2), EmaSpec(half_life=schedule), images_per_step=10)
    assert average.decay(1, 0) == 0.0
    assert average.decay(6, 50) == pytest.approx(0.5 ** (10 / 500))
    assert average.decay(1000, 10**9) == pytest.approx(0.5 ** (10 / 1000))


def test_half_life_may_be_ramped_up() -> None:
    average = MovingAverage(BatchNorm(2), EmaSpec(half_life=1e6, ramp_up=True), images_per_step=10)
    assert average.decay(8, 70) == pytest.approx(9 / 18)


def test_ramp_limits_the_half_life_to_a_share_of_the_images_seen() -> None:
    """StyleGAN2's: N = min(half-life, ramp·images), decay 0.5^(batch/N), and a copy at first."""
    average = MovingAverage(BatchNorm(2), EmaSpec(half_life=500_000.0, ramp=0.05, start_step=0), images_per_step=64)
    assert average.decay(1, 0) == 0.0
    assert average.decay(101, 6400) == pytest.approx(0.5 ** (64 / 320))
    assert average.decay(10**6, 64 * 10**6) == pytest.approx(0.5 ** (64 / 500_000))


@pytest.mark.parametrize("step", [1, 100, 10**6])
def test_ramp_can_say_what_transgan_does(step: int) -> None:
    """Batches of 64, four per step of the generator: N = min(kimg·1000, ramp·64·t), decay 0.5^(64/N), t of batches."""
    theirs = 0.5 ** (64 / min(500_000, 0.1 * 64 * 4 * step))
    average = MovingAverage(BatchNorm(2), EmaSpec(half_life=2_000_000.0, ramp=0.4, start_step=0), images_per_step=256)
    assert average.decay(step + 1, 256 * step) == pytest.approx(theirs, rel=1e-12)


class Tied(nn.Module):
    """One weight under two names, and one of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.other = (nn.Linear(1, 1, bias=False) for _ in range(3))
        self.second.weight = self.first.weight


def test_tied_weight_is_averaged_once() -> None:
    network = Tied().double()
    for weight in network.parameters():
        nn.init.zeros_(weight)
    average = MovingAverage(network, EmaSpec(decay=0.75, start_step=0))
    for weight in network.parameters():
        nn.init.constant_(weight, 8.0)
    average.update(network, 1)
    assert average.network.other.weight.item() == 2.0
    assert average.network.first.weight.item() == average.network.second.weight.item() == 2.0
    assert average.network.first.weight is average.network.second.weight


def test_processes_recalibrate_together_though_one_has_done_so_alone(tiny_spec) -> None:
    """The first process saves checkpoints, and the others do not look at their averages then."""
    spec = tiny_spec("training.ema={decay: 0.5, recalibrate: 8}")
    plan = compile_spec(spec)
    averages = new_state(plan, spec.training, 0, torch.device("cpu")).averages["generator"]

    def work(world) -> dict[str, torch.Tensor]:
        (average,) = deepcopy(averages)
        if world.first:
            network_of(average, plan, spec.training, 3)
        return network_of(average, plan, spec.training, 3, world).state_dict()

    one, other = together(2, work)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_average_is_recalibrated_once_after_each_change(tiny_spec, monkeypatch) -> None:
    spec = tiny_spec("training.ema=[{decay: 0.5}, {decay: 0.5, recalibrate: 8}]")
    plan = compile_spec(spec)
    state, done = new_state(plan, spec.training, 0, torch.device("cpu")), []
    monkeypatch.setattr(ema, "recalibrate", lambda network, how, world: done.append((network, how.latents)))
    plain, anew = state.averages["generator"]
    for step in (0, 20):
        if step:
            state.update(("generator",), step)
        for _ in range(2):
            assert network_of(plain, plan, spec.training, 3) is plain.network
            assert network_of(anew, plan, spec.training, 3) is anew.network
    assert done == [(anew.network, 8)] * 2
