"""Comparison of samples with one set of real images, once by a command or repeatedly in a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch

from hitzoo.data.open import ALLOWED, open_source
from hitzoo.data.source import ImageSource
from hitzoo.errors import RequestError
from hitzoo.evaluation.features import extract
from hitzoo.evaluation.metrics import FEWEST_IMAGES, choose_metrics
from hitzoo.evaluation.networks import open_networks
from hitzoo.evaluation.pictures import GeneratedImages, ImageSet, StoredImages, StoredPictures
from hitzoo.evaluation.protocol import protocol_of
from hitzoo.evaluation.real_features import real_features
from hitzoo.evaluation.report import Report, Score
from hitzoo.evaluation.scores import Features, Value, compute
from hitzoo.evaluation.sharing import Gather, gather_features
from hitzoo.evaluation.warnings import reliability_warnings
from hitzoo.families.pretrained import caveat_of
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.runtime.shard import WHOLE, Shard
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import DataSpec, EvaluationSpec, Spec

Progress: TypeAlias = Callable[[int, int], None]

_PIXELS_AT_ONCE = {"cpu": 1 << 16}  # of one batch of stored images, as large as a generator's own
_PIXELS_AT_ONCE_ELSEWHERE = 1 << 20


def _ignore_note(message: str) -> None:
    """Ignore the message."""


def _ignore_progress(done: int, total: int) -> None:
    """Ignore the progress."""


class Evaluator:
    """Compares images with one set of real images. Missing requirements raise on construction, not later.

    Features of the real images are computed on first use (or by `prepare`) and kept in memory and on disk. The numbers
    follow from weights, data and counts alone: bit for bit on one machine with any number of processes, and up to
    rounding for any batch size.
    """

    def __init__(
        self,
        evaluation: EvaluationSpec,
        data: DataSpec,
        source: ImageSource,
        *,
        resolution: int,
        device: torch.device,
        inception_weights: Path | None = None,
        note: Callable[[str], None] = _ignore_note,
        shard: Shard = WHOLE,
    ) -> None:
        """See `from_spec` for the arguments; `source` replaces the locations in the spec."""
        self.evaluation = evaluation
        self.metrics = choose_metrics(evaluation.metrics)
        self.reals = StoredImages(source, data, resolution, evaluation.real_samples)
        self.device, self.shard, self.note = device, shard, note
        _refuse_too_few(evaluation.samples, "samples")
        _refuse_too_few(len(self.reals), f"real images ({source.location})")
        self._networks = open_networks(
            self.metrics,
            resolution=resolution,
            samples=evaluation.samples,
            reals=len(self.reals),
            device=device,
            inception_weights=inception_weights,
            note=note,
        )
        self._real: Features | None = None

    @classmethod
    def from_spec(
        cls,
        spec: Spec,
        plan: ModelPlan,
        *,
        device: torch.device,
        inception_weights: Path | None = None,
        note: Callable[[str], None] = _ignore_note,
        shard: Shard = WHOLE,
    ) -> Evaluator:
        """Create the evaluator that a spec describes, against its `evaluation.source`, else its `data.source`.

        Args:
            device: where features are computed; a generator may be on another.
            inception_weights: the file of torch-fidelity's Inception network; else it is searched for, and downloaded.
            note: called with a message before a download, and when the cache is not writable.
            shard: the samples this process generates. Create the evaluator of process 0 before the others': it may
                download the Inception network, and they then find it.

        Raises:
            RequestError: no source, an unknown metric, too few images, or torch-fidelity or timm does not load.
            DataError: the source cannot be opened.
            WeightsError: the weights of a feature network are not available.
        """
        location = spec.evaluation.source or spec.data.source
        if location is None:
            raise RequestError(f"{spec.name} gives no real images: {ALLOWED}")
        resolution = plan.resolution
        return cls(
            spec.evaluation,
            spec.data,
            open_source(location, resolution=resolution),
            resolution=resolution,
            device=device,
            inception_weights=inception_weights,
            note=note,
            shard=shard,
        )

    def prepare(self, progress: Progress = _ignore_progress, *, world: World = ALONE) -> None:
        """Compute the features of the real images, or read them from the cache; process 0 has them then.

        Args:
            progress: called with (done, total) images.
            world: the processes that divide the images, all of which call this; without it process 0 reads all.

        Raises:
            DataError: an image cannot be read, unless `data.on_error` is skip; or too few are readable.
        """
        if world.size == 1 and (self._real is not None or self.shard.index):
            return
        found = real_features(
            self.reals,
            self._networks.reals,
            batch_size=_batch_size(self.reals, self.device),
            device=self.device,
            note=self.note,
            progress=progress,
            world=world,
        )
        place = f"readable real images ({self.reals.source.location})"
        world.broadcast_from_first(lambda: _refuse_too_few(self._readable(found), place))
        self._real = found if world.first else None

    def evaluate(
        self,
        generator: Generator,
        *,
        gather: Gather | None = None,
        truncation: float = 1.0,
        batch_size: int | None = None,
        fast: str | None = None,
        progress: Progress = _ignore_progress,
    ) -> Report | None:
        """Compare a generator's samples of the seeds 0, 1, … with the real images; return a report on process 0 only.

        Args:
            gather: with several processes, collects tensors (`sharing.Gather`); all call it equally often.
            batch_size: samples per batch; the generator's own choice when absent.
            fast: precision of the optimized network, float32 or bfloat16; None samples by the network as trained.
            progress: called with (done, total) samples of all processes, the others taken to be as far as this one.
        """
        pictures = GeneratedImages(generator, self.evaluation.samples, truncation, fast=fast)
        return self._compare(pictures, gather, batch_size or generator.default_batch_size, progress)

    def evaluate_images(
        self, pictures: StoredPictures, *, gather: Gather | None = None, progress: Progress = _ignore_progress
    ) -> Report | None:
        """Compare `evaluation.samples` existing images with the real ones; see `evaluate`."""
        assert len(pictures) == self.evaluation.samples, "networks are made for that many"
        return self._compare(pictures, gather, _batch_size(pictures, self.device), progress)

    def _compare(self, pictures: ImageSet, gather: Gather | None, batch_size: int, progress: Progress) -> Report | None:
        self.prepare()
        total = len(pictures)

        def follow(done: int, of: int) -> None:
            progress(min(done * self.shard.count, total), total)

        own = extract(pictures, self._networks.samples, batch_size=batch_size, shard=self.shard, progress=follow)
        whole = gather_features(self.shard, own, total, batch_size, gather)
        if whole is None:
            return None
        assert self._real is not None, "process 0 has prepared"
        return self._report(pictures, compute(self.metrics, whole, self._real), self._readable(self._real))

    def _caveats(self, pictures: ImageSet) -> list[str]:
        """The sentence beside numbers on the features that a model's own discriminator judged by."""
        flattered = any(metric.knows_imagenet for metric in self.metrics)
        caveat = caveat_of(pictures.generator.spec) if isinstance(pictures, GeneratedImages) and flattered else ""
        return [caveat] if caveat else []

    def _report(self, pictures: ImageSet, values: Mapping[str, Value], real_rows: int) -> Report:
        generated = pictures.facts()
        real = self.reals.facts() | {"images": real_rows, "unreadable": len(self.reals.unreadable)}
        scores = [
            Score(
                metric=metric.name,
                name=name,
                value=values[name][0],
                deviation=values[name][1],
                better=better,
                protocol=protocol_of(metric, self._networks.samples[metric.features], generated, real, self.device),
            )
            for metric in self.metrics
            for name, better in metric.values
        ]
        wanted = self.evaluation.real_samples
        notes = reliability_warnings(
            self.metrics, samples=len(pictures), reals=self.reals, real_rows=real_rows, wanted=wanted
        )
        return Report(scores=tuple(scores), notes=(*self._caveats(pictures), *notes))

    def _readable(self, real: Features) -> int:
        return min((len(rows) for rows in real.values()), default=len(self.reals))


def _batch_size(pictures: StoredPictures, device: torch.device) -> int:
    return max(1, _PIXELS_AT_ONCE.get(device.type, _PIXELS_AT_ONCE_ELSEWHERE) // pictures.resolution**2)


def _refuse_too_few(count: int, what: str) -> None:
    if count < FEWEST_IMAGES:
        raise RequestError(f"{count} {what}: too few to compare; at least {FEWEST_IMAGES} are needed")
