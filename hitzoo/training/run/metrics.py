"""The numbers of a run, averaged over a few steps: what becomes a line of `metrics.jsonl`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from hitzoo.objectives.step import StepLosses
from hitzoo.runtime.distributed import World


@dataclass(frozen=True)
class Record:
    """Averages over the steps since the last record, of those that reached the weights; if none did, no `losses`.

    `losses` holds `generator`, `discriminator` (the adversarial part) and each regularizer with its weight, over the
    steps in which it was taken; logits are means over images. `data_wait` is the share of the time in which the device
    waited for images, `skipped` counts all steps of the run whose update was left out.
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

    def to_json(self, evaluation: Mapping[str, float] | None = None) -> str:
        """One line of `metrics.jsonl`."""
        logits = {"d_real": self.d_real, "d_fake": self.d_fake} if self.losses else {}
        data = {
            "step": self.step,
            "images": self.images,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.images_per_second, 3),
            "data_wait": round(self.data_wait, 4),
            **{f"loss/{name}": value for name, value in self.losses.items()},
            **logits,
            **({"skipped": self.skipped} if self.skipped else {}),
            **{f"eval/{name}": value for name, value in (evaluation or {}).items()},
        }
        return json.dumps(data)


@dataclass
class Meter:
    """Sums the losses of some steps on the device and looks at them only when a record is wanted."""

    world: World = field(default_factory=World)
    started: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)
    _sums: dict[str, torch.Tensor] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _images: int = 0
    _waited: float = 0.0

    @classmethod
    def since(cls, seconds: float, world: World) -> Meter:
        """A meter of a run that has `seconds` behind it."""
        return cls(world, started=time.monotonic() - seconds)

    def add(self, losses: StepLosses, *, applied: bool = True) -> None:
        """Take in one step; the losses of one that was not `applied` are left out of the averages."""
        self._images += len(losses.real_logits) * self.world.size
        if not applied:
            return
        terms = {"generator": losses.generator, "discriminator": losses.discriminator, **losses.penalties}
        for name, value in (terms | {_REAL: losses.real_logits.mean(), _FAKE: losses.fake_logits.mean()}).items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value.float()
            self._counts[name] = self._counts.get(name, 0) + 1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around the wait for the next images."""
        began = time.monotonic()
        yield
        self._waited += time.monotonic() - began

    def restart(self) -> None:
        """Leave out of the speed what passed since the last record, such as an evaluation."""
        self._last = time.monotonic()

    def record(self, step: int, images: int, skipped: int = 0) -> Record:
        """The averages since the last record, over all processes, each of which must ask; they begin anew."""
        losses = self._means()
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
