"""The samples on a model's card, and a warning where there is nothing in them yet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hitzoo.sampling.facts import picture_facts
from hitzoo.sampling.pictures import save_png, to_grid
from hitzoo.sampling.sampler import Sampler

_LEAST_CONTRAST = 10.0  # of 255 levels: the deviation within a picture; the untrained HiT has 0.5, the shapes 54
_LEAST_VARIETY = 3.0  # the deviation between the pictures of different seeds; the untrained HiT has 0.03, the shapes 43


def save_card_samples(generator: Sampler, path: Path, rows: int, columns: int) -> str:
    """Write a grid of the first seeds as a PNG.

    Returns:
        What is odd about the samples, for their author; empty where nothing is.
    """
    pixels = generator.sample(seeds=range(rows * columns)).pixels
    grid = to_grid(pixels, rows, columns)
    facts = picture_facts(generator, 1.0) | {"hitzoo:seeds": f"0-{rows * columns - 1}"}
    del facts["hitzoo:from"]  # what the folder here is called is nobody's business
    save_png(path, grid, facts)
    return oddity(pixels)


def oddity(pixels: npt.NDArray[np.uint8]) -> str:
    """Describe samples (N, H, W, C) that have nothing in them yet; empty otherwise."""
    levels = pixels.astype(np.float32)
    if levels.std(axis=(1, 2)).mean() < _LEAST_CONTRAST:
        return "the samples are nearly of one colour; the model may not be trained long enough to be of use to others"
    if levels.std(axis=0).mean() < _LEAST_VARIETY:
        return "the samples of all seeds are nearly the same; the training may have collapsed"
    return ""
