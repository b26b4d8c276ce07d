"""Attention in parts that the fused kernels of a GPU can start, and can spread over its processors.

N sequences, L queries, M keys, h query heads, k key heads (1 or h), d width of a head. Kernels see [N, heads, rows, d].
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

_LEAST_WIDTH = 32  # the kernels pad narrower heads to it


@dataclass(frozen=True)
class Limits:
    """Sizes of one call of a kernel.

    Attributes:
        sequences: most in one call; beyond it a CUDA grid cannot be launched.
        numbers: most entries of a tensor, its heads padded; indices of 32 bits reach no further.
        rows: queries of a sequence beyond which it is cut. The backward pass walks the rows of a sequence one after the
            other wherever its keys fit into one block of work: few keys and many rows would keep one processor per
            image busy.
        rows_per_key: a sequence keeps at least so many rows per key, since every part reads the keys anew.
    """

    sequences: int = (1 << 16) - 1
    numbers: int = (1 << 31) - 1
    rows: int = 1 << 10
    rows_per_key: int = 16

    def parts(self, length: int, rows_per_query: int, keys: int) -> int:
        """Return how many equal parts a sequence is cut into; a length without a fitting divisor stays whole."""
        most = max(self.rows, self.rows_per_key * keys)
        least = -(-length * rows_per_query // most)
        for parts in range(least, 8 * least):
            if length % parts == 0:
                return parts
        return 1

    def sequences_at_once(self, rows: int, heads: int, width: int) -> int:
        """Return the most sequences of one call."""
        return max(1, min(self.sequences, self.numbers // (rows * heads * max(width, _LEAST_WIDTH))))


GPU = Limits()


def in_parts(x: torch.Tensor, parts: int) -> torch.Tensor:
    """Cut queries into sequences of their own: [N, L, h, d] -> [N·parts, L/parts, h, d]."""
    sequences, length, heads, width = x.shape
    return x.reshape(sequences * parts, length // parts, heads, width)


def for_each_part(x: torch.Tensor, parts: int) -> torch.Tensor:
    """Repeat keys or values for every part of their sequence: [N, M, k, d] -> [N·parts, M, k, d]."""
    return x if parts == 1 else x.unsqueeze(1).expand(-1, parts, -1, -1, -1).flatten(0, 1)
