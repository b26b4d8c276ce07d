"""Feature networks for a choice of metrics, for the samples and for the real images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hitzoo.evaluation import fidelity
from hitzoo.evaluation.efficientnet import EfficientNetLite
from hitzoo.evaluation.features import FeatureNetwork
from hitzoo.evaluation.inception import find_inception_weights
from hitzoo.evaluation.metrics import FeatureKind, Metric
from hitzoo.evaluation.random_conv import RandomConv
from hitzoo.evaluation.sliced_wasserstein import LaplacianPatches


@dataclass(frozen=True)
class Networks:
    """Feature networks for the samples, and for the real images."""

    samples: dict[FeatureKind, FeatureNetwork]
    reals: dict[FeatureKind, FeatureNetwork]


def open_networks(
    metrics: Sequence[Metric],
    *,
    resolution: int,
    samples: int,
    reals: int,
    device: torch.device,
    inception_weights: Path | None,
    note: Callable[[str], None],
) -> Networks:
    """Load the networks of `metrics`, for sets of `samples` and `reals` images.

    Raises:
        RequestError, WeightsError: torch-fidelity or timm does not load, or a network's weights are not available.
    """
    kinds = {metric.features for metric in metrics}
    compared = {metric.features for metric in metrics if metric.needs_real}
    ours: dict[FeatureKind, FeatureNetwork] = {}
    theirs: dict[FeatureKind, FeatureNetwork] = {}
    if "inception" in kinds:
        fidelity.check_torch_fidelity()
        network = fidelity.open_inception(find_inception_weights(inception_weights, note))
        scored = any(metric.name == "is" for metric in metrics)
        ours["inception"] = fidelity.Inception(network, device, logits=scored)
        theirs["inception"] = fidelity.Inception(network, device)
    if "efficientnet" in kinds:
        ours["efficientnet"] = theirs["efficientnet"] = EfficientNetLite(device, note)
    if "random_conv" in kinds:
        ours["random_conv"] = theirs["random_conv"] = RandomConv(device)
    if "patches" in kinds:
        ours["patches"] = LaplacianPatches(resolution, samples, device)
        theirs["patches"] = LaplacianPatches(resolution, reals, device)
    return Networks(ours, {kind: network for kind, network in theirs.items() if kind in compared})
