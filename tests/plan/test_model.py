"""The plan of a model as a value: equality and hash."""

from __future__ import annotations

import pytest

import hitzoo
from hitzoo.families.compile import compile_spec


@pytest.mark.parametrize("name", ["hit-ti-shapes32", "convnet-r1-imagenet128"])
def test_equal_plans_have_one_hash(name: str) -> None:
    plan, again = (compile_spec(hitzoo.load_spec(name)) for _ in range(2))
    other = compile_spec(hitzoo.load_spec(name, ["discriminator.minibatch_std=2"]))
    assert plan == again
    assert len({plan, again}) == 1
    assert len({plan, other}) == 2
