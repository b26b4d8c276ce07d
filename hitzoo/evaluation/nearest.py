"""The real images nearest to samples, in a space of features.

N samples, M real images, K neighbours, D features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hitzoo.data.open import ALLOWED, open_source
from hitzoo.errors import RequestError
from hitzoo.evaluation.data_copying import DataCopying, data_copying
from hitzoo.evaluation.distances import nearest_rows
from hitzoo.evaluation.efficientnet import EfficientNetLite
from hitzoo.evaluation.features import FeatureNetwork, exact_float32
from hitzoo.evaluation.metrics import FeatureKind
from hitzoo.evaluation.pictures import RGB, StoredImages, to_rgb
from hitzoo.evaluation.random_conv import RandomConv
from hitzoo.evaluation.real_features import real_features
from hitzoo.evaluation.scores import feature_scale
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import check_truncation

KINDS: tuple[FeatureKind, ...] = ("random_conv", "efficientnet")
_PIXELS_AT_ONCE = 1 << 16
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class NearestRequest:
    """Samples of `seeds`, each with its `neighbours` nearest of the images at `data` (default: the spec's source).

    With images at `held_out`, which the model was not trained on, the samples of seeds 0 to `samples` − 1 are tested
    for copies. `real_samples` takes so many real images, spread evenly.
    """

    seeds: Sequence[int]
    neighbours: int = 5
    data: str | None = None
    held_out: str | None = None
    samples: int = 1000
    features: str = "random_conv"
    real_samples: int | None = None
    truncation: float = 1.0
    batch_size: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Nearest:
    """Samples (N, R, R, 3) with their neighbours' names, `distances` (N, K) and pictures (N, K, R, R, 3).

    Distances are Euclidean between features. Where training mirrors images, the nearer of a sample and its mirror image
    counts. `copying` is the test against held-out images.
    """

    samples: RGB
    pictures: RGB
    names: list[list[str]]
    distances: torch.Tensor
    features: str
    real: dict[str, Any]
    mirrored: bool
    copying: DataCopying | None = None


def nearest(
    generator: Generator,
    request: NearestRequest,
    *,
    note: Callable[[str], None] = lambda message: None,
    progress: Progress = lambda done, total: None,
) -> Nearest:
    """Find the real images nearest to samples.

    Args:
        note: called with a message before a download, and when the cache of features is not writable.
        progress: called with (done, total) images of each of the sets.

    Raises:
        RequestError: no data, unknown features, or fewer real images than neighbours.
        DataError: the images cannot be opened or read.
        WeightsError: the feature network's weights are not available.
    """
    check_truncation(request.truncation)
    kind = kind_named(request.features)
    reals = _stored(generator, request.data or generator.spec.data.source, request.real_samples)
    held_out = None if request.held_out is None else _stored(generator, request.held_out, request.real_samples)
    if len(reals) < request.neighbours:
        raise RequestError(
            f"--neighbours {request.neighbours}: more than the {len(reals):,} to search in {reals.source.location}"
        )
    network: FeatureNetwork = (
        RandomConv(generator.device) if kind == "random_conv" else EfficientNetLite(generator.device, note)
    )
    search = _Search(generator, request, kind, network, note, progress)
    real_rows, positions = search.stored(reals)
    scale = feature_scale(real_rows) if kind == "random_conv" else torch.ones(())
    samples, distances, places = search.of_seeds(request.seeds, real_rows / scale, scale, request.neighbours, keep=True)
    found = [[positions[place] for place in row] for row in places.tolist()]
    copying = None
    if held_out is not None:
        _, own, _ = search.of_seeds(range(request.samples), real_rows / scale, scale, 1)
        copying = data_copying(own[:, 0], search.of_stored(held_out, real_rows / scale, scale))
    return Nearest(
        samples=samples,
        pictures=np.stack([reals.read(row) for row in found]),
        names=[[reals.name(place) for place in row] for row in found],
        distances=distances,
        features=network.name,
        real=reals.facts(),
        mirrored=search.mirrored,
        copying=copying,
    )


def kind_named(word: str) -> FeatureKind:
    """`random_conv` or `efficientnet`.

    Raises:
        RequestError: another one.
    """
    for kind in KINDS:
        if kind == word:
            return kind
    raise RequestError(f"--features {word[:40]}: not possible; possible: {', '.join(KINDS)}")


class _Search:
    """Features of samples and of stored images, batch by batch."""

    def __init__(
        self,
        generator: Generator,
        request: NearestRequest,
        kind: FeatureKind,
        network: FeatureNetwork,
        note: Callable[[str], None],
        progress: Progress,
    ) -> None:
        self._generator, self._request, self._kind, self._network = generator, request, kind, network
        self._note, self._progress = note, progress
        self.mirrored = generator.spec.data.flip

    def stored(self, images: StoredImages) -> tuple[torch.Tensor, list[int]]:
        """Features (M, D) of the readable images in float64, and their positions."""
        size = max(1, _PIXELS_AT_ONCE // images.resolution**2)
        rows = real_features(
            images,
            {self._kind: self._network},
            batch_size=size,
            device=self._generator.device,
            note=self._note,
            progress=self._progress,
        )[self._kind]
        left_out = set(images.unreadable)
        positions = [place for place in range(len(images)) if not left_out or images.name(place) not in left_out]
        return rows.double(), positions

    def of_seeds(
        self, seeds: Sequence[int], reals: torch.Tensor, scale: torch.Tensor, count: int, *, keep: bool = False
    ) -> tuple[RGB, torch.Tensor, torch.Tensor]:
        """Samples if they are to be kept, and distances and places (N, count) of the nearest of `reals`."""
        size = self._request.batch_size or self._generator.default_batch_size
        kept: list[RGB] = []
        found: list[tuple[torch.Tensor, torch.Tensor]] = []
        for start in range(0, len(seeds), size):
            part = seeds[start : start + size]
            pixels = to_rgb(
                self._generator.sample(seeds=part, truncation=self._request.truncation, batch_size=size).pixels
            )
            found.append(self._nearest(pixels, reals, scale, count))
            kept += [pixels] if keep else []
            self._progress(start + len(part), len(seeds))
        samples = np.concatenate(kept) if kept else np.empty((0, 1, 1, 3), np.uint8)
        return samples, torch.cat([one for one, _ in found]), torch.cat([other for _, other in found])

    def of_stored(self, images: StoredImages, reals: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """Distances (N,) of the readable images to the nearest of `reals`, mirrored as samples are."""
        size, found = max(1, _PIXELS_AT_ONCE // images.resolution**2), []
        for start in range(0, len(images), size):
            part = range(start, min(start + size, len(images)))
            pixels = images.read(part)
            if len(pixels):
                found.append(self._nearest(pixels, reals, scale, 1)[0][:, 0])
            self._progress(part.stop, len(images))
        return torch.cat(found)

    def _nearest(
        self, pixels: RGB, reals: torch.Tensor, scale: torch.Tensor, count: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        views = [pixels, np.ascontiguousarray(pixels[:, :, ::-1])] if self.mirrored else [pixels]
        with exact_float32():
            rows = [self._network(view, range(len(view))).double() / scale for view in views]
        pairs = [nearest_rows(one, reals, count) for one in rows]
        if len(pairs) == 1:
            return pairs[0]
        nearer = pairs[0][0][:, :1] <= pairs[1][0][:, :1]  # one view of a sample, for all of its neighbours
        return torch.where(nearer, pairs[0][0], pairs[1][0]), torch.where(nearer, pairs[0][1], pairs[1][1])


def _stored(generator: Generator, location: str | None, count: int | None) -> StoredImages:
    if location is None:
        raise RequestError(f"--data: {generator.name} names no real images; {ALLOWED}")
    resolution = generator.plan.resolution
    return StoredImages(open_source(location, resolution=resolution), generator.spec.data, resolution, count)
