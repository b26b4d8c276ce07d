"""Numbers read and written by one operation, under each of the byte models of `hitzoo.plan.traffic`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Moved:
    """Numbers moved through memory per image, read and written, by byte model."""

    eager: float = 0
    gemm: float = 0
    mlp: float = 0
    stage: float = 0

    def __add__(self, other: Moved) -> Moved:
        return Moved(self.eager + other.eager, self.gemm + other.gemm, self.mlp + other.mlp, self.stage + other.stage)

    def by_model(self) -> dict[str, float]:
        """The numbers by the name of their model."""
        return asdict(self)

    def with_eager(self, more: float) -> Moved:
        """Add `more` where every operation is a kernel of its own."""
        return replace(self, eager=self.eager + more)

    def and_fused(self, more: float) -> Moved:
        """Add `more` in all models but that one."""
        return Moved(self.eager, self.gemm + more, self.mlp + more, self.stage + more)

    def as_one_kernel(self, numbers: float) -> Moved:
        """Return the same with `numbers` leaving or entering the chip where a stage is one kernel."""
        return replace(self, stage=numbers)


def linear(inner: float, outer: float) -> Moved:
    """Traffic of a linear layer: reads `inner` numbers and writes `outer`, in all models."""
    return Moved(inner + outer, inner + outer, inner + outer, inner + outer)


def pointwise(numbers: float) -> Moved:
    """Traffic of an element-wise operation, free where kernels are fused."""
    return Moved(eager=2 * numbers)


def norm(numbers: float, kind: str = "batch", width: int = 1) -> Moved:
    """Traffic of a norm: a batch norm's statistics are constants; the next kernel reads a layer norm's row whole.

    A pixel norm is five operations where each is a kernel of its own, three of them on one number of `width`.
    """
    if kind == "pixel":
        return Moved(eager=5 * numbers + 6 * numbers / width)
    return pointwise(numbers)


def copy(numbers: float) -> Moved:
    """Traffic of a reordering in memory, which a fused kernel does while it reads or writes."""
    return pointwise(numbers)


def add(numbers: float) -> Moved:
    """Traffic of a sum of two maps; a fused kernel that computes one of them reads the other."""
    return Moved(3 * numbers, numbers, numbers, numbers)
