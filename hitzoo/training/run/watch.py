"""A run that watches its own numbers for known failures, and tells each once per occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, log, log2
from typing import Any

from hitzoo.objectives.schedule import value_at
from hitzoo.objectives.scheduled import number_of
from hitzoo.spec.batches import images_of_a_step
from hitzoo.spec.types import EmaSpec, ReconstructionSpec, Spec
from hitzoo.training.run.code_failures import UnusedCodes, WeightAtItsLimit
from hitzoo.training.run.failures import (
    CHANCE,
    PENALTIES,
    Collapse,
    DiscriminatorWins,
    GreyAverage,
    PenaltyExplodes,
    Rule,
)
from hitzoo.training.run.metrics_file import OVER, WARNING

_MOST = 30_000  # images of a window, a twentieth of a shorter run
_GRACE = 50_000  # images in which a generator learns more than plain images
_LEFT = 0.05  # of the average's beginnings, which no longer shows


@dataclass(frozen=True)
class Finding:
    """A failure that has begun, or that is `over`; `advice` says what shows and what to change."""

    name: str
    over: bool
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return its keys in a line of `metrics.jsonl`."""
        return {WARNING: self.name, **({OVER: True} if self.over else {})}


class Watch:
    """Looks at every line that a run writes, in order; of several processes the first alone has them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._showing: set[str] = set()

    @classmethod
    def of(cls, spec: Spec) -> Watch:
        """Make the rules that go with a spec's training."""
        training = spec.training
        if spec.encoder is not None:
            adversarial = (training.reconstruction or ReconstructionSpec()).adversarial
            limited = [WeightAtItsLimit(adversarial.most)] if adversarial.adaptive else []
            return cls((UnusedCodes(_GRACE), *limited))
        step = images_of_a_step(training)
        last = step * training.steps
        window = min(_MOST, last // 20)
        forgotten = max(_forgotten(ema, step, last) for ema in training.averages)
        won = [DiscriminatorWins(CHANCE[training.loss], window)] if training.loss in CHANCE else []
        kinds = [term.kind for term in training.regularizers if term.kind in PENALTIES]
        averages = (Collapse(max(forgotten, _GRACE)), GreyAverage(forgotten, _GRACE, last))
        return cls((*won, *(PenaltyExplodes(kind, window) for kind in kinds), *averages))

    def see(self, line: Mapping[str, Any]) -> list[Finding]:
        """Return what a further line begins or ends."""
        found: list[Finding] = []
        for rule in self.rules:
            shows = rule.see(line)
            if shows and rule.name not in self._showing:
                self._showing.add(rule.name)
                found.append(Finding(rule.name, over=False, advice=rule.advice()))
            elif shows is False and rule.name in self._showing:
                self._showing.remove(rule.name)
                found.append(Finding(rule.name, over=True))
        return found


def _forgotten(ema: EmaSpec, step: int, last: int) -> float:
    """Return the images after which an average holds a twentieth of its beginnings."""
    start = ema.start_step * step
    if ema.ramp_up or ema.ramp is not None:
        return start
    if ema.half_life is not None:
        half_life = number_of(ema.half_life)
        return start + max(value_at(half_life, images) for images in (start, last)) * log2(1 / _LEFT)
    assert ema.decay is not None, "one of both holds"
    if not 0 < ema.decay < 1:
        return start if ema.decay <= 0 else inf
    return start + step * log(_LEFT) / log(ema.decay)
