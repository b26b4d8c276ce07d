"""`hitzoo nearest`: a sheet, numbers for programs, and what is said when there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from hitzoo.sampling.picture_file import read_facts
from tests.conftest import Run


@pytest.fixture
def model(run: Run, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "cache"))
    run("build", spec, "--out", "model")
    return tmp_path / "model"


def test_sheet_and_numbers(run: Run, model: Path, pictures: Path, tmp_path: Path) -> None:
    words = [
        "nearest",
        "model",
        "--data",
        pictures,
        "--held-out",
        pictures,
        "--samples",
        "4",
        "--seeds",
        "3,14",
        "-k",
        "2",
    ]
    said = json.loads(run(*words, "--out", "sheet.png", "--json").stdout)
    assert [one["seed"] for one in said["samples"]] == [3, 14]
    for one in said["samples"]:
        near, far = one["nearest"]
        assert near["distance"] <= far["distance"]
        assert {near["picture"], far["picture"]} <= {f"{index}.png" for index in range(6)}
    assert (said["data_copying"]["samples"], said["data_copying"]["held_out"]) == (4, 6)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width >= 3 * 18
        assert sheet.height >= 2 * 18
    assert read_facts(tmp_path / "sheet.png")["hitzoo:seeds"] == "3,14"
    shown = run(*words).stdout
    assert "2 samples: nearest.png" in shown
    assert "too few images to tell (4 samples, 6 held-out images" in shown
    words[-1] = "3"
    assert "sheet.png exists already" in run(*words, "--out", "sheet.png", code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "sheet.jpg"], "the sheet's name ends in .png"),
        (["--out", "tiny.yaml/sheet.png"], "cannot write"),
        (["--out", "sheet.png", "--data", "nowhere"], "no such folder or file"),
        (
            ["--out", "sheet.png", "--data", "pictures", "-k", "7"],
            "--neighbours 7: more than the 6 to search in pictures",
        ),
        (["--out", "sheet.png", "--features", "vgg"], "possible: random_conv, efficientnet"),
    ],
)
def test_mistakes(run: Run, model: Path, pictures: Path, tmp_path: Path, words: list[str], said: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert said in run("nearest", "model", *words, code=2).stderr
    assert sorted(tmp_path.rglob("*")) == before
