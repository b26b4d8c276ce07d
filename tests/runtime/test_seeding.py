from __future__ import annotations

from contextlib import suppress

import numpy as np
import torch

from hitzoo.families.build import build_discriminator
from hitzoo.runtime.seeding import Purpose, drawing_weights, numpy_generator, torch_generator
from hitzoo.sampling.initial import initial_generator


def test_the_numbers_of_the_purposes_never_change() -> None:
    assert {purpose.name: int(purpose) for purpose in Purpose} == {
        "GENERATOR_WEIGHTS": 0,
        "DISCRIMINATOR_WEIGHTS": 1,
        "LATENTS": 2,
        "REGULARIZERS": 3,
        "ORDER": 4,
        "IMAGE": 5,
        "UPDATE": 6,
        "RECALIBRATION": 7,
        "ENCODER_WEIGHTS": 8,
        "QUANTIZER_WEIGHTS": 9,
        "REVIVAL": 10,
    }


def test_draws_are_what_they_always_were() -> None:
    """Golden: a change here changes what every seed means."""
    assert torch_generator(0, Purpose.LATENTS, 1).initial_seed() == 7203126130259618810
    assert numpy_generator(3, Purpose.ORDER, 2).permutation(8).tolist() == [1, 7, 5, 3, 2, 0, 4, 6]


def test_every_seed_purpose_and_counter_draws_something_else() -> None:
    places = [(seed, purpose, counter) for seed in (0, 1, 7) for purpose in Purpose for counter in (0, 1, 2)]
    assert len({torch_generator(*place).initial_seed() for place in places}) == len(places)
    assert len({numpy_generator(*place).random() for place in places}) == len(places)
    assert numpy_generator(*places[4]).random() == numpy_generator(*places[4]).random()


def test_first_weights_follow_from_the_seed_alone(tiny_plan) -> None:
    plan = tiny_plan()
    torch.manual_seed(1)
    first = initial_generator(plan, 5).state_dict()
    torch.manual_seed(2)
    again = initial_generator(plan, 5).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    other = initial_generator(plan, 6).state_dict()
    assert not torch.equal(first["initial.linear.weight"], other["initial.linear.weight"])


def test_the_callers_random_state_is_left_alone(tiny_plan) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1].tolist()
    initial_generator(tiny_plan(), 5)
    with suppress(ZeroDivisionError), drawing_weights(3, Purpose.DISCRIMINATOR_WEIGHTS):
        torch.rand(3)
        raise ZeroDivisionError
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == numbers


def test_the_two_networks_draw_separately(tiny_plan) -> None:
    drawn = []
    for purpose in (Purpose.GENERATOR_WEIGHTS, Purpose.DISCRIMINATOR_WEIGHTS):
        with drawing_weights(5, purpose):
            drawn.append(build_discriminator(tiny_plan()).stem.conv.weight)
    assert not torch.equal(*drawn)
