"""From the words of a spec to what is optimised."""

from __future__ import annotations

from hitzoo.objectives.adversarial import LOSSES
from hitzoo.objectives.penalties import build_regularizers
from hitzoo.objectives.step import Objective
from hitzoo.spec.types import TrainingSpec


def objective_of(training: TrainingSpec) -> Objective:
    """The adversarial loss and the regularizers that a spec's `training` names."""
    return Objective(LOSSES[training.loss], build_regularizers(training.regularizers))
