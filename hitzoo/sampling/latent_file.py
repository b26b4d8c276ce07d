"""Files of latents: an .npy of numbers from any program, or an .npz that says which model its latents are of.

N images, D numbers per row of inputs.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.releases import release_of
from hitzoo.sampling.given_styles import check_styles, given_styles
from hitzoo.sampling.latents import as_latents, check_latents, read_latents
from hitzoo.sampling.module import GeneratorModule
from hitzoo.sampling.sampler import Sampler
from hitzoo.sampling.samples import Samples
from hitzoo.targets import file_target

_LATENTS, _STYLES, _ABOUT = "latents", "styles", "about"
_LARGEST = 1 << 32  # bytes that a file may unpack to
_LARGEST_ABOUT = 1 << 20
_SHOWN = 12  # of a hash, for people


@dataclass(frozen=True, eq=False)
class Latents:
    """Inputs of N images: `rows` (N, D), and where images have styles of their own, `styles` (N, 1 or places, width).

    `about` is what a file says of them.
    """

    rows: NDArray[np.float32]
    styles: NDArray[np.float32] | None = None
    about: Mapping[str, Any] | None = None

    @property
    def identity(self) -> NDArray[np.float32]:
        """All numbers that decide over an image, a row for each."""
        if self.styles is None:
            return self.rows
        return np.concatenate([self.rows, self.styles.reshape(len(self.rows), -1)], axis=1)

    def __getitem__(self, part: slice) -> Latents:
        """Some of them."""
        return Latents(self.rows[part], None if self.styles is None else self.styles[part], self.about)

    def sampled(self, generator: Sampler, truncation: float, batch_size: int) -> Samples:
        """Generate their images, which are one batch at most where they have styles of their own."""
        with given_styles(generator.module, self.styles):
            return generator.sample(latents=self.rows, truncation=truncation, batch_size=batch_size)


def save_latents(
    path: Path, latents: Latents, generator: GeneratorModule, more: Mapping[str, Any], *, force: bool = False
) -> None:
    """Write an .npz of `latents`, `styles` where there are some, and `about`: the model, its weights, and `more`.

    Raises:
        OutputError: another file is there already, or it cannot be written.
    """
    about = {
        "hitzoo": release_of(),
        "model": generator.name,
        "weights": generator.weights,
        "plan": generator.plan.generator_hash,
        **more,
    }
    arrays: dict[str, Any] = {_LATENTS: latents.rows, _ABOUT: np.array(json.dumps(about, ensure_ascii=False))}
    if latents.styles is not None:
        arrays[_STYLES] = latents.styles
    with file_target(path, force=force) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_latent_file(path: Path, generator: GeneratorModule, *, classes_follow: bool = False) -> Latents:
    """Read latents for a generator from an .npy or an .npz; `classes_follow` is as for `as_latents`.

    Raises:
        RequestError: it cannot be read, is damaged, or its latents are another model's.
    """
    plan = generator.plan
    ports = tuple(plan.generator.takes)
    if path.suffix.lower() != ".npz":
        return Latents(read_latents(path, plan.input_width, ports, classes_follow=classes_follow))
    place = f"--latents {path}"
    arrays = _read_arrays(path)
    about = _about(arrays, place)
    weights = about.get("weights")
    if weights != generator.weights:
        raise RequestError(
            f"{place}: latents of {about.get('model')!s:.80} with weights {weights!s:.{_SHOWN}}, not of"
            f" {generator.name} with {generator.weights[:_SHOWN]}; a latent means another image in every model"
        )
    rows = arrays[_LATENTS]
    if rows.dtype.kind not in "fiu" or not len(rows):
        raise RequestError(f"{place}: holds no latents")
    found = as_latents(rows, plan.input_width, ports, classes_follow=classes_follow)
    return Latents(found, _styles(arrays.get(_STYLES), len(found), generator, place), about)


def read_about(path: Path) -> dict[str, Any]:
    """Read what an .npz of `save_latents` says of its latents; empty where it is none."""
    try:
        return _about(_read_arrays(path), str(path))
    except RequestError:
        return {}


def _styles(
    styles: NDArray[Any] | None, count: int, generator: GeneratorModule, place: str
) -> NDArray[np.float32] | None:
    if styles is None:
        return None
    if styles.dtype.kind != "f" or len(styles) != count:
        raise RequestError(f"{place}: its styles are not one for each latent")
    check_styles(generator.module, generator.plan.generator, styles, place)
    return check_latents(np.ascontiguousarray(styles, dtype=np.float32), f"{place}:")


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        if sum(sizes.values()) > _LARGEST or sizes.get(_ABOUT, 0) > _LARGEST_ABOUT:
            raise RequestError(f"--latents {path}: would unpack to {sum(sizes.values()):,} bytes; no file of latents")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in (_LATENTS, _STYLES, _ABOUT) if name in file.files}
    except RequestError:
        raise
    except OSError as error:
        raise RequestError(f"--latents {path}: cannot be read ({error.strerror or error})") from None
    except Exception:  # a damaged archive or header ends in any of a dozen kinds
        raise RequestError(f"--latents {path}: not an .npz file, or it is damaged") from None


def _about(arrays: Mapping[str, NDArray[Any]], place: str) -> dict[str, Any]:
    said = arrays.get(_ABOUT)
    try:
        about = json.loads(str(said)) if said is not None and said.shape == () else None
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or _LATENTS not in arrays:
        raise RequestError(f"{place}: not an .npz that hitzoo invert wrote; give plain latents as an .npy file")
    return about
