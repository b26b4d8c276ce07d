"""What a run shows while it goes on: a line a record where there is no terminal, a panel on one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from hitzoo.cli.pace import Pace
from hitzoo.cli.training_display import TrainingDisplay
from hitzoo.cli.training_panel import TrainingPanel
from hitzoo.training.run.events import RunStart
from hitzoo.training.run.metrics import Record

START = RunStart(
    images_per_step=8,
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
    losses={"generator": 0.5, "discriminator": 1.25, "r1": 0.000612},
    d_real=1.5,
    d_fake=-0.25,
)


@pytest.fixture
def now(monkeypatch) -> list[float]:
    """The clock, to be set."""
    time = [100.0]
    for module in ("training_display", "training_panel"):
        monkeypatch.setattr(f"hitzoo.cli.{module}.time.monotonic", lambda: time[0])
    return time


@pytest.fixture
def shown(now, capsys):
    """What is printed of some records."""

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
    step, at, *rest = line.split("  ")
    assert step == "step 4/2,000"
    assert at.startswith("at ")
    assert at.count(":") == 2
    assert "  ".join(rest) == (
        "time 0:00  img/s 12.3  loss G 0.500  loss D 1.25  R1 0.000612  D(real) +1.50  D(fake) -0.250  images 32"
        "  left 0:00"
    )


def test_the_wait_for_images_is_shown_where_it_is_worth_it(shown) -> None:
    _, little, much = shown(replace(RECORD, data_wait=0.0099), replace(RECORD, data_wait=0.345))
    assert "data wait" not in little
    assert "data wait 34%" in much


def test_steps_that_were_left_out_are_shown(shown) -> None:
    _, some, none = shown(replace(RECORD, skipped=3), replace(RECORD, losses={}, d_real=0.0, d_fake=0.0, skipped=9))
    assert "skipped 3" in some
    assert "img/s 12.3  losses not finite  skipped 9" in none


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


def test_the_end_is_foretold_once_from_the_steps_after_the_first(now, capsys) -> None:
    with TrainingDisplay() as display:
        display.started(START)
        for step, at in ((3, 109.0), (4, 111.0), (5, 113.0), (6, 115.0)):
            now[0] = at
            display.stepped(step)
    _, *lines = capsys.readouterr().out.splitlines()
    (line,) = lines
    assert line.startswith("2 s per step: 1,995 more take about 1 h 6 min, until ")
    assert line.endswith("; Ctrl-C stops and saves")


def test_a_slow_first_step_is_told_where_there_is_no_panel(now, capsys) -> None:
    with TrainingDisplay() as display:
        display.started(START)
        now[0] += 90
        display.stepped(3)
    assert capsys.readouterr().out.splitlines()[1] == "the first step took 90 s; the next ones are usually faster"


def test_a_run_of_seconds_foretells_nothing(now, capsys) -> None:
    with TrainingDisplay() as display:
        display.started(replace(START, last=20))
        for step in range(3, 20):
            now[0] += 0.5
            display.stepped(step)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_one_of_several_processes_alone_is_heard(capsys) -> None:
    with TrainingDisplay(heard=False) as display:
        display.getting_ready("tiny: getting ready")
        display.started(START)
    assert capsys.readouterr() == ("", "")


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


def test_words_break_between_words_on_a_terminal_and_commands_do_not(monkeypatch) -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None)
    monkeypatch.setattr("hitzoo.cli.training_display.console", lambda: console)
    display = TrainingDisplay()
    display.noted("tiny on cpu: 1,200 images of photos, batch 8, steps 3 to 2,000 (16,000 images), into runs/a-name")
    display.noted("saved: runs/" + 80 * "x")
    display.noted("generator: 3 of 4 tensors loaded")
    display.noted("  freshly drawn: one")
    display.copied("hitzoo sample --model runs/a-name --seeds 0-35 --grid 6x6 --out pictures")
    assert console.file.getvalue().splitlines() == [
        "tiny on cpu: 1,200 images of photos, batch 8, steps 3 to",
        "2,000 (16,000 images), into runs/a-name",
        "saved:",
        "runs/" + 80 * "x",
        "generator: 3 of 4 tensors loaded",
        "  freshly drawn: one",
        "hitzoo sample --model runs/a-name --seeds 0-35 --grid 6x6 --out pictures",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_notes_show_the_line_ends_of_names(terminal: bool, monkeypatch) -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=terminal, color_system=None)
    monkeypatch.setattr("hitzoo.cli.training_display.console", lambda: console)
    TrainingDisplay().noted("left out: two\nlines\t\x1b[2J.png: cut short")
    assert console.file.getvalue() == "left out: two\\nlines\\t\\x1b[2J.png: cut short\n"


def drawn(panel: TrainingPanel, width: int) -> list[str]:
    """The panel's lines on a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(panel)
    return console.file.getvalue().splitlines()


def test_the_panel_moves_with_every_step(now) -> None:
    pace = Pace(0, 20_000, now[0])
    panel = TrainingPanel(pace, lambda: False)
    now[0] += 4
    assert drawn(panel, 80)[-1] == "the first step; Ctrl-C stops and saves"
    assert drawn(panel, 80)[-2].startswith("step 0/20,000 ")
    assert drawn(panel, 80)[-2].endswith(" time 0:04")
    pace.stepped(1, now[0])
    assert drawn(panel, 80)[-2].startswith("step 1/20,000 ")
    assert drawn(panel, 80)[-1] == "4.00 s/step, left perhaps 22 h 10 min; Ctrl-C stops and saves"
    now[0] += 4
    pace.stepped(2, now[0])
    assert drawn(panel, 80)[-1] == "4.00 s/step, left about 22 h 10 min; Ctrl-C stops and saves"
    panel.busy = "evaluating"
    assert drawn(panel, 80)[-1] == "evaluating; Ctrl-C stops and saves"


def test_a_wish_to_stop_is_answered_at_once(now) -> None:
    panel = TrainingPanel(Pace(0, 10, now[0]), lambda: True)
    assert drawn(panel, 80)[-1] == "stopping after this step, then saving"


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_echo_of_ctrl_c_has_room_on_the_last_line(now, width) -> None:
    """A last line as wide as the terminal makes it begin a new one for ^C, and a head line stays behind."""
    pace = Pace(0, 20_000, now[0])
    panel = TrainingPanel(pace, lambda: False)
    panel.facts = [("img/s", "12.3"), ("loss G", "0.500"), ("loss D", "1.25"), ("R1", "0.000612"), ("images", "99")]
    pace.stepped(1, now[0] + 9)
    lines = drawn(panel, width)
    assert len(lines) == 4
    assert len(lines[-1]) <= width - 8
    assert all(len(line) <= width for line in lines)


def test_numbers_that_have_no_room_are_left_out_whole(now) -> None:
    panel = TrainingPanel(Pace(0, 9, now[0]), lambda: False)
    panel.facts = [("img/s", "12.3"), ("loss G", "0.500"), ("images", "1,234,567")]
    assert [line.rstrip() for line in drawn(panel, 20)[:2]] == ["img/s  loss G", "12.3   0.500"]
