"""Walks through latents: where they pass, how long latents are on the way, what does not move."""

from __future__ import annotations

import numpy as np
import pytest

from hitzoo.errors import RequestError
from hitzoo.plan.ports import Labels, Latent, NoiseKey
from hitzoo.sampling.walk import CURVES, Curve, Walk, curve_named, walk_points, walk_rows

POINTS = np.random.RandomState(0).standard_normal((4, 8)).astype(np.float32)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("loop", [False, True])
def test_walk_passes_through_every_latent(curve: Curve, loop: bool) -> None:
    frames = 40 if loop else 31
    found = walk_points(POINTS, Walk(frames=frames, curve=curve, loop=loop))
    np.testing.assert_allclose(found[::10], POINTS, rtol=1e-5, atol=1e-6)
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.max() < 4 * np.median(steps)


def test_linear_walk_is_straight() -> None:
    found = walk_points(POINTS[:2], Walk(frames=5))
    np.testing.assert_allclose(found[1], 0.75 * POINTS[0] + 0.25 * POINTS[1], rtol=1e-6)


def test_spherical_walk_keeps_length_and_speed() -> None:
    units = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)
    found = walk_points(units[:2], Walk(frames=9, curve="spherical"))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    turns = (found[1:] * found[:-1]).sum(axis=1)
    np.testing.assert_allclose(turns, turns[0], rtol=1e-5)
    same = walk_points(np.stack([units[0], units[0]]), Walk(frames=3, curve="spherical"))
    np.testing.assert_allclose(same, units[[0, 0, 0]], rtol=1e-6)


@pytest.mark.parametrize("loop", [False, True])
def test_smooth_walk_has_no_corner(loop: bool) -> None:
    """Where the straight walk turns at once, the smooth one turns from frame to frame; lengths stay those of draws."""
    walks = {curve: walk_points(POINTS, Walk(frames=600, curve=curve, loop=loop)) for curve in ("linear", "smooth")}
    turns = {curve: np.abs(np.diff(points, n=2, axis=0)).max() for curve, points in walks.items()}
    assert turns["smooth"] < turns["linear"] / 20
    given, found = (np.linalg.norm(rows, axis=1) for rows in (POINTS, walks["smooth"]))
    assert 0.8 * given.min() < found.min() <= found.max() < 1.2 * given.max()


def test_closed_walk_comes_back() -> None:
    found = walk_points(POINTS, Walk(frames=400, curve="smooth", loop=True))
    jump = np.linalg.norm(found[0] - found[-1])
    assert jump < 2 * np.linalg.norm(found[1] - found[0])


def test_noise_and_class_stay_those_of_the_first() -> None:
    rows = walk_rows(POINTS, (Latent(6), NoiseKey(), Labels(3)), Walk(frames=7))
    assert (rows[:, 6:] == POINTS[0, 6:]).all()
    np.testing.assert_array_equal(rows[-1, :6], POINTS[-1, :6])


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (POINTS[:1], "two latents or more"),
        (np.stack([POINTS[0], -POINTS[0]]), "opposite"),
        (np.stack([POINTS[0], 0 * POINTS[0]]), "a latent of zeros has no direction"),
    ],
)
def test_impossible_walk_is_refused(points: np.ndarray, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        walk_points(points, Walk(frames=3, curve="spherical"))


def test_unknown_curve_is_refused() -> None:
    assert curve_named("Smooth") == "smooth"
    with pytest.raises(RequestError, match="linear, spherical, smooth"):
        curve_named("round")
