"""Latents by seed: seed s gives the same vector whatever the batch, the device or the machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError

_LARGEST_SEED = 2**32 - 1


def latents_of_seeds(seeds: Iterable[int], latent_dim: int) -> NDArray[np.float32]:
    """One standard normal vector a seed: (N, latent_dim).

    Drawn by NumPy's `RandomState`, whose streams never change between versions; one generator a seed, as the StyleGAN
    tools do it.
    """
    rows = [np.random.RandomState(_checked(seed)).standard_normal(latent_dim) for seed in seeds]
    return np.asarray(rows, dtype=np.float32).reshape(-1, latent_dim)


def parse_seeds(text: str) -> list[int]:
    """`0-35,40` as a list: single seeds and inclusive ranges, in the order written.

    Raises:
        RequestError: a part is neither.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise RequestError(
                f"--seeds {text}: '{part.strip()}' is neither a seed nor a range; write for example 0-35,40"
            )
        if dash and int(last) - int(first) >= 10_000_000:
            raise RequestError(f"--seeds {text}: '{part.strip()}' is more than ten million images")
        seeds.extend(range(_checked(int(first)), _checked(int(last if dash else first)) + 1))
    return seeds


def read_latents(path: Path, latent_dim: int) -> NDArray[np.float32]:
    """Latents from an .npy file of shape (N, latent_dim).

    Raises:
        RequestError: no such file, not an array of numbers, or another shape.
    """
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except OSError as error:
        raise RequestError(f"--latents {path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, EOFError, BadZipFile, MemoryError):
        raise RequestError(f"--latents {path}: not an .npy file of numbers") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise RequestError(f"--latents {path}: not an .npy file of numbers")
    if array.ndim != 2 or array.shape[1] != latent_dim:
        raise RequestError(f"--latents {path}: shape {array.shape}, the model wants (N, {latent_dim})")
    with np.errstate(over="ignore"):
        latents = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(latents).all():
        raise RequestError(f"--latents {path}: holds values that are not finite in float32")
    return latents


def _checked(seed: int) -> int:
    if not 0 <= seed <= _LARGEST_SEED:
        raise RequestError(f"seed {seed} is out of range; seeds are 0 to {_LARGEST_SEED}")
    return seed
