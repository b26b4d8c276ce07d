from __future__ import annotations

import pytest
from torch import nn

from hitzoo.layers import build_block
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.registry import register_block
from hitzoo.plan.types import block


def test_a_plan_becomes_the_block_it_names() -> None:
    built = build_block(block("anywhere", "mlp_block", channels=6, norm="layer", expansion=3))
    assert type(built) is MLPBlock
    assert built.widen.weight.shape == (18, 6)


def test_no_kind_is_registered_twice() -> None:
    with pytest.raises(AssertionError, match="mlp_block"):
        register_block("mlp_block")(nn.Identity)
