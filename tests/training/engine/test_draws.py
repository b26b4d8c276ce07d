from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.batch_random import Draw, Integers, Uniform
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Update
from hitzoo.runtime.seeding import Purpose, torch_generator
from hitzoo.training.engine.draws import draws_of

CPU = torch.device("cpu")
UPDATE = Update(moves=("generator",), images=4, latents=6, gradients=lambda *given: Losses(terms={}))
LIKELY: dict[str, tuple[Draw, ...]] = {"unknown": (), "known": (Uniform(),), "another": (Integers(0, 3),)}


@pytest.mark.parametrize("likely", LIKELY.values(), ids=LIKELY)
def test_first_update_draws_from_a_generator_each(likely) -> None:
    latents, others = draws_of(7, UPDATE, Moment(step=3), 5, CPU, likely)
    expected = torch.randn(6, 5, generator=torch_generator(7, Purpose.LATENTS, 3))
    assert torch.equal(latents.normal(5), expected)
    assert torch.equal(others.uniform(), torch.rand(4, generator=torch_generator(7, Purpose.REGULARIZERS, 3)))


@pytest.mark.parametrize("likely", LIKELY.values(), ids=LIKELY)
def test_later_update_draws_latents_first_from_one_generator(likely) -> None:
    latents, others = draws_of(7, UPDATE, Moment(step=3, index=2), 5, CPU, likely)
    random = torch_generator(7, Purpose.UPDATE, 3 * 256 + 2)
    assert torch.equal(latents.normal(5), torch.randn(6, 5, generator=random))
    assert torch.equal(others.uniform(), torch.rand(4, generator=random))
