"""What is drawn beside what: the plots of a report and their groups, of the quantities that runs have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hitzoo.report.curve import Curve, Curves
from hitzoo.training.run.metrics_file import EVALUATION, GRADIENT_NORM
from hitzoo.zoo.metric_names import metric_name

_AVERAGE: Final = "eval-"  # before the name of an average, where there are several
_LOSS: Final = "loss/"
_OUTPUTS: Final = ("d_real", "d_fake")
_LOSSES: Final = ("loss-generator", "loss-discriminator")
_MOST_PLOTS: Final = 60


@dataclass(frozen=True)
class Line:
    """One curve in a plot: of the run in place `run`; `what` tells two of one run apart, the second is `dashed`."""

    run: int
    name: str
    curve: Curve
    what: str = ""
    dashed: bool = False

    @property
    def label(self) -> str:
        """Name of the run, with what is drawn of it."""
        return f"{self.name}, {self.what}" if self.what else self.name


@dataclass(frozen=True)
class Plot:
    """A plot: its `key` in file names and on the page, title, what it shows in a sentence, and lines.

    Its axis reaches `until` that number of images, as those of all plots of a report.
    """

    key: str
    title: str
    about: str
    lines: tuple[Line, ...]
    until: float


@dataclass(frozen=True)
class Group:
    """Plots under one heading."""

    title: str
    plots: tuple[Plot, ...]


_ABOUT: Final = {
    "loss/generator": ("Loss of the generator", "the adversarial part, without penalties"),
    "loss/discriminator": ("Loss of the discriminator", "the adversarial part, without penalties"),
    "images_per_second": ("Images per second", "real images over the time of the steps alone"),
    "data_wait": ("Wait for data", "share of the time in which the device waited for images"),
    "skipped": ("Steps left out", "steps so far whose loss or gradient was not finite"),
    "augment_p": ("Augmentation", "probability of each augmentation, where it adapts itself"),
    "diversity": ("Diversity of samples", "difference of two samples; 1 is that of two real images"),
    "contrast": ("Contrast of samples", "deviation within a sample; 1 is that of a real image"),
}
_PENALTIES: Final = {"r1": "R1", "r2": "R2", "bcr": "bCR", "wgan_gp": "WGAN-GP"}
_GAME, _QUALITY, _SPEED, _OTHERS = "Losses and gradients", "Quality", "Speed", "Others"
_ORDER: Final = (_GAME, _QUALITY, _SPEED, _OTHERS)
_GROUPS: Final = {
    "images_per_second": _SPEED,
    "data_wait": _SPEED,
    "skipped": _GAME,
    "augment_p": _GAME,
    "diversity": _QUALITY,
    "contrast": _QUALITY,
}


def groups_of(names: Sequence[str], runs: Sequence[Curves]) -> tuple[list[Group], int]:
    """Return the plots of some runs, and how many more quantities there are than are drawn."""
    keys = list(dict.fromkeys(key for run in runs for key in run.values if run.values[key].points()))
    single = sorted((key for key in keys if key not in _OUTPUTS), key=_rank)
    plots: dict[str, list[Plot]] = {title: [] for title in _ORDER}
    taken = {"d-outputs"}
    for key in single[:_MOST_PLOTS]:
        plots[_group(key)].append(_plot(key, _unlike(slug(key), taken), names, runs))
    if len(single) < len(keys):
        plots[_GAME].insert(sum(plot.key in _LOSSES for plot in plots[_GAME]), _outputs(names, runs))
    left = sum(len(run.others) for run in runs) + len(single[_MOST_PLOTS:])
    return [Group(title, tuple(found)) for title, found in plots.items() if found], left


def _unlike(name: str, taken: set[str]) -> str:
    """Return a name that no other plot has, and take it."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def _rank(key: str) -> tuple[int, int]:
    """Return the order: losses, penalties, gradients, metrics, others."""
    known = list(_ABOUT)
    kinds = (_LOSS, GRADIENT_NORM, EVALUATION, _AVERAGE)
    kind = next((place for place, start in enumerate(kinds) if key.startswith(start)), len(kinds))
    return kind, known.index(key) if key in known else len(known)


def _group(key: str) -> str:
    if key in _GROUPS:
        return _GROUPS[key]
    if key.startswith((EVALUATION, _AVERAGE)):
        return _QUALITY
    return _GAME if key.startswith((_LOSS, GRADIENT_NORM)) else _OTHERS


def _plot(key: str, name: str, names: Sequence[str], runs: Sequence[Curves]) -> Plot:
    title, about = _ABOUT.get(key) or _described(key)
    return Plot(name, title, about, tuple(_lines(names, [run.values for run in runs], key)), _until(runs))


def _outputs(names: Sequence[str], runs: Sequence[Curves]) -> Plot:
    values = [run.values for run in runs]
    lines = [*_lines(names, values, "d_real", "real"), *_lines(names, values, "d_fake", "fake", dashed=True)]
    ordered = tuple(sorted(lines, key=lambda line: line.run))
    about = "mean logits; solid: real images, dashed: fake"
    return Plot("d-outputs", "Outputs of the discriminator", about, ordered, _until(runs))


def _until(runs: Iterable[Curves]) -> float:
    return max((run.images for run in runs), default=0) or 1


def _lines(
    names: Sequence[str], runs: Iterable[Mapping[str, Curve]], key: str, what: str = "", *, dashed: bool = False
) -> list[Line]:
    return [
        Line(place, names[place], values[key], what, dashed)
        for place, values in enumerate(runs)
        if key in values and values[key].points()
    ]


def _described(key: str) -> tuple[str, str]:
    """Title and sentence of a key that is not known by name."""
    if key.startswith(EVALUATION):
        return metric_name(key.removeprefix(EVALUATION)), "of the evaluations while it trained"
    if key.startswith(_AVERAGE):
        average, _, metric = key.removeprefix(_AVERAGE).partition("/")
        return f"{metric_name(metric)}, average {average}", "of the evaluations while it trained"
    if key.startswith(_LOSS):
        kind = key.removeprefix(_LOSS)
        return f"Penalty {_PENALTIES.get(kind, kind)}", "with its weight, in the steps that have it"
    if key.startswith(GRADIENT_NORM):
        role = key.removeprefix(GRADIENT_NORM)
        return f"Gradient norm of the {role}", "Euclidean norm over all weights, before any limit"
    return key, "as metrics.jsonl has it"


def slug(key: str) -> str:
    """Return a key as part of a file's name: lower-case letters, digits and hyphens."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in key.lower())
    return "-".join(filter(None, kept.split("-"))) or "plot"
