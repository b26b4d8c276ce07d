"""Choice of a kernel's tile for a device, by reasoning and by the compiler's reports, not yet by measurement.

Pass your own `Tile` to a kernel to measure another.
"""

from __future__ import annotations

from dataclasses import replace

from hitzoo.fold.triton.shared_memory import Demand, shared_bytes
from hitzoo.fold.triton.tiling import Device, Tile, smaller

_ROOMY = 128 * 1024  # bytes of shared memory, as of A100 and all datacentre cards since


def choose_tile(demand: Demand, device: Device, precision: str) -> Tile:
    """Choose the tile for products of this precision: the largest that the device has the memory for.

    Two warpgroups of 64 rows each, so that one computes gelu while the other's products run; with 128 rows each the
    registers would not suffice.
    """
    size, channels, hidden = demand.size, demand.channels, demand.hidden
    if precision == "ieee" and size == 4:  # without tensor cores
        tile = Tile(rows=32, chunk=_chunk(hidden, 32), warps=4, stages=2, kept=False, programs=4)
        return _fitting(tile, demand, device)
    narrow = size == 4 or channels <= 32 or (demand.stage and channels == 128)  # a stage's other parts take registers
    tile = Tile(rows=128, chunk=_chunk(hidden, 32 if narrow else 64), warps=8, stages=2, kept=True, programs=1)
    if not _keeps(tile, demand, device, precision):
        rows = 128 if size != 4 or channels < 128 else 64 if device.shared >= _ROOMY else 32
        tile = _fitting(replace(tile, kept=False, rows=rows), demand, device)
    light = size == 2 and channels <= (32 if demand.stage else 64)  # about 128 registers a thread; the others up to 255
    twice = light and 2 * shared_bytes(tile, demand, device) <= device.shared
    return replace(tile, programs=2 if twice else 1)


def fits_smallest(demand: Demand, device: Device) -> bool:
    """True if there is a tile that fits; in float32 one of 32 features: for fewer the compiler copies operands."""
    tile = Tile(rows=32, chunk=32 if demand.size == 4 else 16, warps=8, stages=2, kept=False, programs=1)
    return shared_bytes(tile, demand, device) <= device.shared


def _keeps(tile: Tile, demand: Demand, device: Device, precision: str) -> bool:
    """True if the weights stay in shared memory.

    Each of their products would have columns of tensor memory of its own, more than there are.
    """
    if device.has_tensor_memory or (demand.size == 4 and precision == "tf32x3"):
        return False
    return shared_bytes(tile, demand, device) <= device.shared


def _fitting(tile: Tile, demand: Demand, device: Device) -> Tile:
    """The tile, or the largest smaller one that fits; the smallest where none does."""
    while shared_bytes(tile, demand, device) > device.shared:
        less = smaller(tile)
        if less is None:
            break
        tile = less
    return tile


def _chunk(hidden: int, most: int) -> int:
    """The largest power of two up to `most` that divides the hidden features, which are a multiple of 16."""
    return next(size for size in (64, 32, 16) if size <= most and hidden % size == 0)
