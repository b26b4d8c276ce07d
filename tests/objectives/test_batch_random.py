"""BatchRandom of a shard are the whole batch's; what is grouped in a batch stays together in its shards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from hitzoo.layers.batch_statistics import GhostStatistics, per_replica
from hitzoo.layers.logit_head import minibatch_std
from hitzoo.layers.norm import BatchNorm
from hitzoo.objectives.batch_random import BatchRandom, Draw, Integers, Normal, Uniform, draw_ahead
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


def test_shards_of_a_batch_share_its_draws() -> None:
    """However many micro-batches there are, the numbers are drawn once."""
    random, alone = seeded(), seeded()
    whole, expected = BatchRandom(random, 12), BatchRandom(alone, 12)
    rows = [draw(expected) for draw in DRAWS.values()]
    for index in range(3):
        piece = whole.of(Shard(index, 3))
        for draw, row in zip(DRAWS.values(), rows, strict=True):
            assert torch.equal(draw(piece), row[index::3])
    assert torch.equal(random.get_state(), alone.get_state())


AHEAD: dict[str, list[Draw]] = {
    "nothing": [],
    "some": [Normal(3)],
    "all": [Normal(3), Uniform(), Integers(-2, 2)],
    "more": [Normal(3), Uniform(), Integers(-2, 2), Normal(5)],
    "others": [Normal(3), Integers(0, 5), Normal(2)],
    "others from the first": [Normal(4), Uniform()],
}


@pytest.mark.parametrize("ahead", AHEAD.values(), ids=AHEAD)
@pytest.mark.parametrize("common", [True, False], ids=["common generator", "own generators"])
def test_draws_made_ahead_are_those_made_in_turn(ahead, common) -> None:
    """Whether or not they are what is asked for; of two sources that may have one generator, the second is guessed."""
    found = []
    for likely in (None, ahead):
        first = seeded()
        latents, others = BatchRandom(first, 6), BatchRandom(first if common else seeded(1), 6)
        if likely is not None:
            draw_ahead([(latents, [Normal(7)]), (others, likely)])
        found.append([latents.normal(7)])
        for index in range(2):
            piece = others.of(Shard(index, 2))
            found[-1] += [draw(piece) for draw in DRAWS.values()]
    for in_turn, early in zip(*found, strict=True):
        assert torch.equal(early, in_turn)


def test_draws_of_a_batch_are_known_for_the_next() -> None:
    draws = BatchRandom(seeded(), 4)
    piece = draws.of(Shard(0, 2))
    piece.uniform()
    piece.integers(1, 3)
    assert draws.drawn == (Uniform(), Integers(1, 3))


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
