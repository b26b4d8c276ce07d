"""Verification of an exported file against the generator, by running both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import OutputError
from hitzoo.export.format import Network
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds

BATCHES = (1, 3)  # neither is the traced batch
LIMIT = 1e-4
"""Of the largest value; rounding alone gave 3e-7 to 4e-6 for four specs of the zoo, a wrong operation gives more."""


def differences(network: Network, generator: Generator, path: Path) -> dict[int, float]:
    """Largest difference of the network's images from the generator's, relative to their largest value, by batch size.

    The generator is the trained one, not the optimized network that was exported.

    Raises:
        OutputError: a difference is above `LIMIT`, or the shape differs; `path` names the file that is not written.
        WeightsError: the generator's own images are not finite.
    """
    seeds = iter(range(sum(BATCHES)))
    found: dict[int, float] = {}
    for batch in BATCHES:
        latents = latents_of_seeds([next(seeds) for _ in range(batch)], generator.plan.input_width)
        wanted = generator.sample(latents=latents).raw.transpose(0, 3, 1, 2)
        found[batch] = _difference(network(latents), wanted, path)
        if not found[batch] <= LIMIT:  # so that nan is refused too
            raise OutputError(
                f"{path} is not written: its images are not the generator's; at batch {batch} they differ by"
                f" {found[batch]:.1e} of the largest value, {LIMIT:.0e} is allowed."
                " Look at the weights if they were just made, else report it with the spec"
            )
    return found


def _difference(images: NDArray[np.float32], wanted: NDArray[np.float32], path: Path) -> float:
    if images.shape != wanted.shape or images.dtype != wanted.dtype:
        raise OutputError(
            f"{path} is not written: its images are {images.dtype} {images.shape}, the generator's {wanted.dtype}"
            f" {wanted.shape}; report it with the spec"
        )
    largest = max(float(np.abs(wanted).max()), float(np.finfo(np.float32).tiny))
    return float(np.abs(images - wanted).max()) / largest
