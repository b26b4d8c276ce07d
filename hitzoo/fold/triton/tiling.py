"""Tiling of a kernel's work: rows of a tile, hidden features at a time, warps, and programs on the device.

By reasoning and by the compiler's report of registers and shared memory for Hopper, not yet by measurement: pass your
own `Tile` to a kernel to measure another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import torch

_SPARE = 16 * 1024  # bytes that the compiler needs to convert layouts
_FEWEST_ROWS, _SMALLEST_CHUNK = 32, 16
_SETUP = 4  # time to load a program's weights, in units of a tile's time


@dataclass(frozen=True, kw_only=True)
class Tile:
    """`rows` of a tile, hidden features of a `chunk`, warps of a program, stages of its loads, and per processor.

    kept: the weights stay in shared memory, loaded once a program; else every tile reads them from the cache.
    programs: of one streaming multiprocessor at a time.
    """

    rows: int
    chunk: int
    warps: int
    stages: int
    kept: bool
    programs: int


@dataclass(frozen=True, kw_only=True)
class Device:
    """Number of streaming multiprocessors, the most bytes of shared memory of one program, and CUDA's capability."""

    processors: int
    shared: int
    capability: tuple[int, int]


def device_of(device: torch.device) -> Device:
    """Properties of a CUDA device; for the interpreter, a small one, so that programs take several tiles."""
    if device.type != "cuda":
        return Device(processors=2, shared=227 * 1024, capability=(9, 0))
    found = torch.cuda.get_device_properties(device)
    return Device(
        processors=found.multi_processor_count,
        shared=found.shared_memory_per_block_optin,
        capability=(found.major, found.minor),
    )


def choose_tile(x: torch.Tensor, hidden: int, kept_numbers: int, precision: str, *, wide: bool = False) -> Tile:
    """Choose the tile for features [..., C] and products of this precision; `kept_numbers` weights are to be kept.

    Two warpgroups of 64 rows each, so that one computes gelu while the other's products run; with 128 rows each the
    registers would not suffice. wide: a stage's kernel, whose other parts leave fewer registers for a chunk.
    """
    channels, size = x.shape[-1], x.element_size()
    if precision == "ieee" and size == 4:  # without tensor cores
        return Tile(rows=32, chunk=_chunk(hidden, 32), warps=4, stages=2, kept=False, programs=4)
    rows = 128
    small = size == 4 or channels <= 32 or (wide and channels == 128)
    used = size * (kept_numbers + 2 * rows * channels) + _SPARE
    shared = device_of(x.device).shared
    kept = used <= shared and not (size == 4 and precision == "tf32x3")
    if not kept and size == 4 and channels == 128:
        rows = 64 if shared >= 128 * 1024 else 32
    programs = 2 if not kept or 2 * used <= shared else 1
    return Tile(rows=rows, chunk=_chunk(hidden, 32 if small else 64), warps=8, stages=2, kept=kept, programs=programs)


def smaller(tile: Tile) -> Tile | None:
    """The next tile to try where this one asks too much of the device; None behind the last."""
    if tile.kept:
        return replace(tile, kept=False)
    if tile.rows <= _FEWEST_ROWS and tile.chunk <= _SMALLEST_CHUNK:
        return None
    return replace(tile, rows=max(_FEWEST_ROWS, tile.rows // 2), chunk=max(_SMALLEST_CHUNK, tile.chunk // 2))


def _chunk(hidden: int, most: int) -> int:
    """The largest power of two up to `most` that divides the hidden features, which are a multiple of 16."""
    return next(size for size in (64, 32, 16) if size <= most and hidden % size == 0)


@lru_cache(maxsize=1024)
def programs_per_sample(tiles: int, samples: int, slots: int) -> int:
    """Number of programs that share the tiles of one sample, where `slots` run at a time on the device.

    Time passes in waves of slots, each as long as a program: its tiles and the loading of its weights.
    """

    def time(programs: int) -> int:
        waves = -(-samples * programs // slots)
        return waves * (-(-tiles // programs) + _SETUP)

    return min(range(1, max(1, min(tiles, slots)) + 1), key=time)
