"""From the words of a spec to an objective."""

from __future__ import annotations

from hitzoo.objectives.augment import Augmentation
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.term import AdversarialLoss, Term
from hitzoo.objectives.update import Objective
from hitzoo.spec.types import BcrSpec, R1Spec, RegularizerSpec, TrainingSpec

LOSSES: dict[str, AdversarialLoss] = {"non_saturating": NON_SATURATING, "hinge": HINGE}
"""By the name a spec gives."""


def objective_of(training: TrainingSpec, batch_size: int | None = None) -> Objective:
    """Return the objective that a spec's `training` names, for its own batch size or another."""
    policies = [Augmentation(spec.augment) for spec in training.regularizers if isinstance(spec, BcrSpec)]
    return Simultaneous(
        loss=LOSSES[training.loss],
        penalties=tuple(map(penalty_of, training.regularizers)),
        batch_size=batch_size or training.batch_size,
        augment=policies[0] if policies else None,
    )


def penalty_of(spec: RegularizerSpec) -> Term:
    """Return the penalty that an entry of a spec's `training.regularizers` names."""
    match spec:
        case R1Spec():
            return R1(spec.weight, spec.interval)
        case BcrSpec():
            return BalancedConsistency(spec.weight, spec.interval)
