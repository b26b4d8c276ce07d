"""`hitzoo new --data`: a spec for a folder of pictures, ready to be checked, estimated and trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.cli.spec_for_data import spec_for_data
from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.spec.shipped import find_spec
from tests.conftest import Run


def test_a_spec_for_a_folder_passes_check_and_trains(run: Run, pictures: Path, tmp_path: Path) -> None:
    said = run("new", "mine.yaml", "--data", "pictures").stdout
    assert "wrote mine.yaml: its comments explain each value" in said
    assert "hitzoo estimate mine.yaml" in said
    assert "hitzoo train mine.yaml --out runs/mine" in said
    text = (tmp_path / "mine.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=/")
    assert "source: pictures" in text
    assert "resolution: 32   # 0% of the pictures are that large" in text
    assert "mine.yaml: fits" in run("check", "mine.yaml").stdout
    run("train", "mine.yaml", "--out", "runs/mine", "--steps", 1, "--batch-size", 4, "--set", "evaluation.every=0")
    assert (tmp_path / "runs" / "mine" / "checkpoints" / "step-00000001").is_dir()


def test_mistakes_write_nothing(run: Run, pictures: Path, tmp_path: Path) -> None:
    for words, said in (
        (["--data", "nowhere"], "no such folder"),
        (["--data", "pictures", "--from", "hit-ti-shapes32"], "give --from or --data, not both"),
        (["--resolution", "64"], "--resolution goes with --data"),
        (["--data", "pictures", "--resolution", "65"], "possible are 32, 64, 128, 256"),
    ):
        assert said in run("new", "mine.yaml", *words, code=2).stderr
    assert "cannot be the name of a spec" in run("new", "Mine.yaml", "--data", "pictures", code=2).stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures"]


def test_a_file_that_is_there_stays(run: Run, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    assert "exists already" in run("new", "mine.yaml", "--data", "pictures", code=2).stderr
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_a_copy_is_made_as_before(run: Run, tmp_path: Path) -> None:
    assert "edit it, then: hitzoo check mine.yaml" in run("new", "mine.yaml").stdout
    assert "made from hit-ti-64" in (tmp_path / "mine.yaml").read_text()


def test_training_without_a_spec_takes_the_one_that_fits(run: Run, pictures: Path, tmp_path: Path) -> None:
    words = ("--steps", 1, "--batch-size", 4, "--set", "evaluation.every=0")
    done = run("train", "--data", "pictures", "--out", "runs/My Photos", *words)
    assert done.stdout.startswith("no spec given: for these images and this machine 32×32, batch 4, 1 steps;")
    assert "`hitzoo new mine.yaml --data pictures` writes it down" in done.stdout
    spec = load_spec(tmp_path / "runs" / "My Photos" / "spec.yaml")
    assert (spec.name, spec.data.source, spec.data.resolution) == ("my-photos", "pictures", 32)
    assert [term.kind for term in spec.training.regularizers] == ["r1", "bcr"]


def test_training_with_neither_spec_nor_pictures_is_refused(run: Run, pictures: Path) -> None:
    assert "give a spec: hitzoo train SPEC" in run("train", "--out", "runs/a", code=2).stderr
    assert "no such folder" in run("train", "--out", "runs/a", "--data", "nowhere", code=2).stderr
    with pytest.raises(
        RequestError, match=r"several processes need one spec: .* hitzoo new mine\.yaml --data pictures"
    ):
        spec_for_data("pictures", Path("runs/a"), device="cpu", processes=2)


@pytest.mark.parametrize(
    ("folder", "name"), [("runs/x", "x"), ("Übung 3", "ubung-3"), ("...", "run"), ("a" * 200, "a" * 96), ("_x_", "x_")]
)
def test_a_folder_gives_its_spec_a_name(tmp_path: Path, pictures: Path, folder: str, name: str) -> None:
    spec, _ = spec_for_data(str(pictures), tmp_path / folder, device="cpu", processes=1)
    assert spec.name == name


def test_a_recipe_is_written_into_a_copy_and_into_a_spec_for_pictures(run: Run, pictures: Path, tmp_path: Path) -> None:
    run("new", "mine.yaml", "--from", "hit-ti-shapes64", "--recipe", "r3gan")
    run("new", "photos.yaml", "--data", "pictures", "--recipe", "r3gan")
    for name in ("mine", "photos"):
        assert load_spec(tmp_path / f"{name}.yaml").training.loss == "relativistic"
        assert f"{name}.yaml: fits" in run("check", f"{name}.yaml").stdout
    assert "did you mean 'r3gan'?" in run("new", "other.yaml", "--recipe", "r3gen", code=2).stderr
    assert not (tmp_path / "other.yaml").exists()


@pytest.mark.parametrize(("norm", "samples"), [("batch", 1000), ("layer", None)])
def test_recipe_for_small_data_suits_the_generators_norms(run: Run, tmp_path: Path, norm: str, samples: int) -> None:
    text = find_spec("hit-ti-shapes64").read_text(encoding="utf-8").replace("norm: batch", f"norm: {norm}")
    (tmp_path / "given.yaml").write_text(text, encoding="utf-8")
    run("new", "mine.yaml", "--from", "given.yaml", "--recipe", "small-data")
    spec = load_spec(tmp_path / "mine.yaml")
    compile_spec(spec)
    assert spec.discriminator.family == "projected"
    assert spec.training.ema.recalibrate == samples


def test_recipe_anneals_over_the_images_of_its_own_updates(run: Run, tmp_path: Path) -> None:
    """It has both networks move at once, whatever the copied spec does."""
    text = find_spec("hit-ti-shapes64").read_text(encoding="utf-8")
    by_turns = text.replace("  loss:", "  updates: {discriminator: 4}\n  loss:")
    (tmp_path / "turns.yaml").write_text(by_turns, encoding="utf-8")
    run("new", "mine.yaml", "--from", "turns.yaml", "--recipe", "r3gan")
    training = load_spec(tmp_path / "mine.yaml").training
    assert training.updates == "simultaneous"
    assert training.regularizers[0].weight.images == training.steps * training.batch_size
