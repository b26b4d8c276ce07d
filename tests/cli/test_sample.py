"""`hitzoo sample`: pictures, grids and numbers, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from tests.conftest import Run


@pytest.fixture
def model(run: Run, spec: Path, tmp_path: Path) -> Path:
    run("build", spec, "--out", "model")
    return tmp_path / "model"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_pictures_grids_and_metadata(run: Run, model: Path, tmp_path: Path) -> None:
    run("sample", "--model", model, "--seeds", "0-4,40", "--grid", "2x2", "--out", "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["grid001.png", "grid002.png", *(f"seed{seed:04d}.png" for seed in (0, 1, 2, 3, 4, 40))]
    with PngImageFile(tmp_path / "out" / "seed0040.png") as picture:
        text = picture.text
    assert text["hitzoo:model"] == "tiny"
    assert text["hitzoo:seed"] == "40"
    assert len(text["hitzoo:plan"]) == 64
    grid, cell = (pixels(tmp_path / "out" / name) for name in ("grid001.png", "seed0003.png"))
    assert (grid[16:, 16:] == cell).all()


def test_numbers_for_programs(run: Run, model: Path, tmp_path: Path) -> None:
    z = np.random.default_rng(0).standard_normal((3, 16)).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    run("sample", "--model", model, "--latents", "z.npy", "--npy", "out.npy")
    raw = np.load(tmp_path / "out.npy")
    assert (raw.shape, raw.dtype) == ((3, 16, 16, 3), np.float32)
    assert not (tmp_path / "samples").exists()
    run(
        "sample",
        "--model",
        model,
        "--latents",
        "z.npy",
        "--npy",
        "half.npy",
        "--truncation",
        "0.5",
        "--batch-size",
        "2",
    )
    np.save(tmp_path / "half_z.npy", z / 2)
    run("sample", "--model", model, "--latents", "half_z.npy", "--npy", "expected.npy")
    np.testing.assert_allclose(np.load(tmp_path / "half.npy"), np.load(tmp_path / "expected.npy"), rtol=1e-5, atol=1e-6)


def test_a_seed_is_the_same_in_any_batch(run: Run, model: Path, tmp_path: Path) -> None:
    run("sample", "--model", model, "--seeds", "5,9,2", "--npy", "many.npy", "--batch-size", "3")
    run("sample", "--model", model, "--seeds", "9", "--npy", "one.npy")
    np.testing.assert_allclose(np.load(tmp_path / "many.npy")[1:2], np.load(tmp_path / "one.npy"), rtol=1e-5, atol=1e-6)


def test_a_spec_without_weights_says_the_three_ways_on(run: Run, tmp_path: Path) -> None:
    said = run("sample", "--model", "hit-b-ffhq256", code=2).stderr
    for way in ("hitzoo train hit-b-ffhq256", "hitzoo sample --model hit-ti-shapes32", "--init random"):
        assert way in said
    assert list(tmp_path.iterdir()) == []


def test_untrained_weights_on_request(run: Run, spec: Path, tmp_path: Path) -> None:
    run("sample", "--model", "tiny.yaml", "--init", "random", "--seeds", "1", "--out", "out")
    assert (tmp_path / "out" / "seed0001.png").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "hit-ti-shapes33"], "did you mean 'hit-ti-shapes32'?"),
        (["--model", "model", "--seeds", "3-1"], "'3-1' is neither a seed nor a range"),
        (["--model", "model", "--grid", "6"], "--grid 6"),
        (["--model", "model", "--latents", "nowhere.npy"], "nowhere.npy"),
        (["--model", "model", "--latents", "wrong.npy"], "shape (3, 7)"),
        (["--model", "model", "--latents", "wrong.npy", "--seeds", "0"], "not both"),
        (["--model", "model", "--truncation", "0"], "truncation 0.0 is not possible"),
        (["--model", "model", "--out", "wrong.npy/x"], "cannot write"),
        (["--model", "."], "neither a model"),
    ],
)
def test_mistakes(run: Run, model: Path, tmp_path: Path, words: list[str], said: str) -> None:
    np.save(tmp_path / "wrong.npy", np.zeros((3, 7)))
    before = sorted(tmp_path.rglob("*"))
    assert said in run("sample", *words, code=2).stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_weights_of_another_spec_and_cut_weights(run: Run, model: Path) -> None:
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    assert "is cut" in run("sample", "--model", model, code=2).stderr
    weights.write_bytes(whole)
    config = model / "config.json"
    config.write_text(config.read_text().replace('"latent_dim": 16', '"latent_dim": 32'))
    assert "the network wants 1024×32" in run("sample", "--model", model, code=2).stderr
