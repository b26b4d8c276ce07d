"""A code book of vectors, the nearest of which takes a vector's place (van den Oord et al. 2017).

N vectors, K codes, d numbers each.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.quantized import shares, straight_through
from hitzoo.layers.registry import register_block
from hitzoo.runtime.seeding import Purpose, torch_generator

_REVIVED_EVERY = 25  # steps; as many codes as live are revived at most, so 1,024 of 16 take six times
_APART = 0.1  # of a cell's width in each number: two fifths of a round cell choose the new code; at 1, one in forty
_FIRST_SHARE = 1e-4  # of a code, in units of 1/K: it is dead until a vector chooses it, and then that vector's
_LEAST_SHARE = 1e-5  # of a code in an averaged book, in units of 1/K


@register_block("code_book")
class CodeBook(nn.Module):
    """Vectors to the nearest of K codes: [N, d] -> [N, d], [N], scalar.

    The book is learned by the gradient of `codebook_weight`·‖sg(z) − e‖², or, as a moving average of the vectors that
    chose each code, by none; `commitment_weight`·‖z − sg(e)‖² draws the encoder to it (means over all numbers). With
    `unit_length` vectors and codes are compared, and handed on, as unit vectors.
    Differs: taming-transformers' default swaps the two weights.

    Attributes:
        share: moving average of the share of vectors that choose each code, nearly 0 at first: [K].
        distance: moving average of each code's part of the mean squared distance: [K].
    """

    share: torch.Tensor
    distance: torch.Tensor
    total: torch.Tensor

    def __init__(
        self,
        *,
        codes: int,
        width: int,
        averaged: bool,
        unit_length: bool,
        codebook_weight: float,
        commitment_weight: float,
        decay: float,
        revive_below: float,
    ) -> None:
        super().__init__()
        self.averaged, self.unit_length, self.decay, self.revive_below = averaged, unit_length, decay, revive_below
        self.codebook_weight, self.commitment_weight = codebook_weight, commitment_weight
        book = torch.randn(codes, width) if unit_length else torch.empty(codes, width).uniform_(-1 / codes, 1 / codes)
        book = F.normalize(book, dim=1) if unit_length else book
        self.register_buffer("share", torch.full((codes,), _FIRST_SHARE / codes))
        self.register_buffer("distance", torch.zeros(codes))
        if averaged:
            self.register_buffer("total", book * _FIRST_SHARE / codes)
        else:
            self.weight = nn.Parameter(book)

    @property
    def book(self) -> torch.Tensor:
        """The codes: [K, d]."""
        if self.averaged:
            least = _LEAST_SHARE / len(self.share)
            book = self.total / self.share.clamp(min=least).unsqueeze(1)
        else:
            book = self.weight
        return F.normalize(book, dim=1) if self.unit_length else book

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the codes, with the gradient of `z`, their numbers, and the loss."""
        z = F.normalize(z, dim=1) if self.unit_length else z
        book = self.book
        indices = nearest(z.detach(), book.detach())
        codes = book[indices]
        loss = self.commitment_weight * F.mse_loss(z, codes.detach())
        if not self.averaged:
            loss = loss + self.codebook_weight * F.mse_loss(codes, z.detach())
        if self.training:
            self._take_in(z.detach(), codes.detach(), indices)
        return straight_through(codes.detach(), z), indices, loss

    def look_up(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the codes of numbers: [N] -> [N, d]."""
        return self.book[indices]

    @torch.no_grad()
    def _take_in(self, z: torch.Tensor, codes: torch.Tensor, indices: torch.Tensor) -> None:
        """Update the averages; each is linear in the batch, so pieces and processes may be averaged afterwards."""
        new = 1 - self.decay
        self.share.lerp_(shares(indices, len(self.share)).to(self.share.dtype), new)
        apart = (z - codes).square().sum(dim=1) / len(z)
        self.distance.lerp_(torch.zeros_like(self.distance).index_add_(0, indices, apart), new)
        if self.averaged:
            self.total.lerp_(torch.zeros_like(self.total).index_add_(0, indices, z / len(z)), new)

    @torch.no_grad()
    def revive(self, noise: torch.Tensor) -> None:
        """Give dead codes half of the largest cells (Linde, Buzo and Gray 1980), by `noise` ~ N(0, 1): [K, d].

        A code is dead while its share is below `revive_below`/K. The k-th dead one takes the k-th largest part of the
        squared distance, at a place beside its code by a tenth of the cell's width, and half of its share; both then
        move apart. There is no wait for the device.
        """
        count, width = noise.shape
        dead = self.share < self.revive_below / count
        by_distance = torch.where(dead, -torch.ones_like(self.distance), self.distance).argsort(descending=True)
        rank = dead.cumsum(0) - 1  # of a dead code among the dead
        given = dead & (rank < count - dead.sum())  # as many as there are others
        donor = by_distance[rank.clamp(min=0)]
        halved = torch.zeros_like(self.share).index_add_(0, donor, given.to(self.share.dtype)) > 0
        wide = (self.distance / (self.share.clamp(min=_LEAST_SHARE / count) * width)).sqrt()
        moved = self.book[donor] + _APART * wide[donor].unsqueeze(1) * noise
        moved = F.normalize(moved, dim=1) if self.unit_length else moved
        book = torch.where(given.unsqueeze(1), moved, self.book)
        for kept in (self.share, self.distance):
            half = torch.where(halved, kept / 2, kept)
            kept.copy_(torch.where(given, half[donor], half))
        if self.averaged:
            self.total.copy_(book * self.share.unsqueeze(1))
        else:
            self.weight.copy_(torch.where(given.unsqueeze(1), moved, self.weight))


def revive_codes(network: nn.Module, step: int) -> None:
    """Revive the dead codes of a network's books after every 25th step; the noise follows from the step alone."""
    if step % _REVIVED_EVERY:
        return
    for index, module in enumerate(network.modules()):
        if isinstance(module, CodeBook) and module.revive_below:
            random = torch_generator(index, Purpose.REVIVAL, step)
            noise = torch.randn(len(module.share), module.book.shape[1], generator=random)
            module.revive(noise.to(module.share.device))


@register_block("linear_code_book")
class LinearCodeBook(nn.Module):
    """SimVQ (Zhu et al. 2024): a random book that stays, through one linear layer that is learned: [N, d] -> [N, d].

    Moving the layer moves all codes, so none is left behind. Loss: ‖sg(z) − e‖² + `commitment_weight`·‖z − sg(e)‖².
    """

    weight: torch.Tensor

    def __init__(self, *, codes: int, width: int, commitment_weight: float) -> None:
        super().__init__()
        self.commitment_weight = commitment_weight
        self.register_buffer("weight", torch.randn(codes, width) / width**0.5)
        self.linear = nn.Linear(width, width, bias=False)

    @property
    def book(self) -> torch.Tensor:
        """The codes: [K, d]."""
        return self.linear(self.weight)

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the codes, with the gradient of `z`, their numbers, and the loss."""
        book = self.book
        indices = nearest(z.detach(), book.detach())
        codes = book[indices]
        loss = F.mse_loss(codes, z.detach()) + self.commitment_weight * F.mse_loss(z, codes.detach())
        return straight_through(codes.detach(), z), indices, loss

    def look_up(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the codes of numbers: [N] -> [N, d]."""
        return self.book[indices]


def nearest(z: torch.Tensor, book: torch.Tensor) -> torch.Tensor:
    """Return the number of the nearest code by Euclidean distance, the first of equal ones: [N, d], [K, d] -> [N]."""
    away: Any = book.square().sum(dim=1) - 2 * z @ book.T  # ‖z‖² is the same for all
    found: torch.Tensor = away.argmin(dim=1)
    return found
