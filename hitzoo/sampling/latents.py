"""Latents by seed: seed s gives the same vector whatever the batch, the device or the machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from hitzoo.errors import RequestError
from hitzoo.plan.ports import Latent, NoiseKey, Port, columns_of

LARGEST = 1e6  # a latent's value, and the factor of one: a draw is hardly beyond 6, and squares must stay finite
_LARGEST_SEED = 2**32 - 1
_MOST_IMAGES = 10_000_000
_LONGEST = 40  # letters of a mistake that are shown


def latents_of_seeds(seeds: Iterable[int], latent_dim: int) -> NDArray[np.float32]:
    """Draw one standard normal vector per seed: (N, latent_dim).

    Drawn by NumPy's `RandomState`, whose streams never change between versions; one generator per seed, as the StyleGAN
    tools do it.

    Raises:
        RequestError: a seed is not a whole number of 0 to 2³²−1; or one number alone, which may mean a count.
    """
    if isinstance(seeds, int | np.integer):
        raise RequestError(f"seeds {seeds}: a seed or a count? Write seeds=[{seeds}] or seeds=range({seeds})")
    if not isinstance(seeds, Iterable):
        raise RequestError(f"seeds {seeds!r}: write for example seeds=[7] or seeds=range(16)")
    rows = [np.random.RandomState(_checked(seed)).standard_normal(latent_dim) for seed in seeds]
    return np.asarray(rows, dtype=np.float32).reshape(-1, latent_dim)


def parse_seeds(text: str) -> list[int]:
    """`0-35,40` as a list: single seeds and inclusive ranges, in the order written.

    Raises:
        RequestError: a part is neither, or there are more than ten million.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise _no_seeds(text, part, "is neither a seed nor a range; write for example 0-35,40")
        begin, end = _seed(first), _seed(last if dash else first)
        if end < begin:
            raise _no_seeds(text, part, "is neither a seed nor a range; write for example 0-35,40")
        if len(seeds) + end - begin >= _MOST_IMAGES:
            raise _no_seeds(text, part, "makes more than ten million images")
        seeds.extend(range(begin, end + 1))
    return seeds


def _no_seeds(text: str, part: str, why: str) -> RequestError:
    return RequestError(f"--seeds {_shortened(text)}: '{_shortened(part.strip())}' {why}")


def _seed(digits: str) -> int:
    """A number of any length: Python itself reads no more than some thousand digits."""
    plain = digits.lstrip("0") or "0"
    if len(plain) > len(str(_LARGEST_SEED)):
        raise RequestError(f"seed {_shortened(digits)} is out of range; seeds are 0 to {_LARGEST_SEED}")
    return _checked(int(plain))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def read_latents(path: Path, latent_dim: int, ports: Iterable[Port] = ()) -> NDArray[np.float32]:
    """Latents from an .npy file of shape (N, latent_dim); `ports` are as for `as_latents`.

    Raises:
        RequestError: no such file, not an array of numbers, another shape, or numbers that no draws are.
    """
    array = without_noise(_read_array(path), ports)
    if array.ndim != 2 or array.shape[1] != latent_dim:
        raise RequestError(f"--latents {path}: shape {array.shape}, the model wants (N, {latent_dim})")
    if not len(array):
        raise RequestError(f"--latents {path}: holds no latents")
    with np.errstate(over="ignore"):
        return check_latents(np.ascontiguousarray(array, dtype=np.float32), f"--latents {path}:")


