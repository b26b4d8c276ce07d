"""Known ways in which a GAN's training fails, each as a rule over the lines of `metrics.jsonl`.

A rule says True while its failure shows, False while it clearly does not, and None where it cannot tell. Thresholds are
far outside what our own healthy runs show, since a warning that comes for nothing is read once (docs/training.md has
them with their reasons).
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from hitzoo.training.run.metrics_file import as_number

CHANCE: Final = {"non_saturating": 1.386, "hinge": 2.0, "relativistic": 0.693}
"""Loss of a discriminator that cannot tell at all; Wasserstein's estimates a distance, of which no size is wrong."""

PENALTIES: Final = ("r1", "r2", "wgan_gp")
_WON = 0.05  # of chance
_KEPT = 0.9  # of the gap: a smaller one is on its way back
_FEWEST = 10  # records
_ORDERS = 30.0  # times the median
_ALIKE = 0.3  # of the differences between real images
_GREY = 0.15  # of the contrast of real images
_LEAST = 10_000  # images; a run that only tries something out makes grey images, too


class Rule(Protocol):
    """One known failure."""

    @property
    def name(self) -> str:
        """Its name in `metrics.jsonl`."""

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at a further line; say if the failure shows."""

    def advice(self) -> str:
        """Return what shows, in numbers, and what to change."""


@dataclass
class DiscriminatorWins:
    """The discriminator's loss is next to nothing for a whole window, and the gap of mean logits does not shrink.

    A generator learns little from a discriminator that is always right; it begins so in many runs, and recovers.
    """

    chance: float
    window: int  # images
    name: str = "discriminator_wins"
    _seen: deque[tuple[float, float, float]] = field(default_factory=deque)

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at the loss and at the mean logits."""
        values = tuple(as_number(line.get(key)) for key in ("images", "loss/discriminator", "d_real", "d_fake"))
        if any(value is None for value in values):
            return None
        images, loss, real, fake = (value or 0.0 for value in values)
        self._seen.append((images, loss, real - fake))
        while len(self._seen) > _FEWEST and images - self._seen[1][0] >= self.window:
            self._seen.popleft()
        losses = [loss for _, loss, _ in self._seen]
        if sum(loss > 2 * _WON * self.chance for loss in losses) > len(losses) / 2:
            return False  # not for a single record that was wrong
        if len(self._seen) < _FEWEST or images - self._seen[0][0] < self.window or self._seen[0][0] < self.window:
            return None
        half = len(self._seen) // 2
        gaps = [gap for _, _, gap in self._seen]
        grows = sum(gaps[half:]) / len(gaps[half:]) >= _KEPT * sum(gaps[:half]) / half
        return True if grows and max(losses) < _WON * self.chance else None

    def advice(self) -> str:
        """Return the gap, and the ways to a weaker discriminator."""
        began, _, first = self._seen[0]
        now, loss, last = self._seen[-1]
        return (
            f"the discriminator wins: its loss is {loss:.2g} ({self.chance:.3g} is chance), and D(real) − D(fake) went"
            f" from {first:.3g} to {last:.3g} in {now - began:,.0f} images; the generator learns little from it. A"
            " larger r1 weight, a smaller learning rate of the discriminator, or `augment` where pictures are few"
        )


@dataclass
class PenaltyExplodes:
    """A gradient penalty is larger than an adversarial loss and tens of times its own median, three records long."""

    penalty: str
    grace: int  # images
    _seen: list[float] = field(default_factory=list)
    _above: int = 0
    _last: float = 0.0

    @property
    def name(self) -> str:
        """Its name in `metrics.jsonl`: `r1_explodes`."""
        return f"{self.penalty}_explodes"

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at the penalty, with its weight; the first ones, which begin near 0, are not counted."""
        images, value = as_number(line.get("images")), as_number(line.get(f"loss/{self.penalty}"))
        if images is None or value is None or images < self.grace:
            return None
        high = len(self._seen) >= _FEWEST and value > max(1.0, _ORDERS * self._median)
        self._above, self._last = self._above + 1 if high else 0, value
        if not high:
            insort(self._seen, value)
            return False
        return True if self._above >= 3 else None

    @property
    def _median(self) -> float:
        return self._seen[len(self._seen) // 2]

    def advice(self) -> str:
        """Return both sizes, and what a discriminator with steep gradients needs."""
        return (
            f"{self.penalty} explodes: {self._last:.3g}, where its median is {self._median:.3g}; the discriminator is"
            " steep at the images. A smaller learning rate of the discriminator, a gradient limit"
            " (optimizer.discriminator.clip_norm), or going on from an earlier checkpoint by --init"
        )


@dataclass
class Collapse:
    """Samples differ from each other far less than real images do, in two grids on end, and are not just grey.

    Before the image `begins` the average still shows its beginnings, or the networks have learnt nothing yet.
    """

    begins: float
    name: str = "collapse"
    _times: int = 0
    _last: float = 1.0

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at a grid's line."""
        images, diversity, contrast = (as_number(line.get(key)) for key in ("images", "diversity", "contrast"))
        if images is None or diversity is None or images < self.begins:
            return None
        alike = diversity < _ALIKE and not (contrast is not None and contrast < _GREY)
        self._times, self._last = self._times + 1 if alike else 0, diversity
        return False if not alike else True if self._times >= 2 else None

    def advice(self) -> str:
        """Return the share of the differences that is left."""
        return (
            f"collapse: samples differ {self._last:.0%} as much from each other as real images do, in two grids on end."
            " discriminator.minibatch_std: 4, a smaller learning rate or a larger r1 weight; it rarely comes back by"
            " itself, so begin from a checkpoint before it by --init"
        )


@dataclass
class GreyAverage:
    """Samples of the average have next to no contrast, in two grids on end.

    `forgotten` is the image after which the average holds little of its beginnings, `grace` the one before which plain
    images say nothing. Where `last`, the run's last image, comes first, the average is too slow for the run, which is
    told in the second half of it.
    """

    forgotten: float
    grace: float
    last: float
    name: str = "grey_average"
    _times: int = 0
    _contrast: float = 1.0

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at a grid's line."""
        images, contrast = as_number(line.get("images")), as_number(line.get("contrast"))
        if images is None or contrast is None or images < self._begins:
            return None
        self._contrast = contrast
        self._times = self._times + 1 if contrast < _GREY else 0
        return False if not self._times else True if self._times >= 2 else None

    @property
    def _slow(self) -> bool:
        return self.forgotten > self.last

    @property
    def _begins(self) -> float:
        return max(self.last / 2, _LEAST) if self._slow else max(self.forgotten, self.grace)

    def advice(self) -> str:
        """Return the reason that fits."""
        grey = f"the averaged generator's samples are nearly plain: {self._contrast:.0%} of the contrast of real images"
        if self._slow:
            return (
                f"{grey}. The average is too slow for a run of {self.last:,.0f} images: it has forgotten its"
                f" beginnings after about {self.forgotten:,.0f}. `ema: {{ramp_up: true}}`, or a half_life of a"
                " twentieth of the run"
            )
        return (
            f"{grey}, in two grids on end, and not because the average is young. The generator itself makes plain"
            " images: a smaller learning rate, or a larger r1 weight if D wins; and norm_statistics if batches are tiny"
        )
