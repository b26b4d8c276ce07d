"""The arithmetic of an objective, in forward passes of each network; it follows from the questions of the terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hitzoo.objectives.critic import Question
from hitzoo.objectives.terms.term import AdversarialLoss, Term

_TRAINED = 3  # forward, and backward by inputs and by weights
_DOUBLE = 3  # more for a penalty on the input gradient: that gradient, and its own two


def generator_passes() -> float:
    """Return the passes of a trained generator per fake image."""
    return float(_TRAINED)


def critic_passes(loss: AdversarialLoss, penalties: Sequence[Term]) -> float:
    """Return the passes of a trained discriminator per image of a batch, averaged over the intervals of lazy terms."""
    always = loss.discriminator.asks
    lazy = (passes_of(always | term.asks) - passes_of(always) for term in penalties)
    return passes_of(always) + sum(more / term.interval for more, term in zip(lazy, penalties, strict=True))


def judging_passes(term: Term) -> float:
    """Return the passes of a discriminator that is only judging for a generator's term: forward, and back to images."""
    kinds = {question.on for question in term.asks}
    return len(kinds) + 1.0


def passes_of(questions: Iterable[Question]) -> float:
    """Return the passes that answering some questions and learning from the answers takes, per image of the batch."""
    questions = frozenset(questions)
    shares = {question.on: question.noise.fraction if question.noise else 1.0 for question in questions}
    return float(
        _TRAINED * sum(shares.values()) + _DOUBLE * sum(Question(on, gradient=True) in questions for on in shares)
    )
