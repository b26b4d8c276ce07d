"""Reading files of `torch.save` by torch's own reader of tensors, which runs nothing that a file names (decision 27).

Beside tensors it takes numbers of NumPy and the options of a command line, which training code saves along.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - torch's reader of tensors raises it
from typing import Any
from zipfile import is_zipfile

import numpy as np
import torch

from hitzoo.errors import WeightsError


def read_torch_file(path: Path) -> Any:
    """Read what torch saved there, on the CPU: tensors, numbers and words in lists and mappings.

    Raises:
        WeightsError: no such file, damaged, or it holds other things, of which nothing is run.
    """
    try:
        mapped = is_zipfile(path)  # before torch 1.6 files could not be mapped
        with torch.serialization.safe_globals([*_numpy_scalars(), Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)  # noqa: TID251 - tensors alone
    except FileNotFoundError:
        raise WeightsError(f"no file at {path}") from None
    except UnpicklingError as error:
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(
            f"{path} is not a checkpoint of tensors alone, and nothing in it was run ({reason});"
            " save its state_dict by torch.save where it can be trusted"
        ) from None
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, AttributeError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read as a checkpoint of torch ({error}); fetch it again") from None


def _numpy_scalars() -> Iterator[Any]:
    """Functions and types of a pickled NumPy number, as which some code keeps its best FID."""
    scalar = np.float64(0).__reduce__()[0]
    yield from ((scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core"))
    yield np.dtype
    for name in ("float64", "float32", "int64"):
        with suppress(TypeError):
            yield type(np.dtype(name))
