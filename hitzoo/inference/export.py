"""A generator to one file for other programs: ONNX, or torch.export's .pt2, checked before it has its name.

Input `latents` [batch, latent_dim] float32, output `images` [batch, image_channels, R, R] float32, not clipped; the
batch is free. What is exported is the folded network (`hitzoo.inference.fold`), which makes the generator's images.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from hitzoo.errors import OutputError, RequestError
from hitzoo.files import atomic_file, writing
from hitzoo.inference.export_check import differences
from hitzoo.inference.export_format import ExportFormat
from hitzoo.inference.export_onnx import OnnxFormat
from hitzoo.inference.export_torch import TorchFormat
from hitzoo.inference.export_trace import traced
from hitzoo.inference.sample import Generator
from hitzoo.spec.write import to_yaml

FORMATS = ("onnx", "torch")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written: its `size` in bytes, and by batch size how far its images are from PyTorch's.

    A difference is the largest of a batch, relative to the largest value of PyTorch's images. `opset` is ONNX's.
    """

    path: Path
    format: str
    opset: int | None
    size: int
    differences: Mapping[int, float]


def export(generator: Generator, path: str | Path, *, format: str = "onnx", opset: int | None = None) -> Exported:
    """Write the generator's network to `path`, once the written file has made the generator's own images.

    Args:
        path: ends in .onnx or .pt2, by the format.
        format: `onnx`, run by onnxruntime for the check (the extra hitzoo[onnx]); `torch`, loaded back by torch.export.
        opset: of ONNX, 18 to 23; default 20.

    Raises:
        RequestError: an impossible format, opset or name, a missing package, or more weights than the format holds.
        OutputError: the file exists, cannot be written, or did not make the same images; nothing is left of it.
    """
    path = Path(path)
    wanted = _format_named(format, opset)
    _check_name(path, format, wanted)
    wanted.check_possible()
    generator = _on_cpu(generator)
    program = traced(generator)
    with atomic_file(path) as temporary:
        wanted.write(program, temporary, metadata_of(generator))
        found = differences(wanted.open(temporary), generator, path)
        size = temporary.stat().st_size
    return Exported(path=path, format=format, opset=wanted.opset, size=size, differences=found)


def metadata_of(generator: Generator) -> dict[str, str]:
    """What the file says of itself: enough to find the model, or to build it again from the spec."""
    return {
        "hitzoo:version": version("hitzoo"),
        "hitzoo:model": generator.name,
        "hitzoo:plan": generator.plan.generator_hash,
        "hitzoo:spec": to_yaml(generator.spec),
    } | ({"hitzoo:repo": generator.origin} if generator.origin else {})


def _format_named(name: str, opset: int | None) -> ExportFormat:
    if name == "onnx":
        return OnnxFormat() if opset is None else OnnxFormat(opset)
    if name != "torch":
        raise RequestError(f"--format {name}: not possible; possible: {', '.join(FORMATS)}")
    if opset is not None:
        raise RequestError(f"--opset {opset}: goes with --format onnx; torch.export has no opsets")
    return TorchFormat()


def _check_name(path: Path, name: str, wanted: ExportFormat) -> None:
    if path.suffix != wanted.suffix:
        raise RequestError(f"--out {path}: a file of --format {name} is named *{wanted.suffix}")
    with writing(path):
        taken = path.exists() or path.is_symlink()
    if taken:
        raise OutputError(f"{path} exists already; choose a new name or remove it")


def _on_cpu(generator: Generator) -> Generator:
    """Where float32 is float32: an accelerator may round products to fewer bits, which the check would see."""
    if generator.device.type == "cpu":
        return generator
    return Generator(
        generator.spec, generator.plan, copy.deepcopy(generator.module), torch.device("cpu"), origin=generator.origin
    )
