"""The protocol of a number as plain data: the sets that were compared, and how it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from hitzoo.evaluation import fidelity
from hitzoo.evaluation.efficientnet import EfficientNetLite
from hitzoo.evaluation.features import FeatureNetwork
from hitzoo.evaluation.inception import FILE_NAME, SHA256
from hitzoo.evaluation.metrics import NEIGHBOURS, Metric
from hitzoo.releases import release_of

_OF_FEATURES = {"inception": ("torch-fidelity",), "efficientnet": ("timm",)}


def protocol_of(
    metric: Metric,
    network: FeatureNetwork,
    generated: Mapping[str, Any],
    real: Mapping[str, Any],
    device: torch.device,
) -> dict[str, Any]:
    """Collect all that a value of `metric` depends on; `network` computed the samples' features."""
    return {
        "definition": metric.definition,
        **_parameters(metric, generated["images"], real["images"]),
        "features": _features(metric, network),
        "generated": dict(generated),
        "real": dict(real) if metric.needs_real else None,
        "computed": {"device": device.type, "features": "float32"},
        "versions": _versions(metric),
    }


def _parameters(metric: Metric, samples: int, reals: int) -> dict[str, Any]:
    match metric.name:
        case "is":
            groups = fidelity.is_groups(samples)
            return {"groups": groups, "group_size": samples // groups}
        case "kid":
            return {"subsets": fidelity.KID_SUBSETS, "subset_size": fidelity.kid_subset_size(samples, reals)}
        case "pr" | "random_conv_pr":
            return {"neighbours": NEIGHBOURS}
        case _:
            return {}


def _features(metric: Metric, network: FeatureNetwork) -> dict[str, Any]:
    if isinstance(network, EfficientNetLite):
        return {"network": network.name, "shape": list(network.shape), **network.facts}
    if not metric.needs_inception:
        return {"network": network.name, "shape": list(network.shape)}
    pooled = fidelity.POOL, [fidelity.POOL_WIDTH]
    layer, shape = (fidelity.LOGITS, [fidelity.LOGITS_WIDTH]) if metric.name == "is" else pooled
    return {"network": network.name, "layer": layer, "shape": shape, "weights": FILE_NAME, "sha256": SHA256}


def _versions(metric: Metric) -> dict[str, str]:
    packages = ["hitzoo", "numpy", "pillow", *_OF_FEATURES.get(metric.features, ())]
    return {"torch": str(torch.__version__)} | {name: release_of(name) for name in packages}
