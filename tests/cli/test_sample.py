"""`hitzoo sample`: pictures, grids and numbers, and what is said when there are none."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from hitzoo.sampling.picture_file import read_facts
from tests.conftest import Run
from tests.families.r3gan.variables import TINY as CONDITIONAL


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
    assert grid.shape == (2 * 18 + 2, 2 * 18 + 2, 3)
    assert (grid[20:36, 20:36] == cell).all()


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
    for way in ("hitzoo train hit-b-ffhq256", "hitzoo sample hit-ti-critters64", "--init random"):
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


def folders(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "samples").iterdir()}


def test_folders_carry_the_name_of_what_made_them(run: Run, model: Path, spec: Path, tmp_path: Path) -> None:
    seeds = ("--seeds", "0")
    assert run("sample", "model", *seeds).stdout == "1 image: samples/model\n"
    run("sample", "--model", "./model/", *seeds)
    run("sample", "model", *seeds, "--truncation", "0.50")
    run("sample", "model", *seeds, "--fast")
    run("sample", "model", *seeds, "--fast", "--precision", "bfloat16")
    run("sample", "model", *seeds, "--scale", 2)
    run("sample", "tiny.yaml", "--init", "random", *seeds)
    ways = {"model", "model-truncation-0.5", "model-fast", "model-fast-bfloat16", "model-x2", "tiny-untrained"}
    assert folders(tmp_path) == ways
    checkpoint = tmp_path / "runs" / "a" / "checkpoints" / "step-00000007"
    checkpoint.parent.mkdir(parents=True)
    model.rename(checkpoint)
    run("sample", "runs/a", *seeds)
    assert folders(tmp_path) == ways | {"a-step-00000007"}
    run("sample", "runs/a/checkpoints/step-00000007", *seeds)
    assert folders(tmp_path) == ways | {"a-step-00000007"}


def test_metadata_names_the_weights_and_the_way(run: Run, model: Path, tmp_path: Path) -> None:
    run("sample", "model", "--seed", 3, "--grid", "1x1", "--fast", "--truncation", "0.5")
    weights = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    for name, key in (("seed0003", "hitzoo:seed"), ("grid", "hitzoo:seeds")):
        with PngImageFile(tmp_path / "samples" / "model-truncation-0.5-fast" / f"{name}.png") as picture:
            text = picture.text
        wanted = {"weights": weights, "step": "0", "truncation": "0.5", "precision": "float32", "path": "optimized"}
        assert {key: text[f"hitzoo:{key}"] for key in wanted} == wanted
        assert text[key] == "3"
        assert text["hitzoo:version"] == version("hitzoo")


def test_two_models_never_share_a_folder(run: Run, model: Path, spec: Path, tmp_path: Path) -> None:
    run("build", spec, "--seed", 1, "--out", "other/model")
    run("sample", "model", "--seeds", "0-3")
    before = {path: path.read_bytes() for path in (tmp_path / "samples").rglob("*.png")}
    run("sample", "model", "--seeds", "0-3")
    for seeds in ("0", "8"):
        said = run("sample", "other/model", "--seeds", seeds, code=2).stderr
        assert "samples/model/seed000" in said
        assert "exists already, made with other weights" in said
        assert "--force" in said
    assert {path: path.read_bytes() for path in (tmp_path / "samples").rglob("*.png")} == before
    run("sample", "other/model", "--seeds", "0", "--force")
    assert [path.name for path in (tmp_path / "samples" / "model").iterdir()] == ["seed0000.png"]


def test_model_is_given_once(run: Run, model: Path) -> None:
    for verb in ("sample", "render"):
        assert "give a model" in run(verb, code=2).stderr
        assert "two models given" in run(verb, "model", "--model", "hit-ti-shapes32", code=2).stderr
    assert "give a model" in run("export", "--out", "g.onnx", code=2).stderr


@pytest.mark.parametrize("format", ["jpg", "webp"])
def test_pictures_in_other_formats(run: Run, model: Path, tmp_path: Path, format: str) -> None:
    run("sample", "model", "--seeds", "0,1", "--grid", "1x2", "--format", format, "--quality", 80, "--out", "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"grid.{format}", f"seed0000.{format}", f"seed0001.{format}",
    ]  # fmt: skip
    assert read_facts(tmp_path / "out" / f"grid.{format}")["hitzoo:seeds"] == "0-1"


@pytest.fixture
def conditional(run: Run, tmp_path: Path) -> Path:
    """A model of 3 classes, whose latents have 6 numbers."""
    (tmp_path / "classes.yaml").write_text(CONDITIONAL, encoding="utf-8")
    run("build", "classes.yaml", "--out", "classes")
    return tmp_path / "classes"


def test_pictures_of_chosen_classes(run: Run, conditional: Path, tmp_path: Path) -> None:
    assert run("sample", "classes", "--seeds", "0-3", "--classes", "0-1,2", "--grid", "2x2").stdout.startswith(
        "4 images"
    )
    folder = tmp_path / "samples" / "classes"
    numbers = {"seed0000-class0": "0", "seed0001-class1": "1", "seed0002-class2": "2", "seed0003-class0": "0"}
    assert sorted(path.stem for path in folder.iterdir()) == ["grid", *numbers]
    assert {name: read_facts(folder / f"{name}.png")["hitzoo:class"] for name in numbers} == numbers
    assert read_facts(folder / "grid.png")["hitzoo:classes"] == "0-2,0"
    run("sample", "classes", "--seed", 3, "--classes", "0-2")
    assert {path.name for path in folder.glob("seed0003*")} == {f"seed0003-class{number}.png" for number in range(3)}
    assert read_facts(folder / "seed0003-class2.png")["hitzoo:seed"] == "3"


def test_latents_with_classes_beside_them(run: Run, conditional: Path, tmp_path: Path) -> None:
    z = np.random.default_rng(0).standard_normal((3, 6)).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    run("sample", "classes", "--latents", "z.npy", "--classes", "2,0", "--npy", "out.npy", "--out", "out")
    names = ["latent0000-class2.png", "latent0001-class0.png", "latent0002-class2.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    middles = [NormalDist().inv_cdf((number + 0.5) / 3) for number in (2, 0, 2)]
    np.save(tmp_path / "rows.npy", np.c_[z, middles].astype(np.float32))
    run("sample", "classes", "--latents", "rows.npy", "--npy", "expected.npy")
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), np.load(tmp_path / "expected.npy"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["classes", "--classes", "0-3"], "class 3 is out of range; tiny-r3gan has 3 classes, 0 to 2"),
        (["classes", "--classes", "a"], "--classes a: 'a' is neither a class nor a range"),
        (["classes", "--classes", "0-2", "--seeds", "0-1"], "3 classes for 2 images"),
        (["classes", "--latents", "z.npy"], "the model wants (N, 7), or (N, 6) with --classes"),
        (["tiny.yaml", "--init", "random", "--classes", "0"], "tiny has no classes to choose from"),
    ],
)
def test_mistakes_with_classes(
    run: Run, conditional: Path, spec: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    np.save(tmp_path / "z.npy", np.zeros((3, 6)))
    before = sorted(tmp_path.rglob("*"))
    assert said in run("sample", *words, code=2).stderr
    assert sorted(tmp_path.rglob("*")) == before
