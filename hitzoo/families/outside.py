"""Families that other packages bring: found by their entry points, imported when a document names them.

A package lists a family in the group `hitzoo.families` as ROLE.NAME, `"generator.toy" = "toy_families:TOY"`; what it
leads to is a `Family`. Only names are read until one is needed, and a package that cannot be used harms nobody else.
Nothing is imported that is not installed: a model from the Hub brings names and numbers, no code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any, Final

from hitzoo.errors import UnknownNameError
from hitzoo.escape import one_line
from hitzoo.families.family import Family
from hitzoo.families.piece_problem import piece_problem
from hitzoo.plan.role import Role

GROUP: Final = "hitzoo.families"
_LONGEST: Final = 300  # letters of what a package says when it fails


@dataclass(frozen=True, eq=False)
class OutsideFamily:
    """A family and the package that brings it; there is one per entry point."""

    family: Family[Any, Any]
    origin: str  # `toy-families 1.2`


@dataclass(frozen=True)
class _Claim:
    """A package's word that it brings a family, as it stands in its metadata."""

    package: str
    version: str
    entry: EntryPoint

    @property
    def origin(self) -> str:
        return one_line(f"{self.package} {self.version}".strip())


def names_outside(role: Role) -> list[str]:
    """The families of a role that packages claim to bring, in alphabetical order; nothing is imported."""
    words = {claim.entry.name.partition(".") for claim in _claims()}
    return sorted(name for word, _, name in words if word == role and name)


def load_outside(role: Role, name: str) -> OutsideFamily | None:
    """The family of that name that a package brings; None where none claims to.

    Raises:
        UnknownNameError: it is claimed, but cannot be used; one line that says why.
    """
    claims = [claim for claim in _claims() if claim.entry.name in (f"{role}.{name}", name) and name]
    if not claims:
        return None
    if len({claim.package for claim in claims}) > 1:
        owners = " and ".join(sorted(claim.origin for claim in claims))
        raise UnknownNameError(f"the family '{name}' is brought by {owners}; uninstall all but one")
    return load_claimed(role, name, claims[0])


def usable_outside(role: Role, taken: frozenset[str]) -> tuple[list[OutsideFamily], dict[str, str]]:
    """Every family of a role that packages bring, and why some of them cannot be used, by name.

    Args:
        role: the section of a spec.
        taken: the names of hitzoo's own families.
    """
    found, unusable = [], {}
    for name in names_outside(role):
        try:
            if name in taken:
                owners = ", ".join(claim.origin for claim in _claims() if claim.entry.name == f"{role}.{name}")
                raise UnknownNameError(f"the family '{name}' of {owners} is left out: hitzoo has one of that name")
            outside = load_outside(role, name)
        except UnknownNameError as error:
            unusable[name] = str(error)
            continue
        if outside is not None:
            found.append(outside)
    return found, unusable


@cache
def load_claimed(role: Role, name: str, claim: _Claim) -> OutsideFamily:
    """The family behind an entry point; what fails is tried again next time."""
    try:
        family = claim.entry.load()
        reason = _problem(family, role, name, claim.entry)
    except (Exception, SystemExit) as error:  # whatever a stranger's module does when it is imported
        reason = f"loading it raises {type(error).__name__}: {str(error)[:_LONGEST]}"
    if reason:
        raise UnknownNameError(one_line(f"the family '{name}' of the package {claim.origin} cannot be used: {reason}"))
    return OutsideFamily(family, claim.origin)


def _problem(family: Any, role: Role, name: str, entry: EntryPoint) -> str:
    """Say why what an entry point leads to is not the family it claims to be; nothing where it is."""
    if entry.name != f"{role}.{name}":
        return f"its entry point is named '{entry.name}' where '{role}.{name}' is wanted"
    if not isinstance(family, Family):
        return f"{entry.value} is a {type(family).__name__}, not a Family"
    if (family.role, family.name) != (role, name):
        return f"{entry.value} is the {family.role} '{family.name}', its entry point says {entry.name}"
    return piece_problem(family)


def _claims() -> Iterator[_Claim]:
    """The entries of every installed package, of each package the first on the path, as Python imports it."""
    seen: set[str] = set()
    for distribution in distributions():
        claims = _claims_of(distribution)
        if claims and claims[0].package not in seen:
            seen.add(claims[0].package)
            yield from claims


def _claims_of(distribution: Distribution) -> list[_Claim]:
    try:
        entries = [entry for entry in distribution.entry_points if entry.group == GROUP]
        return [_Claim(distribution.metadata["Name"], distribution.version, entry) for entry in entries]
    except Exception:  # a damaged installation, of whatever package
        return []
