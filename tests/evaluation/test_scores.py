"""From features to numbers, and from metrics to networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.evaluation.frechet import frechet_distance
from hitzoo.evaluation.metrics import choose_metrics
from hitzoo.evaluation.networks import open_networks
from hitzoo.evaluation.precision_recall import precision_recall
from hitzoo.evaluation.scores import compute, scaled


def rows(seed: int, shift: float = 0.0) -> torch.Tensor:
    values = np.random.default_rng(seed).standard_normal((60, 4)) * [1, 10, 100, 1e-7] + shift
    return torch.from_numpy(values.astype(np.float32))


def test_features_count_alike_unless_they_hardly_vary() -> None:
    fakes, reals = scaled(rows(0, 0.5), rows(1))
    np.testing.assert_allclose(reals.std(dim=0)[:3], 1)
    assert reals.std(dim=0)[3] < 1e-6
    np.testing.assert_allclose(fakes[:, :3] * rows(1).std(dim=0)[:3], rows(0, 0.5)[:, :3], rtol=1e-5)
    flat = torch.ones(5, 3)
    assert all(torch.isfinite(part).all() for part in scaled(flat * 2, flat))


def test_the_metrics_on_random_convolutions_use_them_scaled() -> None:
    fakes, reals = rows(0, 0.5), rows(1)
    metrics = choose_metrics(["random_conv_frechet", "random_conv_pr"])
    values = compute(metrics, {"random_conv": fakes}, {"random_conv": reals})
    precision, recall = precision_recall(*scaled(fakes, reals))
    assert values == {
        "random_conv_frechet": (frechet_distance(*scaled(fakes, reals)), None),
        "random_conv_precision": (precision, None),
        "random_conv_recall": (recall, None),
    }
    assert values["random_conv_frechet"][0] != pytest.approx(frechet_distance(fakes, reals), rel=0.1)


def test_networks_know_the_size_of_their_set() -> None:
    metrics = choose_metrics(["sliced_wasserstein", "random_conv_pr"])
    networks = open_networks(
        metrics,
        resolution=32,
        samples=4096,
        reals=8192,
        device=torch.device("cpu"),
        inception_weights=None,
        note=pytest.fail,
    )
    assert networks.samples["patches"].shape == (2, 16, 147)
    assert networks.reals["patches"].shape == (2, 8, 147)
    assert networks.samples["random_conv"] is networks.reals["random_conv"]
