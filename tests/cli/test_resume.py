"""A run that is gone on with keeps what it has: spec, data, seed, options, name; what it lacks is said."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from hitzoo.families.load import load_spec
from tests.conftest import Run


@pytest.fixture
def others(tmp_path: Path) -> Path:
    folder = tmp_path / "others"
    folder.mkdir()
    for index in range(5):
        Image.new("RGB", (20, 20), (30 * index, 10, 200)).save(folder / f"other{index}.png")
    return folder


@pytest.fixture
def photos(run: Run, spec: Path, pictures: Path) -> Path:
    """A run on the folder `pictures`, at step 2."""
    words = ["--data", "pictures", "--set", "training.steps=2", "--seed", 5, "--log-every", 1]
    run("train", spec, "--out", "runs/photos", *words)
    return Path("runs/photos")


def sessions(folder: Path) -> list[dict[str, object]]:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))["sessions"]


def steps(count: int) -> tuple[str, str]:
    return ("--set", f"training.steps={count}")


@pytest.mark.parametrize(
    "words",
    [
        ("--resume", "runs/photos"),
        ("runs/photos", "--resume"),
        ("--resume", "--out", "runs/photos"),
        ("--resume", "runs/photos", "--out", "runs/photos"),
        ("tiny.yaml", "--out", "runs/photos", "--resume"),
        ("runs/photos/spec.yaml", "--out", "runs/photos", "--resume"),
        ("runs/photos/spec.yaml", "--resume"),
    ],
    ids=" ".join,
)
def test_resume_keeps_run_data(run: Run, photos: Path, words: tuple[str, ...]) -> None:
    done = run("train", *words, *steps(3))
    assert "6 images of pictures, batch 4, steps 3 to 3" in done.stdout
    assert "note:" not in done.stdout
    assert load_spec(photos / "spec.yaml").data.source == "pictures"
    first, second = (session["data"] for session in sessions(photos))
    assert first == second
    assert (first["images"], first["path"]) == (6, str(Path("pictures").absolute()))


def test_resume_by_run_is_the_undisturbed_run(run: Run, spec: Path, photos: Path, tmp_path: Path) -> None:
    run("train", "--resume", photos, *steps(4))
    run("train", spec, "--out", "whole", "--data", "pictures", "--seed", 5, *steps(4))
    name = "checkpoints/step-00000004/training/discriminator.safetensors"
    assert (photos / name).read_bytes() == (Path("whole") / name).read_bytes()


def test_resume_refuses_other_data_without_the_word(run: Run, photos: Path, others: Path) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()}
    for words in (("--data", "others"), ("--data", "synthetic"), ("--set", "data.source=others")):
        said = run("train", "--resume", photos, *words, *steps(3), code=2).stderr
        assert "is not pictures, whose 6 images it was trained on; leave --data out" in said
        assert "--new-data" in said
    assert {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()} == before


def test_resume_takes_new_data_by_the_word_and_keeps_it(run: Run, photos: Path, others: Path) -> None:
    done = run("train", "--resume", photos, "--data", "others", "--new-data", *steps(3))
    assert "note: others (5 images) takes the place of pictures (6 images)" in done.stdout
    assert "5 images of others" in run("train", "--resume", photos, *steps(4)).stdout
    assert [session["data"].get("new", False) for session in sessions(photos)] == [False, True, False]
    assert [session["data"]["source"] for session in sessions(photos)] == ["pictures", "others", "others"]


def test_resume_takes_the_same_data_from_another_place(run: Run, photos: Path, tmp_path: Path) -> None:
    shutil.copytree("pictures", "copy")  # with the files' dates
    assert "note:" not in run("train", "--resume", photos, "--data", "copy", *steps(3)).stdout
    for file in Path("copy").iterdir():
        os.utime(file, (0, 0))
    done = run("train", "--resume", photos, *steps(4))
    assert "note: the files of copy have another size or date than in the last session" in done.stdout


def test_resume_tells_that_the_data_is_gone(run: Run, photos: Path) -> None:
    place = Path("pictures").absolute()
    Path("pictures").rename("moved")
    said = run("train", "--resume", photos, *steps(3), code=2).stderr
    assert f"the data of runs/photos is gone: 6 images lay at {place}" in said
    assert "--data PATH" in said
    assert "--new-data" in said
    assert "6 images of moved" in run("train", "--resume", photos, "--data", "moved", *steps(3)).stdout


def test_resume_refuses_a_set_that_has_changed_at_its_place(run: Run, photos: Path) -> None:
    shutil.copy("pictures/0.png", "pictures/6.png")
    said = run("train", "--resume", photos, *steps(3), code=2).stderr
    assert "pictures (7 images) now holds other images, 6 images before" in said
    assert "7 images of pictures" in run("train", "--resume", photos, "--new-data", *steps(3)).stdout


def test_resume_finds_its_data_from_another_folder(run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path("pictures").absolute()
    monkeypatch.chdir("runs")
    Path("pictures").mkdir()  # another one, empty
    assert f"6 images of {place}" in run("train", "--resume", "photos", *steps(3)).stdout


def test_new_data_goes_with_resume(run: Run, spec: Path) -> None:
    assert "--new-data goes with --resume" in run("train", spec, "--out", "a", "--new-data", code=2).stderr


def test_resume_keeps_the_options_of_the_last_session(run: Run, photos: Path) -> None:
    words = ["--precision", "bf16", "--keep", 1, "--fast", "--batch-per-device", 2]
    run("train", "--resume", photos, *words, *steps(3))
    done = run("train", "--resume", photos, *steps(5))
    options = "--precision bf16 --optimized --batch-per-device 2 --log-every 1 --keep 1"
    assert f"as in the last session: {options}" in done.stdout
    assert "step 4/5" in done.stdout
    assert sessions(photos)[-1]["precision"] == "bf16"
    run("train", "--resume", photos, "--precision", "float32", "--no-fast", "--log-every", 10, *steps(6))
    assert sessions(photos)[-1]["options"] == {
        "precision": "float32",
        "compiled": False,
        "deterministic": False,
        "fast": False,
        "batch_per_device": 2,
        "log_every": 10,
        "sample_every": 500,
        "checkpoint_every": 1000,
        "keep": 1,
    }


def test_resume_without_a_run_says_the_ways_on(run: Run, spec: Path, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for words, said in (
        ((), "give a spec: hitzoo train SPEC"),
        (("--resume",), "resume a run: hitzoo train --resume RUN"),
        (("tiny.yaml",), "--out DIR is missing"),
        (("tiny.yaml", "--resume"), "hitzoo train --resume RUN"),
        (("--resume", "runs/absent"), "runs/absent is not there"),
        (("--resume", "empty"), "empty holds no run"),
        (("--resume", "--out", "empty"), "empty holds no run"),
        (("runs/photos",), "runs/photos is a run; continue it: hitzoo train --resume runs/photos"),
        (("runs/photos", "--out", "b"), "runs/photos is a run; continue it"),
        (("--resume", "runs/photos", "--out", "b"), "continues in its own folder"),
        (("--resume", "runs/photos/checkpoints/step-00000002"), "is a checkpoint; its run continues from the newest"),
    ):
        assert said in run("train", *words, code=2).stderr, words


def test_resume_keeps_the_name_without_run_json(run: Run, spec: Path) -> None:
    run("train", spec, "--out", "runs/x", "--name", "portraits")
    Path("runs/x/run.json").write_text("{}")
    assert "portraits on cpu" in run("train", "--resume", "runs/x", *steps(4)).stdout
    assert load_spec(Path("runs/x/spec.yaml")).name == "portraits"


def test_resume_does_without_spec_yaml(run: Run, photos: Path) -> None:
    (photos / "spec.yaml").unlink()
    assert "6 images of pictures" in run("train", "--resume", photos, *steps(3)).stdout
    assert load_spec(photos / "spec.yaml").training.steps == 3
    for name in ("spec.yaml", "run.json"):
        (photos / name).unlink()
    assert "6 images of pictures" in run("train", "--resume", photos, *steps(4)).stdout


def test_resume_refuses_an_edited_spec_by_the_difference(run: Run, photos: Path) -> None:
    text = (photos / "spec.yaml").read_text(encoding="utf-8")
    (photos / "spec.yaml").write_text(text.replace("batch_size: 4", "batch_size: 8"), encoding="utf-8")
    said = run("train", "--resume", photos, *steps(3), code=2).stderr
    assert "training.batch_size: 4 in the run, 8 now" in said


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((), "photos-2"),
        (("--name", "portraits"), "portraits"),
        (("--set", "name=portraits"), "portraits"),
        (("--name", "portraits", "--set", "name=portraits"), "portraits"),
    ],
)
def test_model_is_called_as_its_author_says_or_as_its_folder(run: Run, spec: Path, words, name: str) -> None:
    done = run("train", spec, "--out", "runs/Photos 2", *words, *steps(1))
    assert done.stdout.startswith(f"{name} on cpu")
    about = json.loads(Path("runs/Photos 2/run.json").read_text(encoding="utf-8"))
    assert (about["name"], about.get("made_from")) == (name, None if "--set" in words else "tiny")
    config = json.loads(Path("runs/Photos 2/checkpoints/step-00000001/config.json").read_text(encoding="utf-8"))
    assert (config["name"], config["spec"]["name"]) == (name, name)
    for again in (("--resume", "runs/Photos 2"), (spec, "--out", "runs/Photos 2", "--resume", *words)):
        assert "is complete" in run("train", *again, *steps(1)).stdout
    other = run("train", "--resume", "runs/Photos 2", "--name", "other", *steps(2), code=2).stderr
    assert f"name: {name} in the run, other now" in other


def test_run_of_before_names_keeps_the_one_of_its_spec(run: Run, spec: Path) -> None:
    run("train", spec, "--out", "old", "--set", "name=tiny", *steps(1))
    assert "tiny on cpu" in run("train", spec, "--out", "old", "--resume", *steps(2)).stdout


def test_names_that_no_model_can_have_are_refused(run: Run, spec: Path) -> None:
    said = run("train", spec, "--out", "a", "--name", "My Photos", code=2).stderr
    assert "--name 'My Photos'" in said
    assert "as in --name my-photos" in said
    both = run("train", spec, "--out", "a", "--name", "one", "--set", "name=other", code=2).stderr
    assert "--name one and --set name=other: give one of them" in both
    assert not Path("a").exists()


def test_resume_stays_deterministic_until_told_otherwise(run: Run, spec: Path, tmp_path: Path) -> None:
    """The steps are the CPU's own, to the bit: there the option changes nothing."""
    run("train", spec, "--out", "parts", "--deterministic", *steps(2))
    assert "as in the last session: --deterministic" in run("train", "--resume", "parts", *steps(3)).stdout
    said = run("train", "--resume", "parts", "--no-deterministic", *steps(4)).stdout
    assert "ran with --deterministic, this one does not" in said
    run("train", spec, "--out", "whole", *steps(4))
    files = [path.relative_to("whole") for path in Path("whole/checkpoints/step-00000004").rglob("*.safetensors")]
    assert len(files) > 2
    assert [file for file in files if Path("whole", file).read_bytes() != Path("parts", file).read_bytes()] == []
