"""Export of a model to one file, ONNX or torch.export's .pt2, verified before it is renamed into place.

Of a generator: input `latents` [batch, latent_dim] float32, output `images` [batch, image_channels, R, R] float32, not
clipped. The exported network is the optimized one (`hitzoo.families.fold`), which makes the same images. Of an
autoencoder, as it was trained: `codes` [batch, s, s] int64 to such images, or images to codes. The batch is dynamic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.export.check import differences
from hitzoo.export.coding import CodingSubject, part_of
from hitzoo.export.format import ExportFormat
from hitzoo.export.onnx import OnnxFormat
from hitzoo.export.program import TorchFormat
from hitzoo.export.subject import GeneratorSubject, Subject
from hitzoo.files import atomic_file
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.generator import Generator
from hitzoo.targets import existing, is_taken

FORMATS = ("onnx", "torch")
_DECIDES = {  # metadata in which two files of the same content agree, with their names for messages
    "hitzoo:weights": "model",
    "hitzoo:part": "part of the model",
    "hitzoo:plan": "network",
    "hitzoo:spec": "spec",
    "hitzoo:version": "version of hitzoo",
}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A written file: its `size` in bytes, and its images' difference from PyTorch's by batch size.

    A difference is the maximum over a batch, relative to the largest value of PyTorch's images; of codes it is the
    share that differs. `opset` is ONNX's; `takes` and `gives` are the shapes of one input and output, with their names.
    """

    path: Path
    format: str
    opset: int | None
    size: int
    differences: Mapping[int, float]
    takes: str
    gives: str


def export(
    model: Generator | Autoencoder,
    path: str | Path,
    *,
    part: str | None = None,
    format: str | None = None,
    opset: int | None = None,
    force: bool = False,
) -> Exported:
    """Write a network to `path`, once the file has reproduced what the network makes.

    Args:
        model: a generator, or an autoencoder.
        part: of an autoencoder `decoder`, the default, from codes to images, or `encoder`, from images to codes.
        path: ends in .onnx or .pt2, by the format.
        format: `onnx`, run by onnxruntime for the check (the extra hitzoo[onnx]); `torch`, loaded back by torch.export;
            by default the one that the name ends in.
        opset: of ONNX, 18 to 23; default 20.
        force: replace an existing file that was not exported from this model in the same way.

    Raises:
        RequestError: an impossible format, opset or name, a missing package, or more weights than the format holds.
        OutputError: another file is there, or it cannot be written or did not make the same images; nothing is left.
    """
    path = Path(path)
    word = format_of(path, format)
    wanted = _format_named(word, opset)
    _check_name(path, word, wanted)
    wanted.check_possible()
    subject = _subject(model, part)
    _refuse_other(path, wanted, subject.metadata(), force=force)
    program = subject.traced()
    with atomic_file(path) as temporary:
        wanted.write(program, temporary, subject.metadata(), subject.input, subject.output)
        found = differences(wanted.open(temporary), subject, path)
        size = temporary.stat().st_size
    takes, gives = subject.shapes()
    return Exported(path=path, format=word, opset=wanted.opset, size=size, differences=found, takes=takes, gives=gives)


def format_of(path: Path, word: str | None) -> str:
    """Return the named format, else the one of the file's suffix.

    Raises:
        RequestError: no format has the suffix.
    """
    if word is not None:
        return word
    endings = {".onnx": "onnx", ".pt2": "torch"}
    if path.suffix not in endings:
        raise RequestError(f"--out {path}: a file's name ends in .onnx, or in .pt2 for torch's own format")
    return endings[path.suffix]


def _subject(model: Generator | Autoencoder, part: str | None) -> Subject:
    if isinstance(model, Autoencoder):
        return CodingSubject(model, part_of(part))
    if part is not None:
        raise RequestError(f"--part {part}: {model.name} is a generator of latents; an autoencoder has parts")
    return GeneratorSubject(model)


def _refuse_other(path: Path, wanted: ExportFormat, mine: Mapping[str, str], *, force: bool) -> None:
    """Refuse to replace any other file; one of the same model, format and version is rewritten."""
    if not is_taken(path) or force:
        return
    found = wanted.read_metadata(path)
    if not found:
        raise existing(path, "and does not record its origin")
    for key, word in _DECIDES.items():
        if found.get(key) != mine.get(key):
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
