from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.layers.norm import BatchNorm
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.training.engine.running_statistics import RunningStatistics


class Others(World):
    """Two processes, the other of which found 1 more everywhere in each of two passes."""

    def all_reduce_sum(self, values: torch.Tensor) -> torch.Tensor:
        return values.mul_(2).add_(2)


@pytest.fixture
def norm() -> BatchNorm:
    return BatchNorm(2).double()


def passes(norm: BatchNorm, statistics: RunningStatistics) -> list[torch.Tensor]:
    """What each of two passes makes of the mean that the step began with."""
    found = []
    for seed in (0, 1):
        norm(torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))
        found.append(norm.running_mean.clone())
        statistics.take_in()
        assert torch.equal(norm.running_mean, torch.full((2,), 3.0, dtype=torch.float64))
    return found


@pytest.mark.parametrize(("world", "more"), [(ALONE, 0.0), (Others(0, 2), 0.5)], ids=["alone", "two processes"])
def test_a_step_ends_with_the_mean_of_its_passes(norm, world, more) -> None:
    norm.running_mean.fill_(3.0)
    statistics = RunningStatistics([norm])
    one, other = passes(norm, statistics)
    assert not torch.allclose(one, other)
    statistics.settle(2, world)
    torch.testing.assert_close(norm.running_mean, (one + other) / 2 + more)


def test_a_step_that_is_left_out_ends_with_what_it_began_with(norm) -> None:
    norm.running_mean.fill_(3.0)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    statistics = RunningStatistics([norm])
    passes(norm, statistics)
    statistics.restore()
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_one_pass_alone_changes_not_a_bit(norm) -> None:
    norm(torch.ones(3, 2, dtype=torch.float64) / 3)
    statistics = RunningStatistics([norm])
    norm(torch.ones(3, 2, dtype=torch.float64) / 7)
    found = norm.running_mean.clone()
    statistics.take_in()
    statistics.settle(1, ALONE)
    assert torch.equal(norm.running_mean, found)


def test_a_network_without_any_needs_nothing() -> None:
    statistics = RunningStatistics([nn.LayerNorm(2)])
    statistics.take_in()
    statistics.settle(1, ALONE)
    statistics.restore()


def test_several_networks_are_settled_together() -> None:
    norms = [BatchNorm(2).double(), BatchNorm(3).double()]
    statistics = RunningStatistics(norms)
    expected = []
    for norm in norms:
        norm(torch.randn(5, len(norm.running_mean), dtype=torch.float64))
        expected.append(norm.running_mean.clone())
    statistics.take_in()
    assert not any(norm.running_mean.any() for norm in norms)
    statistics.settle(1, ALONE)
    assert all(torch.equal(norm.running_mean, mean) for norm, mean in zip(norms, expected, strict=True))


def test_constants_that_are_not_saved_are_no_statistics() -> None:
    """A mean of three equal constants is not always the constant to the bit."""
    network = nn.Module()
    network.register_buffer("kernel", torch.tensor([0.1]), persistent=False)
    statistics = RunningStatistics([network])
    network.kernel.fill_(5.0)
    statistics.restore()
    assert network.kernel.item() == 5.0
