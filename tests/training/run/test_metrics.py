from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from hitzoo.objectives.losses import Losses
from hitzoo.runtime.distributed import World
from hitzoo.training.run.metrics import Meter, Record
from hitzoo.training.run.metrics_file import read_records


def losses(generator: float = 1.0, discriminator: float = 2.0, r1: float | None = 3.0, real=0.0, fake=0.0) -> Losses:
    terms = {"generator": generator, "discriminator": discriminator, **({} if r1 is None else {"r1": r1})}
    return Losses(
        terms={name: torch.tensor(value) for name, value in terms.items()},
        logits={"real": torch.tensor(real), "fake": torch.tensor(fake)},
    )


def test_a_record_averages_the_steps_since_the_last_one() -> None:
    meter = Meter()
    meter.add(losses(1.0, 2.0, 30.0, 1.5, -2.5), 2)
    meter.add(losses(2.0, 6.0, 10.0, 4.5, 0.5), 2)
    record = meter.record(7, 14)
    assert record.losses == {"generator": 1.5, "discriminator": 4.0, "r1": 20.0}
    assert (record.step, record.images, record.d_real, record.d_fake) == (7, 14, 3.0, -1.0)
    meter.add(losses(5.0), 1)
    assert meter.record(8, 16).losses == {"generator": 5.0, "discriminator": 2.0, "r1": 3.0}


def test_a_lazy_term_is_averaged_over_the_steps_in_which_it_was_taken() -> None:
    meter = Meter()
    for step, r1 in ((1, 30.0), (2, None), (3, None), (4, 10.0), (5, None)):
        meter.add(losses(float(step), 0.0, r1), 1)
    assert meter.record(5, 5).losses == {"generator": 3.0, "discriminator": 0.0, "r1": 20.0}
    meter.add(losses(r1=None), 1)
    assert "r1" not in meter.record(6, 6).losses  # none in these steps, and nothing is left of those before


def test_a_step_that_was_left_out_counts_as_images_and_in_no_average() -> None:
    meter = Meter()
    meter.add(losses(1.0), 1)
    meter.add(losses(float("nan"), float("inf")), 2, applied=False)
    meter.add(losses(3.0), 1)
    assert meter._images == 4
    record = meter.record(3, 4, skipped=1)
    assert record.losses == {"generator": 2.0, "discriminator": 2.0, "r1": 3.0}
    assert record.skipped == 1
    meter.add(losses(float("nan")), 1, applied=False)
    empty = meter.record(4, 5, skipped=2)
    assert (empty.losses, empty.d_real, empty.d_fake, empty.skipped) == ({}, 0.0, 0.0, 2)
    assert not {key for key in json.loads(empty.to_json()) if key.startswith(("loss", "d_"))}


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time, to be set."""
    now = [100.0]
    monkeypatch.setattr("hitzoo.training.run.metrics.time.monotonic", lambda: now[0])
    return now


class Others(World):
    """Two processes, of which the other adds 10 to every sum."""

    def all_reduce_sum(self, values: torch.Tensor) -> torch.Tensor:
        return values.add_(10)


def test_averages_and_images_are_those_of_all_processes(clock) -> None:
    meter = Meter(Others(0, 2), started=100.0, _last=100.0)
    for _ in range(2):
        meter.add(losses(1.0, 2.0, 3.0, 4.0, 5.0), 3)
    clock[0] = 104.0
    record = meter.record(2, 12)
    assert record.losses == {"generator": 3.0, "discriminator": 3.5, "r1": 4.0}  # (2·own + 10)/2 processes/2 steps
    assert (record.d_real, record.d_fake) == (4.5, 5.0)
    assert record.images_per_second == pytest.approx(12 / 4)


def test_speed_counts_the_images_since_the_last_record(clock) -> None:
    meter = Meter(started=100.0, _last=100.0)
    for seconds, images, speed in ((104.0, 8, 2.0), (105.0, 2, 2.0)):
        for _ in range(images // 2):
            meter.add(losses(), 2)
        clock[0] = seconds
        record = meter.record(1, images)
        assert record.images_per_second == pytest.approx(speed)
        assert record.seconds == pytest.approx(seconds - 100)


def test_a_resumed_run_counts_on_from_the_seconds_it_had(clock) -> None:
    meter = Meter.since(50.0, World())
    clock[0] = 103.0
    assert meter.record(1, 1).seconds == pytest.approx(53)


def test_the_wait_for_images_is_a_share_of_the_time(clock) -> None:
    meter = Meter(started=100.0, _last=100.0)
    for waited, computed in ((1.0, 3.0), (0.5, 3.5)):
        with meter.waiting():
            clock[0] += waited
        clock[0] += computed
    assert meter.record(2, 8).data_wait == pytest.approx(1.5 / 8)
    clock[0] += 2.0
    assert meter.record(3, 12).data_wait == 0.0  # it begins anew
    with meter.waiting():
        clock[0] += 1.0
    meter.restart()
    assert meter.record(4, 16).data_wait == 1.0  # never more than all of it


def test_what_is_waited_for_in_an_evaluation_is_no_part_of_the_speed(clock) -> None:
    meter = Meter(started=100.0, _last=100.0)
    clock[0] += 5.0
    meter.record(1, 4)
    clock[0] += 60.0
    meter.restart()
    meter.add(losses(), 4)
    clock[0] += 2.0
    record = meter.record(2, 8)
    assert record.images_per_second == pytest.approx(2.0)
    assert record.seconds == pytest.approx(67)


def test_a_record_is_a_line_of_json() -> None:
    meter = Meter()
    meter.add(losses(1.0, 2.0, 3.0, 4.0, 5.0), 1)
    line = meter.record(3, 6).to_json()
    assert "\n" not in line
    data = json.loads(line)
    assert list(data) == [
        "step",
        "images",
        "seconds",
        "images_per_second",
        "data_wait",
        "loss/generator",
        "loss/discriminator",
        "loss/r1",
        "d_real",
        "d_fake",
    ]
    assert [data[key] for key in list(data)[5:]] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert (data["step"], data["images"]) == (3, 6)


def test_skipped_steps_and_evaluations_are_in_the_line_where_there_are_any() -> None:
    record = Record(3, 6, 1.0, 2.0, {"generator": 1.0}, 4.0, 5.0, skipped=2, augment_p=0.25)
    data = json.loads(record.to_json({"eval/fid": 12.5}))
    assert list(data)[-5:] == ["d_real", "d_fake", "augment_p", "skipped", "eval/fid"]
    assert (data["augment_p"], data["skipped"], data["eval/fid"]) == (0.25, 2, 12.5)


def test_metrics_that_are_a_pipe_are_not_waited_for(tmp_path, monkeypatch) -> None:
    def refuse(*_, **__):
        raise AssertionError("it would wait for a writer")

    os.mkfifo(tmp_path / "metrics.jsonl")
    monkeypatch.setattr(Path, "open", refuse)
    assert list(read_records(tmp_path / "metrics.jsonl")) == []
