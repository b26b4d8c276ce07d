"""The random numbers of an update, as a function of the seed, the step and the update's place in it."""

from __future__ import annotations

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Update
from hitzoo.runtime.seeding import Purpose, torch_generator
from hitzoo.runtime.shard import Shard

_MOST_UPDATES = 1 << 8  # per step


def draws_of(seed: int, update: Update, at: Moment, shard: Shard) -> tuple[BatchRandom, BatchRandom]:
    """Return the sources of an update's latents, to be drawn first, and of its augmentations and mixtures.

    The first update of a step has a generator for each, by the number of the step; a later one a generator of its own
    for both, by the number of the step and its place.
    """
    images = update.images or update.latents
    if not at.index:
        latents = torch_generator(seed, Purpose.LATENTS, at.step)
        others = torch_generator(seed, Purpose.REGULARIZERS, at.step)
    else:
        assert at.index < _MOST_UPDATES, "updates of one step"
        latents = others = torch_generator(seed, Purpose.UPDATE, at.step * _MOST_UPDATES + at.index)
    return BatchRandom(latents, update.latents, shard), BatchRandom(others, images, shard)
