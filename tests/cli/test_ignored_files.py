"""What a data set holds beside its pictures is said by every verb that reads one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from hitzoo.sampling.create import untrained
from hitzoo.zoo.model_folder import write_model
from tests.conftest import Run

SAID = "ignored in pictures: 1 .mov, 1 without an ending, 1 hidden or system folder: @eaDir"


@pytest.fixture
def mixed(pictures: Path) -> Path:
    for index in range(4):  # evaluation wants ten
        Image.new("RGB", (20, 20), (9, 40 * index, 9)).save(pictures / f"more{index}.bmp")
    (pictures / "film.mov").touch()
    (pictures / "README").touch()
    (pictures / "@eaDir").mkdir()
    Image.new("RGB", (4, 4)).save(pictures / "@eaDir" / "0.png")
    return pictures


def test_check_counts_ignored_files(run: Run, mixed: Path) -> None:
    said = run("data", "check", "pictures").stdout
    assert "10 images, 10 readable" in said
    assert "ignored: 1 .mov, 1 without an ending, 1 hidden or system folder with 1 file: @eaDir" in said
    assert "fits: no shipped spec as they are; most are smaller than 32×32, to which `hitzoo train" in said
    report = json.loads(run("data", "check", "pictures", "--json").stdout)
    assert report["left_aside"] == {
        "endings": {".mov": 1, "none": 1},
        "hidden": 0,
        "folders": {"@eaDir": 1},
        "files_in_folders": 1,
    }
    assert (report["fits"], report["shorter_side"]["median"]) == ([], 20)


def test_check_holds_the_set_against_a_model(run: Run, mixed: Path) -> None:
    assert "10 images are smaller than 64×64 and would be enlarged" in run(
        "data", "check", "pictures", "--resolution", 64
    ).stdout.replace("\n", " ")


def test_pack_reports_ignored_files(run: Run, mixed: Path) -> None:
    done = run("data", "pack", "pictures", "p.zip", "--resolution", 8, "--json")
    assert SAID in done.stderr
    assert json.loads(done.stdout)["packed"] == 10


def test_training_reports_ignored_files_at_the_start(run: Run, mixed: Path, spec: Path) -> None:
    done = run("train", spec, "--data", "pictures", "--out", "run", "--set", "training.steps=1")
    assert SAID in done.stdout
    assert "10 images are few" in done.stdout
    again = run("train", spec, "--data", "pictures", "--out", "run", "--set", "training.steps=2", "--resume")
    assert "left aside" not in again.stdout


def test_evaluation_reports_ignored_files(run: Run, mixed: Path, spec: Path, tmp_path: Path) -> None:
    generator = untrained(str(spec), device="cpu")
    (tmp_path / "model").mkdir()
    write_model(tmp_path / "model", generator.spec, generator.plan, generator.module.state_dict())
    few = ("--metrics", "sliced_wasserstein", "--samples", 10, "--real-samples", 10)
    assert SAID in run("eval", "--model", "model", "--data", "pictures", *few).stderr


@pytest.mark.parametrize("resolution", [3_000_000, 10**30])
@pytest.mark.parametrize("words", [("check", "synthetic"), ("pack", "synthetic", "p.zip")])
def test_sides_that_no_image_has(run: Run, words: tuple[str, ...], resolution: int) -> None:
    assert "give 1 to 13,377 pixels" in run("data", *words, "--resolution", resolution, code=2).stderr
