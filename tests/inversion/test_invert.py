"""Inversion: a generator's own image comes back, in every space, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.errors import WeightsError
from hitzoo.inversion.descent import Schedule, descend
from hitzoo.inversion.invert import invert
from hitzoo.sampling.classes import classes_of_rows
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.given_styles import Space
from hitzoo.sampling.latents import latents_of_seeds

SHORT = Schedule(candidates=32, starts=4, steps=40)
SHORTEST = Schedule(candidates=8, starts=2, steps=4)


def test_own_image_comes_back(hit: Generator) -> None:
    target = hit.sample(seeds=[5], output="pt")
    seen: list[tuple[int, float]] = []
    watch = lambda step, images, distances: seen.append((len(distances), float(distances.min())))  # noqa: E731
    found = invert(hit, target, schedule=SHORT, watch=watch)
    assert found.psnr > 30
    assert found.distance < 0.1 * seen[0][1]
    assert [count for count, _ in seen] == [4] * 11 + [2] * 10 + [1] * 19
    assert found.inputs.styles is None
    np.testing.assert_allclose(hit.sample(latents=found.inputs.rows).raw[0], found.image, atol=1e-5)


def test_same_seed_finds_the_same(hit: Generator) -> None:
    target = hit.sample(seeds=[5], output="pt")
    first, again, other = (invert(hit, target, schedule=SHORTEST, seed=seed).inputs.rows for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
    fast = invert(hit.fast(), target, schedule=SHORTEST).inputs.rows
    np.testing.assert_allclose(fast, first, atol=1e-2)


@pytest.mark.parametrize(("space", "places"), [("w", 1), ("w+", 4)])
def test_styles_are_found(styles: Generator, space: Space, places: int) -> None:
    """A style by place makes images that no latent makes: those of two seeds mixed."""
    with styles.mixing(7, place=2):
        target = styles.sample(seeds=[5], output="pt")
    found = invert(styles, target, space=space, schedule=Schedule(candidates=8, starts=1, steps=15))
    start = invert(styles, target, space=space, schedule=Schedule(candidates=8, starts=1, steps=1))
    assert found.inputs.styles is not None
    assert found.inputs.styles.shape[:2] == (1, places)
    assert found.distance < 0.85 * start.distance
    np.testing.assert_allclose(found.inputs.sampled(styles, 1.0, 1).raw[0], found.image, atol=1e-5)
    assert np.abs(styles.sample(latents=found.inputs.rows).raw[0] - found.image).max() > 1e-3


def test_class_is_kept_or_that_of_the_nearest(classes: Generator) -> None:
    ports = classes.plan.generator.takes
    kept = invert(
        classes, torch.zeros(1, 3, classes.plan.resolution, classes.plan.resolution), schedule=SHORTEST, classes=[2]
    )
    assert classes_of_rows(kept.inputs.rows, ports) == [2]
    drawn = latents_of_seeds([0], 8 * classes.plan.input_width).reshape(8, -1)  # the candidates of seed 0
    target = classes.sample(latents=drawn[5:6], output="pt")
    free = invert(classes, target, schedule=SHORTEST)
    assert classes_of_rows(free.inputs.rows, ports) == classes_of_rows(drawn[5:6], ports)


def test_images_that_are_not_finite_are_refused(hit: Generator) -> None:
    with pytest.raises(WeightsError, match="not finite"):
        invert(_Broken(hit), torch.zeros(1, 3, 8, 8), schedule=SHORTEST)  # type: ignore[arg-type]


class _Broken:
    def __init__(self, model: Generator) -> None:
        self._model = model

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        return self._model(z) * torch.nan


def test_descent_keeps_the_nearest_start() -> None:
    """Of two valleys the deeper one is found, though a start lies nearer to the other."""
    starts = torch.tensor([[-1.0], [0.9], [3.0], [-2.0]])

    def images_of(points: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return points[:, :, None, None]

    def distance(images: torch.Tensor) -> torch.Tensor:
        x = images[:, 0, 0, 0]
        return (x**2 - 1) ** 2 + 0.3 * (x + 1)

    number, point, image = descend(images_of, distance, starts, Schedule(starts=4, steps=80))
    assert number in (0, 3)
    assert float(point) == pytest.approx(-1.035, abs=0.02)
    assert image.shape == (1, 1, 1, 1)


def test_descent_returns_the_best_it_met() -> None:
    """A rate far too large throws every point away; the start is returned."""
    start = torch.tensor([[0.01]])
    schedule = Schedule(starts=1, steps=20, learning_rate=100.0)
    _, point, _ = descend(lambda p, n: p[:, :, None, None], lambda x: x.square().sum(dim=(1, 2, 3)), start, schedule)
    assert float(point) == pytest.approx(0.01)


def test_rate_rises_and_falls_to_nothing() -> None:
    rates = [Schedule(steps=100).rate(step) for step in range(100)]
    assert max(rates) == rates[9]
    assert rates[0] < 0.2 * rates[9]
    assert rates[-1] < 0.001 * rates[9]
