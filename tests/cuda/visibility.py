"""The GPU is for the tests marked `cuda`: it is hidden from all others, and from the processes they start."""

from __future__ import annotations

import os
import re
from itertools import chain, combinations

import pytest
from _pytest.mark.expression import Expression

MARK = "cuda"
INSTEAD = "HITZOO_TEST_DEVICE"
"""Environment variable: a device in place of a card, `cpu`, to run the bodies of the marked tests without one."""


def hide_unless_asked_for(expression: str) -> None:
    """Hide the GPU, before torch looks for one, unless `-m expression` selects marked tests and no other."""
    if not selects_marked_alone(expression):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    else:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # for those of --deterministic, beside others


def selects_marked_alone(expression: str) -> bool:
    """Return True if `-m expression` selects some tests marked `cuda`, and none without the mark."""
    if not expression:
        return False
    selected = Expression.compile(expression)
    others = set(re.findall(r"\w+", expression)) - {MARK, "and", "or", "not"}
    sets = [frozenset(some) for some in chain.from_iterable(combinations(others, n) for n in range(len(others) + 1))]

    def selects(names: frozenset[str]) -> bool:
        return selected.evaluate(lambda name, /, **_: name in names)

    return any(selects(names | {MARK}) for names in sets) and not any(map(selects, sets))


def skip_without_card(item: pytest.Item) -> None:
    """Skip a marked test where torch sees no card and none is stood in for."""
    if item.get_closest_marker(MARK) is None or device_in_place_of_card():
        return
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no GPU, or it is hidden: `pytest -m cuda` shows it")


def device_in_place_of_card() -> str | None:
    """Return the device of `HITZOO_TEST_DEVICE`, if one stands in."""
    return os.environ.get(INSTEAD) or None
