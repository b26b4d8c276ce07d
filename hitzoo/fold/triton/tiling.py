"""Tiles of a kernel's work: rows, hidden features at a time, warps; and how many programs share them on a device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import torch

_FEWEST_ROWS, _SMALLEST_CHUNK = 32, 16
_EASY_CHUNK = 32  # narrower ones do not fill the tensor cores
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

    @property
    def has_tensor_memory(self) -> bool:
        """True for datacentre Blackwell, where products accumulate in 512 columns that all of a kernel's share."""
        return self.capability[0] in (10, 11)

    @property
    def reads_shared_operands(self) -> bool:
        """True for Hopper and datacentre Blackwell, whose tensor cores read from shared memory."""
        return self.capability[0] in (9, 10, 11)


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


def smaller(tile: Tile) -> Tile | None:
    """The next tile to try where this one asks too much of the device; None behind the last."""
    if tile.kept:
        return replace(tile, kept=False)
    if tile.chunk > _EASY_CHUNK:
        return replace(tile, chunk=tile.chunk // 2)
    if tile.rows > _FEWEST_ROWS:
        return replace(tile, rows=tile.rows // 2)
    if tile.chunk > _SMALLEST_CHUNK:
        return replace(tile, chunk=tile.chunk // 2)
    return None


@lru_cache(maxsize=1024)
def programs_per_sample(tiles: int, samples: int, slots: int) -> int:
    """Number of programs that share the tiles of one sample, where `slots` run at a time on the device.

    Time passes in waves of slots, each as long as a program: its tiles and the loading of its weights.
    """

    def time(programs: int) -> int:
        waves = -(-samples * programs // slots)
        return waves * (-(-tiles // programs) + _SETUP)

    return min(range(1, max(1, min(tiles, slots)) + 1), key=time)
