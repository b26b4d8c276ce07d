"""Questions to the discriminator and its answers, as one module with one forward pass over all of them.

That is what runs on several devices and what is compiled. B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import torch
from torch import nn

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.input_gradient import InputGradient, by_autograd, squares
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

    A discriminator that judges K places of an image gives logits [B, K]. Losses take each of them for itself; the
    gradient is that of their mean.
    A discriminator whose last layer is a direction and a scale gives the direction's logits too
    (`layers/san_logit.py`).
    """

    logits: torch.Tensor
    squared_gradient: torch.Tensor | None = None
    directions: torch.Tensor | None = None


class Judgement(NamedTuple):
    """Logits D(x) [B] of a batch and, where wanted, ∇_x D(x) [B, C, R, R], and the direction's logits [B]."""

    logits: torch.Tensor
    gradient: torch.Tensor | None = None
    directions: torch.Tensor | None = None


PullBack: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""A gradient by images that the discriminator sees -> that by the images they are made of: [B, C, R, R]."""


class Critic(nn.Module):
    """A discriminator that judges a tuple of batches; differentiable by its weights and by the images."""

    def __init__(self, discriminator: nn.Module, input_gradient: InputGradient = by_autograd) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.input_gradient = input_gradient

    def forward(
        self, images: tuple[torch.Tensor, ...], gradient: tuple[bool, ...], noise_keys: tuple[torch.Tensor, ...] = ()
    ) -> tuple[Judgement, ...]:
        """Judge batches of images [B, C, R, R] in their order.

        `gradient` says of which the gradient is wanted; `noise_keys`, [B] each, are for a discriminator with noise.
        """
        keys = noise_keys or (None,) * len(images)
        return tuple(self._judge(*batch) for batch in zip(images, gradient, keys, strict=True))

    def _judge(self, images: torch.Tensor, gradient: bool, noise_keys: torch.Tensor | None) -> Judgement:
        if getattr(self.discriminator, "san", False):
            return self._judge_with_directions(images, gradient)
        judge: Any = self.discriminator
        if noise_keys is not None:
            judge = partial(judge, noise_keys=noise_keys)
        if gradient:
            logits, by_images = self.input_gradient(judge, images)
            return Judgement(logits, by_images / logits.shape[1] if logits.ndim == 2 else by_images)
        return Judgement(at_least_float32(judge(images)))

    def _judge_with_directions(self, images: torch.Tensor, gradient: bool) -> Judgement:
        """Judge by both rows; those of the direction are constant in the images and add nothing to a gradient."""
        judge: Any = partial(self.discriminator, directions=True)
        both, by_images = self.input_gradient(judge, images) if gradient else (at_least_float32(judge(images)), None)
        logits, directions = both.unbind()
        return Judgement(logits, by_images, directions)


def ask(
    critic: nn.Module,
    questions: Iterable[Question],
    images: Mapping[On, torch.Tensor],
    pull_back: Mapping[On, PullBack] = MappingProxyType({}),
    forward: Callable[[], AbstractContextManager[None]] = nullcontext,
    noise_keys: Mapping[On, torch.Tensor] = MappingProxyType({}),
) -> dict[Question, Answer]:
    """Answer every question by one forward pass of a `Critic`; questions about the same images share an answer.

    Args:
        critic: the discriminator.
        questions: what is asked.
        images: what the discriminator sees, by kind.
        pull_back: of kinds that are augmented, the gradient by what it sees -> that by the images before; its squared
            norm is then in the answer.
        forward: entered for the forward pass, such as autocast.
        noise_keys: of each kind, keys of the discriminator's own noise, [B]; empty for one without noise.
    """
    questions = frozenset(questions)
    asked = {question.on for question in questions}
    batches = [wanted for batch in BATCHES if (wanted := [on for on in batch if on in asked])]
    given = _joined(images, batches)
    gradient = tuple(any(Question(on, gradient=True) in questions for on in batch) for batch in batches)
    with forward():
        judgements = critic(given, gradient, _joined(noise_keys, batches)) if noise_keys else critic(given, gradient)
    found: dict[On, Answer] = {}
    for batch, judgement in zip(batches, judgements, strict=True):
        parts = zip(batch, _split(judgement, len(batch)), strict=True)
        found |= {on: _answer(one, pull_back.get(on)) for on, one in parts}
    return {question: found[question.on] for question in questions}


def per_image(logits: torch.Tensor) -> torch.Tensor:
    """Return the mean over an image's places: [B] or [B, K] -> [B]."""
    return logits.mean(dim=1) if logits.ndim == 2 else logits


def _joined(tensors: Mapping[On, torch.Tensor], batches: Iterable[list[On]]) -> tuple[torch.Tensor, ...]:
    """The tensors of each batch's kinds, one after another."""
    return tuple(
        tensors[batch[0]] if len(batch) == 1 else torch.cat([tensors[on] for on in batch]) for batch in batches
    )


def _answer(judgement: Judgement, pull_back: PullBack | None) -> Answer:
    """Take squared norms, of gradients that were pulled back where there is a way.

    Logits become views, which stand above the critic in the graph: slopes by them are found without a pass through the
    norms, which would end in the same place (a compiled critic is a single node).
    """
    gradient = judgement.gradient
    if gradient is not None and pull_back is not None:
        gradient = pull_back(gradient)
    logits, directions = (None if one is None else one.view_as(one) for one in (judgement.logits, judgement.directions))
    assert logits is not None
    return Answer(logits, None if gradient is None else squares(gradient), directions)


def _split(judgement: Judgement, count: int) -> list[Judgement]:
    """Share out what was said of a batch of `count` kinds of images."""
    if count == 1:
        return [judgement]
    parts = ([None] * count if part is None else part.chunk(count) for part in judgement)
    return [Judgement(*one) for one in zip(*parts, strict=True)]
