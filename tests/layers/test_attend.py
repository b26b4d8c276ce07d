from __future__ import annotations

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch._subclasses import FakeTensorMode

from hitzoo.layers.attend import attend
from hitzoo.layers.attention_limits import Limits
from tests.torch_release import needs_torch_2_15


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


LIMITS = {
    "sequences": Limits(sequences=3),
    "entries": Limits(numbers=5 * 32 * 12 * 4),
    "rows": Limits(rows=4, rows_per_key=1),
    "rows per key": Limits(rows=1, rows_per_key=2),
    "all": Limits(sequences=3, numbers=2 * 32 * 12 * 4, rows=4, rows_per_key=1),
}


class Calls:
    """A kernel that remembers the shapes of its queries."""

    def __init__(self) -> None:
        self.shapes: list[torch.Size] = []

    def __call__(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        self.shapes.append(query.shape)
        return F.scaled_dot_product_attention(query, key, value)


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize(("heads", "key_heads"), [(4, 1), (4, 4)])
def test_limits_leave_attention_and_its_gradients(randn, limits, heads, key_heads) -> None:
    given = randn(7, 12, heads, 5), randn(7, 2, key_heads, 5, seed=1), randn(7, 2, key_heads, 5, seed=2)
    gradient, found, calls = randn(7, 12, heads, 5, seed=3), [], Calls()
    for options in ({}, {"limits": limits, "kernel": calls}):
        inputs = [tensor.clone().requires_grad_() for tensor in given]
        out = attend(*inputs, **options)
        out.backward(gradient)
        found.append([out.detach(), *(tensor.grad for tensor in inputs)])
    for plain, limited in zip(*found, strict=True):
        torch.testing.assert_close(limited, plain, rtol=1e-12, atol=1e-12)
    assert len(calls.shapes) > 1 or calls.shapes[0][0] > 7  # it does something
    for shape in calls.shapes:
        assert shape[0] <= limits.sequences
        assert shape[:3].numel() * 32 <= limits.numbers


@needs_torch_2_15
@pytest.mark.parametrize(
    ("query", "keys"),
    [
        pytest.param((70_000, 64, 4, 16), 64, id="sequences"),
        pytest.param((1, 256 * 256, 4, 16), 16, id="rows of few keys"),
        pytest.param((17, 1024 * 1024, 4, 8), 16, id="entries"),
    ],
)
def test_cuda_sees_no_more_than_it_can_start_and_spread(query, keys) -> None:
    """One block of work for each sequence and 64 keys, in the backward pass; the grid's limit is 65,535."""
    calls = Calls()
    with FakeTensorMode():
        key = torch.empty(query[0], keys, 1, query[3], device="cuda")
        out = attend(torch.empty(query, device="cuda"), key, key, kernel=calls)
    assert out.shape == query
    assert sum(shape[:3].numel() for shape in calls.shapes) == math.prod(query[:3])
    for sequences, heads, rows, width in calls.shapes:
        assert sequences <= 65_535
        assert sequences * heads * rows * max(width, 32) < 1 << 31
        assert rows <= 1024
    assert sum(shape[0] for shape in calls.shapes) >= 256


@pytest.mark.parametrize("length", [65_537, 1])
def test_length_without_a_fitting_divisor_stays_whole(length) -> None:
    assert Limits().parts(length, 4, 16) == 1


def test_cpu_attends_in_one_call() -> None:
    """Its bits are those of every version."""
    calls = Calls()
    attend(torch.ones(2, 1 << 13, 2, 4), torch.ones(2, 4, 1, 4), torch.ones(2, 4, 1, 4), kernel=calls)
    assert calls.shapes == [(2, 1, 1 << 14, 4)]
