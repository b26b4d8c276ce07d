"""The packages that bring a model's families: recorded with the model, and named where its family is not installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hitzoo.errors import Problem, SpecError
from hitzoo.families.registry import package_of
from hitzoo.spec.types import Spec

_KEY: Final = "packages"
_PACKAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}( [0-9][A-Za-z0-9.+!-]{0,49})?")  # name and version


def packages_of(spec: Spec) -> dict[str, dict[str, str]]:
    """Describe them for a record of a model, `{"packages": {"generator": "toy-families 1.2"}}`; {} without any."""
    known = {
        "generator": package_of("generator", spec.generator.family),
        "discriminator": package_of("discriminator", spec.discriminator.family),
    }
    found = {role: package for role, package in known.items() if package}
    return {_KEY: found} if found else {}


def naming_packages(error: SpecError, record: Mapping[str, Any]) -> SpecError:
    """The error of a model's spec, with the package that its record names where a family is unknown.

    The record may be a stranger's: nothing is installed or imported by it, and only what can be a name is repeated.
    """
    stated = record.get(_KEY)
    known = stated if isinstance(stated, Mapping) else {}
    return SpecError(error.source, [_named(problem, known) for problem in error.problems], error.mended)


def _named(problem: Problem, known: Mapping[str, Any]) -> Problem:
    role, _, key = problem.path.partition(".")
    package = known.get(role)
    if key != "family" or not isinstance(package, str) or not _PACKAGE.fullmatch(package):
        return problem
    return replace(problem, hint=f"the model names the package {package} for it; hitzoo installs nothing by itself")
