"""The commands on a card: training and resuming, sampling, rendering, evaluating, exporting."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import hitzoo
from tests.conftest import Run

pytestmark = pytest.mark.cuda

MODEL = "hit-ti-shapes32"
FLOAT32 = 1e-4  # of the largest value


def checkpoint(folder: Path, step: int) -> dict[str, torch.Tensor]:
    place = folder / "checkpoints" / f"step-{step:08d}"
    files = sorted(place.rglob("*.safetensors"))
    assert files
    return {f"{file.name} {name}": tensor for file in files for name, tensor in load_file(file).items()}


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_resumed_run_is_the_undisturbed_one_where_that_is_asked_for(
    run: Run, spec: Path, tmp_path: Path, card: torch.device, precision: str
) -> None:
    words = ("--device", card, "--deterministic", "--precision", precision)
    run("train", spec, "--out", "whole", "--steps", 4, *words)
    run("train", spec, "--out", "parts", "--steps", 2, *words)
    run("train", "--resume", "parts", "--steps", 4)
    whole, parts = (checkpoint(tmp_path / name, 4) for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert [name for name, tensor in whole.items() if not torch.equal(tensor, parts[name])] == []


def test_resumed_run_is_close_by_default(run: Run, spec: Path, tmp_path: Path, card: torch.device) -> None:
    run("train", spec, "--out", "whole", "--steps", 3, "--device", card)
    run("train", spec, "--out", "parts", "--steps", 2, "--device", card)
    run("train", spec, "--out", "parts", "--steps", 3, "--device", card, "--resume")
    whole, parts = (checkpoint(tmp_path / name, 3) for name in ("whole", "parts"))
    for name, tensor in whole.items():
        if name.startswith("model.safetensors"):
            torch.testing.assert_close(parts[name], tensor, rtol=1e-2, atol=1e-3)


def test_images_are_the_cpus(run: Run, tmp_path: Path, card: torch.device) -> None:
    run("sample", MODEL, "--seeds", "0-7", "--npy", "cpu.npy", "--device", "cpu")
    expected = np.load(tmp_path / "cpu.npy")
    for name, words, limit in (
        ("plain", (), FLOAT32),
        ("optimized", ("--optimized",), FLOAT32),
        ("bfloat16", ("--optimized", "--precision", "bfloat16"), 0.1),
    ):
        run("sample", MODEL, "--seeds", "0-7", "--batch-size", 2, "--npy", f"{name}.npy", "--device", card, *words)
        found = np.load(tmp_path / f"{name}.npy")
        assert abs(found - expected).max() <= limit * abs(expected).max()


def test_rectangle_is_cut_from_the_image(card: torch.device) -> None:
    model = hitzoo.load(MODEL, device=card)
    whole = model.render(seeds=[3]).raw
    part = model.render(seeds=[3], region=(5, 7, 20, 11), tile=8).raw
    np.testing.assert_allclose(part, whole[:, 7:18, 5:25], rtol=0, atol=FLOAT32 * abs(whole).max())


def test_numbers_are_the_cpus(run: Run, card: torch.device) -> None:
    words = ("eval", "--model", MODEL, "--samples", 64, "--real-samples", 64, "--json")
    metrics = ("--metrics", "random_conv_frechet,sliced_wasserstein")
    here, there = (json.loads(run(*words, *metrics, "--device", device).stdout)["scores"] for device in ("cpu", card))
    for one, other in zip(here, there, strict=True):
        assert other["value"] == pytest.approx(one["value"], rel=1e-2)


def test_networks_are_compared(run: Run, spec: Path, card: torch.device) -> None:
    words = ("--train", "--repeats", 2, "--batch", 4, "--device", card, "--json")
    for row in json.loads(run("compare", spec, MODEL, *words).stdout)["models"]:
        assert "errors" not in row
        assert row["sampling"]["images_per_second"] > 0 < row["latency"]["milliseconds"]
        assert row["sampling"]["peak_bytes"] > 0 < row["training"]["peak_bytes"]


def test_gradient_to_the_latents_is_the_cpus(card: torch.device) -> None:
    found = []
    for device in ("cpu", card):
        model = hitzoo.load(MODEL, device=device).fast()
        z = torch.linspace(-1, 1, model.plan.input_width, device=device)[None].requires_grad_()
        model(z).square().mean().backward()
        found.append(z.grad.cpu())
    assert (found[1] - found[0]).abs().max() <= 1e-3 * found[0].abs().max()


def test_model_on_a_card_is_exported(run: Run, spec: Path, tmp_path: Path, card: torch.device) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    run("train", spec, "--out", "run", "--device", card)
    run("export", "run", "--out", "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size > 1000
