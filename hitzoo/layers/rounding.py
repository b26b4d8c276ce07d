"""Quantizers without a code book: each number of a vector is rounded for itself, and the code is their combination.

N vectors of d numbers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.quantized import straight_through
from hitzoo.layers.registry import register_block

_MARGIN = 1e-3  # FSQ's: a number reaches its last level before tanh saturates


@register_block("finite_scalar")
class FiniteScalar(nn.Module):
    """FSQ (Mentzer et al. 2023): number i, bounded by tanh, to one of L_i levels in [-1, 1]: [N, d] -> [N, d].

    `levels` is written as `8,5,5,5`. A code's number counts the first dimension fastest. There is no loss.
    """

    levels: torch.Tensor
    basis: torch.Tensor

    def __init__(self, *, levels: str) -> None:
        super().__init__()
        sizes = torch.tensor([int(level) for level in levels.split(",")])
        self.register_buffer("levels", sizes, persistent=False)
        self.register_buffer("basis", torch.cat((sizes.new_ones(1), sizes[:-1])).cumprod(0), persistent=False)

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the codes, their numbers, and 0."""
        bounded = self._bounded(z)
        whole = bounded.round()
        middle = self.levels // 2
        indices = ((whole.detach().long() + middle) * self.basis).sum(dim=1)
        return straight_through(whole.detach(), bounded) / middle, indices, z.new_zeros(())

    def look_up(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the codes of numbers: [N] -> [N, d]."""
        digits = indices.unsqueeze(1) // self.basis % self.levels
        middle = self.levels // 2
        return (digits - middle).float() / middle

    def _bounded(self, z: torch.Tensor) -> torch.Tensor:
        """Bring numbers to where rounding gives L levels; of an even L there is one more below 0 than above."""
        half = (self.levels - 1) * (1 + _MARGIN) / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        return (z + (offset / half).atanh()).tanh() * half - offset


@register_block("sign")
class Sign(nn.Module):
    """LFQ (Yu et al. 2023): the sign of each number, 2^d codes: [N, d] -> [N, d] in {-1, 1}.

    Loss: `commitment_weight`·‖z − sg(code)‖² + `entropy_weight`·(mean of the entropy of a vector's choice − entropy of
    the mean choice), by softmax(−‖z − code‖²/`temperature`) over all codes: signs are independent there, so both are
    sums over the dimensions, the second as an upper bound (Zhao et al. 2024, BSQ, equation 11). A code's number has bit
    i set where sign i is positive.
    Differs: the entropy of the mean choice is not that over all 2^d codes; it needs no table of them.
    """

    def __init__(self, *, width: int, commitment_weight: float, entropy_weight: float, temperature: float) -> None:
        super().__init__()
        self.width, self.temperature = width, temperature
        self.commitment_weight, self.entropy_weight = commitment_weight, entropy_weight

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the codes, their numbers, and the loss."""
        positive = z.detach() > 0
        codes = torch.where(positive, 1.0, -1.0).to(z.dtype)
        powers = 2 ** torch.arange(self.width, device=z.device)
        loss = self.commitment_weight * F.mse_loss(z, codes)
        if self.entropy_weight:
            chance = (4 * z / self.temperature).sigmoid()  # ‖z + 1‖² − ‖z − 1‖² = 4z
            certain = _entropy(chance).sum(dim=1).mean()
            even = _entropy(chance.mean(dim=0)).sum()
            loss = loss + self.entropy_weight * (certain - even)
        return straight_through(codes, z), (positive * powers).sum(dim=1), loss

    def look_up(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the codes of numbers: [N] -> [N, d]."""
        bits = indices.unsqueeze(1) // 2 ** torch.arange(self.width, device=indices.device) % 2  # ONNX shifts no int64
        return 2.0 * bits - 1


def _entropy(chance: torch.Tensor) -> torch.Tensor:
    """Return −p·log p − (1 − p)·log(1 − p)."""
    return torch.special.entr(chance) + torch.special.entr(1 - chance)
