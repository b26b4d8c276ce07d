"""Weights that a spec leaves open, put in the place of `auto`: they follow from the images and the batch."""

from __future__ import annotations

from dataclasses import replace

from hitzoo.errors import SpecError
from hitzoo.families.compile import compile_generator
from hitzoo.spec.place import Path
from hitzoo.spec.r1_heuristic import heuristic_in_words, heuristic_weight
from hitzoo.spec.types import R1Spec, R2Spec, RegularizerSpec, Spec


def with_chosen_weights(spec: Spec) -> Spec:
    """Return the spec with numbers for all weights; `places.chosen` has a sentence for each that was chosen.

    A spec whose sizes do not fit each other stays as it is: whoever compiles it hears of them all.
    """
    if not any(_is_open(term) for term in spec.training.regularizers):
        return spec
    try:
        side = compile_generator(spec).resolution
    except SpecError:
        return spec
    batch = spec.training.batch_size
    terms: list[RegularizerSpec] = []
    chosen: dict[Path, str] = {}
    for index, term in enumerate(spec.training.regularizers):
        if isinstance(term, R1Spec | R2Spec) and term.weight == "auto":
            chosen["training", "regularizers", index, "weight"] = heuristic_in_words(term.kind, side, batch)
            terms.append(replace(term, weight=heuristic_weight(side, batch)))
        else:
            terms.append(term)
    return replace(
        spec,
        training=replace(spec.training, regularizers=tuple(terms)),
        places=replace(spec.places, chosen={**spec.places.chosen, **chosen}),
    )


def with_weights_of(spec: Spec, stored: Spec | None) -> Spec:
    """Return the spec of a run that goes on: what was chosen now is as in the `stored` one, which trained so far.

    Before there was a choice, a weight that was not given was 10.
    """
    if stored is None or not spec.places.chosen:
        return spec
    terms, chosen = list(spec.training.regularizers), dict(spec.places.chosen)
    for index, (mine, theirs) in enumerate(zip(terms, stored.training.regularizers, strict=False)):
        place: Path = ("training", "regularizers", index, "weight")
        if place in chosen and isinstance(mine, R1Spec | R2Spec) and type(mine) is type(theirs):
            terms[index] = replace(mine, weight=theirs.weight)
            del chosen[place]
    return replace(
        spec,
        training=replace(spec.training, regularizers=tuple(terms)),
        places=replace(spec.places, chosen=chosen),
    )


def _is_open(term: RegularizerSpec) -> bool:
    return isinstance(term, R1Spec | R2Spec) and term.weight == "auto"
