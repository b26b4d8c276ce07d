"""A run and a model folder that hitzoo 0.1 wrote: they load, sample and resume for ever.

`stored/run` was cut after two of six steps of `tiny.yaml`; `stored/published` was made of it by `hitzoo publish`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Run
from tests.pins.six_steps import HERE, digests_of, machine

STORED = HERE / "stored"
PINNED = json.loads((HERE / "six_steps.json").read_text(encoding="utf-8"))


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STORED, tmp_path / "stored"))


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image, np.int16)


@pytest.mark.parametrize("model", ["run", "run/checkpoints/step-00000002", "published"])
@pytest.mark.parametrize("path", [["--fast"], []], ids=["optimized", "reference"])
def test_stored_model_samples_the_same_images(run: Run, stored: Path, model: str, path: list[str]) -> None:
    run("sample", "--model", stored / model, "--seeds", "0-3", "--grid", "4x1", "--out", "out", *path)
    difference = np.abs(pixels(Path("out/grid.png")) - pixels(STORED / "seeds-0-3.png"))
    assert difference.max() <= 1


def test_stored_run_resumes_to_the_pinned_bits(run: Run, stored: Path) -> None:
    run("train", "--resume", stored / "run", "--steps", 6, "--threads", 1)
    expected = PINNED["recipes"]["r1 and bcr"]
    found = digests_of(stored / "run/checkpoints/step-00000006")
    assert found.keys() == expected.keys()
    if machine() == PINNED["machine"]:
        assert [name for name in found if found[name][0] != expected[name][0]] == []


def test_stored_model_is_published_again_unchanged(run: Run, stored: Path) -> None:
    terms = ["--license", "apache-2.0", "--data", "drawn shapes", "--data-license", "CC0-1.0"]
    run("publish", stored / "run", "acme/pinned", *terms, "--with-training", "--dry-run", "--out", "again")
    for file in ("model.safetensors", "training/generator.safetensors", "training/optimizer.safetensors"):
        assert (Path("again") / file).read_bytes() == (STORED / "published" / file).read_bytes(), file
