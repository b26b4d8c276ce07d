from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import nn

from hitzoo.layers.cross_attention import CrossAttentionBlock
from hitzoo.layers.self_attention import MultiAxisBlock

B, G, P, C, HEADS, TOKENS, TOKEN_CHANNELS = 2, 3, 4, 8, 4, 5, 6
D = C // HEADS

BOTH_KINDS = pytest.mark.parametrize("share_kv", [True, False], ids=["multi_query", "multi_head"])
BOTH_NORMS = pytest.mark.parametrize("norm", ["batch", "layer"])


@pytest.fixture
def multi_axis(filled):
    return lambda share_kv=True, norm="layer": filled(
        MultiAxisBlock(channels=C, heads=HEADS, share_kv=share_kv, norm=norm, expansion=2)
    )


@pytest.fixture
def cross(filled):
    return lambda share_kv=True, norm="layer": filled(
        CrossAttentionBlock(
            channels=C, token_channels=TOKEN_CHANNELS, heads=HEADS, share_kv=share_kv, norm=norm, expansion=2
        )
    )


def slow_norm(norm: nn.Module, x: torch.Tensor, kind: str) -> torch.Tensor:
    """In evaluation mode."""
    if kind == "batch":
        centred = (x - norm.running_mean) / torch.sqrt(norm.running_var + 1e-3)
    else:
        mean = x.mean(-1, keepdim=True)
        centred = (x - mean) / torch.sqrt(((x - mean) ** 2).mean(-1, keepdim=True) + 1e-6)
    return centred * norm.weight + norm.bias


