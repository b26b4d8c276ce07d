"""The speed of a run in words."""

from __future__ import annotations

from datetime import datetime

import pytest

from hitzoo.cli.number_format import figures
from hitzoo.cli.pace import Pace, about, clock
from hitzoo.cli.time_limit import parse_duration
from hitzoo.errors import RequestError


def test_pace_leaves_the_first_step_out() -> None:
    pace = Pace(10, 110, 0.0)
    assert pace.seconds_per_step is None
    assert pace.seconds_left(5.0) is None
    pace.stepped(11, 60.0)
    assert pace.seconds_per_step == 60.0
    pace.stepped(12, 61.0)
    pace.stepped(13, 64.0)
    assert pace.seconds_per_step == 2.0
    assert pace.seconds_left(64.0) == 97 * 2.0
    assert pace.seconds_left(65.0) == 97 * 2.0 - 1
    assert pace.seconds_left(1e6) == 0.0


def test_pace_promises_after_some_seconds_or_steps() -> None:
    slow, quick = Pace(0, 100, 0.0), Pace(0, 100, 0.0)
    slow.stepped(1, 9.0)
    assert not slow.can_promise()
    slow.stepped(2, 12.5)
    assert slow.can_promise()
    for step in range(1, 21):
        quick.stepped(step, step * 0.01)
        assert not quick.can_promise()
    quick.stepped(21, 0.21)
    assert quick.can_promise()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0321, "0.0321 s"),
        (42, "42 s"),
        (119, "119 s"),
        (150, "2 min"),
        (3599, "1 h"),
        (4000, "1 h 7 min"),
        (7200, "2 h"),
        (80_050, "22 h 10 min"),
        (86_400, "1 day"),
        (100_000, "1 day 4 h"),
        (180_068, "2 days 2 h"),
        (2_000_000, "23 days"),
        (1e8, "3.2 years"),
        (3.8e9, "120 years"),
    ],
)
def test_about_is_as_fine_as_an_estimate(seconds, words) -> None:
    assert about(seconds) == words


def test_clock_says_the_day_where_it_is_another() -> None:
    evening = datetime(2026, 3, 6, 20, 30)
    assert clock(3600, evening) == "21:30"
    assert clock(5 * 3600, evening) == "Sat 07 Mar 01:30"
    assert clock(400 * 86400, evening) == "Apr 2027"
    assert clock(1e12, evening) == "another age"


@pytest.mark.parametrize(
    ("value", "sign", "words"),
    [
        (0.5, "", "0.500"),
        (0.000612, "", "0.000612"),
        (123.4, "", "123"),
        (12345.6, "", "12,346"),
        (0.0, "", "0.00"),
        (1.5, "+", "+1.50"),
        (-0.25, "+", "-0.250"),
    ],
)
def test_figures_are_three(value, sign, words) -> None:
    assert figures(value, sign) == words


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("45m", 2700), ("45min", 2700), ("2h", 7200), ("1h30m", 5400), ("1.5 d", 129600)]
)
def test_lengths_of_time_are_read(text, seconds) -> None:
    assert parse_duration(text, "--for") == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0s", "2 weeks", "-1h", "1h x", "9" * 400 + "d"])
def test_lengths_of_time_that_are_none_are_refused(text) -> None:
    with pytest.raises(RequestError, match="give a duration, for example"):
        parse_duration(text, "--for")
