"""The arithmetic of one training step, as the recipe asks for it."""

from __future__ import annotations

from hitzoo.objectives.build import objective_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.table import network_cost
from hitzoo.spec.types import Spec


def step_flops(spec: Spec, plan: ModelPlan) -> float:
    """Return FLOPs per image of a step, averaged over the intervals of lazy terms: products only, 2 per multiply-add.

    The generator is trained once, the discriminator on a fake and a real image, gives the fake image's gradient, and
    has its regularizers: 3 generator and 10 discriminator passes with R1, 16 with bCR. It counts what the recipe says,
    not what is computed: `objectives/r1_without_double_backward.py` needs less.
    """
    passes = objective_of(spec).passes()
    return sum(count * network_cost(plan.networks[role]).flops for role, count in passes.items())
