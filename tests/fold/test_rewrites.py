"""Each rewrite by itself, in float64: the same numbers to 1e-12 as what it stands for."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.fold import rewrites
from hitzoo.fold.affine import Affine, affine_of, concatenated
from hitzoo.layers.attend import attend
from hitzoo.layers.norm import build_norm
from hitzoo.layers.upsample import depth_to_space
from tests.support import fill

BATCH, ROWS, CHANNELS, TOKENS, HEADS, WIDTH = 2, 5, 12, 3, 4, 3


def draw(*shape: int) -> torch.Tensor:
    draw.seed += 1  # type: ignore[attr-defined]
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(draw.seed))  # type: ignore[attr-defined]


draw.seed = 0  # type: ignore[attr-defined]


def affine(inner: int, outer: int) -> Affine:
    return Affine(draw(outer, inner), draw(outer))


def same(left: torch.Tensor, right: torch.Tensor) -> None:
    assert left.shape == right.shape
    assert right.abs().max() > 0.1  # there is something to agree on
    torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-12)


def test_two_layers_in_a_row_and_side_by_side() -> None:
    first, second, x = affine(4, 6), affine(6, 3), draw(5, 4)
    same(second.after(first)(x), second(first(x)))
    other = affine(4, 2)
    same(concatenated([first, other])(x), torch.cat([first(x), other(x)], dim=-1))
    same(first.scaled(0.3)(x), 0.3 * first(x))
    linear = nn.Linear(4, 6, dtype=torch.float64)
    same(affine_of(linear)(x), linear(x))
    bare = nn.Linear(4, 6, bias=False, dtype=torch.float64)
    same(affine_of(bare)(x), bare(x))


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_the_norm_before_a_layer_goes_into_it(kind: str) -> None:
    norm = fill(build_norm(kind, CHANNELS).double(), scale=1.0).eval()
    layer, x = affine(CHANNELS, 7), draw(BATCH, ROWS, CHANNELS)
    rest = x if kind == "batch" else F.layer_norm(x, (CHANNELS,), eps=1e-6)
    same(rewrites.after_norm(layer, norm)(rest), layer(norm(x)))


def test_the_batch_norm_after_a_layer_goes_into_it() -> None:
    norm = fill(build_norm("batch", 7).double(), scale=1.0).eval()
    layer, x = affine(CHANNELS, 7), draw(BATCH, ROWS, CHANNELS)
    same(rewrites.before_norm(layer, norm)(x), norm(layer(x)))


def plain_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """With shared or own key heads, heads side by side."""
    return attend(query.unflatten(-1, (HEADS, -1)), key.unflatten(-1, (-1, WIDTH)), value.unflatten(-1, (-1, WIDTH)))


def projections(key_heads: int) -> tuple[Affine, Affine, Affine, Affine]:
    narrow = key_heads * WIDTH
    return affine(CHANNELS, CHANNELS), affine(CHANNELS, narrow), affine(CHANNELS, narrow), affine(CHANNELS, CHANNELS)


@pytest.mark.parametrize("key_heads", [1, HEADS])
def test_the_key_bias_is_dead_and_the_value_bias_moves(key_heads: int) -> None:
    query, key, value, output = projections(key_heads)
    x, tokens = draw(BATCH, ROWS, CHANNELS), draw(BATCH, TOKENS, CHANNELS)
    expected = output(plain_attention(query(x), key(tokens), value(tokens)).flatten(-2))
    moved, at_the_end = rewrites.value_bias_in_output(value, output)
    unbiased = rewrites.without_key_bias(key)
    assert not moved.bias.any()
    assert not unbiased.bias.any()
    same(at_the_end(plain_attention(query(x), unbiased(tokens), moved(tokens)).flatten(-2)), expected)


def test_the_scale_goes_into_the_queries() -> None:
    query, key, _, _ = projections(1)
    x, tokens = draw(BATCH, ROWS, CHANNELS), draw(BATCH, TOKENS, CHANNELS)
    logits = torch.einsum("bnhd,btd->bnht", query(x).unflatten(-1, (HEADS, -1)), key(tokens)) / WIDTH**0.5
    scaled = rewrites.scaled_query(query, HEADS)(x).unflatten(-1, (HEADS, -1))
    same(torch.einsum("bnhd,btd->bnht", scaled, key(tokens)), logits)


def test_one_product_for_queries_keys_and_values() -> None:
    query, key, value, _ = projections(1)
    x = draw(BATCH, ROWS, CHANNELS)
    same(rewrites.query_key_value(query, key, value)(x), torch.cat([query(x), key(x), value(x)], dim=-1))


def test_a_layer_over_tokens_is_a_layer_over_the_latent() -> None:
    tokens, position, layer, z = affine(6, TOKENS * CHANNELS), draw(TOKENS, CHANNELS), affine(CHANNELS, 7), draw(2, 6)
    expected = layer(tokens(z).unflatten(-1, (TOKENS, CHANNELS)) + position)  # [B, T, 7]
    same(rewrites.of_the_latent(layer, tokens, position)(z).unflatten(-1, (7, TOKENS)).transpose(1, 2), expected)


def test_a_layer_over_code_tokens_is_a_layer_over_the_codes() -> None:
    tokens, position, layer, codes = (
        affine(6, CHANNELS),
        draw(TOKENS, CHANNELS),
        affine(CHANNELS, 7),
        draw(2, TOKENS, 6),
    )
    direct, of_position = rewrites.of_the_codes(layer, tokens, position)
    same(direct(codes) + of_position, layer(tokens(codes) + position))


@pytest.mark.parametrize("key_heads", [1, HEADS])
def test_attention_to_tokens_by_two_matrices_a_sample(key_heads: int) -> None:
    query, key, value, output = projections(key_heads)
    x, tokens = draw(BATCH, ROWS, CHANNELS), draw(BATCH, TOKENS, CHANNELS)
    expected = output(plain_attention(query(x), key(tokens), value(tokens)).flatten(-2))
    headed = rewrites.scaled_query(query, HEADS)
    weight, bias = headed.weight.unflatten(0, (HEADS, -1)), headed.bias.unflatten(0, (HEADS, -1))
    score, offset = rewrites.score_matrix(weight, bias, key(tokens).unflatten(-1, (key_heads, WIDTH)))
    read_out = rewrites.read_out_matrix(
        output.weight.unflatten(1, (HEADS, -1)), value(tokens).unflatten(-1, (key_heads, WIDTH))
    )
    assert score.shape == (BATCH, HEADS * TOKENS, CHANNELS)
    assert read_out.shape == (BATCH, CHANNELS, HEADS * TOKENS)
    logits = x @ score.transpose(1, 2) + offset.unsqueeze(1)
    weights = logits.unflatten(-1, (HEADS, TOKENS)).softmax(-1).flatten(-2)
    same(weights @ read_out.transpose(1, 2) + output.bias, expected)


def test_the_last_mlp_and_the_layer_to_the_image_are_one() -> None:
    narrow, to_rgb = affine(4 * CHANNELS, CHANNELS), affine(CHANNELS, 3)
    x, hidden = draw(BATCH, ROWS, CHANNELS), draw(BATCH, ROWS, 4 * CHANNELS)
    skip, through = rewrites.image_of_hidden(narrow, to_rgb)
    assert not skip.bias.any()
    same(skip(x) + through(hidden), to_rgb(x + narrow(hidden)))


def test_a_layer_after_depth_to_space_acts_on_rows_before_it() -> None:
    layer, x = affine(CHANNELS // 4, 5), draw(BATCH, 2, 2, CHANNELS)
    rows = layer(rewrites.before_depth_to_space(x.flatten(1, 2)))  # [B, 4·4, 5]: y x dy dx
    dealt = rows.view(BATCH, 2, 2, 2, 2, 5).permute(0, 1, 3, 2, 4, 5).reshape(BATCH, 4, 4, 5)
    same(dealt, layer(depth_to_space(x)))
    assert rewrites.before_depth_to_space(x.flatten(1, 2)).data_ptr() == x.data_ptr()


def test_the_first_positions_are_a_bias() -> None:
    layer, table, z = affine(6, 4 * CHANNELS), draw(2, 2, CHANNELS), draw(BATCH, 6)
    same(
        rewrites.with_positions(layer, table)(z).view(BATCH, 2, 2, CHANNELS),
        layer(z).view(BATCH, 2, 2, CHANNELS) + table,
    )
