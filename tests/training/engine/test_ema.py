from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.layers.norm import BatchNorm
from hitzoo.spec.types import EmaSpec
from hitzoo.training.engine.ema import MovingAverage


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
