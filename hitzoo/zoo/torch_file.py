"""Reading files of `torch.save` by torch's own reader of tensors, which runs nothing that a file names (decision 27).

Beside tensors it takes numbers of NumPy and the options of a command line, which training code saves along.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - torch's reader of tensors raises it
from typing import Any, Final
from zipfile import is_zipfile

import numpy as np
import torch

from hitzoo.errors import WeightsError
from hitzoo.places import is_folder

_NAMED: Final = re.compile(r"GLOBAL (\S+)|class (\S+)")
"""Where torch's message names what it refused; the rest is advice to read the file with `weights_only` off."""


def read_torch_file(path: Path) -> Any:
    """Read what torch saved there, on the CPU: tensors, numbers and words in lists and mappings.

    Raises:
        WeightsError: no such file, damaged, or it holds other things, of which nothing is run.
    """
    if is_folder(path):
        raise WeightsError(f"{path} is a folder; give the file in it")
    try:
        mapped = is_zipfile(path)  # before torch 1.6 files could not be mapped
        with torch.serialization.safe_globals([*_numpy_scalars(), Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)  # noqa: TID251 - tensors alone
    except FileNotFoundError:
        raise WeightsError(f"no file at {path}") from None
    except Exception as error:  # torch's reader raises whatever it stumbles over
        raise WeightsError(_in_words(path, error)) from None


def _in_words(path: Path, error: Exception) -> str:
    """Say why a file could not be read, without the text of torch."""
    if isinstance(error, UnpicklingError) and (found := _NAMED.search(str(error))):
        name = (found[1] or found[2]).rstrip(".,")
        return (
            f"{path} is not a checkpoint of tensors alone, and nothing in it was run: it names {name};"
            " save its state_dict by torch.save where it can be trusted"
        )
    if isinstance(error, PermissionError):
        return f"{path} cannot be read ({error.strerror})"
    with path.open("rb") as file:
        begins_as_zip = file.read(2) == b"PK"
    if begins_as_zip and not is_zipfile(path):
        return f"{path} is cut off or damaged: its end is missing; fetch it again"
    return f"{path} is no file of torch.save, or it is damaged; fetch it again"


def _numpy_scalars() -> Iterator[Any]:
    """Functions and types of a pickled NumPy number, as which some code keeps its best FID."""
    scalar = np.float64(0).__reduce__()[0]
    yield from ((scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core"))
    yield np.dtype
    for name in ("float64", "float32", "int64"):
        with suppress(TypeError):
            yield type(np.dtype(name))
