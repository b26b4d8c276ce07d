"""The images of a batch that the critic is asked about, made of its real and its fake ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import torch

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import On, Question

Augment: TypeAlias = Callable[[torch.Tensor, BatchRandom], torch.Tensor]
"""Images [B, C, R, R] and random numbers for them, on the same device -> augmented images."""


def batch_images(
    questions: Iterable[Question],
    real: torch.Tensor,
    fake: torch.Tensor,
    random: BatchRandom,
    augment: Augment | None = None,
) -> dict[On, torch.Tensor]:
    """Return the images that the questions are about: [B, C, R, R] each.

    A gradient leads to the fake images alone: none passes through augmented, mixed or noisy ones. Random numbers are
    drawn for the augmented real images, then for the fake ones, then for the mixtures, then for the noise.
    """
    questions = frozenset(questions)
    asked = {question.on for question in questions}
    found: dict[On, torch.Tensor] = {"real": real, "fake": fake}
    with torch.no_grad():
        if asked & {"real_augmented", "fake_augmented"}:
            assert augment is not None, "a term asks about augmented images, and nothing augments them"
            found |= {"real_augmented": augment(real, random), "fake_augmented": augment(fake, random)}
        if "mixed" in asked:
            found["mixed"] = mix(real, fake, random)
        noises = {question.on: question.noise for question in questions if question.noise is not None}
        if "real_noisy" in noises:
            found["real_noisy"] = noises["real_noisy"](real, random)
        if "fake_noisy" in noises:
            found["fake_noisy"] = noises["fake_noisy"](fake, random)
    return found


def mix(real: torch.Tensor, fake: torch.Tensor, random: BatchRandom) -> torch.Tensor:
    """Return x + u·(x̂ − x) with one u ~ U(0, 1) per image (Gulrajani et al. 2017, algorithm 1, lines 5 and 6)."""
    u = random.uniform().to(real.dtype)[:, None, None, None]
    return real + u * (fake - real)
