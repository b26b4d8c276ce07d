"""`hitzoo invert`: latents, pictures and numbers, which other verbs take; and what is said when there are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Run

QUICK = ["--candidates", "8", "--starts", "2", "--steps", "8", "--features", "none"]


@pytest.fixture
def model(run: Run, spec: Path, tmp_path: Path) -> Path:
    run("build", spec, "--out", "model")
    return tmp_path / "model"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name, colour in (("a", (200, 40, 80)), ("b", (20, 140, 80))):
        Image.new("RGB", (30, 20), colour).save(tmp_path / f"{name}.png")
    return tmp_path


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_pictures_become_latents(run: Run, spec: Path, photos: Path) -> None:
    """What was found is drawn by `sample`, and walked through by `interpolate`."""
    words = [
        "invert",
        "a.png",
        "b.png",
        "--model",
        "hit-ti-shapes32",
        "--out",
        "z.npz",
        *QUICK,
        "--progress",
        "way.png",
    ]
    said = json.loads(run(*words, "--json").stdout)
    assert [one["picture"] for one in said["found"]] == ["a.png", "b.png"]
    assert all(0 < one["psnr"] < 100 and one["distance"] > 0 for one in said["found"])
    pairs, way = pixels(photos / "z.png"), pixels(photos / "way.png")
    assert pairs.shape == (2 * 34 + 2, 2 * 34 + 2, 3)
    assert (pairs[2:34, 2:34] == (200, 40, 80)).all()
    assert way.shape == (2 * 34 + 2, 10 * 34 + 2, 3)
    assert np.abs(pairs[2:34, 36:68].astype(int) - pairs[36:68, 36:68]).mean() > 5  # two images, not one
    run("sample", "hit-ti-shapes32", "--latents", "z.npz", "--out", "found")
    for place in range(2):
        drawn = pixels(photos / "found" / f"latent{place:04d}.png").astype(int)
        top = 2 + 34 * place
        assert np.abs(drawn - pairs[top : top + 32, 36:68]).max() <= 1
        assert np.abs(drawn - way[top : top + 32, -68:-36]).max() <= 1
    run("interpolate", "hit-ti-shapes32", "--latents", "z.npz", "--frames", "3", "--out", "walk.png")
    assert np.abs(pixels(photos / "walk.png")[2:34, 2:34].astype(int) - pairs[2:34, 36:68]).max() <= 1
    before = (photos / "z.npz").read_bytes()
    shown = run(*words).stdout
    assert f"{said['found'][0]['psnr']:.1f} dB" in shown
    assert "2 latents: z.npz  z.png  way.png" in shown
    assert (photos / "z.npz").read_bytes() == before
    assert "is not of this inversion" in run(*words, "--seed", "1", code=2).stderr
    run("build", "tiny.yaml", "--out", "other", "--set", "generator.latent_dim=12")
    assert "a latent means another image in every model" in run("sample", "other", "--latents", "z.npz", code=2).stderr


def test_way_is_a_film(run: Run, model: Path, photos: Path) -> None:
    run("invert", "a.png", "--model", "model", "--out", "z.npz", *QUICK, "--progress", "way.gif", "--scale", "2")
    with Image.open(photos / "way.gif") as film:
        assert (film.n_frames, film.size) == (9, (64, 32))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.png", "--out", "z.npz"], "nowhere.png: no such picture"),
        (["model", "--out", "z.npz"], "model is a folder; give its pictures, for example model/*.png"),
        (["tiny.yaml", "--out", "z.npz"], "not a readable image"),
        (["a.png", "--out", "z.npy"], "a file of latents ends in .npz"),
        (["a.png", "--out", "a.npz"], "give each a name of its own"),
        (["a.png", "--out", "z.npz", "--picture", "z.jpg"], "its name ends in .png"),
        (["a.png", "--out", "z.npz", "--progress", "way.avi"], "a film's name ends in"),
        (["a.png", "--out", "tiny.yaml/z.npz"], "cannot write"),
        (["a.png", "--out", "z.npz", "--space", "w"], "has no mapping network; take z"),
        (["a.png", "--out", "z.npz", "--features", "vgg"], "random_conv, efficientnet, none"),
        (["a.png", "--out", "z.npz", "--class", "1"], "has no classes to choose from"),
        (["a.png", "--out", "z.npz", "--learning-rate", "0"], "give a positive number"),
    ],
)
def test_mistakes(run: Run, model: Path, photos: Path, words: list[str], said: str) -> None:
    before = sorted(photos.rglob("*"))
    assert said in run("invert", *words, "--model", "model", code=2).stderr
    assert sorted(photos.rglob("*")) == before
