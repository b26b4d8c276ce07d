"""Computation of metrics from features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch

from hitzoo.evaluation import fidelity
from hitzoo.evaluation.frechet import frechet_distance
from hitzoo.evaluation.metrics import FeatureKind, Metric
from hitzoo.evaluation.precision_recall import precision_recall
from hitzoo.evaluation.sliced_wasserstein import sliced_wasserstein

Features: TypeAlias = Mapping[FeatureKind, torch.Tensor]
Value: TypeAlias = tuple[float, float | None]  # and its deviation, if it is a mean of several

_SMALLEST_SCALE = 1e-2  # of the mean deviation: a feature that hardly varies must not outweigh all others


def compute(metrics: Sequence[Metric], samples: Features, reals: Features) -> dict[str, Value]:
    """Compute every value of `metrics` by name, from features (N, …) and (M, …) of each kind."""
    names: set[str] = {metric.name for metric in metrics}
    values: dict[str, Value] = {}
    if "is" in names:
        values["inception_score"] = fidelity.inception_score(samples["inception"][:, fidelity.POOL_WIDTH :])
    if names & {"fid", "kid", "pr"}:
        pooled = samples["inception"][:, : fidelity.POOL_WIDTH]
        values |= fidelity.compare(names, pooled, reals["inception"])
    if "efficientnet_frechet" in names:
        values["efficientnet_frechet"] = frechet_distance(samples["efficientnet"], reals["efficientnet"]), None
    if names & {"random_conv_frechet", "random_conv_pr"}:
        values |= _on_random_conv(names, *scaled(samples["random_conv"], reals["random_conv"]))
    if "sliced_wasserstein" in names:
        values["sliced_wasserstein"] = sliced_wasserstein(samples["patches"], reals["patches"]), None
    return values


def scaled(samples: torch.Tensor, reals: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale features (N, D) and (M, D) to units of each feature's deviation over the real images, in float64."""
    scale = feature_scale(reals)
    return samples.double() / scale, reals.double() / scale


def feature_scale(reals: torch.Tensor) -> torch.Tensor:
    """Each feature's deviation (D,) over the real images (M, D), in float64; of one that hardly varies a bit more."""
    deviation = reals.double().std(dim=0)
    return deviation.clamp(min=max(_SMALLEST_SCALE * float(deviation.mean()), torch.finfo(torch.float32).eps))


def _on_random_conv(names: set[str], samples: torch.Tensor, reals: torch.Tensor) -> dict[str, Value]:
    values: dict[str, Value] = {}
    if "random_conv_frechet" in names:
        values["random_conv_frechet"] = frechet_distance(samples, reals), None
    if "random_conv_pr" in names:
        precision, recall = precision_recall(samples, reals)
        values |= {"random_conv_precision": (precision, None), "random_conv_recall": (recall, None)}
    return values
