"""Numbers that a network's forward pass moves between memory and the processor, by arithmetic alone.

How many depends on what stays on the chip between one operation and the next; four answers are counted, each a byte
model of `BYTE_MODELS`. They are least numbers: caches are taken to hold nothing from one kernel to the next, and a
kernel to read what it needs once. Tests hold `eager` against the operations of the built modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hitzoo.plan.moved import Moved
from hitzoo.plan.table import Row

BYTE_MODELS = {
    "eager": "every operation reads its inputs from memory and writes its result there",
    "gemm": "only products do: norms, gelu, sums and re-ordering happen on their way, attention is one kernel",
    "mlp": "as gemm, and an MLP is one kernel: what is between its two products never leaves the chip",
    "stage": "as mlp, and a stage without attention is one kernel from its input map to its output map",
}
"""The byte models, from most bytes to fewest. Some are the same where a family's kernels are: of a convolutional
generator, which has no MLPs, the last three."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """One row of a network's table: FLOPs per image, numbers of its activations moved by byte model, weights.

    `weights` are moved once per batch, position tables among them, and maps that are the same for all of its images.
    """

    name: str
    resolution: int
    flops: int
    weights: int
    moved: dict[str, float]

    def with_shared(self, numbers: int) -> Traffic:
        """Add numbers that are moved once per batch."""
        return replace(self, weights=self.weights + numbers)

    def bytes_per_image(self, model: str, *, size: int, batch: int) -> float:
        """Bytes per image in a batch of `batch`, with `size` bytes per number."""
        return size * (self.moved[model] + self.weights / batch)


def traffic_of(rows: Sequence[Row], moved: Sequence[Moved]) -> tuple[Traffic, ...]:
    """The traffic of each row, given what its activations move."""
    return tuple(
        Traffic(
            name=row.name,
            resolution=row.resolution,
            flops=row.cost.flops,
            weights=row.cost.parameters,
            moved=part.by_model(),
        )
        for row, part in zip(rows, moved, strict=True)
    )
