"""From a spec's words to terms."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

from hitzoo.errors import RequestError
from hitzoo.families.hit.spec import HitGeneratorSpec
from hitzoo.families.stylegan2.spec import Stylegan2DiscriminatorSpec
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.augment.words import augmentation_of
from hitzoo.objectives.build import LOSSES, objective_of, penalty_of
from hitzoo.objectives.fused import FusedSimultaneous
from hitzoo.objectives.noise import Noise
from hitzoo.objectives.path_length import PathLength
from hitzoo.objectives.schedule import Cosine, Linear
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.finite_difference import FiniteDifference
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2
from hitzoo.objectives.terms.san import SanDirection
from hitzoo.objectives.terms.wgan_gp import Drift, GradientPenalty
from hitzoo.objectives.update import images_per_step
from hitzoo.spec.batches import batch_unit, images_of_a_step
from hitzoo.spec.types import (
    AdamOfNetworkSpec,
    AdamSpec,
    AlternatingSpec,
    BcrSpec,
    DriftSpec,
    PathLengthSpec,
    PenaltySpec,
    R1Spec,
    R2Spec,
    ScheduleSpec,
    Spec,
    TrainingSpec,
    WganGpSpec,
)


def spec_of(*, san: bool = False, **training) -> Spec:
    return Spec(
        name="mine",
        generator=HitGeneratorSpec(stages=()),
        discriminator=Stylegan2DiscriminatorSpec(san=san),
        training=TrainingSpec(**training),
    )


def test_penalties_are_built_in_the_order_of_the_spec() -> None:
    specs = (BcrSpec(weight=2.0, augment=("flip",), interval=3), R1Spec(weight=5.0, interval=16))
    objective = objective_of(spec_of(regularizers=specs))
    assert objective.penalties == (BalancedConsistency(2.0, 3), R1(5.0, 16))
    assert objective.augment == augmentation_of(("flip",))
    assert objective_of(spec_of(regularizers=())).penalties == ()


def test_penalty_is_named_as_in_the_spec() -> None:
    for spec in (kind(weight=2.0) for kind in get_args(PenaltySpec)):
        assert penalty_of(spec).name == spec.kind


def test_finite_difference_is_built_as_the_spec_says() -> None:
    r1 = R1Spec(method="finite_difference", weight=3.0, fraction=0.5, interval=4)
    assert penalty_of(r1) == FiniteDifference("real", 3.0, Noise(0.01, 0.5), 4, "r1")
    r2 = R2Spec(method="finite_difference", weight=10.0, sigma=0.1)
    assert penalty_of(r2) == FiniteDifference("fake", 10.0, Noise(0.1, 1.0), 1, "r2")
    assert penalty_of(R2Spec(weight=2.0)) == R2(2.0)


def test_wasserstein_penalties_are_built_as_the_spec_says() -> None:
    assert penalty_of(WganGpSpec(weight=2.0, target=3.0, interval=2)) == GradientPenalty(2.0, 3.0, 2)
    assert penalty_of(DriftSpec(of="mean")) == Drift(0.001, of_mean=True)
    assert penalty_of(DriftSpec(weight=2.0)) == Drift(2.0)


def test_path_length_is_the_generators() -> None:
    own = PathLengthSpec(weight=3.0, interval=8, batch_shrink=4, decay=0.5)
    objective = objective_of(spec_of(regularizers=(own, R1Spec(weight=5.0))))
    assert objective.path_length == PathLength(3.0, 8, 4, 0.5)
    assert objective.penalties == (R1(5.0),)


def test_schedules_of_a_spec_become_schedules() -> None:
    spec = ScheduleSpec(from_=8.0, to=2.0, images=100, start=50)
    assert penalty_of(R1Spec(weight=spec)).weight == Cosine(8.0, 2.0, 100, 50)
    spec = ScheduleSpec(from_=8.0, to=2.0, images=100, shape="linear")
    assert penalty_of(BcrSpec(weight=spec)).weight == Linear(8.0, 2.0, 100)


def test_direction_of_the_last_layer_is_trained_where_there_is_one() -> None:
    assert SanDirection() in objective_of(spec_of(san=True)).penalties
    assert SanDirection() not in objective_of(spec_of()).penalties


def test_every_loss_of_the_spec_is_known() -> None:
    (loss,) = [field for field in fields(TrainingSpec) if field.name == "loss"]
    assert set(get_args(get_type_hints(TrainingSpec)[loss.name])) == set(LOSSES)


def test_batch_size_is_the_specs_unless_given() -> None:
    assert [update.images for update in objective_of(spec_of(batch_size=6)).updates(1)] == [6]
    assert [update.images for update in objective_of(spec_of(batch_size=6), 2).updates(1)] == [2]


def test_updates_by_turns_are_built_as_the_spec_says() -> None:
    updates = AlternatingSpec(discriminator=3, generator_batch_size=8)
    optimizer = AdamSpec(clip_norm=5.0, generator=AdamOfNetworkSpec(clip_norm=2.0))
    spec = spec_of(batch_size=4, updates=updates, optimizer=optimizer)
    objective = objective_of(spec)
    assert isinstance(objective, Alternating)
    assert [(one.moves, one.images, one.latents) for one in objective.updates(1)] == [
        *[(("discriminator",), 4, 4)] * 3,
        (("generator",), 0, 8),
    ]
    assert objective.clip_norm == {"generator": 2.0, "discriminator": 5.0}
    assert images_of_a_step(spec.training) == 12


def test_order_of_updates_is_the_specs() -> None:
    objective = objective_of(spec_of(updates=AlternatingSpec(discriminator=2, generator_after=1, stale_gradient=True)))
    first, generators, second = objective.updates(1)
    assert (first.moves, generators.moves, second.moves) == (("discriminator",), ("generator",), ("discriminator",))
    assert (first.leaves, generators.leaves) == ((), ("discriminator",))


def test_generators_batch_keeps_its_proportion() -> None:
    spec = spec_of(batch_size=4, updates=AlternatingSpec(generator_batch_size=6))
    assert [one.latents for one in objective_of(spec, 2).updates(1)] == [2, 3]
    assert batch_unit(spec.training) == 2
    with pytest.raises(RequestError, match=r"a batch of 3 gives the generator no whole one: .* choose a multiple of 2"):
        objective_of(spec, 3)


@pytest.mark.parametrize(
    "updates", ["simultaneous", AlternatingSpec(), AlternatingSpec(discriminator=3, generator_batch_size=6)]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_real_images_of_a_step_are_all_that_it_takes(loss, updates) -> None:
    spec = spec_of(batch_size=4, loss=loss, updates=updates)
    assert images_of_a_step(spec.training) == images_per_step(objective_of(spec))


def test_simultaneous_updates_clip_as_the_spec_says() -> None:
    optimizer = AdamSpec(discriminator=AdamOfNetworkSpec(clip_norm=5.0))
    (update,) = objective_of(spec_of(optimizer=optimizer)).updates(1)
    assert update.clip_norm == {"discriminator": 5.0}
    plain = objective_of(spec_of(optimizer=optimizer))
    assert FusedSimultaneous.of(plain).updates(1)[0].clip_norm == {"discriminator": 5.0}
