from __future__ import annotations

from math import cos, pi

import pytest

from hitzoo.objectives.schedule import Constant, Cosine, Linear, value_at


def test_linear_schedule_reaches_its_end_and_stays() -> None:
    schedule = Linear(4.0, 1.0, images=300)
    assert [schedule.at(images) for images in (0, 100, 200, 300, 10**9)] == pytest.approx([4, 3, 2, 1, 1])


def test_cosine_schedule_is_half_a_wave() -> None:
    schedule = Cosine(4.0, 1.0, images=300)
    expected = [2.5 + 1.5 * cos(pi * images / 300) for images in (0, 30, 150, 299, 300)]
    assert [schedule.at(images) for images in (0, 30, 150, 299, 300)] == pytest.approx(expected)
    assert schedule.at(10**9) == pytest.approx(1.0)
    assert schedule.at(10) > Linear(4.0, 1.0, images=300).at(10)  # flat at first


def test_number_is_its_own_value_and_a_schedule_has_one_by_images() -> None:
    assert value_at(2.5, 10**9) == 2.5
    assert value_at(Constant(2.5), 10**9) == 2.5
    assert value_at(Linear(0.0, 1.0, images=10), 5) == 0.5


@pytest.mark.parametrize("shape", [Linear, Cosine])
def test_schedule_waits_for_its_start(shape) -> None:
    late, early = shape(4.0, 1.0, images=300, start=500), shape(4.0, 1.0, images=300)
    for images in (0, 1, 499, 500, 507, 650, 799, 800, 801, 10**9):
        assert late.at(images) == early.at(max(images - 500, 0))
    assert late.at(500) == 4.0
    assert late.at(800) == pytest.approx(1.0)
