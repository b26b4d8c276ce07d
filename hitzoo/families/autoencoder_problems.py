"""Problems of a spec with an encoder, whose training is another, and of what is for such a spec alone."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import Problem
from hitzoo.spec.place import Path
from hitzoo.spec.reconstruction import AdversarialSpec
from hitzoo.spec.types import Spec

_SEEN_BY = ("lpips", "efficientnet")  # networks that take pictures of three channels


def autoencoder_problems(spec: Spec) -> list[Problem]:
    """Return what does not go with an encoder, or not without one, each with its place."""
    return [*(_unfit(spec) if spec.encoder is not None else _without_effect(spec))]


def _unfit(spec: Spec) -> Iterator[Problem]:
    training, encoder = spec.training, [("encoder",)]
    if training.augment is not None:
        message = "an autoencoder's discriminator sees images as they are"
        yield spec.places.problem(("training", "augment"), message, "leave it out", beside=encoder)
    if getattr(spec.discriminator, "noise", False):
        message = "an autoencoder's discriminator has no noise of its own"
        yield spec.places.problem(("discriminator", "noise"), message, "leave it out", beside=encoder)
    if not isinstance(training.updates, str):
        message = "all networks of an autoencoder move at once"
        yield spec.places.problem(("training", "updates"), message, "leave it out", beside=encoder)
    for index, average in enumerate(training.averages):
        if average.recalibrate is not None:
            place: Path = ("training", "ema", index) if isinstance(training.ema, tuple) else ("training", "ema")
            message = "statistics are taken anew over samples of a latent, and an autoencoder has none"
            yield spec.places.problem((*place, "recalibrate"), message, "leave it out", beside=encoder)
    if spec.evaluation.every:
        message = "an autoencoder is not evaluated in the course of its run"
        yield spec.places.problem(("evaluation", "every"), message, "leave it out", beside=encoder)
    if spec.data.pixel_range != "unit":
        message = "an autoencoder's pixels are in the range unit, [-1, 1], which its perceptual networks take"
        yield spec.places.problem(("data", "range"), message, "leave it out", beside=encoder)
    yield from _adversarial(spec)
    wanted = training.reconstruction.perceptual if training.reconstruction else "lpips"
    if wanted in _SEEN_BY and spec.data.channels != 3:
        message = f"{wanted} compares pictures of 3 channels, not {spec.data.channels}"
        hint = "set training.reconstruction.perceptual: none"
        path: Path = ("training", "reconstruction", "perceptual")
        yield spec.places.problem(path, message, hint, beside=[("data", "channels")])


def _adversarial(spec: Spec) -> Iterator[Problem]:
    """The limit of λ, where there is no λ."""
    own = spec.training.reconstruction.adversarial if spec.training.reconstruction else None
    if own is not None and not own.adaptive and own.most != AdversarialSpec.most:
        message, hint = (
            "most has no effect on a weight that does not adapt itself",
            "leave it out, or set adaptive: true",
        )
        yield spec.places.problem(("training", "reconstruction", "adversarial", "most"), message, hint)


def _without_effect(spec: Spec) -> Iterator[Problem]:
    optimizer = spec.training.optimizer
    given: dict[Path, object] = {
        ("training", "reconstruction"): spec.training.reconstruction,
        ("training", "optimizer", "encoder"): optimizer.encoder,
        ("training", "optimizer", "quantizer"): optimizer.quantizer,
    }
    for path, value in given.items():
        if value is not None:
            message = f"{path[-1]} has no effect: the spec has no encoder"
            yield spec.places.problem(path, message, "leave it out, or add the sections encoder and quantizer")
