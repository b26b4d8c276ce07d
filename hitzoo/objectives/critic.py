"""Questions to the discriminator and its answers, as one module with one forward pass over all of them.

That is what runs on several devices and what is compiled. B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import torch
from torch import nn

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.input_gradient import InputGradient, by_autograd
from hitzoo.objectives.noise import Noise

On: TypeAlias = Literal[
    "real", "fake", "mixed", "real_augmented", "fake_augmented", "real_noisy", "fake_noisy"
]  # fmt: skip
"""Images of the batch: real, generated, interpolated between the two, and either of the first two augmented, or with
noise."""

BATCHES: tuple[tuple[On, ...], ...] = (
    ("fake",),
    ("real",),
    ("mixed",),
    ("real_augmented", "fake_augmented"),
    ("real_noisy",),
    ("fake_noisy",),
)
"""The order in which images are judged. Augmented ones are one batch of 2B, as in the official code of HiT: with a
minibatch standard deviation it makes a difference which images are judged together."""


@dataclass(frozen=True)
class Question:
    """The logits of some images, and with `gradient` the squared norms of their gradients by the images too.

    `noise` is what noisy images have.
    """

    on: On
    gradient: bool = False
    noise: Noise | None = None


class Answer(NamedTuple):
    """Logits D(x) and, where asked for, ‖∇_x D(x)‖²: [B] each, float32, one entry per image.

    A discriminator whose last layer is a direction and a scale gives the direction's logits too
    (`layers/san_logit.py`).
    """

    logits: torch.Tensor
    squared_gradient: torch.Tensor | None = None
    directions: torch.Tensor | None = None


class Critic(nn.Module):
    """A discriminator that answers a tuple of questions; differentiable by its weights and by the images."""

    def __init__(self, discriminator: nn.Module, input_gradient: InputGradient = by_autograd) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.input_gradient = input_gradient

    def forward(self, images: tuple[torch.Tensor, ...], gradient: tuple[bool, ...]) -> tuple[Answer, ...]:
        """Judge batches of images [B, C, R, R] in their order; `gradient` says of which the gradient is wanted."""
        return tuple(self._answer(batch, wanted) for batch, wanted in zip(images, gradient, strict=True))

    def _answer(self, images: torch.Tensor, gradient: bool) -> Answer:
        if getattr(self.discriminator, "san", False):
            return self._answer_with_directions(images, gradient)
        if gradient:
            return Answer(*self.input_gradient(self.discriminator, images))
        return Answer(at_least_float32(self.discriminator(images)))

    def _answer_with_directions(self, images: torch.Tensor, gradient: bool) -> Answer:
        """Answer by both rows; those of the direction are constant in the images and add nothing to a gradient."""
        judge: Any = partial(self.discriminator, directions=True)
        both, squares = self.input_gradient(judge, images) if gradient else (at_least_float32(judge(images)), None)
        logits, directions = both.unbind()
        return Answer(logits, squares, directions)


def ask(critic: nn.Module, questions: Iterable[Question], images: Mapping[On, torch.Tensor]) -> dict[Question, Answer]:
    """Answer every question by one forward pass of a `Critic`; questions about the same images share an answer."""
    questions = frozenset(questions)
    asked = {question.on for question in questions}
    batches = [wanted for batch in BATCHES if (wanted := [on for on in batch if on in asked])]
    given = tuple(images[batch[0]] if len(batch) == 1 else torch.cat([images[on] for on in batch]) for batch in batches)
    gradient = tuple(any(Question(on, gradient=True) in questions for on in batch) for batch in batches)
    found: dict[On, Answer] = {}
    for batch, answer in zip(batches, critic(given, gradient), strict=True):
        found |= zip(batch, _split(answer, len(batch)), strict=True)
    return {question: found[question.on] for question in questions}


def _split(answer: Answer, count: int) -> list[Answer]:
    """Share out the answer to a batch of `count` kinds of images."""
    if count == 1:
        return [answer]
    parts = ([None] * count if part is None else part.chunk(count) for part in answer)
    return [Answer(*one) for one in zip(*parts, strict=True)]
