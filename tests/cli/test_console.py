from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hitzoo.sampling.picture_file import read_facts

MODEL = ("render", "--model", "hit-ti-shapes32")


def test_the_png_of_a_region_is_cut_from_the_image(run, tmp_path) -> None:
    assert run(*MODEL, "--seed", 7).stdout.strip() == "renders/hit-ti-shapes32-seed0007.png"
    run(*MODEL, "--seed", 7, "--region", "9,4,20,11", "--out", "crop.png", "--tile", 8)
    whole, crop = (
        np.asarray(Image.open(tmp_path / name)) for name in ("renders/hit-ti-shapes32-seed0007.png", "crop.png")
    )
    assert crop.shape == (11, 20, 3)
    assert np.array_equal(crop, whole[4:15, 9:29])
    run("sample", "--model", "hit-ti-shapes32", "--seeds", 7, "--out", "samples")
    sampled = np.asarray(Image.open(tmp_path / "samples/seed0007.png"))
    assert np.abs(sampled.astype(int) - whole).max() <= 1
    text = Image.open(tmp_path / "crop.png").text
    assert text["hitzoo:region"] == "9,4,20,11"
    assert text["hitzoo:seed"] == "7"
    assert text["hitzoo:precision"] == "float32"


def test_the_truncation_is_that_of_sampling(run, tmp_path) -> None:
    run(*MODEL, "--seed", 3, "--truncation", 0.5, "--npy", "rendered.npy")
    run("sample", "--model", "hit-ti-shapes32", "--seeds", 3, "--truncation", 0.5, "--npy", "sampled.npy")
    rendered, sampled = (np.load(tmp_path / f"{name}.npy") for name in ("rendered", "sampled"))
    np.testing.assert_allclose(rendered, sampled[0], rtol=0, atol=1e-5)


def test_numbers_alone_make_no_picture(run, tmp_path) -> None:
    run(*MODEL, "--npy", "z.npy", "--region", "0,0,5,3")
    numbers = np.load(tmp_path / "z.npy")
    assert numbers.shape == (3, 5, 3)
    assert numbers.dtype == np.float32
    assert not (tmp_path / "renders").exists()
    assert not list(tmp_path.glob("*.png"))


def test_mistakes_are_named(run) -> None:
    assert "left,top,width,height" in run(*MODEL, "--region", "1,2", code=2).stderr
    assert "left,top,width,height" in run(*MODEL, "--region", "", code=2).stderr
    assert "32×32" in run(*MODEL, "--region", "30,30,5,5", code=2).stderr
    assert "possible: 32" in run(*MODEL, "--level", 16, code=2).stderr
    assert "float32, bfloat16" in run(*MODEL, "--precision", "half", code=2).stderr
    assert "mix pixels" in run("render", "--model", "convnet-r1-imagenet128", "--init", "random", code=2).stderr


def test_what_cannot_be_written_is_said_before_any_work(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.sampling.render.Renderer.tiles", lambda *_: pytest.fail("rendered first"))
    (tmp_path / "folder.png").mkdir()
    assert "it is a folder" in run(*MODEL, "--out", "folder.png", code=2).stderr
    assert "it is a folder" in run(*MODEL, "--npy", "folder.png", code=2).stderr
    assert "ends in one of .png, .jpg, .webp" in run(*MODEL, "--out", "picture.gif", code=2).stderr
    assert "two names" in run(*MODEL, "--out", "same.png", "--npy", "same.png", code=2).stderr
    assert not list(tmp_path.glob("*.gif"))


def test_the_fast_path_samples_the_same_pictures(run, tmp_path) -> None:
    sample = ("sample", "--model", "hit-ti-shapes32", "--seeds", "0-3")
    run(*sample, "--npy", "plain.npy")
    run(*sample, "--npy", "fast.npy", "--fast")
    run(*sample, "--npy", "half.npy", "--fast", "--precision", "bfloat16", "--out", "half")
    assert Image.open(tmp_path / "half/seed0001.png").text["hitzoo:precision"] == "bfloat16"
    plain, fast, half = (np.load(tmp_path / f"{name}.npy") for name in ("plain", "fast", "half"))
    scale = np.abs(plain).max()
    assert np.abs(fast - plain).max() < 1e-5 * scale
    assert 1e-4 * scale < np.abs(half - plain).max() < 0.1 * scale
    assert "--optimized" in run(*sample, "--precision", "bfloat16", code=2).stderr


def test_names_carry_region_and_level(run, tmp_path) -> None:
    render = ("render", "hit-ti-shapes32", "--seeds")
    assert run(*render, "3,5").stdout.split() == [f"renders/hit-ti-shapes32-seed000{seed}.png" for seed in (3, 5)]
    words = ("--region", "1,2,3,4", "--level", 32, "--truncation", "0.5", "--precision", "bfloat16", "--format", "webp")
    name = "renders/hit-ti-shapes32-seed0003-region-1-2-3-4-level-32-truncation-0.5-bfloat16.webp"
    assert run(*render, 3, *words).stdout.strip() == name
    assert read_facts(tmp_path / name)["hitzoo:region"] == "1,2,3,4"
    assert "give one seed" in run(*render, "3,5", "--out", "a.png", code=2).stderr


def test_another_picture_of_the_name_stays(run, tmp_path) -> None:
    render = ("render", "hit-ti-shapes32", "--out", "a.png", "--npy", "a.npy")
    run(*render)
    run(*render)
    before = [(tmp_path / name).read_bytes() for name in ("a.png", "a.npy")]
    assert "a.png exists already, made with other seed (0, not 1); --force" in run(*render, "--seed", 1, code=2).stderr
    assert "a.npy exists already, with other content" in run(*render[:2], *render[4:], "--seed", 1, code=2).stderr
    assert before == [(tmp_path / name).read_bytes() for name in ("a.png", "a.npy")]
    run(*render, "--seed", 1, "--force")
    assert before != [(tmp_path / name).read_bytes() for name in ("a.png", "a.npy")]
