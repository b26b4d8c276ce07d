"""Precision and recall of samples, from the distances between features.

Source: Kynkäänniemi et al. 2019 ("Improved Precision and Recall Metric for Assessing Generative Models"), section 2:
a set's manifold is the union of balls around its points, each as large as the distance to the point's k-th neighbour.
"""

from __future__ import annotations

import torch

from hitzoo.evaluation.distances import squared_distances
from hitzoo.evaluation.metrics import NEIGHBOURS

_ROUNDING = 1e-10  # of the largest squared norm: rounding of |x|² + |y|² − 2xy in float64; equal points coincide


def precision_recall(fakes: torch.Tensor, reals: torch.Tensor, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Compute (precision, recall) of features (N, D) and (M, D), both in [0, 1].

    Precision is the share of `fakes` inside the manifold of `reals`, recall the share of `reals` inside the manifold of
    `fakes`. N and M exceed `neighbours`. Memory holds the features and a block of distances.
    """
    centre = reals.double().mean(dim=0)
    fakes, reals = fakes.double() - centre, reals.double() - centre
    slack = _ROUNDING * max(float(rows.square().sum(dim=1).max()) for rows in (fakes, reals))
    fake_radii, real_radii = (_squared_radii(rows, neighbours) + slack for rows in (fakes, reals))
    inside = 0
    reached = torch.zeros(len(reals), dtype=torch.bool)
    for part, distances in squared_distances(fakes, reals):
        inside += int((distances <= real_radii).any(dim=1).sum())
        reached |= (distances <= fake_radii[part, None]).any(dim=0)
    return inside / len(fakes), float(reached.double().mean())


def _squared_radii(rows: torch.Tensor, neighbours: int) -> torch.Tensor:
    """Squared distances (N,) to the k-th nearest other row; the nearest of all is the row itself."""
    radii = torch.empty(len(rows), dtype=rows.dtype)
    for part, distances in squared_distances(rows, rows):
        radii[part] = distances.kthvalue(neighbours + 1, dim=1).values
    return radii
