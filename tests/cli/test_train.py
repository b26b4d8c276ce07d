"""`hitzoo train`: what a run leaves, and what a mistake does not."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import SPEC
from tests.conftest import Run


def left_in(folder: Path, *known: str) -> list[str]:
    """What lies in a folder besides what the test put there, hidden files too."""
    return sorted(path.name for path in folder.iterdir() if path.name not in known)


def test_a_run_leaves_metrics_grids_and_checkpoints(run: Run, spec: Path, tmp_path: Path) -> None:
    done = run("train", spec, "--out", "runs/a", "--log-every", 1, "--sample-every", 2)
    assert "step 3/3" in done.stdout
    assert "left 0:00" in done.stdout
    folder = tmp_path / "runs" / "a"
    files = ["checkpoints", "metrics.jsonl", "run.json", "samples", "spec.yaml"]
    assert left_in(folder, "tensorboard") == files  # which is there where its package is
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "diversity" in line] == [2]
    records = [line for line in lines if "seconds" in line]
    assert [record["step"] for record in records] == [1, 2, 3]
    assert [record["images"] for record in records] == [4, 8, 12]
    assert {"loss/generator", "loss/discriminator", "loss/r1", "d_real", "d_fake"} <= records[0].keys()
    assert sorted(path.name for path in (folder / "samples").iterdir()) == [
        "real.png",
        "step-00000002.png",
        "step-00000003.png",
    ]
    with Image.open(folder / "samples" / "step-00000003.png") as grid:
        assert grid.size == (6 * 18 + 2, 6 * 18 + 2)
    run("sample", "--model", "runs/a", "--seeds", "7", "--out", "pictures")
    assert (tmp_path / "pictures" / "seed0007.png").is_file()


def test_a_time_limit_saves_and_says_how_to_go_on(run: Run, spec: Path, tmp_path: Path) -> None:
    spec.write_text(SPEC.replace("steps: 3", "steps: 100000"))
    done = run("train", spec, "--out", "runs/a b", "--for", "0.5s")
    assert "time limit reached: stopped and saved at step " in done.stdout
    assert "continue: hitzoo train --resume 'runs/a b'" in done.stdout
    (saved,) = (tmp_path / "runs" / "a b" / "checkpoints").iterdir()
    step = int(saved.name.removeprefix("step-"))
    assert 0 < step < 100000
    whole = run("train", spec, "--out", "runs/a b", "--resume", "--for", "1h", "--steps", step + 1).stdout
    assert f"done at step {step + 1:,}" in whole
    assert "go on:" not in whole


def test_options_are_the_set_they_stand_for(run: Run, spec: Path, tmp_path: Path) -> None:
    run("train", spec, "--out", "a/tiny", "--steps", 2, "--batch-size", 8, "--learning-rate", 0.001)
    changes = ("training.steps=2", "training.batch_size=8", "training.optimizer.learning_rate=0.001")
    run("train", spec, "--out", "b/tiny", *(word for change in changes for word in ("--set", change)))
    assert (tmp_path / "a/tiny/spec.yaml").read_text() == (tmp_path / "b/tiny/spec.yaml").read_text()
    twice = run("train", spec, "--out", "c", "--steps", 2, "--set", "training.steps=3", code=2).stderr
    assert "--steps 2 and --set training.steps=3 set the same value" in twice
    assert "--for never: give a duration" in run("train", spec, "--out", "c", "--for", "never", code=2).stderr
    assert "--set training.steps=0" in run("train", spec, "--out", "c", "--steps", 0, code=2).stderr
    assert not (tmp_path / "c").exists()


def test_the_first_sign_of_life_comes_before_the_data_is_read(run: Run, spec: Path) -> None:
    done = run("train", spec, "--out", "tiny")
    assert done.stderr == "tiny: preparing images and networks\n"
    assert done.stdout.startswith("tiny on cpu: ")


def test_an_existing_run_is_never_overwritten(run: Run, spec: Path, tmp_path: Path) -> None:
    run("train", spec, "--out", "a")
    before = {path: path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert "--resume" in run("train", spec, "--out", "a", code=2).stderr
    assert "is complete" in run("train", spec, "--out", "a", "--resume").stdout
    other = run("train", spec, "--out", "a", "--resume", "--set", "training.batch_size=8", code=2).stderr
    assert "training.batch_size: 4 in the run, 8 now" in other
    assert {path: path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()} == before


def test_resume_ends_where_an_undisturbed_run_does(run: Run, spec: Path, tmp_path: Path) -> None:
    run("train", spec, "--out", "whole", "--set", "training.steps=4")
    run("train", spec, "--out", "parts", "--set", "training.steps=2")
    run("train", spec, "--out", "parts", "--set", "training.steps=4", "--resume")
    names = ["model", "training/generator", "training/discriminator", "training/optimizer"]
    for name in names:
        whole, parts = (
            (tmp_path / run_name / "checkpoints" / "step-00000004" / f"{name}.safetensors").read_bytes()
            for run_name in ("whole", "parts")
        )
        assert whole == parts, name


def test_mistakes_leave_nothing_behind(run: Run, spec: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    known = ("tiny.yaml", "empty", "pictures")
    for words, said in (
        (["--data", "empty"], "no images"),
        (["--data", "nowhere"], "nowhere"),
        (["--data", "pictures", "--set", "training.steps=9"], "broken.png: not a readable image"),
        (["--device", "quantum"], "--device quantum"),
        (["--set", "training.stepz=9"], "did you mean 'steps'?"),
        (["--set", "generator.stages[0].heads=3"], "3 heads do not divide 16 channels"),
    ):
        assert said in run("train", spec, "--out", "runs/a", *words, code=2).stderr
        assert left_in(tmp_path, *known) == [], words


def test_unreadable_files_are_left_out_when_told_to(run: Run, spec: Path, pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    words = ["--data", "pictures", "--set", "data.on_error=skip", "--set", "training.steps=9", "--workers", "1"]
    done = run("train", spec, "--out", "runs/a", *words)
    assert "1 unreadable file skipped: broken.png" in done.stdout


def test_a_damaged_checkpoint_is_named(run: Run, spec: Path, tmp_path: Path) -> None:
    run("train", spec, "--out", "a")
    weights = tmp_path / "a" / "checkpoints" / "step-00000003" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    assert "model.safetensors is cut" in run("sample", "--model", "a", code=2).stderr
    words = ["--resume", "--set", "training.steps=5"]
    assert "model.safetensors is cut" in run("train", spec, "--out", "a", *words, code=2).stderr


def test_a_folder_that_cannot_be_written(run: Run, spec: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    assert "cannot write" in run("train", spec, "--out", "file/run", code=2).stderr
    assert left_in(tmp_path, "tiny.yaml") == ["file"]


@pytest.mark.processes
def test_ctrl_c_saves_and_the_run_goes_on(spec: Path, run: Run, tmp_path: Path) -> None:
    spec.write_text(SPEC.replace("steps: 3", "steps: 100000"))
    command = [sys.executable, "-m", "hitzoo", "train", str(spec), "--out", "a", "--log-every", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step 2/"):
            break
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "stopped and saved at step" in rest
    assert "continue: hitzoo train --resume a\n" in rest
    saved = list((tmp_path / "a" / "checkpoints").iterdir())
    assert len(saved) == 1
    step = int(saved[0].name.removeprefix("step-"))
    assert (
        f"steps {step + 1:,} to {step + 1:,} "
        in run("train", spec, "--out", "a", "--resume", "--set", f"training.steps={step + 1}").stdout
    )


@pytest.mark.processes
def test_a_kill_leaves_whole_checkpoints(spec: Path, run: Run, tmp_path: Path) -> None:
    spec.write_text(SPEC.replace("steps: 3", "steps: 100000"))
    command = [sys.executable, "-m", "hitzoo", "train", str(spec), "--out", "a", "--checkpoint-every", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    folder = tmp_path / "a" / "checkpoints"
    deadline = time.monotonic() + 120
    while len(list(folder.glob("step-*"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    newest = max(path.name for path in folder.glob("step-*"))
    run("sample", "--model", "a", "--seeds", "0", "--out", "pictures")
    step = int(newest.removeprefix("step-"))
    run("train", spec, "--out", "a", "--resume", "--set", f"training.steps={step + 1}")
    shutil.rmtree(tmp_path / "a")


def test_how_a_run_is_carried_out_is_asked_for_and_written_down(run: Run, spec: Path, tmp_path: Path) -> None:
    run("train", spec, "--out", "first")
    words = ["--init", "first", "--precision", "bf16", "--batch-per-device", "2"]
    done = run("train", spec, "--out", "a", *words)
    assert "tensors loaded" in done.stdout
    assert "batch 4, 2 images at once, steps 1 to 3" in done.stdout
    (session,) = json.loads((tmp_path / "a" / "run.json").read_text())["sessions"]
    assert (session["precision"], session["batch_per_device"], session["micro_batches"]) == ("bf16", 2, 2)
    assert session["init"] == "first"
    said = run("train", spec, "--out", "b", "--batch-per-device", "3", code=2).stderr
    assert "--batch-per-device 3 does not divide the 4 images of a device; possible: 1, 2, 4" in said
    assert left_in(tmp_path, "tiny.yaml") == ["a", "first"]
