"""Verbs whose work several processes divide, as a launcher starts them: what one process makes, whole and once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from hitzoo.cli import progress
from hitzoo.cli.divided import joined, load_alike
from hitzoo.cli.process import message_of_process
from hitzoo.errors import DataError, HitzooError, RequestError, RunError
from hitzoo.runtime.distributed import World
from tests.conftest import Run
from tests.processes.launch import PATIENCE, ends, launch
from tests.processes.start import Starter
from tests.threads_as_processes import together

MODEL = "hit-ti-shapes32"
SAMPLE = ("sample", MODEL, "--device", "cpu", "--seeds", "0-63", "--batch-size", 6)
METRICS = "random_conv_frechet,random_conv_pr,sliced_wasserstein"
EVAL = (
    "eval",
    MODEL,
    "--device",
    "cpu",
    "--samples",
    64,
    "--real-samples",
    40,
    "--batch-size",
    10,
    "--metrics",
    METRICS,
)
PACK = ("data", "pack", "pictures", "--resolution", 8, "--workers", 1)
KILLED = """
import os, signal
import {module} as module
real, left = module.{name}, [{count}]
def once_too_often(*words, **more):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*words, **more)
module.{name} = once_too_often
"""
"""A process that is killed, without a word, at its `count` + 1st call of a function."""

Divide = Callable[..., list[tuple[int, str, str]]]


@pytest.fixture
def divide(start_hitzoo: Starter, tmp_path: Path) -> Divide:
    """Run the command in two processes; code, output and errors of each."""

    def run(*words: object, before: dict[int, str] | None = None) -> list[tuple[int, str, str]]:
        return ends(launch(start_hitzoo, *words, count=2, folder=tmp_path, before=before))

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def identities(folder: Path) -> set[tuple[str, int, int]]:
    return {(path.name, path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.fixture
def many_pictures(tmp_path: Path) -> Path:
    """300 noisy pictures of 10×10: three parts of a packing."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(300):
        Image.fromarray(random.integers(0, 256, (10, 10, 3), np.uint8)).save(folder / f"{number:03}.png")
    return folder


