"""The way of an inversion in pictures: a film of the picture and what is nearest so far, or a strip of the latter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.sampling.film.open import FilmForm, check_film, open_film
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import Layout, enlarge
from hitzoo.sampling.interpolate import is_film
from hitzoo.sampling.picture_file import format_named, save_picture
from hitzoo.sampling.pictures import to_uint8
from hitzoo.targets import file_target

_OF_FILM, _OF_STRIP = 48, 8  # pictures of the way
_FPS = 12


class ProgressPictures:
    """Keeps the nearest image of some of the steps."""

    def __init__(
        self, path: Path | None, target: NDArray[np.uint8], steps: int, progress: Callable[[int], None]
    ) -> None:
        self._path, self._target, self._progress = path, target, progress
        self._images: list[NDArray[np.uint8]] = []
        count = 0 if path is None else _OF_FILM if is_film(path) else _OF_STRIP
        self._steps = {place * steps // count for place in range(count)} if count else set()

    def watch(self, step: int, images: torch.Tensor, distances: torch.Tensor) -> None:
        """Keep the nearest of these images if it is a step to be shown."""
        if step in self._steps:
            nearest = images[int(distances.argmin())].permute(1, 2, 0)
            self._images.append(to_uint8(nearest.float().cpu().numpy()))
        self._progress(1)

    def end(self, image: NDArray[np.uint8]) -> None:
        """Keep what was found."""
        self._images.append(image)

    @staticmethod
    def write(ways: Sequence[ProgressPictures], facts: Mapping[str, str], scale: int, *, force: bool) -> None:
        """Write those of several inversions: one after another in a film, in rows that end with the picture else."""
        path = ways[0]._path
        if path is None:
            return
        if not is_film(path):
            rows = [[*way._images, way._target] for way in ways]
            layout = Layout(rows=len(rows), columns=len(rows[0]), scale=scale)
            pixels = layout.draw(np.stack([image for row in rows for image in row]))
            save_picture(path, pixels, facts, format=format_named(path.suffix))
            return
        frames = [np.concatenate([way._target, image], axis=1) for way in ways for image in way._images]
        with file_target(path, force=force) as temporary, temporary.open("w+b") as file:
            film = open_film(file, path.suffix.lower(), _form(frames[0], len(frames), scale), facts)
            for frame in frames:
                film.add(enlarge(frame, scale))
            film.finish()


def check_progress(path: Path, generator: Generator, count: int, scale: int) -> None:
    """Refuse before any work a film of `count` inversions that cannot be made.

    Raises:
        RequestError: its name, size or what writes it.
    """
    if is_film(path):
        side = generator.plan.resolution
        like = np.empty((side, 2 * side, generator.plan.image_channels), np.uint8)
        check_film(path, _form(like, count * _OF_FILM, scale))


def _form(frame: NDArray[np.uint8], frames: int, scale: int) -> FilmForm:
    height, width, channels = frame.shape
    return FilmForm(width=scale * width, height=scale * height, channels=channels, frames=frames, fps=_FPS)
