"""The metadata of a picture: how it was made, and the comparison of two."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hitzoo.releases import release_of
from hitzoo.sampling.module import GeneratorModule
from hitzoo.sampling.style_mixing import Mix

_MAKING = {  # what decides over the pixels besides the latent, in the words of a message
    "hitzoo:weights": "weights",
    "hitzoo:plan": "network",
    "hitzoo:truncation": "truncation",
    "hitzoo:mix": "mix",
    "hitzoo:path": "path",
    "hitzoo:precision": "precision",
}
_SHOWN = {
    "hitzoo:seed": "seed",
    "hitzoo:seeds": "seeds",
    "hitzoo:latent": "latent",
    "hitzoo:latents": "latents",
    "hitzoo:class": "class",
    "hitzoo:classes": "classes",
    "hitzoo:codes": "codes",
    "hitzoo:picture": "picture",
    "hitzoo:region": "region",
    "hitzoo:level": "level",
    "hitzoo:grid": "grid",
    "hitzoo:padding": "padding",
    "hitzoo:scale": "scale",
    "hitzoo:labels": "labels",
    "hitzoo:quality": "quality",
    "hitzoo:inversion": "inversion",
    "hitzoo:nearest": "search",
    "hitzoo:walk": "walk",
    "hitzoo:frames": "number of frames",
    "hitzoo:fps": "rate",
}
_LETTERS = 12  # of a hash, for people
_LONGEST = 40  # letters of a value in a message


def picture_facts(generator: GeneratorModule, truncation: float, mix: Mix | None = None) -> dict[str, str]:
    """Describe how a picture is made; with the seed, enough to make it again.

    `hitzoo:weights` is the sha256 of the weights file, of an untrained network that of its tensors.
    """
    facts = {
        "Software": f"hitzoo {release_of()}",
        "hitzoo:version": release_of(),
        "hitzoo:model": generator.name,
        "hitzoo:from": generator.label,
        "hitzoo:weights": generator.weights,
        "hitzoo:plan": generator.plan.generator_hash,
        "hitzoo:truncation": str(truncation),
        "hitzoo:precision": generator.precision,
        "hitzoo:path": "optimized" if generator.is_fast else "plain",
    }
    if mix is not None:
        facts["hitzoo:mix"] = str(mix)
    if generator.weights_changed:  # neither those of that step nor those of that repository
        return facts
    if isinstance(generator.metadata.get("step"), int):
        facts["hitzoo:step"] = str(generator.metadata["step"])
    return facts | ({"hitzoo:repo": generator.origin} if generator.origin else {})


def of_images(
    seeds: Sequence[int] | None,
    latents: NDArray[np.float32],
    classes: Sequence[int] | None = None,
    *,
    several: bool = False,
) -> dict[str, str]:
    """Name the images: the seed of one or the seeds of a grid, else the sha256 of their latents; and their classes."""
    of = {} if classes is None else {"hitzoo:classes" if several else "hitzoo:class": as_ranges(classes)}
    ending = "s" if several else ""
    if seeds is not None:
        return {f"hitzoo:seed{ending}": as_ranges(seeds)} | of
    return {f"hitzoo:latent{ending}": hashlib.sha256(latents.astype("<f4").tobytes()).hexdigest()} | of


def as_ranges(numbers: Sequence[int]) -> str:
    """`0-35,40` of a list, in its order."""
    words: list[str] = []
    first = last = numbers[0]
    for number in [*numbers[1:], None]:
        if number is not None and number == last + 1:
            last = number
            continue
        words.append(str(first) if first == last else f"{first}-{last}")
        if number is not None:
            first = last = number
    return ",".join(words)


def is_made_alike(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Check that two pictures are of the same weights, computed in the same way."""
    return all(found.get(key) == wanted.get(key) for key in _MAKING)


def difference(found: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Describe how an existing picture differs from the one to write; empty where it is the same."""
    if not found:
        return "and does not record its origin"
    for key, word in (_MAKING | _SHOWN).items():
        was, is_ = found.get(key), wanted.get(key)
        if was == is_:
            continue
        if was is None:
            return f"and does not say of which {word} it is"
        if is_ is None:
            return f"made with {word} {_short(was)}"
        return f"made with other {word} ({_short(was)}, not {_short(is_)})"
    return ""


def _short(value: str) -> str:
    if len(value) == 64:
        return value[:_LETTERS]
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
