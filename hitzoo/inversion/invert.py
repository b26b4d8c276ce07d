"""Inversion of an image: candidates by seed, then descent from the nearest of them.

K starts, C channels, R pixels per side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.inversion.descent import Schedule, Watch, descend
from hitzoo.inversion.distance import ImageDistance, Maps
from hitzoo.plan.ports import Labels, Latent, columns_of
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.sampling.classes import with_classes
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.given_styles import Space, given_styles, styles_of
from hitzoo.sampling.latent_file import Latents
from hitzoo.sampling.latents import LARGEST
from hitzoo.sampling.pictures import not_finite


@dataclass(frozen=True, eq=False, kw_only=True)
class Inverted:
    """The inputs found for one image, with `image` float32 (R, R, C), not clipped, that the generator makes of them.

    `psnr` is in dB, of pictures clipped to [-1, 1]; `distance` as the search has it (`ImageDistance`); `radius` the
    root mean square of the latent's numbers, about 1 for a draw, or of the style's in deviations from their mean.
    """

    inputs: Latents
    image: NDArray[np.float32]
    psnr: float
    distance: float
    radius: float


def invert(
    generator: Generator,
    target: torch.Tensor,
    *,
    maps: Maps | None = None,
    space: Space = "z",
    schedule: Schedule = Schedule(),  # noqa: B008 - frozen
    seed: int = 0,
    classes: Sequence[int] | None = None,
    watch: Watch = lambda step, images, distances: None,
) -> Inverted:
    """Find inputs of a generator whose image comes close to `target`, [1, C, R, R] in [-1, 1].

    The same arguments find the same inputs on one machine. Noise is left out of the images. A class is that of the
    candidate which comes closest, if none is given.

    Args:
        maps: features that count beside the pixels.
        space: search among latents; or among styles, where the generator maps latents to styles: one (`w`), or one
            for each place that takes one (`w+`).
        schedule: how many candidates, starts and steps.
        seed: of the candidates.
        classes: the classes that candidates have in turn.
        watch: told the images and distances of each step.

    Raises:
        WeightsError: the generator's images are not finite.
    """
    distance = ImageDistance(target.to(generator.device), maps)
    rows = _candidates(generator, schedule.candidates, seed, classes)
    with inference_precision(generator.device):
        rows = rows[_nearest(generator, distance, rows, schedule.starts)]
        points = _Points(generator, rows, space)
        number, found, image = descend(points.images, distance, points.starts, schedule, watch)
        return Inverted(
            inputs=points.inputs(number, found),
            image=image[0].permute(1, 2, 0).float().cpu().numpy(),
            psnr=float(distance.psnr(image)),
            distance=float(distance(image)),
            radius=float(found.square().mean().sqrt()),
        )


class _Points:
    """The numbers that a search moves: latents, or styles as deviations from their mean, in units of their spread."""

    def __init__(self, generator: Generator, rows: torch.Tensor, space: Space) -> None:
        self._generator, self._rows, self._space = generator, rows, space
        plan = generator.plan.generator
        if space == "z":
            ports = columns_of(plan.takes)
            self._columns = next(columns for port, columns in ports if isinstance(port, Latent))
            self.starts = rows[:, self._columns].clone()
            return
        some = torch.from_numpy(np.random.RandomState(0).standard_normal((1024, rows.shape[1]))).to(rows)
        styles = styles_of(generator.module, plan, some).float()
        self._mean, self._spread = styles.mean(dim=(0, 1)), styles.std(dim=(0, 1)).mean()
        places = plan.styles if space == "w+" else 1
        own = styles_of(generator.module, plan, rows).float()
        self.starts = ((own - self._mean) / self._spread).repeat(1, places, 1)

    def images(self, points: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Images [K', C, R, R] of points of these starts, with a gradient."""
        rows = self._rows[numbers]
        if self._space != "z":
            with given_styles(self._generator.module, self._mean + self._spread * points):
                return self._generator(rows).float()
        before, after = rows[:, : self._columns.start], rows[:, self._columns.stop :]
        return self._generator(torch.cat([before, points.clamp(-LARGEST, LARGEST), after], dim=1)).float()

    def inputs(self, number: int, point: torch.Tensor) -> Latents:
        """The inputs that a point stands for."""
        rows = self._rows[number : number + 1].clone()
        if self._space != "z":
            return Latents(rows.cpu().numpy(), (self._mean + self._spread * point).cpu().numpy())
        rows[:, self._columns] = point
        return Latents(rows.cpu().numpy())


def _candidates(generator: Generator, count: int, seed: int, classes: Sequence[int] | None) -> torch.Tensor:
    """Draw rows of inputs (N, D) without noise."""
    plan = generator.plan
    drawn = np.random.RandomState(seed).standard_normal((count, plan.input_width)).astype(np.float32)
    for port, columns in columns_of(plan.generator.takes):
        if not isinstance(port, Latent | Labels):
            drawn[:, columns] = 0
    if classes is not None:
        drawn = with_classes(drawn, classes, plan.generator.takes)
    return torch.from_numpy(drawn).to(generator.device)


@torch.no_grad()
def _nearest(
    generator: Generator, distance: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor, count: int
) -> torch.Tensor:
    """Places of the `count` candidates whose images are nearest, the nearest first."""
    distances = torch.cat([distance(generator(part).float()) for part in rows.split(generator.default_batch_size)])
    if not distances.isfinite().all():
        raise not_finite(generator.name)
    return distances.topk(min(count, len(rows)), largest=False).indices
