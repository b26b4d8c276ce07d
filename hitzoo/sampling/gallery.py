"""Many images to the disk, batch by batch: picture files by seed, grids, raw numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.neighbours import remove_leftovers_of
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.sampling.batches import batches_of, gather_round, rounds
from hitzoo.sampling.classes import classes_of_rows
from hitzoo.sampling.facts import of_images, picture_facts
from hitzoo.sampling.gallery_names import check_names, grid_name, made_alike
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import Layout, enlarge
from hitzoo.sampling.latent_file import Latents
from hitzoo.sampling.picture_file import FORMATS, QUALITY, check_possible, save_picture
from hitzoo.sampling.pictures import to_uint8
from hitzoo.sampling.raw_file import raw_file
from hitzoo.sampling.samples import Samples
from hitzoo.sampling.style_mixing import Mix, mixed
from hitzoo.targets import Target, is_taken


@dataclass(frozen=True, kw_only=True)
class SampleRequest:
    """Images to make: that of `latents[i]` becomes `folder/names[i].png`, with its `seeds[i]` in the metadata.

    `styles` (N, 1 or places, width) are taken instead of those that latents would have.

    `grid` says how they are laid out on pages too; `npy` takes float32 (N, R, R, C), not clipped. `scale` enlarges the
    single pictures; `mix` is a style beside their own. What is in the folder already stays unless it would be made
    again just so, or `force`; with `resume` it is not made again, but for an .npy file, which does not say what made
    it. Images are written as they come: memory holds a batch and an unfinished grid.
    """

    latents: NDArray[np.float32]
    names: Sequence[str]
    styles: NDArray[np.float32] | None = None
    seeds: Sequence[int] | None = None
    folder: Path | None = None
    grid: Layout | None = None
    npy: Path | None = None
    truncation: float = 1.0
    mix: Mix | None = None
    batch_size: int | None = None
    format: str = "png"
    quality: int = QUALITY
    scale: int = 1
    force: bool = False
    resume: bool = False

    @property
    def inputs(self) -> Latents:
        """The latents with their styles."""
        return Latents(self.latents, self.styles)

    @property
    def pages(self) -> list[range]:
        """The images on each grid."""
        if self.grid is None:
            return []
        count, places = len(self.latents), self.grid.places
        return [range(first, min(first + places, count)) for first in range(0, count, places)]


def make_images(
    generator: Generator,
    request: SampleRequest,
    progress: Callable[[int], None] = lambda count: None,
    *,
    world: World = ALONE,
) -> list[Path]:
    """Generate and write everything that is requested; the paths of all, grids first.

    Args:
        progress: called with the number of images that all processes have made, or found, since the last call.
        world: the processes that divide the batches; every one writes the pictures of its own, the first the rest.

    Raises:
        RequestError: a picture that the format cannot hold, a grid too large to be made, or a mix that is not possible.
        OutputError: something else is there already, or cannot be written; the files already written are whole.
    """
    files = _Files(generator, request)
    files.kept = frozenset(world.broadcast_from_first(files.check))
    size = request.batch_size or generator.default_batch_size
    batches = batches_of(len(request.latents), size)
    needed = [part for part in batches if files.needs(part)]
    if len(needed) < len(batches):
        progress(len(request.latents) - sum(map(len, needed)))
    with ExitStack() as stack:
        stack.enter_context(mixed(generator.module, generator.plan.generator, request.mix))
        raw = stack.enter_context(_raw_file(generator, request)) if request.npy and world.first else None
        for now in rounds(needed, world.size):
            samples, own = None, now[world.rank] if world.rank < len(now) else range(0)
            if own:
                samples = request.inputs[own.start : own.stop].sampled(generator, request.truncation, size)
                files.write(samples, own)
            for part, rows in _for_first(world, now, samples, generator, request, min(size, len(request.latents))):
                if raw is not None:
                    raw.write(rows.astype("<f4").tobytes())
                files.add_to_grids(part, rows)
            progress(world.total(len(own), generator.device))
    return files.paths


def _for_first(
    world: World,
    now: Sequence[range],
    samples: Samples | None,
    generator: Generator,
    request: SampleRequest,
    size: int,
) -> Iterator[tuple[range, NDArray[Any]]]:
    """Gather what the first process writes alone, in order: raw numbers if asked for, else the bytes for grids."""
    if request.npy is None and (request.grid is None or request.folder is None):
        return
    side, channels = generator.plan.resolution, generator.plan.image_channels
    like = np.empty((size, side, side, channels), np.uint8 if request.npy is None else np.float32)
    rows = None if samples is None else samples.pixels if request.npy is None else samples.raw
    yield from gather_round(world, now, rows, like, generator.device)


class _Files:
    """The picture files of a request: their names and metadata. Collects images until a grid is full."""

    def __init__(self, generator: Generator, request: SampleRequest) -> None:
        self.generator, self.request = generator, request
        self.facts = picture_facts(generator, request.truncation, request.mix)
        self.classes = classes_of_rows(request.latents, generator.plan.generator.takes)
        self.names = [f"{name}{self._suffix}" for name in request.names]
        pages = request.pages if request.folder is not None else []
        self.pages = {f"{grid_name(place, len(pages))}{self._suffix}": page for place, page in enumerate(pages)}
        self.kept: frozenset[str] = frozenset()
        self._waiting: list[NDArray[np.uint8]] = []

    @property
    def paths(self) -> list[Path]:
        """All files of the request, grids first."""
        folder, npy = self.request.folder, self.request.npy
        pictures = [folder / name for name in (*self.pages, *self.names)] if folder is not None else []
        return [*pictures, *([npy] if npy else [])]

    def check(self) -> list[str]:
        """Refuse before any work what cannot be made, or is there already as something else.

        Returns:
            The names of the pictures that need not be made again.
        """
        request, plan = self.request, self.generator.plan
        if request.npy is not None:
            is_taken(request.npy)  # report a folder of that name at once
        if request.folder is None:
            return []
        side = plan.resolution * request.scale
        check_possible(request.format, side, side, plan.image_channels)
        if request.grid is not None:
            texts = self._texts(range(len(request.latents)))
            request.grid.check(plan.resolution, texts)
            width, height = request.grid.size(plan.resolution, texts)
            check_possible(request.format, width, height, plan.image_channels)
        wanted = {name: range(index, index + 1) for index, name in enumerate(self.names)} | self.pages
        remove_leftovers_of(request.folder, wanted)
        check_names(request.folder, wanted, self._facts_of_file, self.facts, force=request.force)
        return made_alike(request.folder, wanted, self._facts_of_file) if request.resume else []

    def needs(self, part: range) -> bool:
        """True if a batch has an image that is not there yet, alone or on a grid."""
        if not self.kept or self.request.npy is not None:
            return True
        pages = [page for name, page in self.pages.items() if name not in self.kept]
        return any(self.names[index] not in self.kept for index in part) or any(
            page.start < part.stop and part.start < page.stop for page in pages
        )

    def write(self, samples: Samples, part: range) -> None:
        """Write the pictures of a batch that are not there yet."""
        if self.request.folder is None:
            return
        for place, index in enumerate(part):
            if self.names[index] not in self.kept:
                pixels = enlarge(samples.pixels[place], self.request.scale)
                self._save(self.request.folder / self.names[index], pixels, self._facts_of(index))

    def add_to_grids(self, part: range, rows: NDArray[Any]) -> None:
        """Take the next images, as bytes or raw; a grid is written when its last one comes."""
        grid, folder = self.request.grid, self.request.folder
        if grid is None or folder is None:
            return
        names = list(self.pages)
        for index, row in zip(part, rows, strict=True):
            name = names[index // grid.places]
            if name in self.kept:
                continue
            self._waiting.append(row if row.dtype == np.uint8 else to_uint8(row))
            page = self.pages[name]
            if index == page[-1]:
                pixels = grid.draw(np.stack(self._waiting), self._texts(page))
                self._save(folder / name, pixels, self._facts_of_page(page))
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
        if self.classes is None:
            return [str(number) for number in numbers]
        return [f"{number} class {self.classes[index]}" for number, index in zip(numbers, page, strict=True)]

    def _facts_of_file(self, name: str, images: range) -> dict[str, str]:
        return self._facts_of_page(images) if name in self.pages else self._facts_of(images.start)

    def _facts_of(self, index: int) -> dict[str, str]:
        scale = {} if self.request.scale == 1 else {"hitzoo:scale": str(self.request.scale)}
        return self.facts | self._which(range(index, index + 1)) | scale | self._quality

    def _facts_of_page(self, page: range) -> dict[str, str]:
        assert self.request.grid is not None
        return self.facts | self._which(page, several=True) | self.request.grid.facts() | self._quality

    def _which(self, page: range, *, several: bool = False) -> dict[str, str]:
        part = slice(page.start, page.stop)
        seeds = None if self.request.seeds is None else self.request.seeds[part]
        classes = self.classes and self.classes[part]
        return of_images(seeds, self.request.inputs[part].identity, classes, several=several)

    @property
    def _quality(self) -> dict[str, str]:
        return {} if self.request.format == "png" else {"hitzoo:quality": str(self.request.quality)}


def _raw_file(generator: Generator, request: SampleRequest) -> AbstractContextManager[Target]:
    assert request.npy is not None
    plan = generator.plan
    shape = (len(request.latents), plan.resolution, plan.resolution, plan.image_channels)
    return raw_file(request.npy, shape, force=request.force)