def as_latents(latents: ArrayLike | torch.Tensor, latent_dim: int, ports: Iterable[Port] = ()) -> NDArray[np.float32]:
    """Convert latents of any array, or a tensor on any device with or without a gradient, to float32 (N, latent_dim).

    Where the generator's `ports` say that noise goes with a latent, one alone will do: its image has no noise.

    Raises:
        RequestError: no numbers, another shape, or values that no draws are.
    """
    given = latents.detach().cpu().double().numpy() if isinstance(latents, torch.Tensor) else latents
    try:
        with np.errstate(over="ignore"):
            z = without_noise(np.asarray(given, dtype=np.float32), ports)
    except (TypeError, ValueError):
        raise RequestError(f"latents {_shortened(repr(given))}: give an array of numbers, (N, {latent_dim})") from None
    if z.ndim != 2 or z.shape[1] != latent_dim:
        raise RequestError(f"latents of shape {z.shape}; the model wants (N, {latent_dim})")
    return check_latents(z, "latents")


def without_noise(array: NDArray[Any], ports: Iterable[Port]) -> NDArray[Any]:
    """Complete latents that lack the key of the noise by one that means none: (N, dim) to (N, input_width)."""
    columns = columns_of(ports)
    alone = sum(port.numbers for port, _ in columns if not isinstance(port, NoiseKey))
    whole = sum(port.numbers for port, _ in columns)
    if array.ndim != 2 or array.shape[1] != alone or alone == whole:
        return array
    rows = np.zeros((len(array), whole), dtype=array.dtype)
    given = [index for port, part in columns if not isinstance(port, NoiseKey) for index in range(*part.indices(whole))]
    rows[:, given] = array
    return rows


def check_latents(latents: NDArray[np.float32], place: str) -> NDArray[np.float32]:
    """The latents themselves, if a network can be given them.

    Raises:
        RequestError: a value is not finite, or so large that the network's own arithmetic would overflow.
    """
    if not np.isfinite(latents).all():
        raise RequestError(f"{place} hold{'s' if place.endswith(':') else ''} values that are not finite in float32")
    if latents.size and float(np.abs(latents).max()) > LARGEST:
        largest = float(np.abs(latents).max())
        raise RequestError(f"{place} hold{'s' if place.endswith(':') else ''} {largest:g}; at most {LARGEST:,.0f}")
    return latents


def truncated(rows: NDArray[np.float32], ports: Iterable[Port], factor: float) -> NDArray[np.float32]:
    """Scale the latents in rows of inputs (N, input_width) by `factor`; noise and labels stay."""
    scale = np.ones(rows.shape[1], dtype=np.float32)
    for port, columns in columns_of(ports):
        if isinstance(port, Latent):
            scale[columns] = factor
    return rows * scale


def check_truncation(value: float) -> float:
    """The number itself, if latents can be multiplied by it.

    Raises:
        RequestError: it is not positive, or beyond what draws of a normal distribution can be multiplied by.
    """
    if positive(value, "truncation") > LARGEST or not np.float32(value):
        raise RequestError(f"truncation {value:g} is not possible; give a positive number, at most {LARGEST:,.0f}")
    return value


def positive(value: float, name: str) -> float:
    """The number itself, if it is positive and finite.

    Raises:
        RequestError: it is not.
    """
    try:
        fits = not isinstance(value, str) and 0 < value < float("inf")
    except (TypeError, ValueError):  # no number, or several
        fits = False
    if not fits:
        raise RequestError(f"{name} {value} is not possible; give a positive number")
    return value


def _read_array(path: Path) -> NDArray[Any]:
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except OSError as error:
        raise RequestError(f"--latents {path}: cannot be read ({error.strerror or error})") from None
    except Exception:  # NumPy parses the header as Python: a damaged one ends in any of a dozen kinds
        raise RequestError(f"--latents {path}: not an .npy file of numbers, or it is damaged") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise RequestError(f"--latents {path}: not an .npy file of numbers")
    return array


def _checked(seed: int) -> int:
    if not isinstance(seed, SupportsIndex):
        raise RequestError(f"seed {seed!r} is not a whole number; write for example seeds=[7] or seeds=range(16)")
    if not 0 <= seed <= _LARGEST_SEED:
        raise RequestError(f"seed {seed} is out of range; seeds are 0 to {_LARGEST_SEED}")
    return seed
