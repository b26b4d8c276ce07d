"""One stage of INR-GAN: what it is given and what it makes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class InrGanStagePlan:
    """One stage; `inner` is what its first layer is given, without what coordinates add."""

    name: str
    resolution: int
    inner: int
    channels: int
    depth: int
    upsample: bool
    waves: int
    random_waves: int
    embedding: int

    @property
    def octaves(self) -> int:
        """Frequencies of each direction, 2 to the powers from 0: log2 of the side, rounded up."""
        return (self.resolution - 1).bit_length()

    @property
    def features(self) -> int:
        """Numbers of a position that come from its coordinates."""
        return 2 * (self.waves * self.octaves + self.random_waves) + self.embedding

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of each layer."""
        first = (self.inner + self.features, self.channels)
        return (first, *[(self.channels, self.channels)] * (self.depth - 1))
