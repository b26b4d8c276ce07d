from __future__ import annotations

from itertools import product

import pytest
import torch

from hitzoo.runtime.shard import WHOLE, Shard


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 12])
def test_shards_together_are_the_whole(count) -> None:
    rows = torch.arange(24).view(12, 2)
    parts = [Shard(index, count).of(rows) for index in range(count)]
    assert {len(part) for part in parts} == {12 // count}
    assert sorted(torch.cat(parts).tolist()) == rows.tolist()
    assert [place for index in range(count) for place in Shard(index, count).of(range(100, 112))] == [
        100 + int(row[0]) // 2 for part in parts for row in part
    ]


def test_one_shard_is_all() -> None:
    assert list(WHOLE.of(range(5))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("count", "pieces"), [(1, 4), (2, 3), (3, 2), (4, 1), (2, 6)])
def test_a_shard_that_is_cut_is_shards_of_the_whole(count, pieces) -> None:
    """As the micro-batches of a process: piece k of it holds every so manyth of its images, from the k-th on."""
    seen = []
    for index, piece in product(range(count), range(pieces)):
        own = Shard(index, count)
        cut = own.cut(piece, pieces)
        assert list(cut.of(range(12))) == list(own.of(range(12)))[piece::pieces]
        seen.append(cut)
    assert sorted(place for cut in seen for place in cut.of(range(12))) == list(range(12))
    assert {cut.count for cut in seen} == {count * pieces}
