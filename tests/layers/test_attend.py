from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from hitzoo.layers.attend import attend


def slow_attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """One query of one head at a time."""
    out = torch.empty_like(query)
    sequences, length, heads, width = query.shape
    for n, row, head in product(range(sequences), range(length), range(heads)):
        shared = 0 if key.shape[2] == 1 else head
        scores = [float(query[n, row, head] @ other) / math.sqrt(width) for other in key[n, :, shared]]
        weights = [math.exp(score) for score in scores]
        total = sum(weights)
        out[n, row, head] = sum(
            weight / total * other for weight, other in zip(weights, value[n, :, shared], strict=True)
        )
    return out


@pytest.mark.parametrize(("heads", "key_heads"), [(4, 1), (4, 4), (1, 1)])
def test_attend_is_the_formula_written_as_loops(randn, heads, key_heads) -> None:
    query, key, value = randn(2, 3, heads, 5), randn(2, 6, key_heads, 5, seed=1), randn(2, 6, key_heads, 5, seed=2)
    out = attend(query, key, value)
    assert out.shape == query.shape
    torch.testing.assert_close(out, slow_attend(query, key, value), rtol=1e-12, atol=1e-12)


def test_a_shared_key_head_equals_repeating_it(randn) -> None:
    query, key, value = randn(2, 3, 4, 5), randn(2, 6, 1, 5, seed=1), randn(2, 6, 1, 5, seed=2)
    repeated = attend(query, key.expand(2, 6, 4, 5), value.expand(2, 6, 4, 5))
    torch.testing.assert_close(attend(query, key, value), repeated, rtol=1e-12, atol=1e-12)
