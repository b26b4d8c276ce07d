from __future__ import annotations

import json
import os
import re
import weakref
from collections.abc import Callable

import pytest
import torch

from hitzoo.bench.training import bench_training
from hitzoo.bench.training_memory import StepMemory, memory_of
from hitzoo.bench.training_rounds import StepBench
from hitzoo.bench.training_settings import ON_CPU, SETTINGS, Setting
from hitzoo.errors import RequestError, RunError
from hitzoo.families.compile import compile_spec
from hitzoo.training.engine.execution import Execution

CPU = torch.device("cpu")


class Card:
    """A device with so many bytes, of which runners hold some and steps take more for a while."""

    def __init__(self, total: int) -> None:
        self.total, self.held, self.made = total, 0, []

    def now(self) -> int:
        return self.held

    def of_step(self, step: Callable[[], object], before: int, *, countable: bool) -> StepMemory:
        step()
        runner = self.made[-1]
        return StepMemory(resident=self.held - before, peak=self.held - before + runner.transient)

    def has_room(self, needs: int) -> bool:
        return True

    def fits(self, settings: list[StepMemory]) -> bool:
        return sum(one.resident for one in settings) + max(one.peak - one.resident for one in settings) <= self.total


class Runner:
    """Holds bytes of a card while it lives."""

    def __init__(self, card: Card, resident: int, transient: int) -> None:
        self.execution, self.transient, self.card = Execution(), transient, card
        card.held += resident
        weakref.finalize(self, self._gone, card, resident)

    @staticmethod
    def _gone(card: Card, resident: int) -> None:
        card.held -= resident

    def __call__(self, step: int, images: torch.Tensor) -> None:
        if self.card.held + self.transient > self.card.total:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


NEEDS = {"plain": (10, 60), "default": (10, 30), "bf16": (10, 20), "checkpointing": (10, 5), "lazy": (10, 95)}
"""Bytes that stay and bytes of a step, by setting."""


@pytest.fixture
def on_card(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Card]:
    """Steps of `NEEDS` on a device of that size."""

    def make(total: int) -> Card:
        card = Card(total)

        def stepper(bench: StepBench, setting: Setting) -> Runner:
            (name,) = (name for name, known in SETTINGS.items() if known is setting)
            card.made.append(Runner(card, *NEEDS[name]))
            runner = card.made.pop()
            card.made[:] = [weakref.proxy(runner)]
            return runner

        monkeypatch.setattr(StepBench, "stepper", stepper)
        monkeypatch.setattr("hitzoo.bench.training_rounds.memory_of", lambda device: card)
        return card

    return make


def bench(tiny_spec, settings: list[str], repeats: int = 2):
    spec = tiny_spec()
    return bench_training(spec, compile_spec(spec), settings=settings, batch=4, repeats=repeats, device=CPU)


@pytest.mark.parametrize("total", [1000, 75])
def test_peak_is_the_settings_own(tiny_spec, on_card, total: int) -> None:
    """Whatever other settings hold, and however few fit beside each other."""
    card = on_card(total)
    names = ["default", "bf16", "plain", "checkpointing"]
    timings = bench(tiny_spec, names)
    assert {timing.name: timing.peak_bytes for timing in timings} == {name: sum(NEEDS[name]) for name in names}
    assert [timing.name for timing in timings] == names
    assert all(len(timing.seconds) == 2 for timing in timings)
    assert card.held == 0


def test_setting_that_does_not_fit_is_a_line(tiny_spec, on_card, monkeypatch, run, tiny_text, tmp_path) -> None:
    on_card(100)
    fine, full = bench(tiny_spec, ["default", "lazy"])
    assert fine.name == "default"
    assert full.to_json() == {"setting": "lazy", "batch": 4, "error": "out of memory"}
    with pytest.raises(RunError, match="no setting can run at batch 4: lazy: out of memory"):
        bench(tiny_spec, ["lazy"])
    (tmp_path / "tiny.yaml").write_text(tiny_text)
    words = (
        "bench",
        "train",
        "tiny.yaml",
        "--batch",
        4,
        "--repeats",
        1,
        "--settings",
        "lazy,default",
        "--device",
        "cpu",
    )
    assert "lazy: out of memory at batch 4 (default, r1 every 16 steps" in run(*words).stdout


def test_ratios_are_by_the_baseline_of_the_same_rounds(tiny_spec, on_card, monkeypatch) -> None:
    """On a card that has no room for all, the baseline is timed again beside the others."""
    on_card(75)
    timed: list[str] = []

    def time(bench: StepBench, step: Runner, setting: Setting) -> float:
        timed.append(setting.about)
        return float(len(timed))

    monkeypatch.setattr(StepBench, "time", time)
    _, second, third = bench(tiny_spec, ["plain", "default", "checkpointing"], repeats=1)
    plain = SETTINGS["plain"].about
    assert timed == [plain, SETTINGS["default"].about, SETTINGS["checkpointing"].about]
    assert (second.speedup, third.speedup) == (1 / 2, 1 / 3)
    timed.clear()
    on_card(85)
    bench(tiny_spec, ["plain", "default", "checkpointing"], repeats=1)
    assert timed.count(plain) == 2


