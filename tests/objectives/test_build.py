"""From a spec's words to terms."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args, get_type_hints

from hitzoo.objectives.augment import Augmentation
from hitzoo.objectives.build import LOSSES, objective_of, penalty_of
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.r1 import R1
from hitzoo.spec.types import BcrSpec, R1Spec, RegularizerSpec, TrainingSpec


def test_penalties_are_built_in_the_order_of_the_spec() -> None:
    specs = (BcrSpec(weight=2.0, augment=("flip",), interval=3), R1Spec(weight=5.0, interval=16))
    objective = objective_of(TrainingSpec(regularizers=specs))
    assert objective.penalties == (BalancedConsistency(2.0, 3), R1(5.0, 16))
    assert objective.augment == Augmentation(("flip",))
    assert objective_of(TrainingSpec(regularizers=())).penalties == ()


def test_penalty_is_named_as_in_the_spec() -> None:
    for spec in (kind() for kind in get_args(RegularizerSpec)):
        assert penalty_of(spec).name == spec.kind


def test_every_loss_of_the_spec_is_known() -> None:
    (loss,) = [field for field in fields(TrainingSpec) if field.name == "loss"]
    assert set(get_args(get_type_hints(TrainingSpec)[loss.name])) == set(LOSSES)


def test_batch_size_is_the_specs_unless_given() -> None:
    assert [update.images for update in objective_of(TrainingSpec(batch_size=6)).updates(1)] == [6]
    assert [update.images for update in objective_of(TrainingSpec(batch_size=6), 2).updates(1)] == [2]
