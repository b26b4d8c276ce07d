"""Output of an evaluation: a table of numbers, and their protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hitzoo.cli import console

if TYPE_CHECKING:
    from hitzoo.evaluation.report import Report, Score

_DIGITS = 12  # of a hash, for people
_LETTERS = 20  # of a fingerprint
_PARAMETERS = ("groups", "group_size", "subsets", "subset_size", "neighbours")


def print_report(report: Report) -> None:
    """Print one row per number, then the protocol."""
    rows = [[score.name, _value(score), score.better] for score in report.scores]
    console.print_table(["metric", "value", "better"], [rows], words={0, 2})
    first = report.scores[0].protocol
    real = next((score.protocol["real"] for score in report.scores if score.protocol["real"]), None)
    console.print_line(f"samples   {_of(first['generated'])}")
    if real is not None:
        console.print_line(f"real      {_of(real)}")
    for metric, protocol in {score.metric: score.protocol for score in report.scores}.items():
        own = [f"{key} {protocol[key]:,}" for key in _PARAMETERS if key in protocol]
        features = protocol["features"]
        shape = f" ({'×'.join(map(str, features['shape']))})" if features["shape"] else ""
        network = [] if features["network"] == "none" else [f"features {features['network']}{shape}"]
        console.print_line(f"{metric}: {'; '.join([protocol['definition'], *network, *own])}", style="dim")
    versions = {name: number for score in report.scores for name, number in score.protocol["versions"].items()}
    computed = f"{first['computed']['features']} on {first['computed']['device']}"
    console.print_line(f"computed  {computed}; {', '.join(f'{name} {number}' for name, number in versions.items())}")
    for note in report.notes:
        console.print_line(f"note: {note}", style="yellow")


def _value(score: Score) -> str:
    return f"{score.value:.5g}" + (f" ± {score.deviation:.2g}" if score.deviation is not None else "")


def _of(facts: Mapping[str, Any]) -> str:
    """Describe one set of images."""
    form = f"{facts['resolution']}×{facts['resolution']}, {facts['values']}"
    if "model" in facts:
        weights = f"weights {facts['weights'][:_DIGITS]}"
        drawn = "made" not in facts
        made = f"seeds {facts['seeds']}, truncation {facts['truncation']:g}, {weights}" if drawn else weights
        made += f", network {facts['network']}" if "network" in facts else ""
        what = "" if drawn else f"{facts['made']} "
        return f"{facts['images']:,} {what}{'of' if drawn else 'by'} {facts['model']} ({made}), {form}"
    chosen = f"{facts['images']:,} of {facts['of']:,} images of {facts['source']}"
    fraction = "" if facts["crop_fraction"] == 1 else f" of {facts['crop_fraction']:g}"
    crop = "" if facts["crop"] == "none" else f", {facts['crop']} crop{fraction}"
    return f"{chosen} ({facts['chosen']}, fingerprint {facts['fingerprint'][:_LETTERS]}){crop}, {form}"
