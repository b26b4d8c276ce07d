"""Codes of pictures in a file, with the hash of the model that made them: another model's pictures of them are noise.

codes  whole numbers (N, s, s)         names  of the pictures (N,)
model  hash of the weights             count  number of codes there are            name  of the model
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import DataError, RequestError
from hitzoo.files import reason_of
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.targets import file_target

_MEMBERS = ("codes", "names", "model", "count", "name")
_SMALL = 1 << 16  # codes that fit two bytes
_MOST_BYTES = 1 << 33
_MOST_TIMES = 100  # a file's size unpacked; names, of four bytes a letter, shrink to a thirtieth
_ALWAYS_FITS = 1 << 26  # bytes, for few pictures that are all alike
_MOST_LETTERS = 1024  # of a name
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError),
    *(RuntimeError, MemoryError, OverflowError),  # an encrypted archive, a strange compression, an absurd shape
)


@dataclass(frozen=True)
class StoredCodes:
    """Codes (N, s, s) with the names of their pictures."""

    codes: NDArray[Any]
    names: tuple[str, ...]


def write_codes(path: Path, autoencoder: Autoencoder, stored: StoredCodes, *, force: bool) -> None:
    """Write a compressed .npz; the same codes give the same bytes.

    Raises:
        OutputError: a file with other content is there, or it cannot be written.
    """
    count = autoencoder.plan.codes.count
    contents: dict[str, Any] = {
        "codes": stored.codes.astype(np.uint16 if count <= _SMALL else np.int32),
        "names": np.array(stored.names, dtype=str),
        "model": np.array(autoencoder.digest),
        "count": np.array(count),
        "name": np.array(autoencoder.name),
    }
    with file_target(path, force=force) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **contents)


def read_codes(path: Path, autoencoder: Autoencoder) -> StoredCodes:
    """Read the codes that this very model made.

    Raises:
        DataError: the file is missing, damaged or something else.
        RequestError: another model made them.
    """
    held = _held(path)
    if str(held["model"]) != autoencoder.digest:
        raise RequestError(
            f"{path} holds codes of another model, {_shown(held['name'])} ({_shown(held['model'])[:12]}…); the weights"
            f" of {autoencoder.name} are {autoencoder.digest[:12]}…, and codes mean nothing to other weights"
        )
    codes, names = held["codes"], held["names"]
    if names.ndim != 1 or names.dtype.kind != "U" or len(names) != len(codes):
        raise DataError(f"{path} is damaged: it has {len(codes):,} maps of codes and names for {names.size:,}")
    autoencoder.check_codes(codes)
    return StoredCodes(codes, tuple(str(name)[:_MOST_LETTERS] for name in names))


def _held(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {one.filename.removesuffix(".npy"): one.file_size for one in archive.infolist()}
        if set(sizes) != set(_MEMBERS):
            raise DataError(f"{path} holds no codes of hitzoo encode: {', '.join(sorted(sizes)) or 'nothing'} in it")
        _refuse_bombs(path, sum(sizes.values()))
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in _MEMBERS}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}") from None
    except _DAMAGES as error:
        raise DataError(f"{path} holds no codes of hitzoo encode, or was damaged ({error})") from None
    if found["codes"].ndim != 3 or found["model"].ndim or found["name"].ndim:
        raise DataError(f"{path} is damaged: its parts have other shapes than codes have")
    return found


def _refuse_bombs(path: Path, unpacked: int) -> None:
    """Refuse an archive that would take far more memory than codes of its size can."""
    packed = path.stat().st_size
    if unpacked > min(_MOST_BYTES, max(_ALWAYS_FITS, _MOST_TIMES * packed)):
        raise DataError(f"{path} holds no codes of hitzoo encode: its {packed:,} bytes would unpack to {unpacked:,}")


def _shown(value: NDArray[Any]) -> str:
    """Return a text of a file that somebody else may have written, as one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))[:100]
