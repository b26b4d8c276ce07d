"""Adam as it is for one network, of what a spec says for both and for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hitzoo.spec.types import AdamSpec, TrainingSpec

_SECTIONS = ("generator", "discriminator", "encoder", "quantizer")


def adam_of(training: TrainingSpec, role: str) -> AdamSpec:
    """Return the optimizer of one network, without sections for each."""
    both = training.optimizer
    own = getattr(both, role)
    bare: dict[str, Any] = dict.fromkeys(_SECTIONS)
    if own is None:
        return replace(both, **bare)
    return replace(
        both,
        learning_rate=both.learning_rate if own.learning_rate is None else own.learning_rate,
        betas=both.betas if own.betas is None else own.betas,
        clip_norm=both.clip_norm if own.clip_norm is None else own.clip_norm,
        **bare,
    )


def lazy_share(training: TrainingSpec, role: str) -> float:
    """Return c = k/(k + 1) of `lazy_correction`, with the shortest interval k of its lazy regularizers; 1 without."""
    of_generator = (training.path_length,) if training.path_length else ()
    terms = of_generator if role == "generator" else training.penalties
    intervals = [term.interval for term in terms if term.interval > 1]
    if not training.optimizer.lazy_correction or not intervals:
        return 1.0
    return min(intervals) / (min(intervals) + 1)
