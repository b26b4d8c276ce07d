"""BatchRandom of a shard are the whole batch's; what is grouped in a batch stays together in its shards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from hitzoo.layers.batch_statistics import GhostStatistics, per_replica
from hitzoo.layers.logit_head import minibatch_std
from hitzoo.layers.norm import BatchNorm
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.runtime.shard import Shard

DRAWS: dict[str, Callable[[BatchRandom], torch.Tensor]] = {
    "normal": lambda draws: draws.normal(3),
    "uniform": lambda draws: draws.uniform(),
    "integers": lambda draws: draws.integers(-2, 2),
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def randn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=seeded())


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_the_draws_of_a_shard_are_rows_of_the_wholes(draw) -> None:
    whole, drawn = BatchRandom(seeded(), 12), [BatchRandom(seeded(), 12, Shard(index, 3)) for index in range(3)]
    for _ in range(2):  # the second draw too
        rows = draw(whole)
        assert len(rows) == 12
        for index, draws in enumerate(drawn):
            assert torch.equal(draw(draws), rows[index::3])


def test_draws_are_what_they_say() -> None:
    draws = BatchRandom(seeded(), 4000)
    assert draws.normal(3).shape == (4000, 3)
    normal = draws.normal(3)
    assert abs(float(normal.mean())) < 0.05
    assert abs(float(normal.std()) - 1) < 0.05
    uniform = draws.uniform()
    assert 0 <= uniform.min() < 0.01
    assert 0.99 < uniform.max() < 1
    assert sorted(set(draws.integers(-2, 3).tolist())) == [-2, -1, 0, 1, 2, 3]


@pytest.mark.parametrize(("group", "count"), [(4, 1), (4, 3), (2, 2), (2, 3), (2, 6), (12, 1)])
def test_groups_of_the_minibatch_deviation_stay_whole(group, count) -> None:
    """Wherever the shards' number divides that of the groups."""
    x = randn(12, 3, 4, 4)
    whole = minibatch_std(x, group)
    for index in range(count):
        shard = Shard(index, count)
        torch.testing.assert_close(minibatch_std(shard.of(x), group), shard.of(whole), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [2, 3])
def test_groups_of_batch_norms_stay_whole(count) -> None:
    """Twelve images in six groups; each shard forms its groups, or is one of them, as the whole batch would."""
    x = randn(12, 5, 3)
    whole = GhostStatistics(2)(BatchNorm(3).double(), x)
    for index in range(count):
        shard = Shard(index, count)
        torch.testing.assert_close(GhostStatistics(2)(BatchNorm(3).double(), shard.of(x)), shard.of(whole))
    for index in range(6):
        part = Shard(index, 6).of(x)
        torch.testing.assert_close(per_replica(BatchNorm(3).double(), part), Shard(index, 6).of(whole))
