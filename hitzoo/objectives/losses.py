"""The numbers of an update, for the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from hitzoo.objectives.critic import Answer, Question, per_image


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Scalars by name, detached, on the device.

    `terms` holds `generator` and `discriminator` (their adversarial parts alone) and each penalty with its weight, but
    without the factor of an interval. `logits` holds the means over `real` and `fake` images. `real_signs` is the sum
    of the signs of D at real images, where an augmentation adapts itself to it, and `augment_p` an augmentation's
    strength. `path_length` is the mean over the images of path length regularization; `measures` are numbers of other
    kinds, as the share of codes in use.
    """

    terms: Mapping[str, torch.Tensor]
    logits: Mapping[str, torch.Tensor] = field(default_factory=dict)
    real_signs: torch.Tensor | None = None
    augment_p: float | None = None
    path_length: torch.Tensor | None = None
    measures: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def mean(cls, parts: Sequence[Losses]) -> Losses:
        """Return the losses of micro-batches of equal size, or of several updates, each averaged where it is there.

        Signs are added.
        """
        if len(parts) == 1:
            return parts[0]
        lengths = [part.path_length for part in parts if part.path_length is not None]
        signs = [part.real_signs for part in parts if part.real_signs is not None]
        return cls(
            terms=_means([part.terms for part in parts]),
            logits=_means([part.logits for part in parts]),
            real_signs=torch.stack(signs).sum() if signs else None,
            augment_p=parts[0].augment_p,
            path_length=torch.stack(lengths).mean() if lengths else None,
            measures=_means([part.measures for part in parts]),
        )


def mean_logits(answers: Mapping[Question, Answer]) -> dict[str, torch.Tensor]:
    """Return the mean logits of the real and the fake images, as far as they were asked for."""
    found = {question.on: answer.logits.detach() for question, answer in answers.items()}
    return {on: found[on].mean() for on in ("real", "fake") if on in found}


def real_signs(answers: Mapping[Question, Answer]) -> torch.Tensor | None:
    """Return the sum of the signs of D at real images, one of each, where they were asked for.

    Where D judges places of an image, its sign is that of their mean.
    """
    real = [answer.logits.detach() for question, answer in answers.items() if question.on == "real"]
    return per_image(real[0]).sign().sum() if real else None


def _means(parts: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: torch.stack([part[name] for part in parts if name in part]).mean() for name in names}
