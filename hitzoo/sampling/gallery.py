"""Many images to the disk, batch by batch: picture files by seed, grids, raw numbers."""

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
class SampleRequest:
    """Images to make: that of `latents[i]` becomes `folder/names[i].png`, with its `seeds[i]` in the metadata.

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
        """The images on each grid."""
        if self.grid is None:
            return []
        count, places = len(self.latents), self.grid.places
        return [range(first, min(first + places, count)) for first in range(0, count, places)]


def make_images(
    generator: Generator, request: SampleRequest, progress: Callable[[int], None] = lambda count: None
) -> list[Path]:
    """Generate and write everything that is requested; the paths in the order they were written, grids first.

    Raises:
        RequestError: a picture that the format cannot hold, or a grid too large to be made.
        OutputError: something else is there already, or cannot be written; the files already written are whole.
    """
    files = _Files(generator, request)
    files.check()
    pictures: list[Path] = []
    size = request.batch_size or generator.default_batch_size
    with ExitStack() as stack:
        raw = stack.enter_context(_raw_file(request.npy, generator, request)) if request.npy else None
        for start in range(0, len(request.latents), size):
            part = range(start, min(start + size, len(request.latents)))
            z = request.latents[part.start : part.stop]
            samples = generator.sample(latents=z, truncation=request.truncation, batch_size=size)
            if raw is not None:
                raw.write(samples.raw.astype("<f4").tobytes())
            if request.folder is not None:
                files.add_to_grids(samples)
                pictures += [files.write_one(samples, index, index - start) for index in part]
            progress(len(part))
    files.finish_grids()
    return [*files.grids, *pictures, *([request.npy] if request.npy else [])]


class _Files:
    """The picture files of a request: their names and metadata. Collects images until a grid is full."""

    def __init__(self, generator: Generator, request: SampleRequest) -> None:
        self.generator, self.request = generator, request
        self.facts = picture_facts(generator, request.truncation)
        self.grids: list[Path] = []
        self._waiting: list[NDArray[np.uint8]] = []

    def check(self) -> None:
        """Refuse before any work what cannot be made, or is there already as something else."""
        request, plan = self.request, self.generator.plan
        if request.folder is None:
            return
        side = plan.resolution * request.scale
        check_possible(request.format, side, side, plan.image_channels)
        if request.grid is not None:
            request.grid.check(plan.resolution)
            width, height = request.grid.size(plan.resolution, self._texts(range(len(request.latents))))
            check_possible(request.format, width, height, plan.image_channels)
        wanted = {f"{name}{self._suffix}": range(index, index + 1) for index, name in enumerate(request.names)}
        pages = request.pages
        grids = {f"{grid_name(place, len(pages))}{self._suffix}": page for place, page in enumerate(pages)}
        check_names(
            request.folder,
            wanted | grids,
            lambda name, images: self._facts_of_page(images) if name in grids else self._facts_of(images.start),
            self.facts,
            force=request.force,
        )

    def write_one(self, samples: Samples, index: int, place: int) -> Path:
        """The picture of one latent."""
        assert self.request.folder is not None
        path = self.request.folder / f"{self.request.names[index]}{self._suffix}"
        self._save(path, enlarge(samples.pixels[place], self.request.scale), self._facts_of(index))
        return path

    def add_to_grids(self, samples: Samples) -> None:
        """Images that have come; a full grid is written."""
        if self.request.grid is None:
            return
        for pixels in samples.pixels:
            self._waiting.append(pixels)
            if len(self._waiting) == self.request.grid.places:
                self._write_grid()

    def finish_grids(self) -> None:
        """No more images come."""
        if self._waiting:
            self._write_grid()

    def _write_grid(self) -> None:
        request = self.request
        assert request.folder is not None
        assert request.grid is not None
        page = request.pages[len(self.grids)]
        path = request.folder / f"{grid_name(len(self.grids), len(request.pages))}{self._suffix}"
        self._save(path, request.grid.draw(np.stack(self._waiting), self._texts(page)), self._facts_of_page(page))
        self.grids.append(path)
        self._waiting.clear()

    def _save(self, path: Path, pixels: NDArray[np.uint8], facts: dict[str, str]) -> None:
        save_picture(path, pixels, facts, format=self.request.format, quality=self.request.quality)

    @property
    def _suffix(self) -> str:
        return FORMATS[self.request.format]

    def _texts(self, page: range) -> list[str]:
        """The words under the tiles of a page."""
        if self.request.grid is None or not self.request.grid.labels:
            return []
        numbers = page if self.request.seeds is None else self.request.seeds[page.start : page.stop]
        return [str(number) for number in numbers]

    def _facts_of(self, index: int) -> dict[str, str]:
        scale = {} if self.request.scale == 1 else {"hitzoo:scale": str(self.request.scale)}
        return self.facts | self._which(range(index, index + 1)) | scale | self._quality

    def _facts_of_page(self, page: range) -> dict[str, str]:
        assert self.request.grid is not None
        return self.facts | self._which(page, several=True) | self.request.grid.facts() | self._quality

    def _which(self, page: range, *, several: bool = False) -> dict[str, str]:
        part = slice(page.start, page.stop)
        seeds = None if self.request.seeds is None else self.request.seeds[part]
        return of_latents(seeds, self.request.latents[part], several=several)

    @property
    def _quality(self) -> dict[str, str]:
        return {} if self.request.format == "png" else {"hitzoo:quality": str(self.request.quality)}


@contextmanager
def _raw_file(path: Path, generator: Generator, request: SampleRequest) -> Iterator[Target]:
    """An .npy file that is written as images come, and appears under its name when all have."""
    plan = generator.plan
    header = {
        "descr": "<f4",
        "fortran_order": False,
        "shape": (len(request.latents), plan.resolution, plan.resolution, plan.image_channels),
    }
    first = BytesIO()
    np.lib.format.write_array_header_1_0(first, header)
    with stream_target(path, force=request.force) as file:
        file.write(first.getvalue())
        yield file
