from __future__ import annotations

import json

import pytest
import torch

from hitzoo.bench.training import ON_CPU, bench_training
from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec

CPU = torch.device("cpu")


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
    monkeypatch.setattr("hitzoo.bench.training._Bench.time", lambda self, step, setting: next(clock))
    first, second = bench_training(
        spec, compile_spec(spec), settings=["plain", "default"], batch=2, repeats=3, device=CPU
    )
    assert (first.median, second.median, second.speedup) == (1.0, 0.5, 2.0)
    assert second.to_json()["images_per_second"] == 4.0


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
    assert "threads" in table
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
