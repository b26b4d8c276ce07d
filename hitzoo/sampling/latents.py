"""Latents by seed: seed s gives the same vector whatever the batch, the device or the machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from hitzoo.errors import RequestError
from hitzoo.plan.ports import Labels, Latent, NoiseKey, Port, columns_of, input_width
from hitzoo.sampling.ranges import Listed, parse_ranges, shortened

LARGEST = 1e6  # a latent's value, and the factor of one: a draw is hardly beyond 6, and squares must stay finite
_LARGEST_SEED = 2**32 - 1
_LISTED = Listed(option="--seeds", noun="seed", largest=_LARGEST_SEED, example="0-35,40")


def latents_of_seeds(seeds: Iterable[int], latent_dim: int) -> NDArray[np.float32]:
    """Draw one standard normal vector per seed: (N, latent_dim).

    Drawn by NumPy's `RandomState`, whose streams never change between versions; one generator per seed, as the StyleGAN
    tools do it.

    Raises:
        RequestError: a seed is not a whole number of 0 to 2³²−1; or one number alone, which may mean a count; or the
            model is an autoencoder, whose generator takes no latent.
    """
    if isinstance(seeds, int | np.integer):
        raise RequestError(f"seeds {seeds}: a seed or a count? Write seeds=[{seeds}] or seeds=range({seeds})")
    if not isinstance(seeds, Iterable):
        raise RequestError(f"seeds {seeds!r}: write for example seeds=[7] or seeds=range(16)")
    if not latent_dim:
        raise RequestError(
            "the model takes no latent but the codes of pictures: hitzoo reconstruct, encode and decode take it"
        )
    rows = [np.random.RandomState(_checked(seed)).standard_normal(latent_dim) for seed in seeds]
    return np.asarray(rows, dtype=np.float32).reshape(-1, latent_dim)


def parse_seeds(text: str) -> list[int]:
    """`0-35,40` as a list: single seeds and inclusive ranges, in the order written.

    Raises:
        RequestError: a part is neither, or there are more than ten million.
    """
    return parse_ranges(text, _LISTED)


def read_latents(
    path: Path, latent_dim: int, ports: Iterable[Port] = (), *, classes_follow: bool = False
) -> NDArray[np.float32]:
    """Latents from an .npy file of shape (N, latent_dim); `ports` and `classes_follow` are as for `as_latents`.

    Raises:
        RequestError: no such file, not an array of numbers, another shape, or numbers that no draws are.
    """
    ports = tuple(ports)
    array = completed(_read_array(path), ports, classes_follow=classes_follow)
    if array.ndim != 2 or array.shape[1] != latent_dim:
        more = _without_class(ports, "--classes")
        raise RequestError(f"--latents {path}: shape {array.shape}, the model wants (N, {latent_dim}){more}")
    if not len(array):
        raise RequestError(f"--latents {path}: holds no latents")
    with np.errstate(over="ignore"):
        return check_latents(np.ascontiguousarray(array, dtype=np.float32), f"--latents {path}:")


def as_latents(
    latents: ArrayLike | torch.Tensor, latent_dim: int, ports: Iterable[Port] = (), *, classes_follow: bool = False
) -> NDArray[np.float32]:
    """Convert latents of any array, or a tensor on any device with or without a gradient, to float32 (N, latent_dim).

    Where the generator's `ports` say that noise goes with a latent, one alone will do: its image has no noise. Where
    classes go with it, it will do if `classes_follow`, for `hitzoo.sampling.classes.with_classes` to put in.

    Raises:
        RequestError: no numbers, another shape, or values that no draws are.
    """
    ports = tuple(ports)
    given = latents.detach().cpu().double().numpy() if isinstance(latents, torch.Tensor) else latents
    try:
        with np.errstate(over="ignore"):
            z = completed(np.asarray(given, dtype=np.float32), ports, classes_follow=classes_follow)
    except (TypeError, ValueError):
        raise RequestError(f"latents {shortened(repr(given))}: give an array of numbers, (N, {latent_dim})") from None
    if z.ndim != 2 or z.shape[1] != latent_dim:
        more = _without_class(ports, "classes=")
        raise RequestError(f"latents of shape {z.shape}; the model wants (N, {latent_dim}){more}")
    return check_latents(z, "latents")


def completed(array: NDArray[Any], ports: Iterable[Port], *, classes_follow: bool = False) -> NDArray[Any]:
    """Complete latents that lack numbers which 0 can stand for: (N, fewer) to (N, input_width).

    That is the key of the noise, of which 0 means none, and where `classes_follow` the class. Others stay as they are.
    """
    ports = tuple(ports)
    if array.ndim != 2 or array.shape[1] == input_width(ports):
        return array
    kinds: list[tuple[type, ...]] = [(Labels,), (NoiseKey, Labels)] if classes_follow else [(NoiseKey,)]
    for lacking in kinds:
        given = [place for port, part in columns_of(ports) if not isinstance(port, lacking) for place in _places(part)]
        if array.shape[1] == len(given):
            rows = np.zeros((len(array), input_width(ports)), dtype=array.dtype)
            rows[:, given] = array
            return rows
    return array


def _places(columns: slice) -> range:
    return range(columns.start, columns.stop)


def _without_class(ports: Iterable[Port], option: str) -> str:
    """Say that the class may be given apart, where there is one."""
    columns = columns_of(ports)
    alone = sum(port.numbers for port, _ in columns if not isinstance(port, Labels))
    return f", or (N, {alone}) with {option}" if any(isinstance(port, Labels) for port, _ in columns) else ""


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
