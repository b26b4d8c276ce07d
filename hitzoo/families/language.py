"""The spec language with the families that there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from hitzoo.families.family import Family
from hitzoo.families.registry import FAMILIES
from hitzoo.spec.language import FamilyPiece, Language, assemble

BEGINNINGS: Final[Mapping[str, Mapping[str, str]]] = {"discriminator": {"family": "stylegan2"}}
"""What a section says that a document leaves out."""


@cache
def shipped_language() -> Language:
    """The language of hitzoo's own families: that of the documentation and of the schema for editors."""
    return assemble([_piece(family) for family in FAMILIES], BEGINNINGS)


@cache
def installed_language() -> Language:
    """The language of all families that are installed."""
    return shipped_language()


def language_of(data: Mapping[str, Any]) -> Language:
    """The language of one document."""
    return shipped_language()


def _piece(family: Family[Any, Any]) -> FamilyPiece:
    return FamilyPiece(role=family.role, name=family.name, kind=family.spec, definitions=family.schema())
