"""Keys of the noise that a discriminator makes itself.

All that a term compares of one image has the same key, as it has the same augmentation: a finite difference of two
draws would divide a constant by σ. Mixtures of two images have keys of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from hitzoo.layers.keyed_noise import WORD
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import On, Question

_IMAGE_OF: dict[On, On] = {
    "real": "real",
    "fake": "fake",
    "mixed": "mixed",
    "real_augmented": "real",
    "fake_augmented": "fake",
    "real_noisy": "real",
    "fake_noisy": "fake",
}
"""The image whose key each kind has."""


def noise_keys(
    wanted: bool, questions: Iterable[Question], images: Mapping[On, torch.Tensor], random: BatchRandom
) -> dict[On, torch.Tensor]:
    """Draw a key [B] per image of what is asked about, after all else; none where the discriminator has no noise."""
    asked = {question.on for question in questions} if wanted else set()
    kinds = [on for on in _IMAGE_OF if on in asked]
    own = {on: random.integers(0, WORD) for on in dict.fromkeys(_IMAGE_OF[on] for on in kinds)}
    return {on: own[_IMAGE_OF[on]][: len(images[on])] for on in kinds}
