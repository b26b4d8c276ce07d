"""Rendered regions to the disk: pictures, raw numbers, or both; memory holds a tile and the bytes of one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from hitzoo.sampling.output_names import render_stem
from hitzoo.sampling.picture_file import FORMATS, QUALITY, check_possible, format_named, read_facts, save_picture
from hitzoo.sampling.pictures import finite, to_uint8
from hitzoo.sampling.render import Renderer, View
from hitzoo.sampling.truncation import truncation
from hitzoo.targets import existing, is_taken, stream_target


@dataclass(frozen=True, kw_only=True)
class RenderRequest:
    """A picture to render into `out`, a picture file (default by model, seed, region and level, in `renders`).

    `seed` and `truncation` are of a model with a latent. `npy` takes float32 (H, W, C). `format` None is that of
    `out`'s name, else PNG. What is there already stays unless it would be made again just so, or `force`.
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
    ready = _ready(generator, wanted)
    rows, ports = latents_of_seeds([wanted.seed], generator.plan.input_width), generator.plan.generator.takes
    with truncation(ready.renderer.module, rows, ports, wanted.truncation) as z:
        return write_ready(ready, torch.from_numpy(z).to(generator.device), wanted, generator.name, progress)


def check_render(generator: Generator, wanted: RenderRequest) -> None:
    """Raise what `write_render` would raise before any work."""
    _ready(generator, wanted)


@dataclass(frozen=True)
class Ready:
    """A picture before it is computed: its renderer, path, format and metadata."""

    renderer: Renderer
    out: Path | None
    format: str
    facts: dict[str, str]


def ready_for(renderer: Renderer, wanted: RenderRequest, stem: str, facts: Mapping[str, str]) -> Ready:
    """Decide where the picture goes and what it says, by default into `renders/` under `stem` and its view.

    Raises:
        RequestError: `out` is no picture file.
        OutputError: something else is there already.
    """
    out, format = _picture_of(wanted, stem)
    shown = {"hitzoo:level": str(renderer.level), "hitzoo:region": str(renderer.region)}
    quality = {} if format == "png" else {"hitzoo:quality": str(wanted.quality)}
    said = {**facts, **shown, **quality}
    _refuse_other(wanted, out, said)
    check_possible(format, renderer.region.width, renderer.region.height, renderer.network.image_channels)
    return Ready(renderer, out, format, said)


def write_ready(
    ready: Ready, z: torch.Tensor, wanted: RenderRequest, name: str, progress: Callable[[int, int], None]
) -> list[Path]:
    """Compute and write what was decided of one latent, or one map of codes; `name` is the model's in messages.

    Raises:
        WeightsError: the image is not finite.
        OutputError: a file cannot be written.
    """
    renderer, out = ready.renderer, ready.out
    picture = np.empty(renderer.shape, np.uint8) if out is not None else None
    numbers = np.empty(renderer.shape, np.float32) if wanted.npy is not None else None
    done = 0
    for tile, pixels in renderer.tiles(z):
        place = tile.within(renderer.region)
        finite(pixels, name)
        if picture is not None:
            picture[place] = to_uint8(pixels)
        if numbers is not None:
            numbers[place] = pixels
        done += tile.width * tile.height
        progress(done, renderer.region.width * renderer.region.height)
    if picture is not None and out is not None:
        save_picture(out, picture, ready.facts, format=ready.format, quality=wanted.quality)
    if numbers is not None and wanted.npy is not None:
        _save_numbers(wanted.npy, numbers, force=wanted.force)
    return [path for path in (out, wanted.npy) if path is not None]


def _ready(generator: Generator, wanted: RenderRequest) -> Ready:
    check_truncation(wanted.truncation)
    quick = generator.fast(wanted.precision, keeps_memory=wanted.keeps_memory)
    renderer = Renderer(quick.module, wanted.view, quick.plan.pixel_range)
    facts = picture_facts(quick, wanted.truncation) | {"hitzoo:seed": str(wanted.seed)}
    return ready_for(renderer, wanted, render_stem(quick, wanted.seed, wanted.truncation, wanted.view), facts)


def _save_numbers(path: Path, numbers: NDArray[np.float32], *, force: bool) -> None:
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(numbers))
    with stream_target(path, force=force) as file:
        file.write(header.getvalue())
        for row in numbers:
            file.write(row.tobytes())


def _refuse_other(wanted: RenderRequest, out: Path | None, facts: dict[str, str]) -> None:
    """Refuse what may not be written there before any work."""
    if wanted.npy is not None:
        is_taken(wanted.npy)
    if out is not None and is_taken(out) and not wanted.force and (other := difference(read_facts(out), facts)):
        raise existing(out, other)


def _picture_of(wanted: RenderRequest, stem: str) -> tuple[Path | None, str]:
    """Choose the picture's path and format."""
    if wanted.out is None:
        format = format_named("png" if wanted.format is None else wanted.format)
        if wanted.npy is not None:
            return None, format
        return Path("renders") / f"{stem}{FORMATS[format]}", format
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
