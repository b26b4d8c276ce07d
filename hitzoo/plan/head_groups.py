"""Head groups: the general form of self-attention, a list of groups of heads that each see positions by a pattern.

Every pattern is the same along two axes of a map, up to numbers: the axis is taken apart into members that lie
`dilation` apart, and along the members queries come in tiles, each with the span of keys it reads. So one pattern is
two axes, one implementation computes all of them (`hitzoo.layers.head_groups`), and their costs follow from the tiles.

r side of the map, m = r/dilation members of an axis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from hitzoo.spec.head_group import Pattern

SIZED: frozenset[str] = frozenset({"regional", "dilated", "shifted_window", "neighborhood"})
"""Patterns with a size; the others take lines or the map as they are."""

_TILE = 8  # queries along one side of a neighborhood's tile: a larger one reads more keys that its mask drops


@dataclass(frozen=True, kw_only=True)
class HeadGroup:
    """Some of a layer's heads, with the positions they see.

    `size` is the side of a block (`regional`, `dilated`), of a window (`shifted_window`) or of a neighborhood, 0 for
    the rest; `dilation` the distance between the positions of a neighborhood. With `bias` each head has a learned bias
    of its logits by the offset from key to query.
    """

    pattern: Pattern
    heads: int
    size: int = 0
    dilation: int = 1
    bias: bool = False


@dataclass(frozen=True)
class Run:
    """Some equal tiles of queries, one after another along an axis.

    Attributes:
        start: first query of the first tile.
        tile: queries of each tile.
        count: number of tiles.
        keys: first key of the first tile; from tile to tile it moves on as queries do.
        span: keys of each tile.
        windows: first key that each query of a tile sees, counted from the tile's first; () where it sees all.
        size: keys that a query sees where there are windows.
    """

    start: int
    tile: int
    count: int
    keys: int
    span: int
    windows: tuple[int, ...] = ()
    size: int = 0


@dataclass(frozen=True)
class Axis:
    """One axis of a pattern: how far members lie apart, their tiles, and the largest offset of a key plus one."""

    dilation: int
    runs: tuple[Run, ...]
    reach: int

    @property
    def pairs(self) -> int:
        """Products of a query and a key along the members of one dilation."""
        return sum(run.count * run.tile * run.span for run in self.runs)

    @property
    def keys(self) -> int:
        """Keys of all tiles along the members of one dilation, again for every tile that reads them."""
        return sum(run.count * run.span for run in self.runs)


def axes(group: HeadGroup, side: int) -> tuple[Axis, Axis]:
    """The two axes of a group's pattern on a map of `side`² positions: down, across."""
    whole, single = _blocks(side, side), _blocks(side, 1)
    match group.pattern:
        case "regional":
            down = across = _blocks(side, group.size)
        case "dilated":
            down = across = Axis(group.size, _blocks(side // group.size, side // group.size).runs, side // group.size)
        case "shifted_window":
            down = across = _shifted(side, group.size)
        case "neighborhood":
            down = across = _neighborhood(side // group.dilation, group.size, group.dilation)
        case "row":
            down, across = single, whole
        case "column":
            down, across = whole, single
        case "global":
            down = across = whole
    return down, across


def bias_rows(group: HeadGroup, side: int) -> int:
    """Number of offsets from key to query, the rows of a group's table of biases."""
    down, across = axes(group, side)
    return (2 * down.reach - 1) * (2 * across.reach - 1)


def keys_read(group: HeadGroup, side: int) -> float:
    """Keys that a query is multiplied with on the average, masked ones too."""
    down, across = axes(group, side)
    return down.pairs * across.pairs * (down.dilation * across.dilation) / side**2


def to_words(groups: Iterable[HeadGroup]) -> str:
    """The groups as one word of a plan: `2 regional 8 bias, 2 neighborhood 7/4`."""
    return ", ".join(map(_word, groups))


def from_words(words: str) -> tuple[HeadGroup, ...]:
    """Read what `to_words` wrote."""
    return tuple(map(_group, words.split(", ")))


def _word(group: HeadGroup) -> str:
    parts = [str(group.heads), group.pattern]
    if group.size:
        parts.append(f"{group.size}/{group.dilation}" if group.dilation > 1 else str(group.size))
    return " ".join([*parts, *(["bias"] if group.bias else [])])


def _group(word: str) -> HeadGroup:
    heads, name, *rest = word.split()
    patterns: tuple[Pattern, ...] = get_args(Pattern)
    pattern = next(one for one in patterns if one == name)
    bias = bool(rest) and rest[-1] == "bias"
    size, _, dilation = (rest[0] if rest and rest[0] != "bias" else "0").partition("/")
    return HeadGroup(
        pattern=pattern,
        heads=int(heads),
        size=int(size),
        dilation=int(dilation or 1),
        bias=bias,
    )


def _blocks(side: int, size: int) -> Axis:
    """Blocks of `size` side by side."""
    return Axis(1, (Run(0, size, side // size, 0, size),), size)


def _shifted(side: int, size: int) -> Axis:
    """Windows moved by half of their size, those at the borders cut; one window alone is not moved."""
    shift = size // 2
    if side == size or not shift:
        return _blocks(side, size)
    inner, last = side // size - 1, size - shift
    ends = Run(0, shift, 1, 0, shift), Run(side - last, last, 1, side - last, last)
    return Axis(1, (ends[0], Run(shift, size, inner, shift, size), ends[1]), size)


def _neighborhood(members: int, size: int, dilation: int) -> Axis:
    """The `size` members nearest to each, moved inwards at the borders, in tiles that read what all their queries see.

    Source: Hassani et al. 2023 (neighborhood attention), section 3.
    """
    tile = max(t for t in range(1, min(members, _TILE) + 1) if members % t == 0)
    span = min(members, tile + size - 1)
    tiles = [_tile(first, tile, span, members, size) for first in range(0, members, tile)]
    runs: list[Run] = []
    for one in tiles:
        before = runs[-1] if runs else None
        if before and (before.start - before.keys, before.windows) == (one.start - one.keys, one.windows):
            runs[-1] = Run(before.start, tile, before.count + 1, before.keys, span, one.windows, size)
        else:
            runs.append(one)
    return Axis(dilation, tuple(runs), size)


def _tile(first: int, tile: int, span: int, members: int, size: int) -> Run:
    keys = _within(first - size // 2, members - span)
    windows = tuple(_within(query - size // 2, members - size) - keys for query in range(first, first + tile))
    return Run(first, tile, 1, keys, span, windows, size)


def _within(start: int, last: int) -> int:
    return max(0, min(start, last))


def shares(heads: int, groups: Sequence[int | None]) -> tuple[int, ...]:
    """Heads of each group: what is given, and equal shares of the rest for the others; they may not add up."""
    open_groups = sum(given is None for given in groups)
    rest = heads - sum(given or 0 for given in groups)
    share = max(1, rest // open_groups) if open_groups else 0
    return tuple(share if given is None else given for given in groups)