def test_workspace_is_fixed_before_the_first_setting(tiny_spec, on_card, monkeypatch) -> None:
    """The settings before the deterministic one make products, too."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.setattr(StepBench, "time", lambda bench, step, setting: 1.0)
    monkeypatch.setitem(NEEDS, "deterministic", (10, 10))
    on_card(1000)
    bench(tiny_spec, ["default"], repeats=1)
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    bench(tiny_spec, ["default", "deterministic"], repeats=1)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_error_of_ours_is_no_line(tiny_spec, monkeypatch) -> None:
    def stepper(bench: StepBench, setting: Setting) -> Runner:
        raise RuntimeError("the size of tensor a must match")

    monkeypatch.setattr(StepBench, "stepper", stepper)
    with pytest.raises(RuntimeError, match="must match"):
        bench(tiny_spec, ["default"])


def test_cuda_memory_is_read_beside_what_others_hold(monkeypatch) -> None:
    """The optimizers' moments are there before the step that is measured."""
    allocated, steps = [700], []

    def step() -> None:
        steps.append(1)
        allocated[0] = 700 + 130

    device = torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: allocated[0])
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 900 if len(steps) == 2 else 5000)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: steps.append(0) or steps.pop())
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 2000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 300)
    memory = memory_of(device)
    found = memory.of_step(step, memory.now(), countable=False)
    assert found == StepMemory(resident=130, peak=200)
    assert memory.fits([found, StepMemory(resident=100, peak=150)])  # 300 of 360
    assert not memory.fits([found, StepMemory(resident=170, peak=200)])  # 370


def test_every_setting_is_timed_in_turns(tiny_spec) -> None:
    spec = tiny_spec()
    seen: list[tuple[int, int]] = []
    timings = bench_training(
        spec,
        compile_spec(spec),
        settings=ON_CPU,
        batch=2,
        repeats=3,
        device=CPU,
        progress=lambda *now: seen.append(now),
    )
    assert [timing.name for timing in timings] == list(ON_CPU)
    assert all(len(timing.seconds) == 3 and min(timing.seconds) > 0 for timing in timings)
    assert timings[0].speedup == 1.0
    assert seen[-1] == (3 * len(ON_CPU), 3 * len(ON_CPU))
    peaks = {timing.name: timing.peak_bytes for timing in timings}
    assert peaks["checkpointing"] < peaks["default"] < peaks["plain"]


def test_the_ratios_are_those_of_neighbours(tiny_spec, monkeypatch) -> None:
    """A machine that is ten times slower in one turn changes no ratio."""
    spec, clock = tiny_spec(), iter([1.0, 0.5, 10.0, 5.0, 1.0, 0.25])
    monkeypatch.setattr("hitzoo.bench.training_rounds.StepBench.time", lambda self, step, setting: next(clock))
    first, second = bench_training(
        spec, compile_spec(spec), settings=["plain", "default"], batch=2, repeats=3, device=CPU
    )
    assert (first.median, second.median, second.speedup) == (1.0, 0.5, 2.0)
    assert second.to_json()["images_per_second"] == 4.0


def test_time_is_the_mean_over_the_interval_of_a_lazy_term(tiny_spec, monkeypatch) -> None:
    """Whether a setting makes it lazy, every 16 steps, or the spec itself."""
    monkeypatch.setattr(StepBench, "_once", lambda self, step, number: {1: 17.0, 2: 1.0}[number])
    spec = tiny_spec()
    default, lazy = bench_training(
        spec, compile_spec(spec), settings=["default", "lazy"], batch=2, repeats=1, device=CPU
    )
    assert (default.median, lazy.median) == (17.0, 2.0)
    spec = tiny_spec("training.regularizers=[{kind: r1, weight: 1.0, interval: 4}]")
    (own,) = bench_training(spec, compile_spec(spec), settings=["default"], batch=2, repeats=1, device=CPU)
    assert own.median == 5.0


def test_an_unknown_setting_is_named(tiny_spec) -> None:
    spec = tiny_spec()
    with pytest.raises(RequestError, match="unknown setting 'bf17'; did you mean 'bf16'"):
        bench_training(spec, compile_spec(spec), settings=["bf17"], batch=2, repeats=1, device=CPU)


def test_the_command_prints_a_table_or_json(run, tiny_text, tmp_path) -> None:
    (tmp_path / "tiny.yaml").write_text(tiny_text)
    words = [
        "bench",
        "train",
        "tiny.yaml",
        "--batch",
        2,
        "--repeats",
        1,
        "--settings",
        "plain,default",
        "--device",
        "cpu",
    ]
    table = run(*words).stdout
    assert "times plain" in table
    assert re.search(rf"\b{torch.get_num_threads()} threads?\b", table)
    report = json.loads(run(*words, "--json").stdout)
    assert report["model"] == "tiny"
    assert [row["setting"] for row in report["runs"]] == ["plain", "default"]
    assert {"hardware", "torch", "device"} <= report.keys()


def test_steps_by_turns_get_the_images_of_all_their_updates(tiny_spec) -> None:
    spec = tiny_spec("training.updates={discriminator: 2, generator_batch_size: 8}", "training.loss=relativistic")
    (timing,) = bench_training(spec, compile_spec(spec), settings=["default"], batch=2, repeats=1, device=CPU)
    assert timing.seconds[0] > 0
    with pytest.raises(RequestError, match="choose a multiple of 4"):
        odd = tiny_spec("training.updates={generator_batch_size: 5}")
        bench_training(odd, compile_spec(odd), settings=["default"], batch=2, repeats=1, device=CPU)
