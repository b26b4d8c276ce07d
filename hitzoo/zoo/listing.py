"""`hitzoo.list_models`: the names of the zoo."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from hitzoo.errors import RequestError
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import SPEC_ONLY, Card, cards


def list_models(pattern: str | Iterable[str] = "*", pretrained: bool | None = None) -> list[str]:
    """List the models of the zoo by name.

        hitzoo.list_models("hit-*")
        hitzoo.list_models("ffhq", pretrained=True)

    Args:
        pattern: names that match this, with `*` and `?` as in file names, or that contain it where it has neither; of
            several patterns, names that match one.
        pretrained: True lists only models with weights, False only specs without; None all.

    Returns:
        The names in alphabetical order; each is a spec's too.

    Raises:
        RequestError: a pattern that is no string.
    """
    patterns = [pattern] if isinstance(pattern, str) or not isinstance(pattern, Iterable) else list(pattern)
    for one in patterns:
        if not isinstance(one, str):
            raise RequestError(f"pattern {one!r}: give a name or a part of one, for example 'hit-*'")
    found = {name: card for one in patterns for name, card in matching_models(one).items()}
    return [
        name
        for name, card in sorted(found.items())
        if pretrained is None or pretrained == (card is not None and card.status != SPEC_ONLY)
    ]


def matching_models(pattern: str) -> dict[str, Card | None]:
    """The records whose names match or contain a pattern, in alphabetical order; None for a spec without a record."""
    known: dict[str, Card | None] = {**dict.fromkeys(shipped_specs()), **cards()}
    if any(letter in pattern for letter in "*?["):
        return {name: known[name] for name in sorted(known) if fnmatchcase(name, pattern)}
    return {name: known[name] for name in sorted(known) if pattern.lower() in name}
