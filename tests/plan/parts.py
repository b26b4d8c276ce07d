"""The blocks of a plan."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from hitzoo.plan.types import BlockPlan


def parts(plan: Any) -> list[BlockPlan]:
    """The blocks of a plan in order, however its family holds them."""
    if isinstance(plan, BlockPlan):
        return [plan]
    inside = plan if isinstance(plan, tuple) else ()
    if is_dataclass(plan):
        inside = tuple(getattr(plan, field.name) for field in fields(plan))
    return [part for each in inside for part in parts(each)]