def slow_linear(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return x @ layer.weight.T + layer.bias


def slow_mlp(block: nn.Module, x: torch.Tensor, kind: str) -> torch.Tensor:
    wide = slow_linear(block.widen, slow_norm(block.norm, x, kind))
    gelu = wide * 0.5 * (1 + torch.erf(wide / math.sqrt(2)))
    return x + slow_linear(block.narrow, gelu)


def read_by_one_head(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    weights = torch.softmax(keys @ query / math.sqrt(D), dim=0)
    return weights @ values


def head_of(vector: torch.Tensor, head: int, share_kv: bool) -> torch.Tensor:
    """The d numbers of a head in a key or value of one head or of all, concatenated."""
    return vector if share_kv else vector[..., head * D : (head + 1) * D]


@BOTH_KINDS
@BOTH_NORMS
def test_multi_axis_is_the_description_written_as_loops(multi_axis, randn, share_kv, norm) -> None:
    block = multi_axis(share_kv, norm).eval()
    x = randn(B, G, P, C)
    normed = slow_norm(block.norm, x, norm)
    query, key, value = (slow_linear(layer, normed) for layer in (block.query, block.key, block.value))
    read = torch.zeros_like(x)
    for b, g, p, head in product(range(B), range(G), range(P), range(HEADS)):
        part = slice(head * D, (head + 1) * D)
        keys, values = (head_of(each, head, share_kv) for each in (key, value))
        if head < HEADS // 2:  # inside the block
            read[b, g, p, part] = read_by_one_head(query[b, g, p, part], keys[b, g], values[b, g])
        else:  # the same pixel of every block
            read[b, g, p, part] = read_by_one_head(query[b, g, p, part], keys[b, :, p], values[b, :, p])
    expected = slow_mlp(block.mlp, x + slow_linear(block.output, read), norm)
    torch.testing.assert_close(block(x), expected, rtol=1e-11, atol=1e-11)


@BOTH_KINDS
@BOTH_NORMS
def test_cross_attention_is_the_description_written_as_loops(cross, randn, share_kv, norm) -> None:
    block = cross(share_kv, norm).eval()
    x, tokens = randn(B, G, P, C), randn(B, TOKENS, TOKEN_CHANNELS, seed=1)
    query = slow_linear(block.query, slow_norm(block.norm, x, norm))
    key, value = slow_linear(block.key, tokens), slow_linear(block.value, tokens)
    read = torch.zeros_like(x)
    for b, g, p, head in product(range(B), range(G), range(P), range(HEADS)):
        part = slice(head * D, (head + 1) * D)
        keys, values = (head_of(each, head, share_kv) for each in (key, value))
        read[b, g, p, part] = read_by_one_head(query[b, g, p, part], keys[b], values[b])
    expected = slow_mlp(block.mlp, x + slow_linear(block.output, read), norm)
    torch.testing.assert_close(block(x, tokens), expected, rtol=1e-11, atol=1e-11)


@BOTH_KINDS
def test_cross_attention_takes_a_map_as_well_as_blocks(cross, randn, share_kv) -> None:
    block = cross(share_kv).eval()
    x, tokens = randn(B, 3, 4, C), randn(B, TOKENS, TOKEN_CHANNELS, seed=1)
    as_rows = block(x.reshape(B, 1, 12, C), tokens)
    torch.testing.assert_close(block(x, tokens).reshape(B, 1, 12, C), as_rows, rtol=1e-12, atol=1e-12)


def changed(before: torch.Tensor, after: torch.Tensor) -> set[tuple[int, ...]]:
    return {tuple(place) for place in (before != after).any(-1).nonzero().tolist()}


@BOTH_KINDS
@BOTH_NORMS
@pytest.mark.parametrize("axes", ["regional", "dilated", "both"])
def test_a_position_moves_its_block_and_its_place_in_every_block_alone(multi_axis, randn, share_kv, norm, axes) -> None:
    block = multi_axis(share_kv, norm).eval()
    with torch.no_grad():  # an output that does not listen to one half of the heads
        if axes == "regional":
            block.output.weight[:, C // 2 :] = 0
        if axes == "dilated":
            block.output.weight[:, : C // 2] = 0
    x = randn(B, G, P, C)
    moved = x.clone()
    moved[1, 2, 1] += randn(C, seed=3)
    same_block = {(1, 2, p) for p in range(P)} if axes != "dilated" else set()
    same_place = {(1, g, 1) for g in range(G)} if axes != "regional" else set()
    assert changed(block(x), block(moved)) == same_block | same_place


@BOTH_KINDS
def test_a_pixel_that_asks_the_tokens_moves_nothing_else(cross, randn, share_kv) -> None:
    block = cross(share_kv, "batch").eval()
    x, tokens = randn(B, G, P, C), randn(B, TOKENS, TOKEN_CHANNELS, seed=1)
    moved = x.clone()
    moved[0, 2, 1] += 1
    assert changed(block(x, tokens), block(moved, tokens)) == {(0, 2, 1)}


@BOTH_KINDS
def test_a_token_moves_every_pixel_of_its_own_image(cross, randn, share_kv) -> None:
    block = cross(share_kv).eval()
    x, tokens = randn(B, G, P, C), randn(B, TOKENS, TOKEN_CHANNELS, seed=1)
    moved = tokens.clone()
    moved[1, 3] += 1
    assert changed(block(x, tokens), block(x, moved)) == {(1, g, p) for g in range(G) for p in range(P)}


@BOTH_KINDS
@BOTH_NORMS
def test_every_weight_gets_a_gradient_but_the_bias_of_the_keys(multi_axis, cross, randn, share_kv, norm) -> None:
    """softmax does not see what is added to all keys alike; the rest must learn."""
    tokens = randn(B, TOKENS, TOKEN_CHANNELS, seed=1)
    for block, more in ((multi_axis(share_kv, norm), ()), (cross(share_kv, norm), (tokens,))):
        (block(randn(B, G, P, C), *more) * randn(B, G, P, C, seed=2)).sum().backward()
        sizes = {name: float(weight.grad.abs().max()) for name, weight in block.named_parameters()}
        assert sizes.pop("key.bias") < 1e-11
        assert min(sizes.values()) > 1e-3, sizes
