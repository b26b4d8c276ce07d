"""Distances between rows of features, block by block."""

from __future__ import annotations

from collections.abc import Iterator

import torch

_BLOCK = 1 << 24  # distances held at once: 128 MB


def squared_distances(first: torch.Tensor, second: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
    """Blocks (n, M) of the squared distances from rows `part` of `first` to all of `second`."""
    norms = second.square().sum(dim=1)
    size = max(1, _BLOCK // len(second))
    for start in range(0, len(first), size):
        part = slice(start, min(start + size, len(first)))
        rows = first[part]
        distances = rows.square().sum(dim=1, keepdim=True) + norms - 2 * rows @ second.T
        yield part, distances.clamp_(min=0)


def nearest_rows(rows: torch.Tensor, among: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Distances and places (N, count) of the nearest of `among` (M, D) to each of `rows` (N, D), the nearest first.

    M is `count` at least. Of two that are equally near, as copies are, the earlier one comes first.
    """
    centre = among.double().mean(dim=0)
    rows, among = rows.double() - centre, among.double() - centre
    distances = torch.empty(len(rows), count, dtype=torch.float64)
    places = torch.empty(len(rows), count, dtype=torch.long)
    for part, squares in squared_distances(rows, among):
        near = squares.topk(count, largest=False).indices.sort(dim=1).values  # the product's rounding is put right here
        exact = (rows[part, None] - among[near]).square().sum(dim=2)
        exact, order = exact.sort(dim=1, stable=True)
        distances[part], places[part] = exact.sqrt(), near.gather(1, order)
    return distances, places
