"""Augmentation of everything that the discriminator sees.

The discriminator judges D(T(x)) for a random T with gradients through it, so that the generator learns the images and
not their augmentation (Zhao et al. 2020; Karras et al. 2020). All that a term compares of one image has the same T: the
image, the image with noise, and its copy for consistency; D∘T is then one function, and a penalty on its gradient by
images, or on finite differences, is what it is without augmentation. Mixtures of two images have a T of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch

from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import On, PullBack, Question
from hitzoo.objectives.repeated_draws import RepeatedDraws
from hitzoo.objectives.schedule import Number, value_at

_IMAGE_OF: dict[On, On] = {
    "real": "real",
    "fake": "fake",
    "mixed": "mixed",
    "real_augmented": "real",
    "fake_augmented": "fake",
    "real_noisy": "real",
    "fake_noisy": "fake",
}
"""The image whose T each kind has."""


class Transforms(Protocol):
    """Random changes of images with a strength from 0 to 1, affine in the images; None: as strong as they are."""

    def __call__(self, images: torch.Tensor, random: BatchRandom, strength: float | None) -> torch.Tensor:
        """Return changed images [B, C, R, R], differentiable by the images."""


class Seen(NamedTuple):
    """The images that the discriminator sees, and ways back for gradients by them."""

    images: Mapping[On, torch.Tensor]
    pull_back: Mapping[On, PullBack]


def see(
    pipe: AugmentPipe | None,
    questions: Iterable[Question],
    images: Mapping[On, torch.Tensor],
    random: BatchRandom,
    images_seen: int,
    adapted: float = 0.0,
) -> Seen:
    """Return the images of a batch as the discriminator sees them: as they are, or through a pipe.

    `images_seen` is what a schedule of the strength follows; a strength that adapts itself is `adapted`.
    """
    return Seen(images, {}) if pipe is None else pipe(questions, images, random, pipe.strength_at(images_seen, adapted))


@dataclass(frozen=True)
class AugmentPipe:
    """Transforms with a strength, which may follow a schedule, or be `adaptive`: the state of a run then says it."""

    transforms: Transforms
    strength: Number | None = None
    adaptive: bool = False

    def strength_at(self, images_seen: int, adapted: float) -> float | None:
        """Return the strength after so many real images; `adapted` is that of an adaptive one."""
        if self.adaptive:
            return adapted
        return None if self.strength is None else value_at(self.strength, images_seen)

    def __call__(
        self,
        questions: Iterable[Question],
        images: Mapping[On, torch.Tensor],
        random: BatchRandom,
        strength: float | None,
    ) -> Seen:
        """Augment the images of a batch that are asked about.

        Random numbers are drawn for real images, then for fake ones, then for mixtures.
        """
        questions = frozenset(questions)
        draws = {on: RepeatedDraws(random) for on in ("real", "fake", "mixed")}
        seen: dict[On, torch.Tensor] = {}
        back: dict[On, PullBack] = {}
        for on in _IMAGE_OF:
            if not any(question.on == on for question in questions):
                continue
            wanted = Question(on, gradient=True) in questions
            own = draws[_IMAGE_OF[on]].from_the_first(len(images[on]))
            seen[on], back[on] = self._see(images[on], own, strength, wanted)
        return Seen(seen, back)

    def _see(
        self, images: torch.Tensor, random: BatchRandom, strength: float | None, wanted: bool
    ) -> tuple[torch.Tensor, PullBack]:
        """Return T(x), and the way of a gradient by T(x) back to x, if it is `wanted`.

        Where x wants no gradient itself, what the discriminator sees leads to none: the way back is all that is kept.
        """
        given = images if images.requires_grad else images.detach().requires_grad_(wanted)
        with torch.set_grad_enabled(given.requires_grad):
            result = self.transforms(given, random, strength)

        def pull_back(gradient: torch.Tensor) -> torch.Tensor:
            (found,) = torch.autograd.grad(result, given, gradient, create_graph=True)
            return found

        seen = result if images.requires_grad else result.detach()
        return seen, lambda gradient: outside_autocast(pull_back, gradient)
