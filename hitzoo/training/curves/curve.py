"""The numbers of one run by the real images shown, gathered at a few image counts; read without torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hitzoo.training.run.metrics_file import EVALUATION, as_number, read_records
from hitzoo.zoo.run_layout import RunPaths

_FIRST: Final = 1000  # images
_STEPS: Final = 2  # image counts per doubling
_NEARLY: Final = 1.02  # an image count is shown to two digits
_SIMPLE: Final = ("d_real", "d_fake", "diversity", "contrast")
_LOSS: Final = "loss/"

Points = dict[int, list[float]]
"""All values around each image count."""


@dataclass(frozen=True)
class Curve:
    """A run's values by their names in `metrics.jsonl`, around the image counts 1,000 · 2^(k/2) that it passed."""

    values: Mapping[str, Points]

    @property
    def last(self) -> int:
        """The largest image count that it has anything at."""
        return max((images for points in self.values.values() for images in points), default=0)


def curve_of(run: Path) -> Curve:
    """Return the curve of a run's folder; an empty one where it has no metrics."""
    return curve_from(read_records(RunPaths(run).metrics))


def curve_from(lines: Iterable[Mapping[str, Any]]) -> Curve:
    """Return the curve of lines of `metrics.jsonl`, in their order.

    A line without `images`, such as that of an evaluation alone, stands at its step's share of the last line that has.
    """
    values: dict[str, Points] = {}
    per_step = reached = 0.0
    for line in lines:
        step, images = as_number(line.get("step")), as_number(line.get("images"))
        if images is not None and step:
            per_step = images / step
        elif step is not None and per_step:
            images = step * per_step
        place = _place(images)
        if images is None or place is None:
            continue
        reached = max(reached, images)
        for key, value in line.items():
            number = as_number(value) if _is_kept(key) else None
            if number is not None and math.isfinite(number):
                values.setdefault(key, {}).setdefault(place, []).append(number)
    passed = _NEARLY * reached
    whole = {name: {at: held for at, held in points.items() if at <= passed} for name, points in values.items()}
    return Curve({name: points for name, points in whole.items() if points})


def mean(values: list[float]) -> float:
    """Return the mean of at least one value."""
    return math.fsum(values) / len(values)


def _is_kept(key: str) -> bool:
    return key in _SIMPLE or key.startswith((_LOSS, EVALUATION))


def _place(images: float | None) -> int | None:
    """Return the image count nearest by ratio, to two digits as it is shown; None before the first."""
    if images is None or not _FIRST * 2 ** (-0.5 / _STEPS) <= images < math.inf:
        return None
    exact = _FIRST * 2 ** (round(_STEPS * math.log2(images / _FIRST)) / _STEPS)
    return int(float(f"{exact:.2g}"))