def test_samples_are_those_of_one_process_and_none_is_made_twice(divide: Divide, run: Run, tmp_path: Path) -> None:
    killed = KILLED.format(module="hitzoo.sampling.gallery", name="save_picture", count=15)
    words = (*SAMPLE, "--grid", "4x4", "--npy", "many.npy", "--out", "many")
    (code, out, errors), (other, _, _) = divide(*words, before={1: killed})
    assert (code, other, out) == (2, -signal.SIGKILL, "")
    assert errors.startswith("[process 0 of 2] another process of this run has exited"), errors
    assert errors.rstrip().endswith("Continue with --resume"), errors
    before = identities(tmp_path / "many")
    assert 0 < len(before) < 64

    assert divide(*words, "--resume") == [
        (0, "64 images: many/grid001.png and 3 more grids  many  many.npy\n", ""),
        (0, "", ""),
    ]
    made = {entry for entry in before if not entry[0].startswith(".")}
    assert made <= identities(tmp_path / "many")
    run(*SAMPLE, "--grid", "4x4", "--npy", "one.npy", "--out", "one")
    assert contents(tmp_path / "many") == contents(tmp_path / "one")
    assert len(contents(tmp_path / "one")) == 68
    assert (tmp_path / "many.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()


@pytest.mark.processes
@pytest.mark.exhaustive
def test_torchrun_makes_the_samples_of_one_process(run: Run, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "hitzoo", *map(str, SAMPLE), "--out", "many"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "64 images: many\n" in done.stdout
    run(*SAMPLE, "--out", "one")
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


def test_numbers_of_an_evaluation_are_those_of_one_process(
    divide: Divide, start_hitzoo: Starter, tmp_path: Path
) -> None:
    """One process with as many threads, on whose number the last bits depend."""
    first, second = divide(*EVAL, "--json", "--out", "many.json")
    assert (first[0], second) == (0, (0, "", "")), first
    alone = ends(launch(start_hitzoo, *EVAL, "--out", "one.json", count=1, folder=tmp_path))
    assert [code for code, _, _ in alone] == [0], alone
    report = (tmp_path / "one.json").read_text(encoding="utf-8")
    assert (tmp_path / "many.json").read_text(encoding="utf-8") == report
    assert json.loads(first[1]) == json.loads(report)
    assert len(json.loads(report)["scores"]) == 4


def test_picture_that_one_process_refuses_is_said_by_it(divide: Divide, tmp_path: Path) -> None:
    """Pictures of 96×96 come in batches of 7, of which the second is the other process's."""
    (tmp_path / "made").mkdir()
    for number in range(20):
        Image.new("RGB", (96, 96 if number != 9 else 95), (12 * number, 0, 0)).save(
            tmp_path / "made" / f"{number:02}.png"
        )
    words = ("--data", "made", "--metrics", "sliced_wasserstein", "--device", "cpu", "--out", "report.json")
    (_, out, first), (code, _, second) = divide("eval", "--images", "made", *words)
    assert code == 2
    assert second.startswith("[process 1 of 2] 09.png is 96×95 pixels; images to evaluate must be squares"), second
    assert first.startswith("[process 0 of 2] another process of this run has exited"), first
    assert first.rstrip().endswith("see its own message. Start it again")
    assert (out, (tmp_path / "report.json").exists()) == ("", False)


def test_packed_file_is_that_of_one_process_and_no_part_is_made_twice(
    divide: Divide, run: Run, many_pictures: Path, tmp_path: Path
) -> None:
    killed = KILLED.format(module="hitzoo.data.pack_parts", name="add_member", count=60)
    (code, _, errors), (other, _, _) = divide(*PACK, "many.zip", before={1: killed})
    assert (code, other) == (2, -signal.SIGKILL)
    assert "[process 0 of 2] another process of this run has exited" in errors, errors
    parts = tmp_path / "many.zip.parts"
    before = {entry for entry in identities(parts) if not entry[0].startswith(".")}
    assert {name for name, _, _ in before} == {"request.json", "000000.zip", "000002.zip"}
    assert not (tmp_path / "many.zip").exists()

    first, second = divide(*PACK, "many.zip", "--resume", "--json")
    assert (first[0], second) == (0, (0, "", "")), first
    assert json.loads(first[1])["packed"] == 300
    run(*PACK, "one.zip")
    assert (tmp_path / "many.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()
    assert not parts.exists()


def test_regions_are_those_of_one_process(divide: Divide, run: Run, tmp_path: Path) -> None:
    words = ("render", MODEL, "--device", "cpu", "--seeds", "0-2", "--region", "4,4,8,8")
    names = [f"renders/{MODEL}-seed000{seed}-region-4-4-8-8.png" for seed in range(3)]
    assert divide(*words) == [(0, "".join(f"{name}\n" for name in names), ""), (0, "", "")]
    many = contents(tmp_path / "renders")
    run(*words, "--force")
    assert contents(tmp_path / "renders") == many


@pytest.fixture
def rank(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Be one of two processes, and leave as if there were no other."""

    def leave(code: int) -> None:
        raise SystemExit(code)

    def be(number: int) -> None:
        monkeypatch.setenv("RANK", str(number))
        monkeypatch.setenv("WORLD_SIZE", "2")
        monkeypatch.setenv("LOCAL_RANK", str(number))

    monkeypatch.setattr("hitzoo.cli.process.os._exit", leave)
    return be


@pytest.mark.parametrize(
    "words", [("list",), ("data", "check", "pictures"), ("bench", "sample", "--help"), ("sample", "-h")]
)
def test_other_verbs_and_all_help_are_the_first_process(
    run: Run, rank: Callable[[int], None], pictures: Path, words: tuple[str, ...]
) -> None:
    alone = run(*words).stdout
    rank(1)
    done = run(*words)
    assert (done.stdout, done.stderr) == ("", "")
    rank(0)
    done = run(*words)
    assert done.stdout == alone
    assert done.stderr.startswith(
        "only the first of 2 processes does this; data pack, eval, render, sample and train divide their work"
    )
    assert "WORLD_SIZE" not in os.environ  # what it starts or asks is alone


def test_command_that_torchrun_starts_again_keeps_what_is_there(
    run: Run, monkeypatch: pytest.MonkeyPatch, pictures: Path, tmp_path: Path
) -> None:
    words = ("sample", MODEL, "--seeds", "0-2", "--device", "cpu", "--out", "s")
    run(*words)
    before = identities(tmp_path / "s")
    for count in ("0", "1"):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", count)
        run(*words)
        assert (identities(tmp_path / "s") == before) == (count == "1")
        before = identities(tmp_path / "s")
    (tmp_path / "p.zip.parts").mkdir()
    packing = ("data", "pack", "pictures", "p.zip", "--resolution", 8)
    assert "parts of other images or settings" in run(*packing, code=2).stderr
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")
    run(*packing)


def test_misuse_is_said_by_the_first(run: Run, rank: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(seconds: float) -> None:
        raise SystemExit(143)  # by the launcher, as the first has exited

    monkeypatch.setattr("hitzoo.cli.process.time.sleep", ended)
    rank(1)
    assert run("sample", MODEL, "--sead", 3, code=143).stderr == ""
    rank(0)
    assert run("sample", MODEL, "--sead", 3, code=2).stderr.startswith("No such option: --sead")


def test_what_another_process_meets_alone_is_said_by_it(rank: Callable[[int], None], monkeypatch) -> None:
    rank(1)

    @contextmanager
    def group(*_: object, **__: object) -> Iterator[World]:
        yield World(1, 2)

    monkeypatch.setattr("hitzoo.runtime.distributed.process_group", group)
    for error in (RequestError("the picture is no square"), DataError("the picture is no square")):
        with pytest.raises(HitzooError) as caught, joined("cpu"):
            raise error
        assert message_of_process(caught.value) == "[process 1 of 2] the picture is no square"


@pytest.mark.parametrize("number", [0, 1])
def test_bars_are_shown_by_the_first(rank: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    shown = StringIO()
    monkeypatch.setattr(progress, "console", lambda *, stderr: Console(file=shown, force_terminal=True))
    rank(number)
    with progress.count_bar("images", 4) as advance, progress.progress_bar("pixels") as follow:
        advance(2)
        follow(1, 2)
    with progress.spinner("loading"), progress.status_spinner("loading") as tell:
        tell("still")
    with progress.transfer_bar("weights") as follow:
        follow(1, 2)
    assert bool(shown.getvalue()) == (number == 0)


def test_all_processes_load_what_the_first_has_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on saves newer checkpoints; and what the first downloads, the others find."""
    newest, order = iter(["runs/a/checkpoints/step-1", "runs/a/checkpoints/step-2"]), []

    def load(model: str, device: str, init: str | None) -> SimpleNamespace:
        order.append(model)
        time.sleep(0.05)
        order.append("loaded")
        return SimpleNamespace(weights=f"weights of {model}")

    monkeypatch.setattr("hitzoo.cli.models.load_model", load)
    monkeypatch.setattr("hitzoo.cli.stored_evaluation.settled", lambda model: next(newest))
    loaded = together(2, lambda world: load_alike(world, "runs/a", "cpu", None))
    assert [(name, generator.weights) for name, generator in loaded] == [
        ("runs/a/checkpoints/step-1", "weights of runs/a/checkpoints/step-1")
    ] * 2
    assert order == ["runs/a/checkpoints/step-1", "loaded"] * 2


def test_other_weights_of_the_same_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter(["of one machine", "of another"])
    monkeypatch.setattr("hitzoo.cli.models.load_model", lambda *_: SimpleNamespace(weights=next(found)))
    with pytest.raises(RunError, match="a-model has other weights here than in process 0"):
        together(2, lambda world: load_alike(world, "a-model", "cpu", None))
