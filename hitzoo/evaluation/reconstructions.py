"""Evaluation of an autoencoder: pictures against what is left of them after encoding and decoding."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.evaluation.likeness import DEFINITIONS, FEATURES, Likeness, likenesses
from hitzoo.evaluation.metrics import OF_RECONSTRUCTIONS, Better
from hitzoo.evaluation.pictures import RGB, StoredImages, to_rgb
from hitzoo.evaluation.report import Report, Score
from hitzoo.releases import release_of
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.spec.types import EvaluationSpec

_LEAST_USAGE = 0.5
_OF_CODES: Mapping[str, Better] = {
    "codebook_usage": "higher",
    "perplexity": "higher",
    "bits_per_pixel": "lower",
    "entropy_bits_per_pixel": "lower",
    "encoded_per_second": "higher",
    "decoded_per_second": "higher",
}
_USAGE = (
    "share of the codes that some picture uses; exp of the entropy of the codes over all places of all pictures;"
    " places · log2(codes) / pixels, what codes of one length take; places · entropy / pixels, what codes by their"
    " frequency take at least; pictures in a second here that encoder and quantizer take, and that the decoder makes"
)


@dataclass
class Reconstructions:
    """The reconstructions of a set of pictures, which are compared with them while they are read."""

    autoencoder: Autoencoder
    reals: StoredImages
    likenesses: Mapping[str, Likeness]
    values: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: {"encoded": 0.0, "decoded": 0.0})

    def __post_init__(self) -> None:
        self.chosen = np.zeros(self.autoencoder.plan.codes.count, np.int64)
        self.pictures = 0

    @property
    def resolution(self) -> int:
        """Side of the pictures."""
        return self.reals.resolution

    def __len__(self) -> int:
        return len(self.reals)

    def read(self, positions: Sequence[int]) -> RGB:
        """Reconstruct the pictures at these positions, and compare them."""
        pixels = self.reals.pixels(positions)
        began = time.monotonic()
        codes = self.autoencoder.encode(pixels, len(pixels))
        encoded = time.monotonic()
        made = self.autoencoder.decode(codes, len(pixels))
        self.seconds["encoded"] += encoded - began
        self.seconds["decoded"] += time.monotonic() - encoded
        self.chosen += np.bincount(codes.reshape(-1), minlength=len(self.chosen))
        self.pictures += len(pixels)
        real, fake = to_rgb(pixels), to_rgb(made)
        for name, likeness in self.likenesses.items():
            self.values.setdefault(name, []).append(likeness(real, fake))
        return fake

    def facts(self) -> dict[str, Any]:
        """Model, hashes, and the pictures it was given."""
        plan, fast = self.autoencoder.plan, self.autoencoder.fast_precision
        return {
            "model": self.autoencoder.name,
            "plan": {role: plan.hash(role) for role in self.autoencoder.networks},
            "weights": self.autoencoder.digest,
            "images": len(self),
            "made": "reconstructions of the real images",
            **({} if fast is None else {"network": f"fast, {fast}"}),
            "resolution": plan.resolution,
            "channels": plan.image_channels,
            "values": self.reals.facts()["values"],
        }

    def means(self) -> dict[str, float]:
        """Return the mean of each likeness over all pictures."""
        return {name: float(np.concatenate(parts).mean()) for name, parts in self.values.items()}

    def of_codes(self) -> dict[str, float]:
        """Return usage, perplexity, bits per pixel and throughput."""
        plan = self.autoencoder.plan
        shares = self.chosen[self.chosen > 0] / self.chosen.sum()
        entropy = float(-(shares * np.log(shares)).sum())
        places, pixels = plan.codes.side**2, plan.resolution**2
        return {
            "codebook_usage": float((self.chosen > 0).mean()),
            "perplexity": float(np.exp(entropy)),
            "bits_per_pixel": places * float(np.log2(plan.codes.count)) / pixels,
            "entropy_bits_per_pixel": places * entropy / float(np.log(2)) / pixels,
            **{f"{what}_per_second": self.pictures / max(took, 1e-9) for what, took in self.seconds.items()},
        }


def evaluate_reconstructions(
    autoencoder: Autoencoder,
    evaluation: EvaluationSpec,
    metrics: Sequence[str],
    reals: StoredImages,
    *,
    inception_weights: Path | None = None,
    note: Callable[[str], None],
    progress: Callable[[int, int], None],
) -> Report:
    """Compare pictures with their reconstructions, in one pass over them.

    Args:
        autoencoder: the model.
        evaluation: the section whose other settings hold for distances of features.
        metrics: of `OF_RECONSTRUCTIONS`: likenesses, `usage` of the codes, and distances, `rfid` for `fid`.
        reals: the pictures.
        inception_weights: the file of torch-fidelity's Inception network; else it is searched for, and downloaded.
        note: called with a message before a download.
        progress: called with (done, total) pictures.

    Raises:
        RequestError: an unknown metric.
    """
    if unknown := [name for name in metrics if name not in OF_RECONSTRUCTIONS]:
        raise RequestError(f"unknown metric '{unknown[0]}'; known: {', '.join(OF_RECONSTRUCTIONS)}")
    like = [name for name in metrics if name in DEFINITIONS]
    pictures = Reconstructions(autoencoder, reals, likenesses(like, autoencoder.device, note))
    distances = [known for name in metrics if (known := OF_RECONSTRUCTIONS[name]) is not None]
    scores: dict[str, list[Score]] = {}
    notes: tuple[str, ...] = ()
    if distances:
        evaluator = Evaluator(
            replace(evaluation, metrics=tuple(distances), samples=len(reals), real_samples=len(reals)),
            reals.data,
            reals.source,
            resolution=reals.resolution,
            device=autoencoder.device,
            inception_weights=inception_weights,
            note=note,
        )
        evaluator.reals = reals
        found = evaluator.evaluate_images(pictures, progress=progress)
        assert found is not None, "there is one process"
        notes = tuple(_of_reconstructions(note, distances) for note in found.notes)
        for score in found.scores:
            scores.setdefault(f"r{score.metric}", []).append(
                replace(score, metric=f"r{score.metric}", name=f"r{score.name}")
            )
    else:
        size = autoencoder.default_batch_size
        for start in range(0, len(reals), size):
            pictures.read(range(start, min(start + size, len(reals))))
            progress(min(start + size, len(reals)), len(reals))
    for name, value in pictures.means().items():
        better: Better = "lower" if name in FEATURES else "higher"
        scores[name] = [_score(name, name, value, better, DEFINITIONS[name], pictures)]
    if "usage" in metrics:
        codes = pictures.of_codes()
        scores["usage"] = [
            _score("usage", name, codes[name], better, _USAGE, pictures) for name, better in _OF_CODES.items()
        ]
        if codes["codebook_usage"] < _LEAST_USAGE:
            notes = (*notes, _unused(codes["codebook_usage"]))
    return Report(scores=tuple(score for name in metrics for score in scores[name]), notes=notes)


def _of_reconstructions(note: str, distances: Sequence[str]) -> str:
    """Return a warning about a distance under the name that it has here."""
    name = note.partition(" ")[0]
    return f"r{note}" if name in distances else note


def _unused(usage: float) -> str:
    return (
        f"only {usage:.0%} of the codes are in use: a smaller code book would do, or one whose dead codes are revived"
        " (quantizer.revive_below), unit_length, simvq or fsq"
    )


def _score(metric: str, name: str, value: float, better: Better, definition: str, pictures: Reconstructions) -> Score:
    """Return a number with its protocol, in the form of those on features."""
    device = pictures.autoencoder.device
    protocol = {
        "definition": definition,
        "features": {"network": FEATURES.get(metric, "none"), "shape": []},
        "generated": pictures.facts(),
        "real": pictures.reals.facts(),
        "computed": {"device": device.type, "features": "float32"},
        "versions": {"torch": str(torch.__version__)} | {one: release_of(one) for one in ("hitzoo", "numpy", "pillow")},
    }
    return Score(metric=metric, name=name, value=value, deviation=None, better=better, protocol=protocol)
