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
from safetensors import SafetensorError
from safetensors.torch import save, save_file

from hitzoo.errors import WeightsError
from hitzoo.files import atomic_file
from hitzoo.zoo.checksum import KEY, PLACEHOLDER, Digests, digests_of, enter_checksum
from hitzoo.zoo.weights_file import is_text, opened, reading

METADATA_KEY = "hitzoo"
_MOST_DIFFERENCES = 5
_DTYPES = {  # as the format writes them
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def save_weights(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and metadata to `path`, whole or not at all."""
    with atomic_file(path) as temporary:
        write_weights(temporary, tensors, metadata)


def write_weights(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Write the same into a folder that is itself written atomically."""
    ready: dict[str, torch.Tensor] = {}
    written: set[int] = set()
    for name, tensor in tensors.items():
        ready[name] = tensor.detach().cpu().contiguous()
        place = ready[name].data_ptr()
        if place in written:  # safetensors refuses the second name of a tied weight
            ready[name] = ready[name].clone()
        written.add(place)
    header = {METADATA_KEY: json.dumps({**metadata, KEY: PLACEHOLDER}, sort_keys=True)}
    try:
        if is_text(path):
            save_file(ready, path, metadata=header)
        else:
            path.write_bytes(save(ready, metadata=header))
        enter_checksum(path)
        with suppress(OSError):  # file systems without permissions refuse to set some
            path.chmod(0o666 & ~_umask())  # the library makes it readable by its owner alone
    except SafetensorError as error:
        raise _as_os_error(error, path) from error


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a weights file, read from its header alone; empty where hitzoo did not write it.

    Its checksum is left out: it is of these bytes, and would be false in another file.
    """
    return without_checksum(_stored(path))


def without_checksum(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the checksum of its own file out of a header."""
    return {key: value for key, value in metadata.items() if key != KEY}


def read_header(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Dtype (`F32`, …) and shape of every tensor of a weights file; none is read.

    Raises:
        WeightsError: the file is missing, cut or not safetensors.
    """
    with opened(path) as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        return {name: (part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()}


def read_tensors(path: Path, *, finite: bool = False) -> dict[str, torch.Tensor]:
    """Read all tensors of a weights file, on the CPU.

    Raises:
        WeightsError: the file is missing, cut, damaged or not safetensors; or a value is not finite, where it must be.
    """
    with opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    if finite:
        for name, tensor in tensors.items():
            refuse_not_finite(path, name, tensor)
    verify_checksum(path)
    return tensors


def load_weights(path: Path, module: torch.nn.Module) -> Digests:
    """Put the tensors of a file into a module; every name, shape and dtype must agree, every value be finite.

    Returns the digests of the file that was read.

    Raises:
        WeightsError: the file cannot be read or was damaged, or belongs to another network; the first differences are
            named.
    """
    check_fit(path, module)
    with opened(path) as file:
        for name, tensor in module.state_dict().items():
            found = file.get_tensor(name)
            refuse_not_finite(path, name, found)
            tensor.copy_(found)
    return verify_checksum(path)


def check_fit(path: Path, module: torch.nn.Module) -> None:
    """Compare names, shapes and dtypes of a file's tensors with those of a module, which may be on the meta device.

    Raises:
        WeightsError: the file cannot be read, or belongs to another network; the first differences are named.
    """
    differences = differences_of(module.state_dict(), read_header(path))
    if differences:
        raise WeightsError(f"{path} holds the weights of another network:\n" + "\n".join(differences))


def stored_checksum(path: Path) -> str | None:
    """The sha256 of the body that a file's header holds; None in files of before there was one, and of others."""
    stored = _stored(path).get(KEY)
    return None if stored is None else str(stored)


def verify_checksum(path: Path) -> Digests:
    """Compare the body of a file with the sha256 in its header, where there is one; its digests.

    Raises:
        WeightsError: they differ.
    """
    stored = stored_checksum(path)
    with reading(path):
        found = digests_of(path)
    if stored is not None and stored != found.body:
        raise WeightsError(
            f"{path} was damaged or altered: its tensors are not those that were written (sha256 {found.body[:12]}, its"
            f" header says {stored[:12]}); fetch or write it again, without '{KEY}' in the header if the change is"
            " yours"
        )
    return found


def refuse_not_finite(path: Path, name: str, tensor: torch.Tensor) -> None:
    """Say which tensor of a file holds NaN or infinity.

    Raises:
        WeightsError: this one does.
    """
    if tensor.is_floating_point() and not (good := tensor.isfinite()).all():
        bad = tensor.numel() - int(good.sum())
        raise WeightsError(
            f"{path}: {name} is not finite ({bad:,} of {tensor.numel():,} values are NaN or infinite); the file is"
            " damaged, or its training diverged: take an earlier checkpoint"
        )


def differences_of(wanted: Mapping[str, torch.Tensor], header: Mapping[str, tuple[str, tuple[int, ...]]]) -> list[str]:
    """The first differences in names and shapes, else in dtypes, a line each; `wanted` may be on the meta device."""
    shapes = compare(
        {name: tuple(tensor.shape) for name, tensor in wanted.items()},
        {name: shape for name, (_, shape) in header.items()},
    )
    if shapes:
        return shapes
    pairs = [(name, dtype_word(tensor.dtype), header[name][0]) for name, tensor in wanted.items()]
    return _shortened(
        [f"  {name} is {found}, the network wants {kind}" for name, kind, found in pairs if kind != found]
    )


def dtype_word(dtype: torch.dtype) -> str:
    """`F32`, as the format writes it."""
    return _DTYPES.get(dtype, str(dtype))


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
    return _shortened(lines)


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) > _MOST_DIFFERENCES:
        lines[_MOST_DIFFERENCES:] = [f"  … and {len(lines) - _MOST_DIFFERENCES} more"]
    return lines


def _stored(path: Path) -> dict[str, Any]:
    """The `hitzoo` object of a header as it is."""
    with opened(path) as file:
        text = (file.metadata() or {}).get(METADATA_KEY, "{}")
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError):
        metadata = {}
    return metadata if isinstance(metadata, dict) else {}


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
