"""Gradient descent from several starts at once, of which the better half goes on, and again the better half.

K starts; points are anything of shape (K, …).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

_BETAS = (0.9, 0.99)
_EPSILON = 1e-8
_WARM_UP = 10  # steps
_SHARES = (0.25, 0.25, 0.5)  # of the steps, with all starts, half and a quarter of them

Watch = Callable[[int, torch.Tensor, torch.Tensor], None]
"""Told (step, images [K, C, R, R], distances [K]) before each step."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`candidates` are drawn, the `starts` nearest are followed for `steps` steps in all; the rate is of Adam."""

    candidates: int = 512
    starts: int = 8
    steps: int = 300
    learning_rate: float = 0.1

    def rounds(self) -> Iterator[tuple[int, int]]:
        """Starts and steps of each round of halving (Jamieson and Talwalkar 2016)."""
        done = 0
        for place, share in enumerate(_SHARES):
            last = place == len(_SHARES) - 1
            steps = self.steps - done if last else int(share * self.steps)
            done += steps
            yield max(1, self.starts >> place), steps

    def rate(self, step: int) -> float:
        """Learning rate: a linear rise over ten steps, then half a cosine down to 0."""
        return self.learning_rate * min(1.0, (step + 1) / _WARM_UP) * (1 + math.cos(math.pi * step / self.steps)) / 2


def descend(
    images_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    distance: Callable[[torch.Tensor], torch.Tensor],
    starts: torch.Tensor,
    schedule: Schedule,
    watch: Watch = lambda step, images, distances: None,
) -> tuple[int, torch.Tensor, torch.Tensor]:
    """Make the distance of images small by Adam (Kingma and Ba 2015) with an annealed rate.

    Args:
        images_of: images of points (K', …), which are those of the starts numbered [K'], with a gradient.
        distance: their distances [K'].

    Returns:
        The number of the best start, its point (1, …) and image [1, C, R, R]: the nearest that was met on the way.
    """
    points, first, second = starts.clone(), torch.zeros_like(starts), torch.zeros_like(starts)
    numbers, step = torch.arange(len(starts), device=starts.device), 0
    nearest = _Nearest()
    for count, steps in schedule.rounds():
        for _ in range(steps):
            points.requires_grad_()
            images = images_of(points, numbers)
            distances = distance(images)
            (slope,) = torch.autograd.grad(distances.sum(), points)
            points, images, distances = points.detach(), images.detach(), distances.detach()
            nearest.meet(numbers, points, images, distances)
            watch(step, images, distances)
            if len(points) > count:
                kept = distances.topk(count, largest=False).indices
                points, slope, first, second, numbers = (x[kept] for x in (points, slope, first, second, numbers))
            step += 1
            first = torch.lerp(slope, first, _BETAS[0])
            second = torch.lerp(slope.square(), second, _BETAS[1])
            mean, square = first / (1 - _BETAS[0] ** step), second / (1 - _BETAS[1] ** step)
            points = points - schedule.rate(step - 1) * mean / (square.sqrt() + _EPSILON)
    with torch.no_grad():
        images = images_of(points, numbers)
        nearest.meet(numbers, points, images, distance(images))
    return nearest.found()


class _Nearest:
    """The nearest point that was met."""

    def __init__(self) -> None:
        self._distance = math.inf
        self._found: tuple[int, torch.Tensor, torch.Tensor] | None = None

    def meet(self, numbers: torch.Tensor, points: torch.Tensor, images: torch.Tensor, distances: torch.Tensor) -> None:
        best = int(distances.argmin())
        if float(distances[best]) < self._distance:
            self._distance = float(distances[best])
            part = slice(best, best + 1)
            self._found = int(numbers[best]), points[part].clone(), images[part].clone()

    def found(self) -> tuple[int, torch.Tensor, torch.Tensor]:
        assert self._found is not None, "a distance is finite"
        return self._found
