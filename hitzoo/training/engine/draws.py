"""The random numbers of an update, as a function of the seed, the step and the update's place in it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from hitzoo.objectives.batch_random import BatchRandom, Draw, Normal, draw_ahead
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Update
from hitzoo.runtime.seeding import Purpose, torch_generator

_MOST_UPDATES = 1 << 8  # per step


def draws_of(
    seed: int, update: Update, at: Moment, latent_dim: int, device: torch.device, likely: Sequence[Draw] = ()
) -> tuple[BatchRandom, BatchRandom]:
    """Return the sources of an update's latents [B, latent_dim], and of its augmentations and mixtures.

    The first update of a step has a generator for each, by the number of the step; a later one a generator of its own
    for both, by the number of the step and its place: the latents are drawn first. So are `likely` draws of the
    second source, and all of them reach the device by one copy.
    """
    images = update.images or update.latents
    if not at.index:
        latents = torch_generator(seed, Purpose.LATENTS, at.step)
        others = torch_generator(seed, Purpose.REGULARIZERS, at.step)
    else:
        assert at.index < _MOST_UPDATES, "updates of one step"
        latents = others = torch_generator(seed, Purpose.UPDATE, at.step * _MOST_UPDATES + at.index)
    first = BatchRandom(latents, update.latents, device=device)
    second = BatchRandom(others, images, device=device)
    draw_ahead([(first, [Normal(latent_dim)]), (second, likely)])
    return first, second
