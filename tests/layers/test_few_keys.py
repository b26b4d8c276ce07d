from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from hitzoo.layers import few_keys
from hitzoo.layers.attend import attend
from hitzoo.layers.double_backward import twice_differentiable


def sequences(keys: int, dtype: torch.dtype = torch.bfloat16, width: int = 4) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    lengths = (5, keys, keys)
    return [torch.randn(3, 1, n, width, generator=generator).to(dtype).requires_grad_() for n in lengths]


def results(way, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    out = way(*inputs)
    out.backward(torch.linspace(-1, 1, out.numel()).view_as(out).to(out.dtype))
    return [out.detach(), *(each.grad for each in inputs)]


@pytest.mark.parametrize("keys", [1, 7, 16])
def test_in_float64_it_is_attention_to_the_last_digits(keys) -> None:
    ours, theirs = (sequences(keys, torch.float64) for _ in range(2))
    expected = results(F.scaled_dot_product_attention, theirs)
    for found, other in zip(results(few_keys.attend_to_few, ours), expected, strict=True):
        torch.testing.assert_close(found, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("keys", [1, 7, 16])
def test_output_and_gradients_are_attentions(keys) -> None:
    narrow = sequences(keys)
    wide = [each.detach().float().requires_grad_() for each in narrow]
    expected = results(F.scaled_dot_product_attention, wide)
    for found, theirs in zip(results(few_keys.attend_to_few, narrow), expected, strict=True):
        assert found.dtype == torch.bfloat16
        assert (found.float() - theirs).norm() <= 0.02 * theirs.norm() + 1e-3


def way_of(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> bool:
    """True if attention in the layers' layout goes by the two products."""
    calls = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few_keys, "attend_to_few", lambda *inputs: calls.append(inputs) or query.transpose(1, 2))
        attend(query, key, value)
    return bool(calls)


def in_layers_layout(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return tuple(each.transpose(1, 2) for each in inputs)


def test_attention_takes_it_in_bfloat16_for_few_keys_of_one_head() -> None:
    assert way_of(*in_layers_layout(*sequences(16)))
    assert not way_of(*in_layers_layout(*sequences(17)))  # more than four times the width
    assert not way_of(*in_layers_layout(*sequences(65, width=32)))
    assert not way_of(*in_layers_layout(*sequences(16, torch.float32)))
    query, key, value = in_layers_layout(*sequences(16))
    assert not way_of(*(each.expand(-1, -1, 2, -1) for each in (query, key, value)))


def test_attention_that_is_differentiated_twice_does_not_take_it() -> None:
    with twice_differentiable():
        assert not way_of(*in_layers_layout(*sequences(16)))


def test_attention_without_gradients_does_not_take_it() -> None:
    query, key, _ = (each.detach() for each in sequences(16))
    assert not few_keys.applies(query, key)


def test_second_derivative_is_attentions() -> None:
    """Outside `twice_differentiable`, too: a part of it must not be missing without a word."""
    found = []
    for way in (few_keys.attend_to_few, lambda *inputs: F.scaled_dot_product_attention(*inputs, scale=0.5)):
        inputs = sequences(7, torch.float64)
        with sdpa_kernel(SDPBackend.MATH):
            first = torch.autograd.grad(way(*inputs).sin().sum(), inputs, create_graph=True)
            sums = torch.autograd.grad(way(*inputs).sum(), inputs[:2], create_graph=True)  # by a constant
        found.append(torch.autograd.grad(sum(each.square().sum() for each in (*first, *sums)), inputs))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
