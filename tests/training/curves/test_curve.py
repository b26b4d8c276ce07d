from __future__ import annotations

import pytest

from hitzoo.training.curves.curve import curve_from


def test_values_are_gathered_around_image_counts_that_double_in_two() -> None:
    lines = [{"step": images, "images": images, "d_real": float(images)} for images in range(100, 4400, 100)]
    points = curve_from(lines).values["d_real"]
    assert list(points) == [1000, 1400, 2000, 2800, 4000]
    assert points[1000] == [900.0, 1000.0, 1100.0]
    assert points[2000] == [float(images) for images in range(1700, 2400, 100)]


def test_curve_holds_losses_logits_diversity_and_metrics() -> None:
    line = {"step": 1, "images": 1000, "seconds": 2.0, "data_wait": 0.1, "loss/r1": 1, "d_fake": -2, "diversity": 0.5}
    curve = curve_from([line | {"eval/fid": 3, "warning": "collapse", "contrast": True}])
    assert {name: points[1000] for name, points in curve.values.items()} == {
        "loss/r1": [1.0],
        "d_fake": [-2.0],
        "diversity": [0.5],
        "eval/fid": [3.0],
    }


def test_evaluation_alone_stands_at_the_images_of_its_step() -> None:
    assert curve_from([{"step": 10, "images": 1000}, {"step": 20, "eval/fid": 4.0}]).values == {
        "eval/fid": {2000: [4.0]}
    }


@pytest.mark.parametrize(
    "line",
    [
        {"step": 1, "d_real": 1.0},  # nothing tells its images
        {"step": 0, "images": 0, "d_real": 1.0},
        {"step": 1, "images": 1000, "d_real": float("nan")},
        {"step": 1, "images": float("inf"), "d_real": 1.0},
        {"step": 1, "images": "many", "d_real": 1.0},
        {"step": float("inf"), "images": 1000, "d_real": None},
    ],
)
def test_lines_that_say_nothing_are_passed_over(line) -> None:
    assert curve_from([line]).values == {}
    assert curve_from([line]).last == 0
