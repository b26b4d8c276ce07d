"""`hitzoo train` in two processes of one machine, as a launcher starts them, and by torchrun itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.cli.conftest import SPEC
from tests.conftest import Run
from tests.processes.launch import PATIENCE, ends, launch
from tests.processes.start import Starter

pytestmark = pytest.mark.processes

ENDLESS = ("--set", "training.steps=100000", "--checkpoint-every", "1")
TRAIN = ("train", "tiny.yaml", "--device", "cpu", "--log-every", "1")
LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture
def spec(spec: Path) -> Path:
    norm = "  norm: layer\n  stages:"  # both processes then compute what one does
    spec.write_text(SPEC.replace("  stages:", norm).replace("weight: 0.1}", "weight: 0.1}, {kind: bcr}"))
    return spec


@pytest.fixture
def two(spec: Path, tmp_path: Path, start_hitzoo: Starter) -> Iterator[Callable[..., list[subprocess.Popen[str]]]]:
    """Start the command in two processes, as a launcher does."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> list[subprocess.Popen[str]]:
        processes = launch(start_hitzoo, *TRAIN, *words, count=2, folder=tmp_path)
        started.extend(processes)
        return processes

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def torchrun(spec: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command by torchrun; what still runs when a test has failed is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *LAUNCHER, "-m", "hitzoo", *TRAIN, *words],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            for child in children(process.pid):
                os.kill(child, signal.SIGKILL)
            process.kill()
            process.communicate()


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            status = (place / "stat").read_text(encoding="utf-8")
        except OSError:  # it has just ended
            continue
        if int(status.rsplit(")", 1)[1].split()[1]) == parent:
            found.append(int(place.name))
    return found


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"step {step}/"):
            return
    raise AssertionError(process.communicate())


def newest(folder: Path) -> int:
    return max(int(place.name.removeprefix("step-")) for place in (folder / "checkpoints").glob("step-*"))


def test_two_processes_train_the_model_that_one_does(two, run: Run, tmp_path: Path) -> None:
    evaluation = ("--set", "evaluation={metrics: [sliced_wasserstein], samples: 9, real_samples: 8, every: 2}")
    (code, out, errors), other = ends(two("--out", "two", *evaluation))
    assert code == 0, errors
    assert other[:2] == (0, "")  # on a busy machine torch says there that it had to knock twice
    lines = out.splitlines()
    assert errors.count(": preparing images and networks") == 1
    assert "batch 4 on 2 processes, steps 1 to 3" in lines[0]
    assert [line.split()[1] for line in lines if line.startswith("step ")] == ["1/3", "2/3", "3/3"]
    assert sum(line.startswith("done at step 3") for line in lines) == 1
    assert "hitzoo" not in errors, errors  # no warning of ours, no traceback

    run("train", "tiny.yaml", "--out", "one", "--log-every", 1, "--device", "cpu", *evaluation)
    place = "checkpoints/step-00000003"
    for name in ("model", "training/generator", "training/discriminator"):
        mine, theirs = (load_file(tmp_path / folder / place / f"{name}.safetensors") for folder in ("two", "one"))
        for key, value in theirs.items():
            # key biases have no gradient but rounding, which Adam makes as large as its steps
            if not key.endswith("key.bias"):
                torch.testing.assert_close(mine[key], value, rtol=1e-3, atol=2e-6, msg=f"{name} {key}")
    records = [(tmp_path / folder / "metrics.jsonl").read_text().splitlines() for folder in ("two", "one")]
    for mine, theirs in zip(*(map(json.loads, lines) for lines in records), strict=True):
        clock = {"seconds", "images_per_second", "data_wait"}
        assert {key: mine[key] for key in mine if key not in clock} == pytest.approx(
            {key: theirs[key] for key in theirs if key not in clock}, rel=1e-4, abs=1e-5
        )
    (session,) = json.loads((tmp_path / "two" / "run.json").read_text())["sessions"]
    assert (session["processes"], session["batch_per_device"], session["micro_batches"]) == (2, 2, 1)

    assert ["eval/sliced_wasserstein" in json.loads(line) for line in records[0]] == [False, True, True]

    (code, _, errors), (other_code, _, other_errors) = ends(two("--out", "two"))
    assert 0 not in (code, other_code)
    assert (errors + other_errors).count("two holds a run already") == 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found by /proc")
def test_one_that_dies_ends_the_run_which_goes_on_from_its_checkpoint(two, torchrun, run: Run, tmp_path: Path) -> None:
    first, other = two("--out", "a", *ENDLESS)
    wait_for_step(first, 2)
    assert json.loads((tmp_path / "a" / "run.json").read_text())["sessions"][-1]["pid"] == first.pid
    other.kill()
    (code, _, errors), _ = ends([first, other])
    assert code != 0
    assert "Continue with --resume" in errors

    process = torchrun("--out", "a", "--resume", *ENDLESS)
    died_at = newest(tmp_path / "a")
    wait_for_step(process, died_at + 2)
    process.send_signal(signal.SIGTERM)  # torchrun hands it on
    out, errors = process.communicate(timeout=PATIENCE)
    saved = newest(tmp_path / "a")
    assert saved > died_at
    assert out.count(f"stopped and saved at step {saved}:") == 1, errors
    done = run("train", "tiny.yaml", "--out", "a", "--resume", "--set", f"training.steps={saved + 1}")
    assert f"steps {saved + 1} to {saved + 1} " in done.stdout
    records = [json.loads(line) for line in (tmp_path / "a" / "metrics.jsonl").read_text().splitlines()]
    steps = [record["step"] for record in records]
    assert steps == sorted(set(steps))
    assert steps[-1] == saved + 1
