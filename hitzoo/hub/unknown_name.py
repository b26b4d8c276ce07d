"""The error for a name that no weights have: the ways on for a spec, else a name that is near."""

from __future__ import annotations

from hitzoo.errors import HitzooError, UnknownNameError, WeightsError, suggestion
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import SPEC_ONLY, cards
from hitzoo.zoo.pasted import not_a_model


def unknown_name(name: str) -> HitzooError:
    """The error to raise for a model name that cannot be loaded.

    Args:
        name: what was asked for: the name of a spec without weights, or one that is not known at all.

    Returns:
        A `WeightsError` with three ways on for a spec, else an `UnknownNameError` with the nearest name.
    """
    if said := not_a_model(name):
        return UnknownNameError(said)
    known, specs = cards(), shipped_specs()
    with_weights = [card.name for card in known.values() if card.status != SPEC_ONLY]
    trained = with_weights[0] if with_weights else "NAME"
    if name in specs:
        return WeightsError(
            f"{name} is a spec without trained weights. Three ways on:\n"
            f"  train it:                        hitzoo train {name} --data PATH --out runs/{name}\n"
            f"  take another model:              hitzoo sample {trained}, or ORG/NAME from the Hub\n"
            f"  see the untrained network run:   hitzoo sample {name} --init random"
        )
    hint = suggestion(name, known.keys() | specs.keys(), rather=with_weights) or "`hitzoo list` shows what there is"
    return UnknownNameError(f"no model is named '{name}' and no folder has that path; {hint}")
