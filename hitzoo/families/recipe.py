"""The arithmetic of one training step, as the recipe asks for it."""

from __future__ import annotations

from hitzoo.families.compile import ModelPlan
from hitzoo.families.table import discriminator_cost, generator_cost
from hitzoo.spec.types import BcrSpec, R1Spec, Spec

_TRAINED = 3  # forward, and backward by inputs and by weights
_DOUBLE = 3  # more for a penalty on the input gradient: that gradient, and its own two


def step_flops(spec: Spec, plan: ModelPlan) -> float:
    """FLOPs an image of a step, averaged over the intervals of lazy terms: products only, 2 a multiply-add.

    The generator is trained once, the discriminator on a fake and a real image, gives the fake image's gradient, and
    has its regularizers: 3 generator and 10 discriminator passes with R1, 16 with bCR. It counts what the recipe says,
    not what is computed: `objectives/r1_without_double_backward.py` needs less.
    """
    passes = 2.0 * _TRAINED + 1
    for term in spec.training.regularizers:
        match term:
            case R1Spec():
                passes += _DOUBLE / term.interval
            case BcrSpec():
                passes += 2 * _TRAINED / term.interval
    return _TRAINED * generator_cost(plan.generator).flops + passes * discriminator_cost(plan.discriminator).flops
