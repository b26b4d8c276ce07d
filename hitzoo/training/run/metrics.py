"""The numbers of a run, averaged over a few steps: a line of `metrics.jsonl`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from hitzoo.objectives.losses import Losses
from hitzoo.runtime.distributed import World


@dataclass(frozen=True)
class Record:
    """Averages over the steps since the last record that reached the weights; `losses` is empty if none did.

    `losses` holds `generator`, `discriminator` (the adversarial part) and each penalty with its weight, over the steps
    in which it was taken; logits are means over images. `data_wait` is the share of the time in which the device waited
    for images, `skipped` counts all steps of the run that were left out, `augment_p` is the strength of augmentation in
    the last step. `measures` are numbers of other kinds, by their own names.
    """

    step: int
    images: int
    images_per_second: float
    seconds: float
    losses: dict[str, float]
    d_real: float
    d_fake: float
    data_wait: float = 0.0
    skipped: int = 0
    augment_p: float | None = None
    measures: dict[str, float] = field(default_factory=dict)

    def curves(self) -> dict[str, float]:
        """Return what is drawn over the steps, by its names in `metrics.jsonl`."""
        return self._of_networks() | {"images_per_second": self.images_per_second, "data_wait": self.data_wait}

    def _of_networks(self) -> dict[str, float]:
        logits = {"d_real": self.d_real, "d_fake": self.d_fake} if self.losses else {}
        return {
            **{f"loss/{name}": value for name, value in self.losses.items()},
            **logits,
            **self.measures,
            **({} if self.augment_p is None else {"augment_p": round(self.augment_p, 6)}),
        }

    def to_json(self, evaluation: Mapping[str, Any] | None = None) -> str:
        """Return a line of `metrics.jsonl`, with what an evaluation has for it."""
        data = {
            "step": self.step,
            "images": self.images,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.images_per_second, 3),
            "data_wait": round(self.data_wait, 4),
            **self._of_networks(),
            **({"skipped": self.skipped} if self.skipped else {}),
            **(evaluation or {}),
        }
        return json.dumps(data)


@dataclass
class Meter:
    """Sums of the losses of some steps, on the device; they are read only when a record is wanted."""

    world: World = field(default_factory=World)
    started: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)
    _sums: dict[str, torch.Tensor] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _images: int = 0
    _waited: float = 0.0
    _augment_p: float | None = None
    _measured: set[str] = field(default_factory=set)

    @classmethod
    def since(cls, seconds: float, world: World) -> Meter:
        """Make a meter of a run that has taken `seconds` so far."""
        return cls(world, started=time.monotonic() - seconds)

    def add(self, losses: Losses, images: int, *, applied: bool = True) -> None:
        """Add a step with this process's `images`; the losses of one that was not `applied` are in no average."""
        self._images += images * self.world.size
        self._augment_p = losses.augment_p
        if not applied:
            return
        self._measured |= losses.measures.keys()
        logits = {f"d_{on}": value for on, value in losses.logits.items()}
        for name, value in {**losses.terms, **logits, **losses.measures}.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value.float()
            self._counts[name] = self._counts.get(name, 0) + 1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Measure the wait for the next images."""
        began = time.monotonic()
        yield
        self._waited += time.monotonic() - began

    def restart(self) -> None:
        """Leave the time since the last record out of the speed: an evaluation, for example."""
        self._last = time.monotonic()

    def record(self, step: int, images: int, skipped: int = 0) -> Record:
        """Return the averages over all processes since the last record and begin anew; every process must call it."""
        losses = self._means()
        measures = {name: losses.pop(name) for name in sorted(self._measured & losses.keys())}
        real, fake = losses.pop(_REAL, 0.0), losses.pop(_FAKE, 0.0)
        now = time.monotonic()
        took = max(now - self._last, 1e-9)
        record = Record(
            step=step,
            images=images,
            images_per_second=self._images / took,
            seconds=now - self.started,
            losses=losses,
            d_real=real,
            d_fake=fake,
            data_wait=min(self._waited / took, 1.0),
            skipped=skipped,
            augment_p=self._augment_p,
            measures=measures,
        )
        self._sums.clear()
        self._counts.clear()
        self._last, self._images, self._waited = now, 0, 0.0
        return record

    def _means(self) -> dict[str, float]:
        if not self._sums:
            return {}
        sums = self.world.all_reduce_sum(torch.stack(list(self._sums.values()))) / self.world.size
        return {name: total / self._counts[name] for name, total in zip(self._sums, sums.tolist(), strict=True)}


_REAL, _FAKE = "d_real", "d_fake"
