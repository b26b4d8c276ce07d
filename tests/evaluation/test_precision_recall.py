"""Precision and recall on points whose answer can be seen, and against loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.evaluation import distances
from hitzoo.evaluation.precision_recall import precision_recall


def points(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None]


def by_loops(fakes: np.ndarray, reals: np.ndarray, neighbours: int) -> tuple[float, float]:
    def radius(points: np.ndarray, index: int) -> float:
        return float(sorted(np.linalg.norm(points - points[index], axis=1))[neighbours])

    def inside(point: np.ndarray, points: np.ndarray) -> bool:
        return any(np.linalg.norm(point - other) <= radius(points, index) for index, other in enumerate(points))

    return float(np.mean([inside(fake, reals) for fake in fakes])), float(
        np.mean([inside(real, fakes) for real in reals])
    )


def test_points_on_a_line() -> None:
    """With one neighbour the reals 0, 1, 10 have the radii 1, 1, 9: together they cover [-1, 19]."""
    reals = points(0, 1, 10)
    assert precision_recall(points(-0.9, 2, 18.9, 19.1), reals, neighbours=1) == (0.75, 2 / 3)
    fakes = points(-5.0, -4.5, 10.25, 10.75)  # radii ½: they cover [-5.5, -4] and [9.75, 11.25]
    assert precision_recall(fakes, reals, neighbours=1) == (0.5, 1 / 3)


def test_the_edge_of_a_ball_belongs_to_it() -> None:
    assert precision_recall(points(-1, 2), points(0, 1), neighbours=1) == (1.0, 1.0)


@pytest.mark.parametrize(("scale", "far"), [(1e-3, 0), (1.0, 1e6), (1e3, 100)])
def test_agreement_with_loops(scale: float, far: float, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    fakes = scale * (random.standard_normal((40, 4)) + 0.8 + far)
    reals = scale * (random.standard_normal((30, 4)) + far)
    wanted = by_loops(fakes, reals, 3)
    assert 0.1 < wanted[0] < 0.95
    assert 0.1 < wanted[1] < 0.95
    given = torch.from_numpy(fakes), torch.from_numpy(reals)
    assert precision_recall(*given) == pytest.approx(wanted)
    monkeypatch.setattr(distances, "_BLOCK", 70)  # blocks of two rows
    assert precision_recall(*given) == pytest.approx(wanted)


def test_one_set_is_all_inside_itself() -> None:
    rows = torch.from_numpy(np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32)) + 50
    assert precision_recall(rows, rows[torch.randperm(60)]) == (1.0, 1.0)
    doubled = rows[:5].repeat(8, 1)  # every radius is 0
    assert precision_recall(doubled, doubled.flip(0)) == (1.0, 1.0)


def test_collapsed_samples_are_precise_and_recall_nothing() -> None:
    reals = torch.from_numpy(np.random.default_rng(0).standard_normal((100, 4)))
    precision, recall = precision_recall(reals.mean(0).expand(50, 4) + 0.01, reals)
    assert (precision, recall) == (1.0, 0.0)


def test_far_samples_have_neither() -> None:
    reals = torch.from_numpy(np.random.default_rng(0).standard_normal((50, 4)))
    assert precision_recall(reals + 100, reals) == (0.0, 0.0)
