"""One shipped spec of each kind, for tests that would learn nothing from two that differ in sizes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from functools import cache

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import load_spec
from hitzoo.plan.role import Role
from hitzoo.spec.shipped import shipped_specs
from tests.plan.parts import parts


@cache
def shipped_plans() -> tuple[ModelPlan, ...]:
    """The plans of all shipped specs, by name."""
    return tuple(compile_spec(load_spec(name)) for name in sorted(shipped_specs()))


def kind(plan: ModelPlan, *roles: Role) -> tuple[object, ...]:
    """Families, blocks with what is chosen of each, and layouts of attention, of all networks or of these roles."""
    return tuple(
        (
            role,
            network.family,
            frozenset((part.kind, choices(part.args)) for part in parts(network)),
            frozenset(row.attention for row in network.rows()),
        )
        for role, network in plan.networks.items()
        if not roles or role in roles
    )


def operations(plan: ModelPlan) -> float:
    """FLOPs of an image in all networks: what a plan costs where it computes."""
    return sum(cost.flops for cost in plan.costs().values())


def blocks(plan: ModelPlan) -> int:
    """Number of blocks in all networks: what a plan costs on tensors without contents."""
    return sum(len(parts(network)) for network in plan.networks.values())


def one_of_each(
    plans: Iterable[ModelPlan],
    of: Callable[[ModelPlan], object] = kind,
    *,
    cost: Callable[[ModelPlan], float] = blocks,
) -> list[ModelPlan]:
    """The cheapest of each kind, cheapest first."""
    cheapest_last = sorted(plans, key=lambda plan: (cost(plan), plan.name), reverse=True)
    return list({of(plan): plan for plan in cheapest_last}.values())[::-1]


def choices(value: object) -> object:
    """All of a value but its numbers: words, decisions and names of fields, in no order, each once."""
    if is_dataclass(value):
        return frozenset((field.name, choices(getattr(value, field.name))) for field in fields(value))
    if isinstance(value, (tuple, list)):
        return frozenset(map(choices, value))
    return None if isinstance(value, (int, float)) and not isinstance(value, bool) else value
