from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.layers.norm import BatchNorm
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.training.engine.running_statistics import RunningStatistics


class Others(World):
    """Two processes, the other of which found 1 more everywhere in each of two passes."""

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
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
    statistics = RunningStatistics(norm)
    one, other = passes(norm, statistics)
    assert not torch.allclose(one, other)
    statistics.settle(2, world)
    torch.testing.assert_close(norm.running_mean, (one + other) / 2 + more)


def test_a_step_that_is_left_out_ends_with_what_it_began_with(norm) -> None:
    norm.running_mean.fill_(3.0)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    statistics = RunningStatistics(norm)
    passes(norm, statistics)
    statistics.restore()
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_one_pass_alone_changes_not_a_bit(norm) -> None:
    norm(torch.ones(3, 2, dtype=torch.float64) / 3)
    statistics = RunningStatistics(norm)
    norm(torch.ones(3, 2, dtype=torch.float64) / 7)
    found = norm.running_mean.clone()
    statistics.take_in()
    statistics.settle(1, ALONE)
    assert torch.equal(norm.running_mean, found)


def test_a_network_without_any_needs_nothing() -> None:
    statistics = RunningStatistics(nn.LayerNorm(2))
    statistics.take_in()
    statistics.settle(1, ALONE)
    statistics.restore()
