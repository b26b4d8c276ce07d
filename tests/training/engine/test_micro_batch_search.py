"""How many images are worked on at once: as asked for, or as many as fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hitzoo.errors import RequestError, RunError
from hitzoo.families.compile import compile_spec
from hitzoo.training.engine import micro_batch_search
from hitzoo.training.engine.memory_estimate import Footprint, measure_footprint
from hitzoo.training.engine.micro_batch_search import _PROCESS, predicted_to_fit, refuse_unfit, sizes, tried_to_fit
from hitzoo.training.run.events import NoEvents, RunStart
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions, refuse_uneven

MEGABYTE = 10**6
CANDIDATES = [12, 6, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("overrides", "processes", "wanted"),
    [
        ([], 1, [12, 6, 4, 3, 2, 1]),
        ([], 2, [6, 3, 2, 1]),
        (["training.batch_size=7"], 1, [7, 1]),
        (["discriminator.minibatch_std=4"], 1, [12, 4]),
        (["training.norm_statistics=2"], 1, [12, 6, 4, 2]),
        (["discriminator.minibatch_std=4", "training.norm_statistics=6"], 1, [12]),
        (["discriminator.minibatch_std=4"], 2, []),
        (["discriminator.minibatch_std=4"], 3, [4]),
        (["generator.norm=layer", "training.norm_statistics=6"], 1, [12, 6, 4, 3, 2, 1]),
        (["training.updates={generator_batch_size: 8}"], 1, [12, 6, 3]),
        (["training.updates={generator_batch_size: 8}"], 2, [6, 3]),
        (["training.updates={generator_batch_size: 24}", "discriminator.minibatch_std=4"], 1, [12, 4]),
        (["training.regularizers=[{kind: r2, method: finite_difference, fraction: 0.25}]"], 1, [12, 4]),
    ],
)
def test_a_share_is_worked_off_in_equal_pieces_of_whole_groups(tiny_spec, overrides, processes, wanted) -> None:
    assert sizes(tiny_spec("training.batch_size=12", *overrides), processes) == wanted


def test_a_size_that_does_not_fit_is_refused_with_those_that_do(tiny_spec) -> None:
    spec = tiny_spec("training.batch_size=12")
    for size in sizes(spec, 1):
        refuse_unfit(size, spec, 1)
    for size in (5, 24):
        with pytest.raises(RequestError, match=f"batch_per_device {size} does not divide the 12 images of a device"):
            refuse_unfit(size, spec, 1)
    with pytest.raises(RequestError, match=r"possible: 1, 2, 3, 4, 6, 12$"):
        refuse_unfit(5, spec, 1)
    grouped = tiny_spec("training.batch_size=12", "discriminator.minibatch_std=4")
    with pytest.raises(RequestError, match=r"whole groups of 4 \(minibatch_std, .*\); possible: 4, 12$"):
        refuse_unfit(6, grouped, 1)
    by_turns = tiny_spec("training.batch_size=12", "training.updates={generator_batch_size: 8}")
    with pytest.raises(RequestError, match=r"the generator's 8 do not go into as many; possible: 3, 6, 12$"):
        refuse_unfit(4, by_turns, 1)


def test_processes_whose_share_would_cut_groups_are_refused(tiny_spec) -> None:
    refuse_uneven(tiny_spec("training.batch_size=12", "discriminator.minibatch_std=4"), 3)
    with pytest.raises(RequestError, match=r"6 images, which are not whole groups of 4.*a multiple of 8, or fewer"):
        refuse_uneven(tiny_spec("training.batch_size=12", "discriminator.minibatch_std=4"), 2)


@pytest.mark.parametrize(
    ("free", "size"),
    [(1000, 8), (125.1, 8), (124.9, 4), (75.1, 4), (74.9, 2), (37.6, 1), (10, 1), (0, 1)],
    ids=lambda value: str(value),
)
def test_the_largest_step_that_is_predicted_to_fit_is_taken(tiny_spec, monkeypatch, free, size) -> None:
    """20 MB and 10 MB an image must be no more than four fifths of what is free; one image is always tried."""
    footprint = Footprint(training_per_image=10 * MEGABYTE, training_fixed=20 * MEGABYTE)
    monkeypatch.setattr(micro_batch_search, "measure_footprint", lambda *_: footprint)
    spec = tiny_spec("training.batch_size=8")
    monkeypatch.setattr(micro_batch_search, "free_memory", lambda: int(free * MEGABYTE + _PROCESS / 0.8))
    assert predicted_to_fit(spec, compile_spec(spec), 1) == size
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")  # two processes share what is free
    monkeypatch.setattr(micro_batch_search, "free_memory", lambda: int(2 * (free * MEGABYTE + _PROCESS / 0.8)))
    assert predicted_to_fit(spec, compile_spec(spec), 1) == size


def out_of_memory(kind: str) -> BaseException:
    if kind == "CPU":
        return RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried"
        )
    return torch.cuda.OutOfMemoryError("CUDA out of memory.") if kind == "CUDA" else MemoryError()


@pytest.mark.parametrize("kind", ["CPU", "CUDA", "rehearsal"])
@pytest.mark.parametrize(("most", "size"), [(100, 12), (12, 12), (11, 6), (5, 4), (1, 1)])
def test_sizes_are_tried_from_the_largest_down(kind, most, size) -> None:
    tried: list[int] = []

    def attempt(images: int) -> None:
        tried.append(images)
        if images > most:
            raise out_of_memory(kind)

    assert tried_to_fit(attempt, CANDIDATES) == size
    assert tried == [number for number in CANDIDATES if number >= size]


def test_where_not_one_image_fits_the_device_says_so() -> None:
    def attempt(images: int) -> None:
        raise torch.cuda.OutOfMemoryError(f"CUDA out of memory with {images}")

    with pytest.raises(RunError, match="not even 1 images at once fit on the device"):
        tried_to_fit(attempt, [4, 2, 1])


def test_another_error_is_not_taken_for_a_full_memory() -> None:
    def attempt(images: int) -> None:
        raise RuntimeError(f"shapes of {images} images do not fit")

    with pytest.raises(RuntimeError, match="shapes of 4 images"):
        tried_to_fit(attempt, [4, 2, 1])


class Starts(NoEvents):
    def __init__(self) -> None:
        self.starts: list[RunStart] = []

    def started(self, start: RunStart) -> None:
        self.starts.append(start)


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, **changes})


def sessions(folder: Path) -> list[tuple[int, int]]:
    found = json.loads((folder / "run.json").read_text(encoding="utf-8"))["sessions"]
    return [(session["batch_per_device"], session["micro_batches"]) for session in found]


@pytest.fixture
def fits(tiny_spec, monkeypatch):
    """Let this many images fit, and no more."""
    footprint = measure_footprint(tiny_spec(), compile_spec(tiny_spec()))

    def let(images: int) -> None:
        needed = footprint.training_fixed + images * footprint.training_per_image
        monkeypatch.setattr(micro_batch_search, "free_memory", lambda: int((needed + _PROCESS) / 0.8) + 1)

    return let


def test_what_is_asked_for_is_done_and_written_down(tiny_spec, tmp_path) -> None:
    starts = Starts()
    train(tiny_spec("training.steps=1"), options(tmp_path / "all"), starts)
    train(tiny_spec("training.steps=1"), options(tmp_path / "two", batch_per_device=2), starts)
    assert [start.at_once for start in starts.starts] == [4, 2]
    assert sessions(tmp_path / "all") == [(4, 1)]
    assert sessions(tmp_path / "two") == [(2, 2)]
    with pytest.raises(RequestError, match=r"batch_per_device 3 does not divide the 4 images.*possible: 1, 2, 4"):
        train(tiny_spec(), options(tmp_path / "three", batch_per_device=3))
    assert not (tmp_path / "three").exists()


def test_auto_takes_what_fits_and_a_resumed_run_the_same(tiny_spec, tmp_path, fits) -> None:
    fits(2)
    starts, auto = Starts(), {"batch_per_device": "auto"}
    train(tiny_spec("training.steps=1"), options(tmp_path / "run", **auto), starts)
    fits(4)  # the machine is emptier now, but the run goes on as it was
    train(tiny_spec("training.steps=2"), options(tmp_path / "run", resume=True, **auto), starts)
    train(tiny_spec("training.steps=3"), options(tmp_path / "run", resume=True), starts)
    assert [start.at_once for start in starts.starts] == [2, 2, 4]
    assert sessions(tmp_path / "run") == [(2, 2), (2, 2), (4, 1)]


def test_auto_looks_again_after_a_session_that_was_told_a_number(tiny_spec, tmp_path, fits) -> None:
    """One that did not fit, perhaps: the message of a full memory advises auto."""
    fits(2)
    train(tiny_spec("training.steps=1"), options(tmp_path / "run"))
    train(tiny_spec("training.steps=2"), options(tmp_path / "run", resume=True, batch_per_device="auto"))
    assert sessions(tmp_path / "run") == [(4, 1), (2, 2)]
