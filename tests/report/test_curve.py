"""Curves stay small and keep what matters: ends, extremes and means."""

from __future__ import annotations

import math

import pytest

from hitzoo.report.curve import MOST_POINTS, Curve, Curves


def test_short_curve_is_kept_as_it_is() -> None:
    curve = Curve()
    for images, value in ((0, 3.0), (40, 1.0), (80, 2.0)):
        curve.add(images, value)
    assert [(point.images, point.mean, point.low, point.high) for point in curve.points()] == [
        (0, 3.0, 3.0, 3.0),
        (40, 1.0, 1.0, 1.0),
        (80, 2.0, 2.0, 2.0),
    ]
    assert curve.last == 2.0


def test_long_curve_is_thinned_and_keeps_extremes_and_mean() -> None:
    curve = Curve()
    values = [math.sin(k) for k in range(10_000)]
    values[7777] = 50.0
    for k, value in enumerate(values):
        curve.add(32.0 * k, value)
    points = curve.points()
    assert MOST_POINTS / 2 <= len(points) <= MOST_POINTS
    assert max(point.high for point in points) == 50.0
    assert min(point.low for point in points) == min(values)
    assert [point.images for point in points] == sorted(point.images for point in points)
    counts = [sum(int(32.0 * k / curve.width) == place for k in range(10_000)) for place in (0, 1)]
    assert points[0].mean == pytest.approx(sum(values[: counts[0]]) / counts[0])
    assert points[1].images == pytest.approx(sum(32.0 * k for k in range(counts[0], sum(counts))) / counts[1])


def test_values_that_are_not_finite_are_counted() -> None:
    curve = Curve()
    for value in (1.0, math.nan, math.inf):
        curve.add(10, value)
    assert (curve.left_out, len(curve.points()), curve.last) == (2, 1, 1.0)


def test_line_without_images_stands_at_its_step() -> None:
    found = Curves.of([{"step": 10, "images": 40}, {"step": 20, "eval/fid": 7.0}])
    assert [(point.images, point.mean) for point in found.values["eval/fid"].points()] == [(80.0, 7.0)]
    assert Curves.of([{"step": 20, "eval/fid": 7.0}]).values == {}


def test_failures_have_a_beginning_and_an_end() -> None:
    found = Curves.of(
        [
            {"step": 1, "images": 10, "warning": "collapse"},
            {"step": 2, "images": 20, "warning": "collapse"},
            {"step": 3, "images": 30, "warning": "collapse", "over": True},
            {"step": 4, "images": 40, "warning": "grey_average"},
            {"step": 5, "images": 50, "warning": ["no name"]},
        ]
    )
    assert [(one.name, one.begin, one.end) for one in found.failures] == [
        ("collapse", 10, 30),
        ("grey_average", 40, None),
    ]


def test_keys_of_strangers_are_bounded() -> None:
    odd = {f"x{k}": 1.0 for k in range(1000)} | {"y" * 5000: 1.0, "step": 1, "images": 4}
    found = Curves.of([odd, {"step": 1, "images": 1e30, "z": 1}, {"images": -1, "z": 1}, {"images": "7", "z": 1}])
    assert len(found.values) == len(found.others) == 200
    assert "z" not in found.values
    assert max(map(len, found.values)) <= 80
