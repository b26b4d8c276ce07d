"""A term of a loss: what it asks of the critic, and a scalar made of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch

from hitzoo.objectives.critic import Answer, On, Question
from hitzoo.objectives.moment import Moment

Answers: TypeAlias = Mapping[Question, Answer]


class Term(Protocol):
    """A summand of a network's loss.

    It is taken every `interval` updates of the network with `interval` times its weight (lazy regularization: Karras et
    al. 2020, appendix B), beginning with the first.
    """

    @property
    def name(self) -> str:
        """Its column in the metrics."""

    @property
    def interval(self) -> int:
        """Updates from one taking to the next."""

    @property
    def asks(self) -> frozenset[Question]:
        """The questions whose answers it needs."""

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the term with its weight, as a scalar; the interval is not in it."""


@dataclass(frozen=True)
class OfLogits:
    """A term that is a `function` of the logits of some images alone, in their order: [B] each -> scalar."""

    name: str
    on: tuple[On, ...]
    function: Callable[..., torch.Tensor]
    interval: int = 1

    @property
    def asks(self) -> frozenset[Question]:
        """Return a question for the logits of each kind of images."""
        return frozenset(Question(on) for on in self.on)

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the function of the logits."""
        return self.function(*(answers[Question(on)].logits for on in self.on))


@dataclass(frozen=True)
class AdversarialLoss:
    """The two sides of a game, each a term of its network's loss."""

    generator: Term
    discriminator: Term


def questions_of(terms: Iterable[Term]) -> frozenset[Question]:
    """Return all that the terms ask together."""
    return frozenset[Question]().union(*(term.asks for term in terms))


def due(terms: Sequence[Term], update: int) -> list[Term]:
    """Return the terms that are taken at update number `update` (from 1) of their network."""
    return [term for term in terms if (update - 1) % term.interval == 0]


def squared_gradient(answers: Answers, on: On) -> torch.Tensor:
    """Return ‖∇_x D(x)‖² [B] of images whose gradient was asked for."""
    squares = answers[Question(on, gradient=True)].squared_gradient
    assert squares is not None, f"the critic did not give the gradient of {on} images"
    return squares
