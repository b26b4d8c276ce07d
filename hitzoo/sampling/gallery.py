"""Many images to the disk, a batch at a time: picture files by seed, grids, raw numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hitzoo.sampling.facts import of_latents, picture_facts
from hitzoo.sampling.gallery_names import check_names, grid_name
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import Layout, enlarge
from hitzoo.sampling.picture_file import FORMATS, QUALITY, check_possible, save_picture
from hitzoo.sampling.samples import Samples
from hitzoo.targets import Target, stream_target


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make: the image of `latents[i]` becomes `folder/names[i].png`, with its `seeds[i]` in the metadata.

    `grid` says how they are laid out on pages too; `npy` takes float32 (N, R, R, C), not clipped. `scale` enlarges the
    single pictures. What is in the folder already stays unless it would be made again just so, or `force`.
    Images are written as they come: memory holds a batch and an unfinished grid.
    """

    latents: NDArray[np.float32]
    names: Sequence[str]
    seeds: Sequence[int] | None = None
    folder: Path | None = None
    grid: Layout | None = None
    npy: Path | None = None
    truncation: float = 1.0
    batch_size: int | None = None
    format: str = "png"
    quality: int = QUALITY
    scale: int = 1
    force: bool = False

    @property
    def pages(self) -> list[range]:
        """Which images are on each grid."""
        if self.grid is None:
            return []
        count, places = len(self.latents), self.grid.places
        return [range(first, min(first + places, count)) for first in range(0, count, places)]


def make_images(generator: Generator, order: Order, progress: Callable[[int], None] = lambda count: None) -> list[Path]:
    """Generate and write everything an order names; the paths in the order they were written, grids first.

    Raises:
        RequestError: a picture that the format cannot hold, or a grid too large to be made.
        OutputError: something else is there already, or cannot be written; the files already written are whole.
    """
    files = _Files(generator, order)
    files.check()
    pictures: list[Path] = []
    size = order.batch_size or generator.default_batch_size
    with ExitStack() as stack:
        raw = stack.enter_context(_raw_file(order.npy, generator, order)) if order.npy else None
        for start in range(0, len(order.latents), size):
            part = range(start, min(start + size, len(order.latents)))
            z = order.latents[part.start : part.stop]
            samples = generator.sample(latents=z, truncation=order.truncation, batch_size=size)
            if raw is not None:
                raw.write(samples.raw.astype("<f4").tobytes())
            if order.folder is not None:
                files.add_to_grids(samples)
                pictures += [files.write_one(samples, index, index - start) for index in part]
            progress(len(part))
    files.finish_grids()
    return [*files.grids, *pictures, *([order.npy] if order.npy else [])]


class _Files:
    """The picture files of an order: what each is called and says of itself. Collects images until a grid is full."""

    def __init__(self, generator: Generator, order: Order) -> None:
        self.generator, self.order = generator, order
        self.facts = picture_facts(generator, order.truncation)
        self.grids: list[Path] = []
        self._waiting: list[NDArray[np.uint8]] = []

    def check(self) -> None:
        """Refuse before any work what cannot be made, or is there already as something else."""
        order, plan = self.order, self.generator.plan
        if order.folder is None:
            return
        side = plan.resolution * order.scale
        check_possible(order.format, side, side, plan.image_channels)
        if order.grid is not None:
            order.grid.check(plan.resolution)
            width, height = order.grid.size(plan.resolution, self._texts(range(len(order.latents))))
            check_possible(order.format, width, height, plan.image_channels)
        wanted = {f"{name}{self._suffix}": range(index, index + 1) for index, name in enumerate(order.names)}
        pages = order.pages
        grids = {f"{grid_name(place, len(pages))}{self._suffix}": page for place, page in enumerate(pages)}
        check_names(
            order.folder,
            wanted | grids,
            lambda name, images: self._facts_of_page(images) if name in grids else self._facts_of(images.start),
            self.facts,
            force=order.force,
        )

    def write_one(self, samples: Samples, index: int, place: int) -> Path:
        """The picture of one latent."""
        assert self.order.folder is not None
        path = self.order.folder / f"{self.order.names[index]}{self._suffix}"
        self._save(path, enlarge(samples.pixels[place], self.order.scale), self._facts_of(index))
        return path

    def add_to_grids(self, samples: Samples) -> None:
        """Images that have come; a full grid is written."""
        if self.order.grid is None:
            return
        for pixels in samples.pixels:
            self._waiting.append(pixels)
            if len(self._waiting) == self.order.grid.places:
                self._write_grid()

    def finish_grids(self) -> None:
        """No more images come."""
        if self._waiting:
            self._write_grid()

    def _write_grid(self) -> None:
        order = self.order
        assert order.folder is not None
        assert order.grid is not None
        page = order.pages[len(self.grids)]
        path = order.folder / f"{grid_name(len(self.grids), len(order.pages))}{self._suffix}"
        self._save(path, order.grid.draw(np.stack(self._waiting), self._texts(page)), self._facts_of_page(page))
        self.grids.append(path)
        self._waiting.clear()

    def _save(self, path: Path, pixels: NDArray[np.uint8], facts: dict[str, str]) -> None:
        save_picture(path, pixels, facts, format=self.order.format, quality=self.order.quality)

    @property
    def _suffix(self) -> str:
        return FORMATS[self.order.format]

    def _texts(self, page: range) -> list[str]:
        """The words under the tiles of a page."""
        if self.order.grid is None or not self.order.grid.labels:
            return []
        numbers = page if self.order.seeds is None else self.order.seeds[page.start : page.stop]
        return [str(number) for number in numbers]

    def _facts_of(self, index: int) -> dict[str, str]:
        scale = {} if self.order.scale == 1 else {"hitzoo:scale": str(self.order.scale)}
        return self.facts | self._which(range(index, index + 1)) | scale | self._quality

    def _facts_of_page(self, page: range) -> dict[str, str]:
        assert self.order.grid is not None
        return self.facts | self._which(page, several=True) | self.order.grid.facts() | self._quality

    def _which(self, page: range, *, several: bool = False) -> dict[str, str]:
        part = slice(page.start, page.stop)
        seeds = None if self.order.seeds is None else self.order.seeds[part]
        return of_latents(seeds, self.order.latents[part], several=several)

    @property
    def _quality(self) -> dict[str, str]:
        return {} if self.order.format == "png" else {"hitzoo:quality": str(self.order.quality)}


@contextmanager
def _raw_file(path: Path, generator: Generator, order: Order) -> Iterator[Target]:
    """An .npy file that is written as images come, and appears under its name when all have."""
    plan = generator.plan
    header = {
        "descr": "<f4",
        "fortran_order": False,
        "shape": (len(order.latents), plan.resolution, plan.resolution, plan.image_channels),
    }
    first = BytesIO()
    np.lib.format.write_array_header_1_0(first, header)
    with stream_target(path, force=order.force) as file:
        file.write(first.getvalue())
        yield file
