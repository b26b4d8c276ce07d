"""Names of hitzoo's own families as messages list them, so that a new one changes no test."""

from __future__ import annotations

from hitzoo.families.registry import own_families

GENERATORS = list(own_families("generator"))
DISCRIMINATORS = list(own_families("discriminator"))
LISTED = ", ".join(GENERATORS)


def either(names: list[str]) -> str:
    """`hit, convnet or transgan`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
