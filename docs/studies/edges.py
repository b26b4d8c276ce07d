"""Measure how clean a model's edges and grounds are, beside those of real pictures, as in docs/ablations.md.

    python docs/studies/edges.py critters64.zip hit-ti-critters64 runs/mine

Of 512 pictures each, or as many as there are. `steps`: the mean difference of neighbouring pixels that lie in different
2×2 cells over that of pixels in one cell; pictures drawn in cells of 2×2 have a high one. `weave`: the median over
cells of the pattern in them, the root of the mean over channels of their three squared Haar details, in grey levels of
255; 0 on flat grounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import hitzoo
from hitzoo.data.open import open_source

PICTURES = 512

Pixels = NDArray[np.float64]
"""N pictures, [N, R, R, C], R even, values from 0 to 255."""


def stacked(pictures: Sequence[Image.Image]) -> Pixels:
    """Put pictures into one array."""
    return np.stack([np.atleast_3d(np.asarray(picture, np.float64)) for picture in pictures])


def steps(pixels: Pixels) -> float:
    """Divide the mean difference between 2×2 cells by that inside them, over both directions."""
    along = [np.abs(np.diff(pixels, axis=axis)).mean(axis=(0, 3 - axis, 3)) for axis in (1, 2)]
    inside, between = (np.mean([differences[start::2].mean() for differences in along]) for start in (0, 1))
    return float(between / inside)


def weave(pixels: Pixels) -> float:
    """Take the median over cells of the root of their three squared Haar details, averaged over channels."""
    (a, b), (c, d) = ([pixels[:, y::2, x::2] for x in (0, 1)] for y in (0, 1))
    details = np.stack([a - b + c - d, a + b - c - d, a - b - c + d]) / 4
    return float(np.median(np.sqrt((details**2).sum(axis=0).mean(axis=-1))))


def main() -> None:
    """Read the words of the command line and print a row for the pictures and for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="the pictures that the models were trained on, of their size")
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    models = {name: hitzoo.load(name).fast() for name in options.models}
    source = open_source(options.data, resolution=next(iter(models.values())).plan.resolution)
    rows = {options.data: stacked([source.read(index) for index in range(min(PICTURES, len(source)))])}
    rows |= {name: stacked(list(model.sample(seeds=range(PICTURES)))) for name, model in models.items()}
    for name, pixels in rows.items():
        print(f"{name}: steps {steps(pixels):.2f}, weave {weave(pixels):.1f}")


if __name__ == "__main__":
    main()
