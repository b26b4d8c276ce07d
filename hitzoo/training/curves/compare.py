"""A run beside a reference: where each of its numbers lies, by the images shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from hitzoo.errors import RunError, suggestion
from hitzoo.training.curves.curve import Curve, curve_of, mean
from hitzoo.training.curves.reference import (
    Origin,
    Range,
    Reference,
    origin_of,
    read_reference,
    reference_from,
    shipped_references,
)
from hitzoo.training.run.listing import list_runs
from hitzoo.training.run.metrics_file import EVALUATION
from hitzoo.zoo.run_layout import RunPaths

Side: TypeAlias = Literal["inside", "above", "below"]

_MARGIN: Final = 0.5  # of the range's width, beyond each of its ends: few seeds do not show all that is normal
_LEAST: Final = 0.1  # of the mean's size, where a range is narrower than that
_FEW: Final = 3  # image counts
_MANY: Final = 0.25  # of the image counts


@dataclass(frozen=True)
class Point:
    """A run's mean value around an image count, beside the reference's."""

    images: int
    value: float
    reference: Range

    @property
    def side(self) -> Side:
        """Where the value lies, with the margin that few seeds need."""
        one = self.reference
        margin = max(_MARGIN * (one.high - one.low), _LEAST * abs(one.mean))
        return "above" if self.value > one.high + margin else "below" if self.value < one.low - margin else "inside"


@dataclass(frozen=True)
class Row:
    """One quantity at all image counts that both have."""

    name: str
    points: tuple[Point, ...]

    @property
    def outside(self) -> tuple[Point, ...]:
        """The points outside the reference's range."""
        return tuple(point for point in self.points if point.side != "inside")

    @property
    def judged(self) -> bool:
        """True where there are points enough."""
        return len(self.points) >= _FEW

    @property
    def normal(self) -> bool:
        """True unless the last two points, or more than a quarter of all, lie outside; of a few nothing is said."""
        if not self.judged:
            return True
        newest = self.points[-2:]
        lasting = all(point.side != "inside" for point in newest)
        return not lasting and len(self.outside) <= _MANY * len(self.points)


@dataclass(frozen=True)
class Comparison:
    """A run beside a reference; `differences` say what else differs than chance."""

    run: Path
    reference: Reference
    rows: tuple[Row, ...]
    differences: tuple[str, ...]

    @property
    def images(self) -> int:
        """The last image count compared."""
        return max(row.points[-1].images for row in self.rows)

    @property
    def normal(self) -> bool:
        """True if every quantity is."""
        return all(row.normal for row in self.rows)

    def verdict(self) -> str:
        """Return a sentence: inside, or what is not and where."""
        odd = [row for row in self.rows if not row.normal]
        up_to = f"up to {self.images:,} images"
        judged = sum(row.judged for row in self.rows)
        if not judged:
            return f"too early to judge {up_to}: at least {_FEW} image counts of a quantity are needed"
        if not odd:
            return f"a normal curve {up_to}: all quantities ({judged}) are within the reference's range"
        words = [
            f"{row.name} ({row.outside[-1].side} it at {len(row.outside)} of {len(row.points)} image counts, last at"
            f" {row.outside[-1].images:,})"
            for row in odd
        ]
        return f"not the reference's curve {up_to}: outside its range {_are(len(odd))} {', '.join(words)}"


def compare(run: Path, asked: str | None = None) -> Comparison:
    """Compare a run with a reference, by default the shipped curve of its recipe.

    `asked` is the name of a shipped curve, a file of `hitzoo runs --write-curve`, a run, or a folder of runs.

    Raises:
        RunError: there is no run, no such reference, or nothing that both have.
    """
    if not RunPaths(run).metrics.is_file():
        raise RunError(f"{run} is no run with numbers; `hitzoo runs DIR` lists those there are")
    own = origin_of(run)
    reference = _default(run, own) if asked is None else _named(asked)
    rows = tuple(_rows(curve_of(run), reference, evaluations=own.evaluation == reference.origin.evaluation))
    if not rows:
        least = min((images for ranges in reference.values.values() for images in ranges), default=0)
        raise RunError(f"{run} and {reference.name} share no image count yet; the reference begins at {least:,} images")
    return Comparison(run, reference, rows, _differences(own, reference.origin))


def _default(run: Path, own: Origin) -> Reference:
    """Return the shipped curve of the run's recipe, else of its spec or generator, best with its loss and penalties."""
    found = [read_reference(path) for path in shipped_references().values()]
    same = [one for one in found if (one.origin.networks, one.origin.training) == (own.networks, own.training)]
    near = [one for one in found if one.origin.spec == own.spec or _made_alike(one.origin, own)]
    near.sort(key=lambda one: _distance(one.origin, own))
    if not same and not near:
        known = ", ".join(one.name for one in found)
        raise RunError(
            f"no reference curve travels with hitzoo for {own.spec or run}; known: {known}. Another run does as well:"
            f" hitzoo runs --compare {run} OTHER_RUN"
        )
    return (same or near)[0]


def _made_alike(one: Origin, other: Origin) -> bool:
    """True where the generators are the same network, as where one spec is another's copy under a name of its own."""
    return bool(one.generator) and one.generator == other.generator


def _distance(one: Origin, own: Origin) -> tuple[bool, ...]:
    """Return in what a reference differs from a run, the weightiest first, and whether it augments."""
    found = _kinds(one)
    differing = (theirs != ours for theirs, ours in zip(found, _kinds(own), strict=True))
    return (*differing, one.networks != own.networks, found[-1] is not None)


def _kinds(origin: Origin) -> tuple[object, ...]:
    """Return a recipe's loss, penalties and augmentation without their numbers."""
    training = origin.training or {}
    penalties, augment = training.get("regularizers"), training.get("augment")
    kinds = sorted(str(one.get("kind")) for one in penalties or () if isinstance(one, Mapping))
    return training.get("loss"), tuple(kinds), augment.get("kind") if isinstance(augment, Mapping) else None


def _named(asked: str) -> Reference:
    shipped, path = shipped_references(), Path(asked)
    if asked in shipped:
        return read_reference(shipped[asked])
    if path.is_dir():
        return reference_from(asked, runs_in(path))
    if path.is_file():
        return read_reference(path)
    hint = suggestion(asked, shipped) or f"known: {', '.join(shipped)}; or a run's folder"
    raise RunError(f"no reference curve is called '{asked[:60]}'; {hint}")


def runs_in(folder: Path) -> list[Path]:
    """List the runs in a folder that have begun."""
    return [run.folder for run in list_runs(folder) if run.state not in ("a model", "not a run", "unreadable")]


def _rows(curve: Curve, reference: Reference, *, evaluations: bool) -> list[Row]:
    """Return what both have; metrics of other numbers of images are other metrics."""
    rows = []
    for name, ranges in reference.values.items():
        own = curve.values.get(name, {})
        points = tuple(Point(images, mean(own[images]), one) for images, one in sorted(ranges.items()) if images in own)
        if points and (evaluations or not name.startswith(EVALUATION)):
            rows.append(Row(name, points))
    return rows


def _differences(own: Origin, other: Origin) -> tuple[str, ...]:
    words = {
        "networks": "other networks",
        "training": "another recipe",
        "data": "other images",
        "evaluation": "other evaluations, which are left out",
        "batch_size": f"a batch of {other.batch_size} instead of {own.batch_size}",
    }
    return tuple(said for key, said in words.items() if getattr(own, key) != getattr(other, key))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
