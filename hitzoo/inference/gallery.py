"""Many images to the disk, a batch at a time: PNG files by seed, grids, raw numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.files import atomic_file
from hitzoo.inference.pictures import save_png, to_grid
from hitzoo.inference.sample import Generator, Samples
from hitzoo.neighbours import remove_leftovers


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make: the image of `latents[i]` becomes `folder/names[i].png`, with its `seeds[i]` in the metadata.

    `grid` is (rows, columns) of the pages they are laid out on too; `npy` takes float32 (N, R, R, C), not clipped.
    Images are written as they come: memory holds a batch and an unfinished grid.
    """

    latents: NDArray[np.float32]
    names: Sequence[str]
    seeds: Sequence[int] | None = None
    folder: Path | None = None
    grid: tuple[int, int] | None = None
    npy: Path | None = None
    truncation: float = 1.0
    batch_size: int | None = None


def parse_grid(text: str) -> tuple[int, int]:
    """`6x6` as rows and columns.

    Raises:
        RequestError: it is not two positive numbers.
    """
    rows, cross, columns = text.lower().replace("×", "x").partition("x")
    if not (cross and rows.isdecimal() and columns.isdecimal() and int(rows) and int(columns)):
        raise RequestError(f"--grid {text}: write rows x columns, for example 6x6")
    return int(rows), int(columns)


def make_images(generator: Generator, order: Order, progress: Callable[[int], None] = lambda count: None) -> list[Path]:
    """Generate and write everything an order names; the paths in the order they were written, grids first.

    Raises:
        OutputError: something cannot be written; the files already written are whole.
    """
    pages = _Pages(generator, order)
    pictures: list[Path] = []
    size = order.batch_size or generator.default_batch_size
    with ExitStack() as stack:
        raw = stack.enter_context(_raw_file(order.npy, generator, len(order.latents))) if order.npy else None
        for start in range(0, len(order.latents), size):
            part = range(start, min(start + size, len(order.latents)))
            z = order.latents[part.start : part.stop]
            samples = generator.sample(latents=z, truncation=order.truncation, batch_size=size)
            if raw is not None:
                raw.write(samples.raw.astype("<f4").tobytes())
            if order.folder is not None:
                pages.add(samples)
                pictures += [_write_one(generator, order, samples, index, index - start) for index in part]
            progress(len(part))
    pages.finish()
    return [*pages.written, *pictures, *([order.npy] if order.npy else [])]


class _Pages:
    """Collects images until a grid is full."""

    def __init__(self, generator: Generator, order: Order) -> None:
        self.generator, self.order = generator, order
        self.written: list[Path] = []
        self._waiting: list[NDArray[np.uint8]] = []

    def add(self, samples: Samples) -> None:
        if self.order.grid is None:
            return
        rows, columns = self.order.grid
        for pixels in samples.pixels:
            self._waiting.append(pixels)
            if len(self._waiting) == rows * columns:
                self._write(rows, columns)

    def finish(self) -> None:
        if self._waiting and self.order.grid is not None:
            self._write(*self.order.grid)

    def _write(self, rows: int, columns: int) -> None:
        assert self.order.folder is not None
        whole = len(self.order.latents) <= rows * columns
        name = "grid.png" if whole else f"grid{len(self.written) + 1:03d}.png"
        path = self.order.folder / name
        save_png(
            path, to_grid(np.stack(self._waiting), rows, columns), picture_facts(self.generator, self.order.truncation)
        )
        self.written.append(path)
        self._waiting.clear()


def _write_one(generator: Generator, order: Order, samples: Samples, index: int, place: int) -> Path:
    assert order.folder is not None
    path = order.folder / f"{order.names[index]}.png"
    text = picture_facts(generator, order.truncation)
    if order.seeds is not None:
        text["hitzoo:seed"] = str(order.seeds[index])
    save_png(path, samples.pixels[place], text)
    return path


def picture_facts(generator: Generator, truncation: float) -> dict[str, str]:
    """What a picture's metadata says of how it was made; with the seed, enough to make it again."""
    return {
        "Software": f"hitzoo {version('hitzoo')}",
        "hitzoo:model": generator.name,
        "hitzoo:plan": generator.plan.generator_hash,
        "hitzoo:truncation": str(truncation),
        "hitzoo:precision": generator.precision,
    } | ({"hitzoo:repo": generator.origin} if generator.origin else {})


@contextmanager
def _raw_file(path: Path, generator: Generator, count: int) -> Iterator[BinaryIO]:
    """An .npy file that is written as images come, and appears under its name when all have."""
    plan = generator.plan.generator
    header = {
        "descr": "<f4",
        "fortran_order": False,
        "shape": (count, plan.resolution, plan.resolution, plan.image_channels),
    }
    remove_leftovers(path)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        yield file
        file.flush()
