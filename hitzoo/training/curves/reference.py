"""Reference curves: those of our own runs that travel with hitzoo, and any made of other runs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hitzoo.errors import RunError
from hitzoo.files import parse_json, reading
from hitzoo.spec.convert import with_training_defaults
from hitzoo.training.curves.curve import Points, curve_of, mean
from hitzoo.training.run.record import read_object
from hitzoo.zoo.run_layout import RunPaths

SHIPPED: Final = Path(__file__).resolve().parent / "shipped"
_VERSION: Final = 1
_PROTOCOL: Final = ("samples", "real_samples", "source")  # of an evaluation
_RECORDS: Final = 3
_SCATTERED: Final = ("loss/", "d_")
_NO_PART: Final = ("steps", "batch_size", "activation_checkpointing")  # of what a recipe is


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What runs were of, as far as their folders tell.

    `networks` is a digest of the two plans, `generator` one of the generator's. `training` is the recipe with every
    default, so that what a later version adds makes no other recipe of it. `evaluation` is what their metrics depend
    on. `seeds` are those of the runs.
    """

    spec: str = ""
    networks: str = ""
    generator: str = ""
    training: Mapping[str, Any] | None = None
    data: str = ""
    evaluation: Mapping[str, Any] | None = None
    batch_size: int | None = None
    seeds: tuple[int, ...] = ()
    device: str = ""
    date: str = ""
    versions: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Range:
    """Values of a reference around an image count: their mean, and the least and the largest of any seed."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Reference:
    """Ranges by name and image count, and where they come from."""

    name: str
    origin: Origin
    values: Mapping[str, Mapping[int, Range]]

    def to_text(self) -> str:
        """Return the file that `read_reference` reads: a line per quantity, four digits."""
        head = {"curve": _VERSION, **{key: value for key, value in asdict(self.origin).items() if value}}
        lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
        rows = [
            f"    {json.dumps(name)}: "
            + json.dumps([[images, *map(_four, (one.mean, one.low, one.high))] for images, one in ranges.items()])
            for name, ranges in self.values.items()
        ]
        return "\n".join(["{", *lines, '  "values": {', ",\n".join(rows), "  }", "}"]) + "\n"


def shipped_references() -> dict[str, Path]:
    """Return the files of the shipped curves by name."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.json"))}


def read_reference(path: Path) -> Reference:
    """Read a file of `hitzoo runs --write-curve`.

    Raises:
        RunError: it is none, or of a newer hitzoo.
        OutputError: it cannot be read.
    """
    with reading(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    try:
        data: Any = parse_json(text)
        if data["curve"] != _VERSION:
            raise RunError(f"{path} is a reference curve of another version of hitzoo: {data['curve']}")
        values = {
            str(name): {
                int(images): Range(float(middle), float(low), float(high)) for images, middle, low, high in rows
            }
            for name, rows in data["values"].items()
        }
        known = {key: data[key] for key in Origin.__dataclass_fields__ if key in data}
        known |= {"seeds": tuple(known.get("seeds", ())), "training": _recipe(_mapping(known.get("training")))}
        return Reference(path.stem, Origin(**known), values)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise RunError(f"{path} is no reference curve; hitzoo runs DIR --write-curve FILE.json makes one") from None


def reference_from(name: str, runs: Sequence[Path]) -> Reference:
    """Make a reference of runs that differ in their seeds alone, up to the image count that all reached.

    Raises:
        RunError: there is none, one has no numbers, or they are of different recipes.
    """
    if not runs:
        raise RunError(f"{name} holds no run")
    origins = [origin_of(run) for run in runs]
    for run, origin in zip(runs, origins, strict=True):
        for key in ("networks", "training", "batch_size", "data"):
            if getattr(origin, key) != getattr(origins[0], key):
                raise RunError(f"{runs[0]} and {run} are no runs of one recipe: {_WORDS[key]}; give those that are")
    curves = [curve_of(run) for run in runs]
    for run, curve in zip(runs, curves, strict=True):
        if not curve.values:
            raise RunError(f"{run} has shown too few images for a curve, which begins at 1,000")
    last = min(curve.last for curve in curves)
    first = origins[0]
    seeds = tuple(sorted(seed for origin in origins for seed in origin.seeds))
    names = [name for name in curves[0].values if all(name in curve.values for curve in curves)]
    values = {name: _ranges(name, [curve.values[name] for curve in curves], last) for name in names}
    return Reference(
        name, Origin(**{**vars(first), "seeds": seeds}), {key: rows for key, rows in values.items() if rows}
    )


_WORDS: Final = {
    "networks": "their networks differ",
    "training": "what their specs say of training differs",
    "batch_size": "their batches differ",
    "data": "their images differ",
}


def origin_of(run: Path) -> Origin:
    """Return what a run's `run.json` says."""
    about = read_object(RunPaths(run).about)
    spec = _mapping(about.get("spec"))
    training, evaluation = _mapping(spec.get("training")), _mapping(spec.get("evaluation"))
    sessions = about.get("sessions")
    session = _mapping(sessions[-1] if isinstance(sessions, list) and sessions else None)
    data, versions = _mapping(session.get("data")), _mapping(session.get("versions"))
    seed, batch = about.get("seed"), training.get("batch_size")
    plan = about.get("generator_plan")
    name = about.get("made_from") or about.get("name")
    return Origin(
        spec=name if isinstance(name, str) else "",
        networks=_digest([plan, about.get("discriminator_plan")]),
        generator=_digest(plan) if plan else "",
        training=_recipe(training),
        evaluation={key: evaluation[key] for key in _PROTOCOL if key in evaluation} or None,
        data=str(data.get("fingerprint") or ""),
        batch_size=batch if isinstance(batch, int) else None,
        seeds=(seed,) if isinstance(seed, int) else (),
        device=str(session.get("device_name") or ""),
        date=str(session.get("started") or "")[:10],
        versions={key: str(versions[key]) for key in ("hitzoo", "torch") if key in versions} or None,
    )


def _ranges(name: str, seeds: Sequence[Points], last: int) -> dict[int, Range]:
    """Return the ranges at image counts that every seed has; each seed counts alike in the mean.

    Records of losses and logits scatter, so that two of them say little of what is normal.
    """
    least = _RECORDS if name.startswith(_SCATTERED) else 1
    shared = [images for images in sorted(seeds[0]) if images <= last and all(images in points for points in seeds)]
    return {
        images: Range(
            mean([mean(points[images]) for points in seeds]),
            min(min(points[images]) for points in seeds),
            max(max(points[images]) for points in seeds),
        )
        for images in shared
        if sum(len(points[images]) for points in seeds) >= least
    }


def _recipe(training: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in with_training_defaults(training).items() if key not in _NO_PART}


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return the value where it is a mapping, as anybody's text may not be."""
    return value if isinstance(value, Mapping) else {}


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _four(value: float) -> float:
    return float(f"{value:.4g}") if math.isfinite(value) else 0.0
