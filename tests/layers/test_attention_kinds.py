"""Every kind of self-attention against loops over heads and positions, and who may influence whom."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch

from hitzoo.layers.registry import BLOCKS

B, G, P, C, HEADS = 2, 3, 4, 8, 4
D = C // HEADS
PLACES = list(product(range(G), range(P)))

Sees = Callable[[tuple[int, int], tuple[int, int]], bool]


def same_first(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """The same block; in a map that is not blocked, the same row."""
    return a[0] == b[0]


def same_second(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """The same pixel of a block; in a map that is not blocked, the same column."""
    return a[1] == b[1]


def anything(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return True


KINDS: dict[str, tuple[Sees, Sees]] = {
    "regional_block": (same_first, same_first),
    "dilated_block": (same_second, same_second),
    "multi_axis_block": (same_first, same_second),
    "axial_block": (same_first, same_second),
    "global_block": (anything, anything),
}
"""What the first and the second half of the heads may see."""

BOTH_KINDS = pytest.mark.parametrize("share_kv", [True, False], ids=["multi_query", "multi_head"])
ALL = pytest.mark.parametrize("kind", KINDS)


def build(filled, kind: str, share_kv: bool, norm: str = "layer"):
    return filled(BLOCKS[kind](channels=C, heads=HEADS, share_kv=share_kv, norm=norm, expansion=2))


def read_slowly(block, kind: str, share_kv: bool, x: torch.Tensor) -> torch.Tensor:
    """What the heads read before the output projection, one query of one head at a time."""
    normed = block.norm(x)
    query, key, value = block.query(normed), block.key(normed), block.value(normed)
    read = torch.zeros_like(x)
    for b, head, here in product(range(B), range(HEADS), PLACES):
        sees = KINDS[kind][0 if head < HEADS // 2 else 1]
        own = slice(head * D, (head + 1) * D)
        theirs = slice(0, D) if share_kv else own
        seen = [place for place in PLACES if sees(here, place)]
        scores = torch.stack([query[b][here][own] @ key[b][place][theirs] / math.sqrt(D) for place in seen])
        weights = torch.softmax(scores, dim=0)
        values = torch.stack([value[b][place][theirs] for place in seen])
        read[b][here][own] = weights @ values
    return read


def test_every_kind_of_the_registry_is_here() -> None:
    others = {"cross_attention_block", "mlp_block", "transformer_block", "style_block", "head_groups_block"}
    assert {kind for kind in BLOCKS if kind.endswith("_block")} - others == set(KINDS)


@ALL
@BOTH_KINDS
def test_loops(filled, randn, kind: str, share_kv: bool) -> None:
    block, x = build(filled, kind, share_kv), randn(B, G, P, C)
    with torch.no_grad():
        expected = block.mlp(x + block.output(read_slowly(block, kind, share_kv, x)))
        torch.testing.assert_close(block(x), expected, rtol=1e-12, atol=1e-12)


@ALL
@BOTH_KINDS
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_a_position_moves_exactly_those_that_see_it(filled, randn, kind: str, share_kv: bool, norm: str) -> None:
    block, x = build(filled, kind, share_kv, norm).eval(), randn(1, G, P, C)
    for moved in PLACES:
        nudged = x.clone()
        nudged[0][moved] += randn(C, seed=3)
        with torch.no_grad():
            changed = (block(nudged) != block(x)).any(dim=-1)[0]
        allowed = {place for place in PLACES if any(sees(place, moved) for sees in KINDS[kind])}
        assert {place for place in PLACES if changed[place]} == allowed


@ALL
@BOTH_KINDS
def test_every_weight_gets_a_gradient_but_the_key_bias(filled, randn, kind: str, share_kv: bool) -> None:
    block = build(filled, kind, share_kv)
    block(randn(B, G, P, C)).mul(randn(B, G, P, C, seed=5)).sum().backward()
    for name, weight in block.named_parameters():
        size = weight.grad.abs().max()
        assert (size < 1e-12) if name == "key.bias" else (size > 1e-6), name
