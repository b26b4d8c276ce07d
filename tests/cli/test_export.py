"""`hitzoo export`: a bundled model and a spec's, and what is said when there is no file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from hitzoo.export import trace
from hitzoo.families.fold import fold
from hitzoo.sampling.create import untrained
from hitzoo.sampling.load import load
from tests.conftest import Run

DIFFERENCES = (
    r"largest difference from PyTorch's images, of their largest value:"
    r" \d\.\de-0\d in a batch of 1, \d\.\de-0\d in a batch of 3 \(1e-04 is allowed\)"
)


@pytest.mark.exhaustive  # the whole way, of which tests/export holds each part
def test_the_bundled_model_in_onnxruntime(run: Run, tmp_path: Path) -> None:
    printed = run("export", "--model", "hit-ti-shapes32", "--format", "onnx", "--out", "new/g.onnx").stdout.splitlines()
    megabytes = f"{(tmp_path / 'new/g.onnx').stat().st_size / 1e6:.3g} MB"
    assert printed[:2] == [
        f"wrote new/g.onnx: ONNX opset 20, {megabytes}",
        "latents [batch, 64] -> images [batch, 3, 32, 32]",
    ]
    assert_matches(DIFFERENCES, printed[2:])
    samples = load("hit-ti-shapes32", device="cpu").sample(seeds=range(4))
    session = onnxruntime.InferenceSession("new/g.onnx", providers=["CPUExecutionProvider"])
    (images,) = session.run(None, {"latents": samples.latents})
    np.testing.assert_allclose(images.transpose(0, 2, 3, 1), samples.raw, rtol=0, atol=1e-4)
    before = Path("new/g.onnx").read_bytes()
    run("export", "hit-ti-shapes32", "--out", "new/g.onnx")
    assert Path("new/g.onnx").read_bytes() == before
    other = ("export", "hit-ti-shapes32", "--init", "random", "--out", "new/g.onnx")
    assert "new/g.onnx exists already, made from another model; --force" in run(*other, code=2).stderr
    assert Path("new/g.onnx").read_bytes() == before


def test_untrained_weights_as_a_torch_program(run: Run, spec: Path, tmp_path: Path) -> None:
    words = ("export", "--model", "tiny.yaml", "--init", "random", "--out", "g.pt2")
    printed = run(*words).stdout.splitlines()
    assert printed[0].startswith("wrote g.pt2: torch.export, ")
    assert_matches(DIFFERENCES, printed[2:])
    samples = untrained("tiny.yaml", device="cpu").sample(seeds=range(4))
    images = torch.export.load("g.pt2").module()(torch.from_numpy(samples.latents))
    np.testing.assert_allclose(images.numpy().transpose(0, 2, 3, 1), samples.raw, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--format", "tf"), "--format tf: not possible; possible: onnx, torch"),
        (("--opset", "9"), "--opset 9: not possible; possible: 18 to 23"),
        (("--format", "torch"), "--out g.onnx: a file of --format torch is named *.pt2"),
    ],
)
def test_what_is_not_possible(run: Run, spec: Path, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = run("export", "--model", "tiny.yaml", "--init", "random", "--out", "g.onnx", *words, code=2)
    assert done.stderr.strip() == message
    assert list(tmp_path.iterdir()) == [spec]


def test_without_the_packages_the_extra_is_named(
    run: Run, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    said = run("export", "--model", "tiny.yaml", "--init", "random", "--out", "g.onnx", code=2).stderr
    assert said.strip() == "--format onnx: needs onnxscript; pip install 'hitzoo[onnx]'"
    assert list(tmp_path.iterdir()) == [spec]


def test_a_file_with_other_images_is_not_written(
    run: Run, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = untrained("tiny.yaml", seed=1, device="cpu").module
    monkeypatch.setattr(trace, "fold", lambda module, kernels: fold(other, kernels))
    words = ("export", "--model", "tiny.yaml", "--init", "random", "--out", "g.pt2")
    assert "g.pt2 is not written: its images are not the generator's" in run(*words, code=2).stderr
    assert list(tmp_path.iterdir()) == [spec]


def assert_matches(pattern: str, lines: list[str]) -> None:
    assert len(lines) == 1
    assert re.fullmatch(pattern, lines[0]), lines[0]
