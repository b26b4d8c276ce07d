"""`hitzoo.list_models`: the names of the zoo."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import SPEC_ONLY, Card, cards


def list_models(pattern: str = "*", pretrained: bool | None = None) -> list[str]:
    """List the models of the zoo by name.

        hitzoo.list_models("hit-*")
        hitzoo.list_models("ffhq", pretrained=True)

    Args:
        pattern: names that match this, with `*` and `?` as in file names, or that contain it where it has neither.
        pretrained: True lists only models with weights, False only specs without; None all.

    Returns:
        The names in alphabetical order; each is a spec's too.
    """
    return [
        name
        for name, card in matching_models(pattern).items()
        if pretrained is None or pretrained == (card is not None and card.status != SPEC_ONLY)
    ]


def matching_models(pattern: str) -> dict[str, Card | None]:
    """The records whose names match or contain a pattern, in alphabetical order; None for a spec without a record."""
    known: dict[str, Card | None] = {**dict.fromkeys(shipped_specs()), **cards()}
    if any(letter in pattern for letter in "*?["):
        return {name: known[name] for name in sorted(known) if fnmatchcase(name, pattern)}
    return {name: known[name] for name in sorted(known) if pattern.lower() in name}
