"""The Fréchet distance against closed forms and against another way to compute it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.evaluation.frechet import frechet_distance, frechet_distance_of_gaussians, mean_and_covariance

DIMENSION = 5


def rotation(seed: int) -> torch.Tensor:
    return torch.linalg.qr(torch.from_numpy(np.random.default_rng(seed).standard_normal((DIMENSION, DIMENSION))))[0]


def by_singular_values(first: np.ndarray, second: np.ndarray) -> float:
    """tr (C₁C₂)^½ is the sum of the singular values of A₁A₂ᵀ, where C = AᵀA: no root of a matrix is taken."""
    means = first.mean(0), second.mean(0)
    roots = [(rows - mean) / np.sqrt(len(rows) - 1) for rows, mean in zip((first, second), means, strict=True)]
    overlap = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    return float(((means[0] - means[1]) ** 2).sum() + sum((root**2).sum() for root in roots) - 2 * overlap)


@pytest.mark.parametrize("variance", [0.0, 0.25, 1.0, 9.0])
def test_gaussians_of_one_shape(variance: float) -> None:
    """N(0, I) and N(m, v·I): |m|² + D·(1 − √v)²."""
    unit, mean = torch.eye(DIMENSION, dtype=torch.float64), torch.arange(DIMENSION, dtype=torch.float64)
    found = frechet_distance_of_gaussians(torch.zeros_like(mean), unit, mean, variance * unit)
    assert found == pytest.approx(30 + DIMENSION * (1 - variance**0.5) ** 2, rel=1e-12)


def test_gaussians_that_share_their_axes() -> None:
    """Σ (√a − √b)² over the axes, whatever their direction."""
    turn, mean = rotation(1), torch.zeros(DIMENSION, dtype=torch.float64)
    first, second = (torch.tensor(values, dtype=torch.float64) for values in ([4, 1, 9, 0, 2.25], [1, 1, 0, 16, 0.25]))
    found = frechet_distance_of_gaussians(mean, turn @ first.diag() @ turn.T, mean, turn @ second.diag() @ turn.T)
    assert found == pytest.approx(1 + 0 + 9 + 16 + 1, rel=1e-7)  # the axes of no variance cost digits


@pytest.mark.parametrize(("first", "second", "width"), [(80, 60, 6), (12, 30, 40), (5, 5, 64)])
def test_rows_of_any_rank(first: int, second: int, width: int) -> None:
    random = np.random.default_rng(first)
    a = random.standard_normal((first, width)) @ random.standard_normal((width, width))
    b = 0.3 + random.standard_normal((second, width))
    found = frechet_distance(torch.from_numpy(a), torch.from_numpy(b))
    assert found == pytest.approx(by_singular_values(a, b), rel=1e-6)
    assert found == pytest.approx(frechet_distance(torch.from_numpy(b), torch.from_numpy(a)), rel=1e-6)


def test_the_same_rows_are_at_no_distance() -> None:
    rows = torch.from_numpy(np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)) + 100
    assert 0 <= frechet_distance(rows, rows.flip(0)) < 1e-8


def test_statistics_are_unbiased_and_exact() -> None:
    rows = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32) + 1000
    mean, covariance = mean_and_covariance(torch.from_numpy(rows))
    np.testing.assert_allclose(mean, rows.astype(np.float64).mean(0), rtol=1e-14)
    np.testing.assert_allclose(covariance, np.cov(rows.astype(np.float64), rowvar=False), rtol=1e-9)
