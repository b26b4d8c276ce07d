"""Head groups against loops over queries and keys: who sees whom, by which bias, in every pattern."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch

from hitzoo.layers.head_groups import HeadGroups
from hitzoo.plan.head_groups import HeadGroup, from_words, keys_read, shares, to_words

Place = tuple[int, int]
WIDTH = 3

WORDS = {  # side, words
    "regional": (6, "2 regional 3"),
    "regional with bias": (6, "2 regional 2 bias"),
    "dilated": (6, "2 dilated 2 bias"),
    "windows": (8, "2 shifted_window 4 bias"),
    "odd windows": (9, "2 shifted_window 3 bias"),
    "one window": (4, "2 shifted_window 4 bias"),
    "neighborhood": (11, "2 neighborhood 3 bias"),
    "neighborhood without bias": (9, "1 neighborhood 5"),
    "wide neighborhood": (8, "2 neighborhood 7 bias"),
    "neighborhood in tiles": (16, "1 neighborhood 3 bias"),
    "dilated neighborhood": (12, "2 neighborhood 3/2 bias"),
    "even neighborhood": (8, "1 neighborhood 4 bias"),
    "row": (5, "2 row bias"),
    "column": (5, "2 column bias"),
    "global": (4, "2 global bias"),
    "several": (8, "1 regional 4 bias, 2 neighborhood 3/2, 1 row, 1 shifted_window 4"),
}


def nearest(i: int, side: int, group: HeadGroup) -> list[int]:
    """Positions of a neighborhood along one axis, by definition: members of the same residue, nearest, k of them."""
    members = [j for j in range(side) if j % group.dilation == i % group.dilation]
    first = members.index(i) - group.size // 2
    first = max(0, min(first, len(members) - group.size))
    return members[first : first + group.size]


def sees(a: Place, b: Place, side: int, group: HeadGroup) -> bool:
    size, shift = group.size, 0 if group.size == side else group.size // 2
    return {
        "regional": lambda: all(i // size == j // size for i, j in zip(a, b, strict=True)),
        "dilated": lambda: all(i % size == j % size for i, j in zip(a, b, strict=True)),
        "shifted_window": lambda: all(
            (i - shift) // size == (j - shift) // size for i, j in zip(a, b, strict=True)
        ),  # floor division: what lies before the shift is a window of its own
        "neighborhood": lambda: all(j in nearest(i, side, group) for i, j in zip(a, b, strict=True)),
        "row": lambda: a[0] == b[0],
        "column": lambda: a[1] == b[1],
        "global": lambda: True,
    }[group.pattern]()


def offset_row(a: Place, b: Place, side: int, group: HeadGroup) -> int:
    """Row of the table of biases: query minus key, counted in steps of the pattern."""
    step = {"dilated": group.size, "neighborhood": group.dilation}.get(group.pattern, 1)
    whole = {"row": (1, side), "column": (side, 1), "global": (side, side), "dilated": (side // step,) * 2}
    reach = whole.get(group.pattern, (group.size,) * 2)
    dy, dx = ((i - j) // step + n - 1 for i, j, n in zip(a, b, reach, strict=True))
    return dy * (2 * reach[1] - 1) + dx


def slowly(layer: HeadGroups, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, words: str) -> torch.Tensor:
    out, head, side = torch.zeros_like(query), 0, query.shape[1]
    places = list(product(range(side), repeat=2))
    for group, module in zip(from_words(words), layer.groups, strict=True):
        for own in range(group.heads):
            theirs = 0 if key.shape[-2] == 1 else head
            for b, here in product(range(len(query)), places):
                seen = [place for place in places if sees(here, place, side, group)]
                logits = torch.stack([query[b][here][head] @ key[b][p][theirs] for p in seen]) / math.sqrt(WIDTH)
                if group.bias:
                    logits = logits + torch.stack([module.table[offset_row(here, p, side, group), own] for p in seen])
                values = torch.stack([value[b][p][theirs] for p in seen])
                out[b][here][head] = torch.softmax(logits, 0) @ values
            head += 1
    return out


CASES = [(name, False) for name in WORDS] + [
    (name, True) for name in ("several", "neighborhood without bias", "windows")
]


@pytest.mark.parametrize(("name", "shared"), CASES)
def test_groups_are_the_loops(filled, randn: Callable[..., torch.Tensor], name: str, shared: bool) -> None:
    side, words = WORDS[name]
    layer = filled(HeadGroups(side=side, groups=words))
    heads = sum(group.heads for group in from_words(words))
    query, key, value = (randn(1, side, side, 1 if shared and i else heads, WIDTH, seed=i) for i in range(3))
    with torch.no_grad():
        found, expected = layer(query, key, value), slowly(layer, query, key, value, words)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_gradients_reach_every_bias(filled, randn: Callable[..., torch.Tensor]) -> None:
    words = "1 shifted_window 4 bias, 1 neighborhood 3 bias"
    layer = filled(HeadGroups(side=8, groups=words))
    query, key, value = (randn(2, 8, 8, 2, WIDTH, seed=i) for i in range(3))
    layer(query, key, value).square().sum().backward()
    for group in layer.groups:
        assert group.table.grad.ne(0).all()


def test_words_are_read_as_they_were_written() -> None:
    for _, words in WORDS.values():
        assert to_words(from_words(words)) == words


@pytest.mark.parametrize(
    ("words", "side", "keys"),
    [
        ("1 regional 4", 8, 16),
        ("1 dilated 4", 8, 4),
        ("1 row", 8, 8),
        ("1 global", 8, 64),
        ("1 shifted_window 4", 8, 9),  # along a side 4 positions lie in a window of 4, and 4 in windows of 2
        ("1 neighborhood 7/2", 16, 64),
        ("1 neighborhood 7", 16, 196),
    ],
)
def test_keys_read(words: str, side: int, keys: float) -> None:
    (group,) = from_words(words)
    assert keys_read(group, side) == keys


def test_shares_fill_what_is_left_open() -> None:
    assert shares(8, [None, None]) == (4, 4)
    assert shares(8, [2, None]) == (2, 6)
    assert shares(8, [2, 4]) == (2, 4)
