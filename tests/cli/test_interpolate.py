"""`hitzoo interpolate`: films and strips of a walk, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from hitzoo.sampling.picture_file import read_facts
from tests.conftest import Run
from tests.families.r3gan.variables import TINY as CONDITIONAL
from tests.families.styleswin.variables import TINY as STYLES


@pytest.fixture
def model(run: Run, spec: Path, tmp_path: Path) -> Path:
    run("build", spec, "--out", "model")
    return tmp_path / "model"


def frames(path: Path) -> np.ndarray:
    with Image.open(path) as film:
        return np.stack([np.asarray(frame) for frame in ImageSequence.Iterator(film)])


def test_film_and_strip_hold_the_images_between(run: Run, tmp_path: Path) -> None:
    """The frames are the images of the latents between, in any batch, of both networks."""
    said = run(
        "interpolate", "hit-ti-shapes32", "--seeds", "3,14", "--frames", "5", "--out", "walk.apng", "--batch-size", "2"
    )
    assert said.stdout == "5 frames, 0.2 s: walk.apng\n"
    run("sample", "hit-ti-shapes32", "--seeds", "3,14", "--truncation", "0.7", "--out", "ends")
    run(
        "interpolate",
        "hit-ti-shapes32",
        "--seeds",
        "3,14",
        "--frames",
        "5",
        "--out",
        "strip.png",
        "--truncation",
        "0.7",
    )
    film, strip = frames(tmp_path / "walk.apng"), frames(tmp_path / "strip.png")[0]
    assert film.shape == (5, 32, 32, 3)
    assert strip.shape == (36, 5 * 34 + 2, 3)
    for name, tile in (("seed0003.png", strip[2:34, 2:34]), ("seed0014.png", strip[2:34, -34:-2])):
        assert np.abs(frames(tmp_path / "ends" / name)[0].astype(int) - tile).max() <= 1
    assert np.abs(film[0].astype(int) - film[4]).mean() > 5
    facts = read_facts(tmp_path / "walk.apng")
    assert (facts["hitzoo:seeds"], facts["hitzoo:walk"], facts["hitzoo:frames"]) == ("3,14", "linear", "5")
    run("interpolate", "hit-ti-shapes32", "--seeds", "3,14", "--frames", "5", "--out", "quick.apng", "--optimized")
    assert np.abs(frames(tmp_path / "quick.apng").astype(int) - film).max() <= 1


def test_latents_are_walked_through(run: Run, tmp_path: Path) -> None:
    z = np.random.RandomState(5).standard_normal((2, 64))
    np.save(tmp_path / "z.npy", z)
    np.save(tmp_path / "middle.npy", z.mean(axis=0, keepdims=True))
    run("interpolate", "hit-ti-shapes32", "--latents", "z.npy", "--frames", "3", "--out", "walk.apng", "--scale", "2")
    run("sample", "hit-ti-shapes32", "--latents", "middle.npy", "--out", "middle")
    expected = frames(tmp_path / "middle" / "latent0000.png")[0].repeat(2, axis=0).repeat(2, axis=1)
    assert np.abs(frames(tmp_path / "walk.apng")[1].astype(int) - expected).max() <= 1


def test_class_is_chosen(run: Run, tmp_path: Path) -> None:
    (tmp_path / "classes.yaml").write_text(CONDITIONAL)
    run("interpolate", "classes.yaml", "--init", "random", "--seeds", "3,14", "--class", "2", "--out", "walk.gif")
    assert read_facts(tmp_path / "walk.gif")["hitzoo:class"] == "2"
    words = ["interpolate", "classes.yaml", "--init", "random", "--seeds", "3,14", "--class", "1,2", "--out", "x.gif"]
    assert "a walk stays in one class" in run(*words, code=2).stderr


def test_other_film_stays_and_the_same_is_made_again(run: Run, model: Path, tmp_path: Path) -> None:
    words = ["interpolate", "model", "--frames", "3", "--out", "walk.gif", "--seeds"]
    run(*words, "3,14")
    first = (tmp_path / "walk.gif").read_bytes()
    run(*words, "3,14")
    assert "made with other seeds (3,14, not 3,15)" in run(*words, "3,15", code=2).stderr
    assert (tmp_path / "walk.gif").read_bytes() == first
    run(*words, "3,15", "--force")
    assert (tmp_path / "walk.gif").read_bytes() != first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "walk.avi", "--seeds", "3,14"], "a film's name ends in one of .mp4, .gif, .webp, .apng"),
        (["--out", "walk.gif"], "give --seeds, for example --seeds 3,14,15, or --latents"),
        (["--out", "walk.gif", "--seeds", "3,4", "--latents", "z.npy"], "give --seeds or --latents, not both"),
        (["--out", "strip.png", "--seeds", "3,14", "--fps", "5"], "--fps 5: is for films"),
        (["--out", "walk.gif", "--seeds", "3"], "a walk needs two latents or more"),
        (["--out", "walk.gif", "--seeds", "3,x"], "'x' is neither a seed nor a range"),
        (["--out", "walk.gif", "--seeds", "3,14", "--curve", "round"], "possible: linear, spherical, smooth"),
        (["--out", "walk.gif", "--seeds", "3,14", "--padding", "4"], "is for strips"),
        (["--out", "walk.gif", "--seeds", "3,14", "--class", "1"], "has no classes to choose from"),
        (["--out", "tiny.yaml/walk.gif", "--seeds", "3,14"], "cannot write"),
        (["--out", "strip.png", "--seeds", "3,14", "--frames", "1000000", "--scale", "9"], "give fewer frames"),
        (["--out", "strip.jpg", "--seeds", "3,14", "--frames", "4000"], "jpg holds at most 65,500 a side"),
    ],
)
def test_mistakes(run: Run, model: Path, tmp_path: Path, words: list[str], said: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert said in run("interpolate", "model", *words, code=2).stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_styles_are_walked_through(run: Run, tmp_path: Path) -> None:
    """Between the same images lie others than those of the latents between."""
    (tmp_path / "styles.yaml").write_text(STYLES)
    run("build", "styles.yaml", "--out", "model")
    for space in ("z", "w"):
        words = ["--seeds", "3,14", "--frames", "3", "--space", space, "--out", f"{space}.apng", "--force"]
        run("interpolate", "model", *words)
    z, w = (read_facts(tmp_path / f"{space}.apng") for space in "zw")
    assert (z["hitzoo:walk"], w["hitzoo:walk"]) == ("linear", "linear, of styles")
    assert (frames(tmp_path / "z.apng")[[0, 2]] == frames(tmp_path / "w.apng")[[0, 2]]).all()
    assert "take w, or --latents" in run("interpolate", "model", *words, "--space", "w+", code=2).stderr
    said = run("interpolate", "hit-ti-shapes32", *words, code=2).stderr
    assert "a generator of the family hit has no mapping network; take z" in said
