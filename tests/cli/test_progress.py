"""What a run shows while it goes on, where there is no terminal: a line a record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hitzoo.cli.progress import TrainingDisplay
from hitzoo.training.metrics import Record
from hitzoo.training.report import RunStart

START = RunStart(
    name="tiny",
    folder=Path("runs/a"),
    device="cpu",
    data="photos",
    images=1200,
    batch_size=8,
    first=2,
    last=2000,
)
RECORD = Record(
    step=4,
    images=32,
    images_per_second=12.34,
    seconds=5.0,
    losses={"generator": 0.5, "discriminator": 1.25, "r1": 0.125},
    d_real=1.5,
    d_fake=-0.25,
)


@pytest.fixture
def shown(monkeypatch, capsys):
    """What is printed of some records."""
    monkeypatch.setattr("hitzoo.cli.progress.time.monotonic", lambda: 100.0)

    def show(*records: Record, start: RunStart | None = START) -> list[str]:
        with TrainingDisplay() as display:
            if start is not None:
                display.started(start)
            for record in records:
                display.recorded(record)
        return capsys.readouterr().out.splitlines()

    return show


def test_a_line_a_record(shown) -> None:
    head, line = shown(RECORD)
    assert head == "tiny on cpu: 1,200 images of photos, batch 8, steps 3 to 2,000 (16,000 images), into runs/a"
    assert line == (
        "step 4/2,000  images 32  img/s 12.3  loss G 0.500  loss D 1.250  R1 0.125  D(real) +1.50  D(fake) -0.25"
        "  left 0:00"
    )


def test_the_wait_for_images_is_shown_where_it_is_worth_it(shown) -> None:
    _, little, much = shown(replace(RECORD, data_wait=0.0099), replace(RECORD, data_wait=0.345))
    assert "data wait" not in little
    assert "img/s 12.3  data wait 34%  loss G" in much


def test_steps_that_were_left_out_are_shown(shown) -> None:
    _, some, none = shown(replace(RECORD, skipped=3), replace(RECORD, losses={}, d_real=0.0, d_fake=0.0, skipped=9))
    assert "D(fake) -0.25  skipped 3  left" in some
    assert "img/s 12.3  losses not finite  skipped 9  left" in none


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "batch 8, steps"),
        ({"at_once": 8}, "batch 8, steps"),
        ({"at_once": 2}, "batch 8, 2 images at once, steps"),
        ({"processes": 2, "at_once": 4}, "batch 8 on 2 processes, steps"),
        ({"processes": 2, "at_once": 1}, "batch 8 on 2 processes, 1 images at once, steps"),
    ],
)
def test_how_the_batch_is_worked_off_is_said(shown, changes, words) -> None:
    (head,) = shown(start=replace(START, **changes))
    assert words in head


@pytest.mark.parametrize("failure", [BrokenPipeError(), OSError(28, "No space left on device"), SystemExit(1)])
def test_a_display_that_nobody_can_read_ends_no_run(monkeypatch, failure) -> None:
    said: list[str] = []

    def print_(text: object, **_: object) -> None:
        said.append(str(text))
        raise failure

    with TrainingDisplay() as display:
        monkeypatch.setattr(display._console, "print", print_)
        display.noted("first")
        display.started(START)
        display.recorded(RECORD)
    assert said == ["first"]
