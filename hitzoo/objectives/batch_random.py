"""Random numbers drawn for the global batch, so that processes and micro-batches together see what one batch would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import torch

from hitzoo.runtime.shard import WHOLE, Shard
from hitzoo.runtime.transfer import send, send_together


@dataclass(frozen=True)
class Normal:
    """N(0, 1): [B, width]."""

    width: int
    per_image: ClassVar = True

    def __call__(self, batch_size: int, random: torch.Generator) -> torch.Tensor:
        """Draw on the CPU."""
        return torch.randn(batch_size, self.width, generator=random)


@dataclass(frozen=True)
class Uniform:
    """One number in [0, 1) per image: [B]."""

    per_image: ClassVar = True

    def __call__(self, batch_size: int, random: torch.Generator) -> torch.Tensor:
        """Draw on the CPU."""
        return torch.rand(batch_size, generator=random)


@dataclass(frozen=True)
class Integers:
    """One integer from `low` to `high`, both included, per image: [B]."""

    low: int
    high: int
    per_image: ClassVar = True

    def __call__(self, batch_size: int, random: torch.Generator) -> torch.Tensor:
        """Draw on the CPU."""
        return torch.randint(self.low, self.high + 1, (batch_size,), generator=random)


@dataclass(frozen=True)
class Uniforms:
    """Numbers in [0, 1): [B, width]."""

    width: int
    per_image: ClassVar = True

    def __call__(self, batch_size: int, random: torch.Generator) -> torch.Tensor:
        """Draw on the CPU."""
        return torch.rand(batch_size, self.width, generator=random)


@dataclass(frozen=True)
class Shared:
    """One number in [0, 1) for a whole batch: [1]."""

    per_image: ClassVar = False

    def __call__(self, batch_size: int, random: torch.Generator) -> torch.Tensor:
        """Draw on the CPU."""
        return torch.rand(1, generator=random)


Draw: TypeAlias = Normal | Uniform | Integers | Uniforms | Shared
_CPU = torch.device("cpu")


class BatchRandom:
    """Per-image random numbers, drawn for the global batch on the CPU, sent to `device` and sliced for a shard.

    All shards `of` one batch read the same numbers, which are drawn when the first of them asks, or before.
    """

    def __init__(
        self,
        random: torch.Generator,
        batch_size: int,
        shard: Shard = WHOLE,
        device: torch.device = _CPU,
    ) -> None:
        self._numbers = _Numbers(random, batch_size, device)
        self._shard, self._next = shard, 0

    def of(self, shard: Shard) -> BatchRandom:
        """Return the same numbers, from the first on, for another shard of the batch."""
        other = BatchRandom.__new__(BatchRandom)
        other._numbers, other._shard, other._next = self._numbers, shard, 0
        return other

    def normal(self, width: int) -> torch.Tensor:
        """N(0, 1): [B, width]."""
        return self._take(Normal(width))

    def uniform(self) -> torch.Tensor:
        """One number in [0, 1) per image: [B]."""
        return self._take(Uniform())

    def uniforms(self, width: int) -> torch.Tensor:
        """Numbers in [0, 1): [B, width]."""
        return self._take(Uniforms(width))

    def shared(self) -> torch.Tensor:
        """One number in [0, 1) that all images of the global batch have in common: [1]."""
        return self._take(Shared())

    def integers(self, low: int, high: int) -> torch.Tensor:
        """One integer from `low` to `high`, both included, per image: [B]."""
        return self._take(Integers(low, high))

    @property
    def drawn(self) -> tuple[Draw, ...]:
        """The draws so far, those made ahead among them."""
        return tuple(self._numbers.draws)

    def _take(self, draw: Draw) -> torch.Tensor:
        self._next += 1
        numbers = self._numbers.at(self._next - 1, draw)
        return self._shard.of(numbers) if draw.per_image else numbers


def draw_ahead(sources: Sequence[tuple[BatchRandom, Sequence[Draw]]]) -> None:
    """Make draws that will probably be asked for, in the order given, and send all numbers by one copy.

    Sources that have a generator in common draw from it in turn. Where the last of them is asked for something else
    after all, it goes on as if nothing had been drawn ahead.
    """
    numbers = [batch._numbers.ahead(draws) for batch, draws in sources]
    sent = iter(send_together([each for part in numbers for each in part], sources[0][0]._numbers.device))
    for (batch, _), part in zip(sources, numbers, strict=True):
        batch._numbers.sent += [next(sent) for _ in part]


class _Numbers:
    """A batch's draws in their order, and their numbers on the device."""

    def __init__(self, random: torch.Generator, batch_size: int, device: torch.device) -> None:
        self.random, self.batch_size, self.device = random, batch_size, device
        self.draws: list[Draw] = []
        self.sent: list[torch.Tensor] = []
        self._before = torch.empty(0)  # the generator's state at the first draw

    def ahead(self, draws: Sequence[Draw]) -> list[torch.Tensor]:
        """Make draws whose numbers are yet to be sent."""
        return [self._make(draw) for draw in draws]

    def at(self, index: int, draw: Draw) -> torch.Tensor:
        """Return the numbers of a draw, which is made if it is a new one."""
        if index < len(self.draws) and self.draws[index] != draw:
            self._go_back(index)
        if index == len(self.draws):
            self.sent.append(send(self._make(draw), self.device))
        return self.sent[index]

    def _make(self, draw: Draw) -> torch.Tensor:
        if not self.draws:
            self._before = self.random.get_state()
        self.draws.append(draw)
        return draw(self.batch_size, self.random)

    def _go_back(self, index: int) -> None:
        """Bring the generator to where it is before the draw number `index`."""
        self.random.set_state(self._before)
        del self.draws[index:], self.sent[index:]
        for draw in self.draws:
            draw(self.batch_size, self.random)
