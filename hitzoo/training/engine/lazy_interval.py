"""The interval of a recipe's lazy terms, for whoever times single steps."""

from __future__ import annotations

from hitzoo.spec.types import TrainingSpec


def lazy_interval(training: TrainingSpec) -> int:
    """Return the interval of lazy terms; of several the shortest, the dearer guess, and by turns as if all were due.

    In step 1 all terms are due, in step 2 none of the lazy ones.
    """
    if not isinstance(training.updates, str):
        return 1
    return min((term.interval for term in training.regularizers if term.interval > 1), default=1)
