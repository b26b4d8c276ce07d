"""Numbers read and written by one operation, under each of the byte models of `hitzoo.families.traffic`."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Moved:
    """Numbers of one image that go through memory, read and written, by byte model."""

    eager: float = 0
    gemm: float = 0
    mlp: float = 0
    stage: float = 0

    def __add__(self, other: Moved) -> Moved:
        return Moved(self.eager + other.eager, self.gemm + other.gemm, self.mlp + other.mlp, self.stage + other.stage)

    def with_eager(self, more: float) -> Moved:
        """`more` of them where every operation is a kernel."""
        return replace(self, eager=self.eager + more)

    def and_fused(self, more: float) -> Moved:
        """`more` of them in all models but that."""
        return Moved(self.eager, self.gemm + more, self.mlp + more, self.stage + more)

    def as_one_kernel(self, numbers: float) -> Moved:
        """The same where a stage is one kernel, of which `numbers` leave or enter the chip."""
        return replace(self, stage=numbers)


def linear(inner: float, outer: float) -> Moved:
    """A product: it reads `inner` numbers and writes `outer`, in all models."""
    return Moved(inner + outer, inner + outer, inner + outer, inner + outer)


def pointwise(numbers: float) -> Moved:
    """An operation of each number by itself, done on the way where kernels are fused."""
    return Moved(eager=2 * numbers)


def norm(numbers: float) -> Moved:
    """A norm: a batch norm's statistics are constants; a layer norm's row is one that the next kernel reads whole."""
    return pointwise(numbers)


def copy(numbers: float) -> Moved:
    """Another order in memory, which a fused kernel reads or writes as it needs."""
    return pointwise(numbers)


def add(numbers: float) -> Moved:
    """A sum of two maps; a fused kernel that makes one of them reads the other."""
    return Moved(3 * numbers, numbers, numbers, numbers)
