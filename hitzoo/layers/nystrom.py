"""Nyström attention: softmax attention through landmarks, whose cost is linear in the number of positions.

N sequences, L positions, m landmarks, h heads, d width of a head.
"""

from __future__ import annotations

from itertools import pairwise

import torch

from hitzoo.layers.in_float32 import at_least_float32

LANDMARKS = 64
ITERATIONS = 6


def along_both_by_landmarks(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attend over a whole map as one sequence: [B, F, S, h, d] each -> [B, F, S, h, d]."""
    q, k, v = (each.flatten(1, 2).transpose(1, 2) for each in (query, key, value))
    return nystrom(q, k, v).transpose(1, 2).reshape(query.shape)


def nystrom(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attend by landmarks, the means of runs of queries and of keys: [N, h, L, d] each -> [N, h, L, d].

    softmax(q·k̃ᵀ)·pinv(softmax(q̃·k̃ᵀ))·softmax(q̃·kᵀ)·v, each softmax of logits over √d; with as many landmarks as
    positions it is softmax attention itself. The convolution of the values that the paper adds is left out.
    Source: Xiong et al. 2021 (Nyströmformer), equations 13 to 15.
    """
    length, width = query.shape[-2:]
    q, k = at_least_float32(query) * width**-0.5, at_least_float32(key)
    runs = min(LANDMARKS, length)
    landmarks_q, landmarks_k = (_means(each, runs) for each in (q, k))
    to_landmarks = (q @ landmarks_k.transpose(-1, -2)).softmax(-1)
    among = (landmarks_q @ landmarks_k.transpose(-1, -2)).softmax(-1)
    from_landmarks = (landmarks_q @ k.transpose(-1, -2)).softmax(-1)
    out = to_landmarks @ (pseudo_inverse(among) @ (from_landmarks @ at_least_float32(value)))
    return out.to(query.dtype)


def pseudo_inverse(matrix: torch.Tensor) -> torch.Tensor:
    """The Moore–Penrose inverse of matrices [..., m, m] of positive rows that sum to 1, by iteration.

    Source: Razavi et al. 2014, as Xiong et al. 2021, equation 11, take it, with six iterations.
    """
    one = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    largest = matrix.abs().sum(-2).amax(-1) * matrix.abs().sum(-1).amax(-1)
    inverse = matrix.transpose(-1, -2) / largest[..., None, None]
    for _ in range(ITERATIONS):
        product = matrix @ inverse
        inverse = 0.25 * inverse @ (13 * one - product @ (15 * one - product @ (7 * one - product)))
    return inverse


def _means(x: torch.Tensor, runs: int) -> torch.Tensor:
    """Means of `runs` runs of positions, as equally long as can be: [N, h, L, d] -> [N, h, runs, d]."""
    length = x.shape[-2]
    if length % runs == 0:
        return x.unflatten(-2, (runs, -1)).mean(-2)
    ends = [length * end // runs for end in range(runs + 1)]
    lengths = [last - first for first, last in pairwise(ends)]
    return torch.stack([part.mean(-2) for part in x.split(lengths, dim=-2)], dim=-2)
