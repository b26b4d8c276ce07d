"""The closed set of blocks: kind in a plan to class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from hitzoo.plan.types import BlockPlan

BLOCKS: dict[str, type[nn.Module]] = {}

_Block = TypeVar("_Block", bound=type[nn.Module])


def register_block(kind: str) -> Callable[[_Block], _Block]:
    """Register a class under the kind that plans use; registering a kind twice is a bug."""

    def enter(block: _Block) -> _Block:
        assert kind not in BLOCKS, f"two blocks are registered as {kind}"
        BLOCKS[kind] = block
        return block

    return enter


def build_block(plan: BlockPlan) -> Any:
    """Construct the block named by a plan, with the plan's arguments; the caller knows its class."""
    return BLOCKS[plan.kind](**plan.kwargs)
