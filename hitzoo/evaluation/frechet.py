"""The Fréchet distance between two sets of features, each modelled as a Gaussian.

Source: Dowson and Landau 1982, equation 5; on Inception features it is FID (Heusel et al. 2017, equation 6).
"""

from __future__ import annotations

import torch


def frechet_distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """|m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½) of two sets (N, D) and (M, D), computed in float64.

    Covariances are unbiased (N − 1). With fewer rows than columns they are rank-deficient; the distance is still
    defined, but biased upwards.
    """
    return frechet_distance_of_gaussians(*mean_and_covariance(first), *mean_and_covariance(second))


def mean_and_covariance(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute mean (D,) and covariance (D, D) in float64 of rows (N, D), N at least 2."""
    rows = rows.double()
    mean = rows.mean(dim=0)
    centred = rows - mean
    return mean, centred.T @ centred / (len(rows) - 1)


def frechet_distance_of_gaussians(
    mean1: torch.Tensor, covariance1: torch.Tensor, mean2: torch.Tensor, covariance2: torch.Tensor
) -> float:
    """The distance of two Gaussians, never negative.

    C₁C₂ is not symmetric, but has the eigenvalues of C₁^½ C₂ C₁^½, which is: so only symmetric matrices are
    decomposed, and eigenvalues that rounding makes negative are set to 0.
    """
    values, vectors = torch.linalg.eigh(covariance1)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    inner = root @ covariance2 @ root
    overlap = torch.linalg.eigvalsh((inner + inner.T) / 2).clamp(min=0).sqrt().sum()
    distance = (mean1 - mean2).square().sum() + covariance1.trace() + covariance2.trace() - 2 * overlap
    return max(float(distance), 0.0)
