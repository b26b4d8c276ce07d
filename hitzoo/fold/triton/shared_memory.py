"""Shared memory of a kernel, estimated from its sizes before it is compiled.

The formulas follow the compiler's reports (docs/kernels.md); it reuses memory in ways that they do not see, so that
most kernels take less. One that takes more is launched with a smaller tile (`attempts`).
"""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.fold.triton.tiling import Device, Tile

NARROWEST = 16
"""Columns of the narrowest product; fewer are padded."""

_SPARE = 1024  # bytes for barriers and reductions
_SPARE_KEPT = 16 * 1024  # bytes to convert layouts too


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A kernel's sizes as its memory depends on them, in numbers of `size` bytes.

    weights: of all MLPs, kept or streamed. operands: of the other matrices. entering: width of the rows that a stage
    multiplies first; logits: of its attention. stage: it is the kernel of a whole stage.
    """

    size: int
    channels: int
    hidden: int
    weights: int
    operands: int = 0
    entering: int = 0
    logits: int = 0
    stage: bool = False


def mlp_demand(size: int, channels: int, hidden: int, outputs: int | None = None) -> Demand:
    """Demand of an MLP's kernel, or with `outputs` image channels of that of the last one."""
    block = channels if outputs is None else max(NARROWEST, outputs)
    operands = 0 if outputs is None else channels * block
    return Demand(size=size, channels=channels, hidden=hidden, weights=hidden * (channels + block), operands=operands)


def stage_demand(
    size: int, entering: int, channels: int, hidden: int, *, logits: int, depth: int, image: bool, ends: bool
) -> Demand:
    """Demand of a stage's kernel with `depth` MLPs, the last merged with the image where it `ends` in that."""
    width = max(NARROWEST, 1 << (entering - 1).bit_length())
    operands = width * channels + 2 * logits * channels + image * NARROWEST * channels  # the attention of one sample
    weights = 2 * depth * hidden * channels - ends * hidden * (channels - NARROWEST)
    return Demand(
        size=size,
        channels=channels,
        hidden=hidden,
        weights=weights,
        operands=operands,
        entering=width,
        logits=logits,
        stage=True,
    )


def shared_bytes(tile: Tile, demand: Demand, device: Device) -> int:
    """Bytes of shared memory of one program.

    Matrices that the loop over tiles does not change stay there, and weights that are not kept come through `stages`
    buffers. Rows that are multiplied lie there on Hopper and Blackwell, and go through it elsewhere and for tf32x3.
    """
    if tile.kept:
        rows = demand.entering + demand.logits + 2 * demand.channels
        return demand.size * (demand.operands + demand.weights + tile.rows * rows) + _SPARE_KEPT
    lying = demand.channels if device.reads_shared_operands else 0
    if demand.size == 4:
        rows = max(demand.entering + demand.logits, demand.channels) + tile.chunk + lying
    else:
        rows = max(demand.entering, demand.logits, lying)
    buffers = 2 * tile.stages * tile.chunk * demand.channels
    return demand.size * (demand.operands + buffers + tile.rows * rows) + _SPARE
