"""A film by the ending of its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import features

from hitzoo.errors import RequestError
from hitzoo.sampling.film.apng import ApngFilm
from hitzoo.sampling.film.gif import GifFilm
from hitzoo.sampling.film.video import VideoFilm, check_video
from hitzoo.sampling.film.webp import WebpFilm
from hitzoo.sampling.picture_file import QUALITY

FILMS = (".mp4", ".gif", ".webp", ".apng")
_LARGEST_SIDE = {".mp4": 16_384, ".gif": 65_535, ".webp": 16_383, ".apng": (1 << 31) - 1}  # pixels
_MOST_PER_SECOND = {".mp4": 240, ".gif": 50, ".webp": 240, ".apng": 240}  # a GIF counts hundredths, and 1 is not kept


class Film(Protocol):
    """Takes frames one after another and writes them; memory holds one, whatever their number."""

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Write the next frame (H, W, 1|3|4)."""
        ...

    def finish(self) -> None:
        """Write the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class FilmForm:
    """The form of a film, known before its first frame: sides in pixels, frames per second and in all."""

    width: int
    height: int
    channels: int
    frames: int
    fps: int
    quality: int = QUALITY


def check_film(path: Path, form: FilmForm) -> None:
    """Say before any work that a film cannot be made.

    Raises:
        RequestError: sides or a rate that the format does not have, or what writes it is not installed.
    """
    ending = path.suffix.lower()
    if max(form.width, form.height) > _LARGEST_SIDE[ending]:
        raise RequestError(
            f"--out {path}: frames of {form.width:,}×{form.height:,} pixels; {ending} holds at most"
            f" {_LARGEST_SIDE[ending]:,} a side"
        )
    if form.fps > _MOST_PER_SECOND[ending]:
        raise RequestError(f"--fps {form.fps}: {ending} shows at most {_MOST_PER_SECOND[ending]} frames per second")
    if ending == ".mp4":
        check_video()
    if ending == ".webp" and not features.check("webp"):
        raise RequestError(f"--out {path}: this Pillow was built without WebP; take .gif or .apng")


def open_film(file: BinaryIO, ending: str, form: FilmForm, facts: Mapping[str, str]) -> Film:
    """Begin a film of that ending in a file that can be sought; `facts` become its metadata."""
    size = {"width": form.width, "height": form.height, "fps": form.fps}
    match ending:
        case ".gif":
            return GifFilm(file, facts=facts, **size)
        case ".apng":
            return ApngFilm(file, frames=form.frames, facts=facts, **size)
        case ".webp":
            return WebpFilm(file, alpha=form.channels == 4, quality=form.quality, facts=facts, **size)
        case _:
            return VideoFilm(file, facts=facts, **size)
