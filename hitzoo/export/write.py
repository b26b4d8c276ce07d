"""A generator to one file for other programs: ONNX, or torch.export's .pt2, checked before it has its name.

Input `latents` [batch, latent_dim] float32, output `images` [batch, image_channels, R, R] float32, not clipped; the
batch is free. What is exported is the folded network (`hitzoo.families.fold`), which makes the generator's images.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from hitzoo.errors import RequestError
from hitzoo.export.check import differences
from hitzoo.export.format import ExportFormat
from hitzoo.export.onnx import OnnxFormat
from hitzoo.export.program import TorchFormat
from hitzoo.export.trace import traced
from hitzoo.files import atomic_file
from hitzoo.sampling.generator import Generator
from hitzoo.spec.write import to_yaml
from hitzoo.targets import existing, is_taken

FORMATS = ("onnx", "torch")
_DECIDES = {  # what two files of the same content agree in, in the words of a message
    "hitzoo:weights": "model",
    "hitzoo:plan": "network",
    "hitzoo:spec": "spec",
    "hitzoo:version": "version of hitzoo",
}


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


def export(
    generator: Generator, path: str | Path, *, format: str | None = None, opset: int | None = None, force: bool = False
) -> Exported:
    """Write the generator's network to `path`, once the written file has made the generator's own images.

    Args:
        path: ends in .onnx or .pt2, by the format.
        format: `onnx`, run by onnxruntime for the check (the extra hitzoo[onnx]); `torch`, loaded back by torch.export;
            by default the one that the name ends in.
        opset: of ONNX, 18 to 23; default 20.
        force: replace a file that is there and was not exported from this model just so.

    Raises:
        RequestError: an impossible format, opset or name, a missing package, or more weights than the format holds.
        OutputError: another file is there, or it cannot be written or did not make the same images; nothing is left.
    """
    path = Path(path)
    word = format_of(path, format)
    wanted = _format_named(word, opset)
    _check_name(path, word, wanted)
    wanted.check_possible()
    _refuse_other(path, wanted, generator, force=force)
    generator = _on_cpu(generator)
    program = traced(generator)
    with atomic_file(path) as temporary:
        wanted.write(program, temporary, metadata_of(generator))
        found = differences(wanted.open(temporary), generator, path)
        size = temporary.stat().st_size
    return Exported(path=path, format=word, opset=wanted.opset, size=size, differences=found)


def metadata_of(generator: Generator) -> dict[str, str]:
    """What the file says of itself: enough to find the model, or to build it again from the spec."""
    return {
        "hitzoo:version": version("hitzoo"),
        "hitzoo:model": generator.name,
        "hitzoo:from": generator.label,
        "hitzoo:weights": generator.weights,
        "hitzoo:plan": generator.plan.generator_hash,
        "hitzoo:spec": to_yaml(generator.spec),
    } | ({"hitzoo:repo": generator.origin} if generator.origin else {})


def format_of(path: Path, word: str | None) -> str:
    """The format that was named, else the one of the file's ending.

    Raises:
        RequestError: the ending is of none.
    """
    if word is not None:
        return word
    endings = {".onnx": "onnx", ".pt2": "torch"}
    if path.suffix not in endings:
        raise RequestError(f"--out {path}: a file's name ends in .onnx, or in .pt2 for torch's own format")
    return endings[path.suffix]


def _refuse_other(path: Path, wanted: ExportFormat, generator: Generator, *, force: bool) -> None:
    """A file of the same model, format and version is written again; what else is there stays."""
    if not is_taken(path) or force:
        return
    found, mine = wanted.read_metadata(path), metadata_of(generator)
    if not found:
        raise existing(path, "and does not say what made it")
    for key, word in _DECIDES.items():
        if found.get(key) != mine[key]:
            raise existing(path, f"made from another {word}")


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


def _on_cpu(generator: Generator) -> Generator:
    """Where float32 is float32: an accelerator may round products to fewer bits, which the check would see."""
    if generator.device.type == "cpu":
        return generator
    return Generator(
        generator.spec,
        generator.plan,
        copy.deepcopy(generator.module),
        torch.device("cpu"),
        origin=generator.origin,
        metadata=generator.metadata,
        label=generator.label,
        weights=generator.weights,
    )
