"""The error for a name that no weights have: the ways on for a spec, else a name that is near."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.errors import HitzooError, UnknownNameError, WeightsError, suggestion
from hitzoo.families.load import load_spec
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import SPEC_ONLY, cards
from hitzoo.zoo.pasted import not_a_model


def unknown_name(name: str) -> HitzooError:
    """The error to raise for a model name that cannot be loaded.

    Args:
        name: what was asked for: the name of a spec without weights, or one that is not known at all.

    Returns:
        A `WeightsError` with the ways on for a spec, else an `UnknownNameError` with the nearest name.
    """
    if said := not_a_model(name):
        return UnknownNameError(said)
    known, specs = cards(), shipped_specs()
    with_weights = [card.name for card in known.values() if card.status != SPEC_ONLY]
    if name in specs:
        return _without_weights(name, with_weights)
    hint = suggestion(name, known.keys() | specs.keys(), rather=with_weights) or "`hitzoo list` shows what there is"
    return UnknownNameError(f"no model is named '{name}' and no folder has that path; {hint}")


def _without_weights(name: str, trained: Sequence[str]) -> WeightsError:
    """The error for a spec: what to train, or to take; an untrained autoencoder shows nothing."""
    coding = load_spec(name).encoder is not None
    alike = [other for other in trained if (load_spec(cards()[other].spec).encoder is not None) is coding]
    first, verb = (alike or ["NAME"])[0], "reconstruct PICTURES --model" if coding else "sample"
    ways = [
        f"  train it:                        hitzoo train {name} --data PATH --out runs/{name}",
        f"  take another model:              hitzoo {verb} {first}, or ORG/NAME from the Hub",
    ]
    if not coding:
        ways.append(f"  see the untrained network run:   hitzoo sample {name} --init random")
    count = "Two" if coding else "Three"
    return WeightsError("\n".join([f"{name} is a spec without trained weights. {count} ways on:", *ways]))
