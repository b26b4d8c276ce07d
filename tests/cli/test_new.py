"""`hitzoo new --data`: a spec for a folder of pictures, ready to be checked, estimated and trained."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Run


def test_a_spec_for_a_folder_passes_check_and_trains(run: Run, pictures: Path, tmp_path: Path) -> None:
    said = run("new", "mine.yaml", "--data", "pictures").stdout
    assert "wrote mine.yaml: its comments say why each value is as it is" in said
    assert "hitzoo estimate mine.yaml" in said
    assert "hitzoo train mine.yaml --out runs/mine" in said
    text = (tmp_path / "mine.yaml").read_text()
    assert "source: pictures" in text
    assert "resolution: 32   # 0% of the pictures are that large" in text
    assert "mine.yaml: fits" in run("check", "mine.yaml").stdout
    run("train", "mine.yaml", "--out", "runs/mine", "--steps", 1, "--batch-size", 4, "--set", "evaluation.every=0")
    assert (tmp_path / "runs" / "mine" / "checkpoints" / "step-00000001").is_dir()


def test_mistakes_write_nothing(run: Run, pictures: Path, tmp_path: Path) -> None:
    for words, said in (
        (["--data", "nowhere"], "there is no such folder"),
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
    assert "made from hit-ti-shapes64" in (tmp_path / "mine.yaml").read_text()
