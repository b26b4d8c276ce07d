"""Training gives the bits it always gave: exactly where processor and torch are those of the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pins.six_steps import HERE, digests, machine
from tests.processes.start import Starter

PINNED = json.loads((HERE / "six_steps.json").read_text(encoding="utf-8"))
ELSEWHERE = 0.12  # as far as six updates of 0.01 in opposite directions move two weights apart


@pytest.mark.parametrize("recipe", PINNED["recipes"])
def test_tensors_after_six_steps_stay(start_hitzoo: Starter, recipe: str, tmp_path: Path) -> None:
    expected, found = PINNED["recipes"][recipe], digests(start_hitzoo, recipe, tmp_path / "run")
    assert found.keys() == expected.keys()
    if machine() == PINNED["machine"]:
        assert [name for name in found if found[name][0] != expected[name][0]] == []
    weights = [name for name in found if not name.startswith("training/optimizer")]
    sizes = {name: (found[name][1], expected[name][1]) for name in weights}
    assert {name: pair for name, pair in sizes.items() if abs(pair[0] - pair[1]) > ELSEWHERE} == {}
