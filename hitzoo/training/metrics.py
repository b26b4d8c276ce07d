"""The numbers of a run: averaged over a few steps, written a line at a time to `metrics.jsonl`."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from hitzoo.errors import RunError
from hitzoo.files import write_text, writing
from hitzoo.training.step import StepLosses


@dataclass(frozen=True)
class Record:
    """Averages over the steps since the last record. Logits are means over images; `losses` go by their names.

    `losses` holds `generator`, `discriminator` (the adversarial part) and each regularizer with its weight.
    """

    step: int
    images: int
    images_per_second: float
    seconds: float
    losses: dict[str, float]
    d_real: float
    d_fake: float

    def to_json(self) -> str:
        """One line of `metrics.jsonl`."""
        data = {
            "step": self.step,
            "images": self.images,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.images_per_second, 3),
            **{f"loss/{name}": value for name, value in self.losses.items()},
            "d_real": self.d_real,
            "d_fake": self.d_fake,
        }
        return json.dumps(data)


@dataclass
class Meter:
    """Sums the losses of some steps on the device and looks at them only when a record is wanted."""

    started: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)
    _sums: torch.Tensor | None = None
    _names: list[str] = field(default_factory=list)
    _steps: int = 0
    _images: int = 0

    @classmethod
    def since(cls, seconds: float) -> Meter:
        """A meter of a run that has `seconds` behind it."""
        return cls(started=time.monotonic() - seconds)

    def add(self, losses: StepLosses) -> None:
        """Take in one step."""
        terms = {"generator": losses.generator, "discriminator": losses.discriminator, **losses.penalties}
        values = torch.stack([*terms.values(), losses.real_logits.mean(), losses.fake_logits.mean()]).float()
        self._sums = values if self._sums is None else self._sums + values
        self._names = list(terms)
        self._steps += 1
        self._images += len(losses.real_logits)

    def record(self, step: int, images: int) -> Record:
        """The averages since the last record; they begin anew.

        Raises:
            RunError: a loss is not finite.
        """
        assert self._sums is not None, "a record needs at least one step"
        *terms, real, fake = (self._sums / self._steps).tolist()
        losses = dict(zip(self._names, terms, strict=True))
        for name, value in losses.items():
            if not math.isfinite(value):
                raise RunError(
                    f"the {name} loss is {value} within the {self._steps} steps before step {step + 1}; the run stops."
                    " A lower learning rate or a larger r1 weight usually keeps it finite"
                )
        now = time.monotonic()
        speed = self._images / max(now - self._last, 1e-9)
        record = Record(step, images, speed, now - self.started, losses, real, fake)
        self._last, self._sums, self._steps, self._images = now, None, 0, 0
        return record


def append_line(path: Path, line: str) -> None:
    """Add one whole line to a text file."""
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def cut_after(path: Path, step: int) -> None:
    """Drop the lines of a metrics file that lie after `step`, as a run resumed there will write them again."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if _step_of(line) <= step]
    if len(kept) < len(lines):
        write_text(path, "".join(f"{line}\n" for line in kept))


def last_seconds(path: Path) -> float:
    """How long a run had taken by the last line of its metrics; 0 without one."""
    if not path.is_file():
        return 0.0
    lines = path.read_text(encoding="utf-8").splitlines()
    return float(json.loads(lines[-1])["seconds"]) if lines else 0.0


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # a line cut by a crash
