"""The families that come with hitzoo: one line each, and the one place that lists them."""

from __future__ import annotations

from typing import Any, Final

from hitzoo.errors import UnknownNameError, suggestion
from hitzoo.families.convnet.family import CONVNET
from hitzoo.families.family import Family, Role
from hitzoo.families.hit.family import HIT
from hitzoo.families.stylegan2.family import STYLEGAN2

FAMILIES: Final[tuple[Family[Any, Any], ...]] = (
    HIT,
    CONVNET,
    STYLEGAN2,
)


def families(role: Role) -> dict[str, Family[Any, Any]]:
    """The families of a role by name."""
    return {family.name: family for family in FAMILIES if family.role == role}


def family_of(role: Role, name: str) -> Family[Any, Any]:
    """The family of that name.

    Raises:
        UnknownNameError: none is installed; which are, and how one is added.
    """
    known = families(role)
    if name in known:
        return known[name]
    hint = suggestion(name, known) or "docs/families.md says how a package adds one"
    raise UnknownNameError(f"no family of {role}s is named '{name}': {', '.join(known)}; {hint}")
