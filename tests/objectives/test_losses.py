from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.critic import Answer, Question
from hitzoo.objectives.losses import Losses, mean_logits, real_signs
from tests.objectives.terms.critics import answered


def losses(terms: dict[str, float], **logits: float) -> Losses:
    return Losses(
        terms={name: torch.tensor(value) for name, value in terms.items()},
        logits={name: torch.tensor(value) for name, value in logits.items()},
    )


def test_losses_of_parts_are_averaged_where_they_are_there() -> None:
    """A lazy penalty is in one of two updates of the discriminator, and the generator's loss in the third."""
    parts = [losses({"discriminator": 1.0, "r1": 8.0}, real=2.0), losses({"discriminator": 4.0}, real=3.0)]
    found = Losses.mean([*parts, losses({"generator": 7.0})])
    assert {name: float(value) for name, value in found.terms.items()} == {
        "discriminator": 2.5,
        "r1": 8.0,
        "generator": 7.0,
    }
    assert {name: float(value) for name, value in found.logits.items()} == {"real": 2.5}


def test_losses_of_one_part_are_its_own() -> None:
    part = losses({"generator": 1.0})
    assert Losses.mean([part]) is part


def test_mean_logits_are_of_real_and_fake_images_alone() -> None:
    found = mean_logits(answered(real=[1.0, 4.0], fake=[-1.0, -2.0], real_augmented=[9.0, 9.0]))
    assert {on: float(value) for on, value in found.items()} == {
        "real": pytest.approx(2.5),
        "fake": pytest.approx(-1.5),
    }


def test_an_image_of_several_places_has_one_sign() -> None:
    """That of their mean: an adaptive augmentation follows a mean sign from -1 to 1, whatever judges the images."""
    places = torch.tensor([[3.0, -1.0, -1.0], [-3.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    assert real_signs({Question("real"): Answer(places)}) == 1
    assert real_signs({Question("real"): Answer(places[:, 0])}) == 1
    assert real_signs({Question("fake"): Answer(places)}) is None
