"""Self-attention whose heads form groups, each with a pattern of its own: one implementation of all patterns.

B batch, r side of the map, h heads, k key heads (1 or h), d width of a head; along one axis n tiles of t queries, each
of which reads s keys. A mask is a bias of −∞.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from hitzoo.layers.attend import Kernel, attend, with_bias
from hitzoo.layers.relative_position import INITIAL_STD
from hitzoo.plan.head_groups import Axis, HeadGroup, Run, axes, bias_rows, from_words


class HeadGroups(nn.Module):
    """Attention of every group of heads by its pattern: [B, r, r, h, d], [B, r, r, k, d] twice -> [B, r, r, h, d].

    The groups take the heads in their order. `groups` are the words of a plan (`hitzoo.plan.head_groups.to_words`).
    """

    def __init__(self, *, side: int, groups: str) -> None:
        super().__init__()
        own = from_words(groups)
        self.heads = sum(group.heads for group in own)
        self.groups = nn.ModuleList(GroupAttention(group, side) for group in own)

    def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend with all heads; a key and value head that all share serves every group."""
        shared = key.shape[-2] == 1
        outputs, first = list[torch.Tensor](), 0
        for group in cast(list[GroupAttention], list(self.groups)):
            own = slice(first, first + group.heads)
            first = own.stop
            k, v = (key, value) if shared else (key[..., own, :], value[..., own, :])
            outputs.append(group(query[..., own, :], k, v))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-2)


class GroupAttention(nn.Module):
    """Attention by one pattern: [B, r, r, h, d], [B, r, r, k, d] twice -> [B, r, r, h, d].

    A bias table has the offsets (y − y' + a − 1)·(2b − 1) + (x − x' + b − 1) from key (y', x') to query (y, x), counted
    in members of the pattern, with a and b the reach of its axes: for windows Swin's order, [(2w − 1)², h].
    """

    def __init__(self, group: HeadGroup, side: int) -> None:
        super().__init__()
        self.heads = group.heads
        self.down, self.across = axes(group, side)
        self.table: nn.Parameter | None = None
        if group.bias:
            self.table = nn.Parameter(torch.empty(bias_rows(group, side), group.heads))
            nn.init.trunc_normal_(self.table, std=INITIAL_STD)

    def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attend within each dilation's members, tile by tile."""
        apart = self.down.dilation, self.across.dilation
        q, k, v = (_members(each, *apart) for each in (query, key, value))
        rows = [_joined([self._tiles(q, k, v, y, x) for x in self.across.runs], 4) for y in self.down.runs]
        return _whole(_joined(rows, 3))

    def bias(self, y: Run, x: Run, like: torch.Tensor) -> torch.Tensor | None:
        """Return the bias of two runs' logits, [h, t², s²], −∞ where a key is not seen; None where there is none."""
        if self.table is None and not (y.windows or x.windows):
            return None
        heads = self.heads if self.table is not None else 1
        bias = like.new_zeros(heads, y.tile, x.tile, y.span, x.span)
        if self.table is not None:
            table = self.table.T.unflatten(1, (2 * self.down.reach - 1, -1))
            rows = _offsets(y, self.down, like.device)
            columns = _offsets(x, self.across, like.device)
            bias = table[:, rows][..., columns].transpose(2, 3)  # [h, t, s, t, s] -> [h, t, t, s, s]
        if y.windows or x.windows:
            seen = _seen(y, like.device)[:, None, :, None] & _seen(x, like.device)[None, :, None, :]
            bias = bias.masked_fill(~seen, float("-inf"))
        return bias.flatten(3, 4).flatten(1, 2)

    def kernel(self, y: Run, x: Run, like: torch.Tensor) -> Kernel | None:
        """Return the kernel of two runs; None for the plain one."""
        bias = self.bias(y, x, like)
        return None if bias is None else with_bias(bias)

    def _tiles(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, y: Run, x: Run) -> torch.Tensor:
        """Attend in the tiles of one run down and one across: -> [B, down, across, n·t, n·t, h, d]."""
        tiles = _sequences(q, (y.start, y.tile, y.tile, y.count), (x.start, x.tile, x.tile, x.count))
        read = (y.keys, y.span, y.tile, y.count), (x.keys, x.span, x.tile, x.count)
        k, v, kernel = _sequences(k, *read), _sequences(v, *read), self.kernel(y, x, q)
        if kernel is not None:  # a bias is per head, also where all share their keys
            k, v = (each.expand(-1, -1, self.heads, -1) for each in (k, v))
        out = attend(tiles, k, v, kernel)
        out = out.unflatten(1, (y.tile, x.tile)).unflatten(0, (*q.shape[:3], y.count, x.count))
        return out.transpose(4, 5).flatten(5, 6).flatten(3, 4)  # from [B, down, across, n, n, t, t, h, d]


def _members(x: torch.Tensor, down: int, across: int) -> torch.Tensor:
    """Positions that lie `dilation` apart as maps of their own: [B, r, r, h, d] -> [B, down, across, m, m, h, d].

    Nothing is copied.
    """
    apart = x.unflatten(2, (-1, across)).unflatten(1, (-1, down))  # [B, m, down, m, across, h, d]
    return apart.permute(0, 2, 4, 1, 3, 5, 6)


def _whole(x: torch.Tensor) -> torch.Tensor:
    """The inverse of `_members`."""
    return x.permute(0, 3, 1, 4, 2, 5, 6).flatten(3, 4).flatten(1, 2)


def _joined(parts: list[torch.Tensor], axis: int) -> torch.Tensor:
    """Join parts along an axis; a single one is not copied."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=axis)


def _sequences(x: torch.Tensor, down: tuple[int, int, int, int], across: tuple[int, int, int, int]) -> torch.Tensor:
    """Squares of a map as sequences: [B, down, across, m, m, h, d] -> [B·down·across·n·n, size·size, h, d].

    Along each axis (first, size, step, count): `count` squares of `size` positions, `step` apart.
    """
    for axis, (first, size, step, count) in ((3, down), (4, across)):
        x = x.narrow(axis, first, (count - 1) * step + size).unfold(axis, size, step)
    x = x.permute(0, 1, 2, 3, 4, 7, 8, 5, 6)  # from [B, down, across, n, n, h, d, size, size]
    return x.flatten(5, 6).flatten(0, 4)


def _offsets(run: Run, axis: Axis, device: torch.device) -> torch.Tensor:
    """Places in a table's axis of the offsets from the keys to the queries of a tile: [t, s]."""
    queries = torch.arange(run.tile, device=device)[:, None] + (run.start - run.keys)
    offsets = queries - torch.arange(run.span, device=device) + axis.reach - 1
    return offsets.clamp(0, 2 * axis.reach - 2)  # beyond it lies what the mask drops


def _seen(run: Run, device: torch.device) -> torch.Tensor:
    """True for the keys of a tile that each of its queries sees: [t, s]."""
    keys = torch.arange(run.span, device=device)
    if not run.windows:
        return torch.ones(run.tile, run.span, dtype=torch.bool, device=device)
    first = _first_seen(run, device)[:, None]
    return (keys >= first) & (keys < first + run.size)


def _first_seen(run: Run, device: torch.device) -> torch.Tensor:
    """The windows of a run, [t]: they move on with the queries but stop at the borders.

    Computed there: a list would be copied from the host, for which a GPU is waited.
    """
    moves = next((query for query, key in enumerate(run.windows) if key > run.windows[0]), 0)
    places = torch.arange(run.tile, device=device) + (run.windows[moves] - moves)
    return places.clamp(run.windows[0], run.windows[-1])
