"""A rendered region to the disk: a PNG, raw numbers, or both; memory holds a tile and the bytes of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hitzoo.errors import OutputError, RequestError
from hitzoo.files import atomic_file
from hitzoo.inference.gallery import picture_facts
from hitzoo.inference.latents import latents_of_seeds
from hitzoo.inference.pictures import save_png, to_uint8
from hitzoo.inference.render import Renderer, View
from hitzoo.inference.sample import Generator, positive
from hitzoo.neighbours import remove_leftovers


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which picture, and where it goes: `out` a PNG (default by the model's name), `npy` float32 (H, W, C)."""

    view: View
    seed: int = 0
    truncation: float = 1.0
    precision: str = "float32"
    out: Path | None = None
    npy: Path | None = None


def write_render(
    generator: Generator, wanted: Wanted, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Path]:
    """Render and write; the paths written.

    Raises:
        RequestError: the model cannot be rendered in parts, the view is not of its image, or `out` is no PNG.
        OutputError: a file cannot be written.
    """
    quick = generator.fast(wanted.precision)
    renderer = Renderer(quick.module, wanted.view)
    z = latents_of_seeds([wanted.seed], generator.plan.generator.latent_dim)
    z *= np.float32(positive(wanted.truncation, "truncation"))
    out = _picture_of(wanted, generator.name)
    picture = np.empty(renderer.shape, np.uint8) if out is not None else None
    numbers = np.empty(renderer.shape, np.float32) if wanted.npy is not None else None
    done = 0
    for tile, pixels in renderer.tiles(torch.from_numpy(z).to(generator.device)):
        place = tile.within(renderer.region)
        if picture is not None:
            picture[place] = to_uint8(pixels)
        if numbers is not None:
            numbers[place] = pixels
        done += tile.width * tile.height
        progress(done, renderer.region.width * renderer.region.height)
    if picture is not None and out is not None:
        shown = {
            "hitzoo:seed": str(wanted.seed),
            "hitzoo:level": str(renderer.level),
            "hitzoo:region": str(renderer.region),
        }
        save_png(out, picture, picture_facts(quick, wanted.truncation) | shown)
    if numbers is not None and wanted.npy is not None:
        remove_leftovers(wanted.npy)
        with atomic_file(wanted.npy) as temporary, temporary.open("wb") as file:
            np.save(file, numbers)
    return [path for path in (out, wanted.npy) if path is not None]


def _picture_of(wanted: Wanted, name: str) -> Path | None:
    """Where the PNG goes; what cannot be written there is said at once, before any work."""
    for path in (wanted.out, wanted.npy):
        if path is not None and path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; give a file")
    if wanted.out is None:
        return Path("renders") / f"{name}-seed{wanted.seed:04d}.png" if wanted.npy is None else None
    if wanted.out.suffix.lower() != ".png":
        raise RequestError(f"--out {wanted.out}: what is written is a PNG; give a name that ends in .png")
    if wanted.out == wanted.npy:
        raise RequestError(f"--out and --npy are both {wanted.npy}; give two names")
    return wanted.out
