"""Interpolations to the disk: a film or a strip of images along a walk through latents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.sampling.classes import classes_of_rows
from hitzoo.sampling.facts import difference, of_images, picture_facts
from hitzoo.sampling.film.open import FILMS, FilmForm, check_film, open_film
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import MOST_PIXELS, Layout, enlarge
from hitzoo.sampling.latent_file import Latents
from hitzoo.sampling.latents import check_truncation
from hitzoo.sampling.picture_file import FORMATS, QUALITY, check_possible, format_named, read_facts, save_picture
from hitzoo.sampling.pictures import PADDING
from hitzoo.sampling.walk import Walk, walk_points, walk_rows
from hitzoo.targets import check_writable, existing, file_target, is_taken

_STRIPS = (".png", ".jpg", ".jpeg")
FPS = 25
FRAMES, TILES = 60, 8  # of a film and of a strip, where no number is given


@dataclass(frozen=True, kw_only=True)
class InterpolationRequest:
    """A walk through the rows of inputs `latents` (N, input_width), to be written to `out`.

    With `styles` (N, 1 or places, width) these are walked through instead.

    The ending of `out` decides: .mp4, .gif, .webp and .apng are films, .png and .jpg a strip with `padding` between its
    tiles. `fps` are frames per second; every pixel is written `scale`² times. What is there already stays unless it
    would be made again just so, or `force`.
    """

    latents: NDArray[np.float32]
    walk: Walk
    out: Path
    styles: NDArray[np.float32] | None = None
    seeds: Sequence[int] | None = None
    truncation: float = 1.0
    fps: int = FPS
    scale: int = 1
    padding: int = PADDING
    quality: int = QUALITY
    batch_size: int | None = None
    force: bool = False

    @property
    def is_film(self) -> bool:
        """True if the frames are shown one after another, not side by side."""
        return is_film(self.out)


def is_film(out: Path) -> bool:
    """True if a name is that of a film, false if it is that of a strip.

    Raises:
        RequestError: it is neither.
    """
    ending = out.suffix.lower()
    if ending not in (*FILMS, *_STRIPS):
        raise RequestError(
            f"--out {out}: a film's name ends in one of {', '.join(FILMS)}, that of a strip of images in .png or .jpg"
        )
    return ending in FILMS


def interpolate(
    generator: Generator, request: InterpolationRequest, progress: Callable[[int], None] = lambda count: None
) -> Path:
    """Generate the images of the walk in batches and write them as they come; the path.

    Args:
        progress: called with the number of images made since the last call.

    Raises:
        RequestError: a walk, a truncation or a file that is not possible.
        WeightsError: an image is not finite.
        OutputError: something else is there already, or it cannot be written; nothing half-written stays.
    """
    check_truncation(request.truncation)
    facts = _facts(generator, request)
    _check(generator, request, facts)
    rows = walk_rows(request.latents, generator.plan.generator.takes, request.walk)
    styles = None if request.styles is None else walk_points(request.styles, request.walk)
    frames = _frames(generator, Latents(rows, styles), request, progress)
    (_write_film if request.is_film else _write_strip)(generator, request, frames, facts)
    return request.out


def _frames(
    generator: Generator, inputs: Latents, request: InterpolationRequest, progress: Callable[[int], None]
) -> Iterator[NDArray[np.uint8]]:
    size = request.batch_size or generator.default_batch_size
    for start in range(0, len(inputs.rows), size):
        samples = inputs[start : start + size].sampled(generator, request.truncation, size)
        yield from samples.pixels
        progress(len(samples))


def _write_film(
    generator: Generator, request: InterpolationRequest, frames: Iterator[NDArray[np.uint8]], facts: dict[str, str]
) -> None:
    with file_target(request.out, force=request.force) as temporary, temporary.open("w+b") as file:
        film = open_film(file, request.out.suffix.lower(), _form(generator, request), facts)
        for frame in frames:
            film.add(enlarge(frame, request.scale))
        film.finish()


def _write_strip(
    generator: Generator, request: InterpolationRequest, frames: Iterator[NDArray[np.uint8]], facts: dict[str, str]
) -> None:
    pixels = _layout(request).draw(np.stack(list(frames)))
    format = format_named(request.out.suffix)
    save_picture(request.out, pixels, facts, format=format, quality=request.quality)


def _check(generator: Generator, request: InterpolationRequest, facts: dict[str, str]) -> None:
    """Refuse before any work what cannot be made or written."""
    plan, out = generator.plan, request.out
    if request.is_film:
        check_film(out, _form(generator, request))
    else:
        width, height = _layout(request).size(plan.resolution)
        if width * height > MOST_PIXELS:
            raise RequestError(
                f"--frames {request.walk.frames:,}: a strip of {width:,}×{height:,} pixels; at most {MOST_PIXELS:,} can"
                " be made: give fewer frames, a smaller --scale, or make a film"
            )
        check_possible(format_named(out.suffix), width, height, plan.image_channels)
    if is_taken(out) and not request.force:
        found = read_facts(out)
        if (found or out.suffix.lower() != ".mp4") and (other := difference(found, facts)):
            raise existing(out, other)
    else:
        check_writable(out)


def _layout(request: InterpolationRequest) -> Layout:
    return Layout(rows=1, columns=request.walk.frames, padding=request.padding, scale=request.scale)


def _form(generator: Generator, request: InterpolationRequest) -> FilmForm:
    side = generator.plan.resolution * request.scale
    return FilmForm(
        width=side,
        height=side,
        channels=generator.plan.image_channels,
        frames=request.walk.frames,
        fps=request.fps,
        quality=request.quality,
    )


def _facts(generator: Generator, request: InterpolationRequest) -> dict[str, str]:
    classes = classes_of_rows(request.latents[:1], generator.plan.generator.takes)
    facts = picture_facts(generator, request.truncation)
    facts |= of_images(request.seeds, Latents(request.latents, request.styles).identity, several=True)
    facts |= {} if classes is None else {"hitzoo:class": str(classes[0])}
    space = "" if request.styles is None else ", of styles"
    facts |= {"hitzoo:walk": f"{request.walk}{space}", "hitzoo:frames": str(request.walk.frames)}
    if request.scale != 1:
        facts["hitzoo:scale"] = str(request.scale)
    if request.is_film:
        facts["hitzoo:fps"] = str(request.fps)
    else:
        facts["hitzoo:padding"] = str(request.padding)
    if request.out.suffix.lower() in (".jpg", ".jpeg", FORMATS["webp"]):
        facts["hitzoo:quality"] = str(request.quality)
    return facts
