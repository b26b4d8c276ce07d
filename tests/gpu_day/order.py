"""The names of the parts, in the order of their worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ORDER = (
    # does it work, and how fast: ten minutes
    "tests", "doctor", "sample", "train-8", "attention", "attention-limits", "waits",
    # what is in doubt
    "blur", "graphs", "attention-kernels", "memory", "tiles",
    # more of the same
    "sample-compiled", "sample-1024", "train-32", "run", "train-64", "memory-expandable", "train-compiled",
    # with two devices
    "failing-process", "strides",
)  # fmt: skip


def in_order(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return results in the order of their parts; others after them."""
    place = {name: index for index, name in enumerate(ORDER)}
    return sorted(results, key=lambda result: (place.get(result["part"], len(place)), result["part"]))
