"""Reading what the official HiT code saved: a TensorFlow checkpoint, or an .npz of its variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from hitzoo.errors import WeightsError
from hitzoo.families.official import Array
from hitzoo.places import is_file, is_folder

AVERAGE, LIVE, CRITIC = "ema_generator", "generator", "discriminator"
"""The roots of a checkpoint's object graph: the averaged and the live generator, and the discriminator."""

_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_SLOT = "/.OPTIMIZER_SLOT/"


def read_variables(source: Path) -> dict[str, Array]:
    """Every array of numbers in a source, by its name in the object graph without TensorFlow's suffix.

    Args:
        source: an .npz file, a checkpoint's prefix (`run/ckpt-100`) or index file, or the folder of checkpoints.

    Raises:
        WeightsError: no such source, damaged, or TensorFlow is needed and not installed.
    """
    arrays = read_npz(source) if source.suffix == ".npz" else _read_checkpoint(source)
    return {name.removesuffix(_SUFFIX): array for name, array in arrays.items() if array.dtype.kind in "fiu"}


def is_of_optimizer(name: str) -> bool:
    """True if a variable is an optimizer's, its memory of another or its own settings."""
    return _SLOT in name or "optimizer" in name.split("/")[0]


def read_npz(path: Path) -> dict[str, Array]:
    """Read every array of an .npz file, none of which may be of Python objects.

    Raises:
        WeightsError: no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:  # numpy leaves a broken one open
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise WeightsError(f"no file at {path}") from None
    except (OSError, ValueError, EOFError, KeyError, AttributeError, BadZipFile) as error:
        raise WeightsError(f"{path} cannot be read as an .npz of arrays ({error}); write it again") from None


def _read_checkpoint(source: Path) -> dict[str, Array]:
    prefix = _prefix(source)
    reader = _tensorflow().train.load_checkpoint(str(prefix))
    names = [name for name in reader.get_variable_to_shape_map() if name.endswith(_SUFFIX)]
    return {name: np.asarray(reader.get_tensor(name)) for name in names}


def _prefix(source: Path) -> Path:
    """The common beginning of a checkpoint's files."""
    if source.suffix == ".index":
        source = source.with_suffix("")
    if is_file(Path(f"{source}.index")):  # `with_name` has no word for `.` and `/`
        return source
    if not is_folder(source):
        raise WeightsError(f"{source} is neither an .npz file nor a TensorFlow checkpoint (there is no {source}.index)")
    found = sorted(source.glob("*.index"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise WeightsError(f"{source} holds no TensorFlow checkpoint (no *.index file)")
    latest = _tensorflow().train.latest_checkpoint(str(source))
    return Path(latest) if latest else found[-1].with_suffix("")


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError:
        raise WeightsError(
            "reading a TensorFlow checkpoint needs TensorFlow: pip install 'hitzoo[tf]';"
            " or make an .npz of it where you have TensorFlow (three lines, docs/parity.md)"
        ) from None
    return tensorflow
