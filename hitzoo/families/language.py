"""The spec language with the families that there are: hitzoo's own, and of others those that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, get_args

from hitzoo.errors import UnknownNameError
from hitzoo.families.outside import OutsideFamily, load_outside
from hitzoo.families.registry import FAMILIES, outside_families, own_families
from hitzoo.plan.role import Role
from hitzoo.spec.language import FamilyPiece, Language, assemble

BEGINNINGS: Final[Mapping[str, Mapping[str, str]]] = {"discriminator": {"family": "stylegan2"}}
"""Beginnings of the sections that a document leaves out."""

_ROLES: Final[tuple[Role, ...]] = get_args(Role)


def shipped_language() -> Language:
    """The language of hitzoo's own families: that of the documentation and of the schema for editors."""
    return _language(())


def installed_language() -> Language:
    """The language of all families that are installed; every package that brings one is imported."""
    found = {role: outside_families(role) for role in _ROLES}
    outside = tuple(one for brought, _ in found.values() for one in brought)
    return _with_unusable(_language(outside), {role: unusable for role, (_, unusable) in found.items()})


def language_of(data: Mapping[str, Any]) -> Language:
    """The language of one document: with the families of others that it names.

    Where it names none that there is, all that are installed are looked at, so that the message can say what was meant.
    """
    outside: list[OutsideFamily] = []
    unusable: dict[str, dict[str, str]] = {}
    for role in _ROLES:
        section = data.get(role)
        name = section.get("family") if isinstance(section, Mapping) else None
        name = name if isinstance(name, str) else ""
        if not isinstance(section, Mapping) or name in own_families(role):
            continue
        try:
            named = load_outside(role, name)
        except UnknownNameError as error:
            unusable[role] = {name: str(error)}
            continue
        outside += [named] if named else outside_families(role)[0]
    return _with_unusable(_language(tuple(outside)), unusable)


@cache
def _language(outside: tuple[OutsideFamily, ...]) -> Language:
    own = [
        FamilyPiece(role=family.role, name=family.name, kind=family.spec, definitions=family.schema())
        for family in FAMILIES
    ]
    return assemble([*own, *map(_outside_piece, outside)], BEGINNINGS)


def _with_unusable(language: Language, unusable: Mapping[str, Mapping[str, str]]) -> Language:
    return replace(language, unusable=unusable) if any(unusable.values()) else language


def _outside_piece(outside: OutsideFamily) -> FamilyPiece:
    """Its definitions under names that no other family has, the first with the package that it comes from."""
    family = outside.family
    prefix = f"{family.role}.{family.name}."
    definitions = {f"{prefix}{name}": _renamed(part, prefix) for name, part in family.schema().items()}
    first = next(iter(definitions))
    described = f"{definitions[first].get('description', '')} From the package {outside.origin}."
    definitions[first] = definitions[first] | {"description": described.strip()}
    return FamilyPiece(role=family.role, name=family.name, kind=family.spec, definitions=definitions)


def _renamed(part: Any, prefix: str) -> Any:
    """A schema whose references lead to the definitions with a prefix."""
    if isinstance(part, Mapping):
        return {
            key: value.replace("#/$defs/", f"#/$defs/{prefix}", 1)
            if key == "$ref" and isinstance(value, str)
            else _renamed(value, prefix)
            for key, value in part.items()
        }
    return [_renamed(inner, prefix) for inner in part] if isinstance(part, list) else part
