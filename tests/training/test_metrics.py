from __future__ import annotations

import json
import math

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.training.metrics import Meter, append_line, cut_after
from hitzoo.training.step import StepLosses


def losses(generator: float = 1.0, discriminator: float = 2.0, r1: float = 3.0, real=(0.0,), fake=(0.0,)) -> StepLosses:
    return StepLosses(
        generator=torch.tensor(generator),
        discriminator=torch.tensor(discriminator),
        penalties={"r1": torch.tensor(r1)},
        real_logits=torch.tensor(real),
        fake_logits=torch.tensor(fake),
    )


def test_a_record_averages_the_steps_since_the_last_one() -> None:
    meter = Meter()
    meter.add(losses(1.0, 2.0, 30.0, (1.0, 2.0), (-1.0, -4.0)))
    meter.add(losses(2.0, 6.0, 10.0, (3.0, 6.0), (0.0, 1.0)))
    record = meter.record(7, 14)
    assert record.losses == {"generator": 1.5, "discriminator": 4.0, "r1": 20.0}
    assert (record.step, record.images, record.d_real, record.d_fake) == (7, 14, 3.0, -1.0)
    meter.add(losses(5.0))
    assert meter.record(8, 16).losses == {"generator": 5.0, "discriminator": 2.0, "r1": 3.0}


def test_speed_counts_the_images_since_the_last_record(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("hitzoo.training.metrics.time.monotonic", lambda: now[0])
    meter = Meter(started=100.0, _last=100.0)
    for seconds, images, speed in ((104.0, 8, 2.0), (105.0, 2, 2.0)):
        for _ in range(images // 2):
            meter.add(losses(real=(0.0, 0.0)))
        now[0] = seconds
        record = meter.record(1, images)
        assert record.images_per_second == pytest.approx(speed)
        assert record.seconds == pytest.approx(seconds - 100)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("term", ["generator", "discriminator", "r1"])
def test_a_loss_that_is_not_finite_stops_the_run_by_name(term, value) -> None:
    meter = Meter()
    meter.add(losses())
    meter.add(losses(**{term: value}))
    meter.add(losses())
    with pytest.raises(RunError, match=f"the {term} loss is {value} within the 3 steps before step 13"):
        meter.record(12, 24)


def test_a_record_is_a_line_of_json() -> None:
    meter = Meter()
    meter.add(losses(1.0, 2.0, 3.0, (4.0,), (5.0,)))
    line = meter.record(3, 6).to_json()
    assert "\n" not in line
    data = json.loads(line)
    assert list(data) == [
        "step",
        "images",
        "seconds",
        "images_per_second",
        "loss/generator",
        "loss/discriminator",
        "loss/r1",
        "d_real",
        "d_fake",
    ]
    assert [data[key] for key in list(data)[4:]] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert (data["step"], data["images"]) == (3, 6)


def test_what_lies_after_a_step_is_cut_and_a_line_half_written_too(tmp_path) -> None:
    path = tmp_path / "metrics.jsonl"
    for step in (1, 2, 3, 4):
        append_line(path, json.dumps({"step": step}))
    whole = path.read_text(encoding="utf-8")
    assert whole.count("\n") == 4
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 2')
    cut_after(path, 4)
    assert path.read_text(encoding="utf-8") == whole
    cut_after(path, 2)
    assert path.read_text(encoding="utf-8") == '{"step": 1}\n{"step": 2}\n'
    cut_after(path, 0)
    assert path.read_text(encoding="utf-8") == ""
    cut_after(tmp_path / "absent", 0)
    assert not (tmp_path / "absent").exists()
