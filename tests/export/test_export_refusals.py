"""When there is no exported file: other images, a full disk, a missing package, what is not possible."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import onnxruntime
import pytest
import torch

from hitzoo.errors import OutputError, RequestError
from hitzoo.export import onnx, trace
from hitzoo.export import write as export_module
from hitzoo.export.write import export
from hitzoo.sampling.generator import Generator
from tests.export.exported import CONVNET, SUFFIX, made


@pytest.fixture(scope="module")
def quick() -> Generator:
    """For what does not depend on the network: traced in a tenth of a second."""
    return made(CONVNET)


@pytest.mark.parametrize("format", SUFFIX)
def test_a_network_that_makes_other_images_is_not_written(
    format: str, quick: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = trace.fold
    other = made(CONVNET, scale=0.51).module
    monkeypatch.setattr(trace, "fold", lambda module, kernels: fold(other, kernels))
    path = tmp_path / "new" / f"g{SUFFIX[format]}"
    with pytest.raises(OutputError, match="is not written: its images are not the generator's; at batch 1 they differ"):
        export(quick, path, format=format)
    assert list(tmp_path.iterdir()) == []


def test_the_file_has_its_name_only_after_the_check(
    quick: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "g.pt2", []

    def differences(network: object, *_: object) -> dict[int, float]:
        seen.append((path.exists(), len(list(tmp_path.iterdir()))))
        return {1: 0.0}

    monkeypatch.setattr(export_module, "differences", differences)
    assert export(quick, path, format="torch").differences == {1: 0.0}
    assert seen == [(False, 1)]
    assert path.is_file()


@pytest.mark.parametrize("format", SUFFIX)
def test_a_full_disk_leaves_nothing(
    format: str, quick: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="no space left on the device"):
        export(quick, tmp_path / "new" / f"g{SUFFIX[format]}", format=format)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(quick: Generator, tmp_path: Path) -> None:
    path = tmp_path / "g.onnx"
    path.write_text("mine")
    with pytest.raises(OutputError, match=r"g\.onnx exists already, and does not record its origin; force=True"):
        export(quick, path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_named_with_the_extra_that_has_it(
    missing: str, quick: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(RequestError) as raised:
        export(quick, tmp_path / "g.onnx")
    assert str(raised.value) == f"--format onnx: needs {missing}; pip install 'hitzoo[onnx]'"
    export(quick, tmp_path / "g.pt2", format="torch")  # needs none of them


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("g.tf", {"format": "tf"}, "--format tf: not possible; possible: onnx, torch"),
        ("g.tf", {}, r"--out .*g\.tf: a file's name ends in \.onnx, or in \.pt2 for torch's own format"),
        ("g.pt2", {"format": "onnx"}, r"--out .*g\.pt2: a file of --format onnx is named \*\.onnx"),
        ("g.onnx", {"format": "torch"}, r"--out .*g\.onnx: a file of --format torch is named \*\.pt2"),
        ("g.onnx", {"opset": 17}, "--opset 17: not possible; possible: 18 to 23"),
        ("g.onnx", {"opset": 24}, "--opset 24: not possible; possible: 18 to 23"),
        ("g.pt2", {"format": "torch", "opset": 20}, "--opset 20: goes with --format onnx; torch.export has no opsets"),
    ],
)
def test_what_is_not_possible(
    quick: Generator, name: str, words: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=message):
        export(quick, tmp_path / name, **words)
    assert list(tmp_path.iterdir()) == []


def test_more_weights_than_one_onnx_file_holds(
    quick: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "_MOST_BYTES", 1_000)
    with pytest.raises(RequestError, match=r"GB of weights, and one ONNX file holds .* take --format torch"):
        export(quick, tmp_path / "g.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_onnxruntime_that_does_not_know_the_opset(
    quick: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def session(*_: object, **__: object) -> None:
        raise onnxruntime.capi.onnxruntime_pybind11_state.Fail("opset 23 is under development")

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    with pytest.raises(OutputError, match=r"--opset 23: not written, .* \(opset 23 is under development\); install"):
        export(quick, tmp_path / "g.onnx", opset=23)
    assert list(tmp_path.iterdir()) == []


class OnAccelerator(Generator):
    """As if; its latents cannot go there."""

    device = torch.device("cuda")


def test_generator_on_an_accelerator_is_checked_on_the_cpu(tmp_path: Path) -> None:
    elsewhere = made(CONVNET)
    elsewhere.__class__ = OnAccelerator
    assert max(export(elsewhere, tmp_path / "g.pt2", format="torch").differences.values()) < 1e-5
    assert elsewhere.device.type == "cuda"


def test_a_generator_in_training_mode_is_refused(tmp_path: Path) -> None:
    training = made(CONVNET)
    training.module.train()
    with pytest.raises(RequestError, match="training mode"):
        export(training, tmp_path / "g.pt2", format="torch")
