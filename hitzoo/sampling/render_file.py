"""Rendered regions to the disk: pictures, raw numbers, or both; memory holds a tile and the bytes of one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.sampling.facts import difference, picture_facts
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import check_truncation, latents_of_seeds
from hitzoo.sampling.output_names import render_name
from hitzoo.sampling.picture_file import FORMATS, QUALITY, check_possible, format_named, read_facts, save_picture
from hitzoo.sampling.pictures import finite, to_uint8
from hitzoo.sampling.render import Renderer, View
from hitzoo.sampling.truncation import truncation
from hitzoo.targets import existing, is_taken, stream_target


@dataclass(frozen=True, kw_only=True)
class RenderRequest:
    """A picture to render into `out`, a picture file (default by model, seed, region and level, in `renders`).

    `npy` takes float32 (H, W, C). `format` None is that of `out`'s name, else PNG. What is there already stays unless
    it would be made again just so, or `force`.
    """

    view: View
    seed: int = 0
    truncation: float = 1.0
    precision: str = "float32"
    keeps_memory: bool = False
    out: Path | None = None
    npy: Path | None = None
    format: str | None = None
    quality: int = QUALITY
    force: bool = False


def write_render(
    generator: Generator, wanted: RenderRequest, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Path]:
    """Render and write; the paths written.

    Raises:
        RequestError: the model cannot be rendered in parts, the view is not of its image, or `out` is no picture file.
        WeightsError: the image is not finite.
        OutputError: something else is there already, or a file cannot be written.
    """
    renderer, out, format, facts = _ready(generator, wanted)
    rows, ports = latents_of_seeds([wanted.seed], generator.plan.input_width), generator.plan.generator.takes
    picture = np.empty(renderer.shape, np.uint8) if out is not None else None
    numbers = np.empty(renderer.shape, np.float32) if wanted.npy is not None else None
    done = 0
    with truncation(renderer.module, rows, ports, wanted.truncation) as z:
        for tile, pixels in renderer.tiles(torch.from_numpy(z).to(generator.device)):
            place = tile.within(renderer.region)
            finite(pixels, generator.name)
            if picture is not None:
                picture[place] = to_uint8(pixels)
            if numbers is not None:
                numbers[place] = pixels
            done += tile.width * tile.height
            progress(done, renderer.region.width * renderer.region.height)
    if picture is not None and out is not None:
        save_picture(out, picture, facts, format=format, quality=wanted.quality)
    if numbers is not None and wanted.npy is not None:
        _save_numbers(wanted.npy, numbers, force=wanted.force)
    return [path for path in (out, wanted.npy) if path is not None]


def check_render(generator: Generator, wanted: RenderRequest) -> None:
    """Raise what `write_render` would raise before any work."""
    _ready(generator, wanted)


def _ready(generator: Generator, wanted: RenderRequest) -> tuple[Renderer, Path | None, str, dict[str, str]]:
    """The renderer, and the picture's path, format and metadata."""
    check_truncation(wanted.truncation)
    quick = generator.fast(wanted.precision, keeps_memory=wanted.keeps_memory)
    renderer = Renderer(quick.module, wanted.view, quick.plan.pixel_range)
    out, format = _picture_of(quick, wanted)
    facts = _facts(quick, wanted, renderer, format)
    _refuse_other(wanted, out, facts)
    check_possible(format, renderer.region.width, renderer.region.height, generator.plan.image_channels)
    return renderer, out, format, facts


def _save_numbers(path: Path, numbers: NDArray[np.float32], *, force: bool) -> None:
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(numbers))
    with stream_target(path, force=force) as file:
        file.write(header.getvalue())
        for row in numbers:
            file.write(row.tobytes())


def _facts(generator: Generator, wanted: RenderRequest, renderer: Renderer, format: str) -> dict[str, str]:
    shown = {
        "hitzoo:seed": str(wanted.seed),
        "hitzoo:level": str(renderer.level),
        "hitzoo:region": str(renderer.region),
    }
    quality = {} if format == "png" else {"hitzoo:quality": str(wanted.quality)}
    return picture_facts(generator, wanted.truncation) | shown | quality


def _refuse_other(wanted: RenderRequest, out: Path | None, facts: dict[str, str]) -> None:
    """Refuse what may not be written there before any work."""
    if wanted.npy is not None:
        is_taken(wanted.npy)
    if out is not None and is_taken(out) and not wanted.force and (other := difference(read_facts(out), facts)):
        raise existing(out, other)


def _picture_of(generator: Generator, wanted: RenderRequest) -> tuple[Path | None, str]:
    """Choose the picture's path and format."""
    if wanted.out is None:
        format = format_named("png" if wanted.format is None else wanted.format)
        if wanted.npy is not None:
            return None, format
        view, suffix = wanted.view, FORMATS[format]
        name = render_name(
            generator,
            wanted.seed,
            wanted.truncation,
            region=view.region,
            level=view.level,
            size=view.size,
            suffix=suffix,
        )
        return name, format
    if wanted.out == wanted.npy:
        raise RequestError(f"--out and --npy are both {wanted.npy}; give two names")
    return wanted.out, _format_of(wanted.out, wanted.format)


def _format_of(out: Path, word: str | None) -> str:
    """The format that a name's ending says."""
    is_taken(out)  # a folder has no ending to be asked for
    try:
        found = format_named(out.suffix)
    except RequestError:
        endings = ", ".join(FORMATS.values())
        raise RequestError(f"--out {out}: a picture's name ends in one of {endings}") from None
    if word is not None and format_named(word) != found:
        raise RequestError(f"--format {word}: --out {out} is a name of another format")
    return found
