"""Weights as safetensors: the same tensors always give the same bytes, and nothing is loaded that does not fit.

The header holds one metadata entry, `hitzoo`, a sorted JSON object. With two entries or more the library writes them in
an order that changes from process to process, and the file's sha256 with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from hitzoo.errors import WeightsError
from hitzoo.files import atomic_file

METADATA_KEY = "hitzoo"
_MOST_DIFFERENCES = 5


def save_weights(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and metadata to `path`, whole or not at all."""
    with atomic_file(path) as temporary:
        write_weights(temporary, tensors, metadata)


def write_weights(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """The same into a folder that is itself written atomically."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header = {METADATA_KEY: json.dumps(metadata, sort_keys=True)}
    try:
        save_file(ready, path, metadata=header)
        with suppress(OSError):  # file systems without permissions refuse to set some
            path.chmod(0o666 & ~_umask())  # the library makes it readable by its owner alone
    except SafetensorError as error:
        raise _as_os_error(error, path) from error


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a weights file, read from its header alone; empty where hitzoo did not write it."""
    with _opened(path) as file:
        text = (file.metadata() or {}).get(METADATA_KEY, "{}")
    try:
        metadata = json.loads(text)
    except json.JSONDecodeError:
        metadata = {}
    return metadata if isinstance(metadata, dict) else {}


def read_header(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Dtype (`F32`, …) and shape of every tensor of a weights file; none is read.

    Raises:
        WeightsError: the file is missing, cut or not safetensors.
    """
    with _opened(path) as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        return {name: (part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()}


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a weights file, on the CPU.

    Raises:
        WeightsError: the file is missing, cut or not safetensors.
    """
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict


def load_weights(path: Path, module: torch.nn.Module) -> None:
    """Put the tensors of a file into a module; every name and shape must agree.

    Raises:
        WeightsError: the file cannot be read, or belongs to another network; the first differences are named.
    """
    check_fit(path, module)
    with _opened(path) as file:
        for name, tensor in module.state_dict().items():
            tensor.copy_(file.get_tensor(name))


def check_fit(path: Path, module: torch.nn.Module) -> None:
    """Compare names and shapes of a file's tensors with those of a module, which may be on the meta device.

    Raises:
        WeightsError: the file cannot be read, or belongs to another network; the first differences are named.
    """
    found = {name: shape for name, (_, shape) in read_header(path).items()}
    differences = compare({name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}, found)
    if differences:
        raise WeightsError(f"{path} holds the weights of another network:\n" + "\n".join(differences))


def compare(wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> list[str]:
    """The first differences between the tensors a network wants and those a file holds, a line each."""
    lines: list[str] = []
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            lines.append(f"  {name} {_show(wanted[name])} is missing")
        elif name not in wanted:
            lines.append(f"  {name} {_show(found[name])} is not part of the network")
        elif wanted[name] != found[name]:
            lines.append(f"  {name} is {_show(found[name])}, the network wants {_show(wanted[name])}")
    if len(lines) > _MOST_DIFFERENCES:
        lines[_MOST_DIFFERENCES:] = [f"  … and {len(lines) - _MOST_DIFFERENCES} more"]
    return lines


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise WeightsError(f"no weights file at {path}")
    try:
        return safe_open(path, framework="pt")
    except SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing header: ")
        raise WeightsError(f"{path} is cut or is not a safetensors file ({reason}); fetch or write it again") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None


def _as_os_error(error: SafetensorError, path: Path) -> OSError:
    """The library hides the operating system's error number in its text; without it a full disk has no name."""
    text = str(error)
    code = text.rsplit("os error ", 1)[-1].split(")")[0] if "os error " in text else ""
    return OSError(int(code), text, str(path)) if code.isdigit() else OSError(text)


def _umask() -> int:
    """The process's mask for new files; the system lets it be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _show(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"
