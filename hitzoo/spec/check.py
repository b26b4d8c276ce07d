"""Check a document against the spec language: every problem in the author's words, or the `Spec`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hitzoo.errors import Problem, SpecError
from hitzoo.spec.convert import to_spec
from hitzoo.spec.explain import explain
from hitzoo.spec.language import Language
from hitzoo.spec.place import Places
from hitzoo.spec.repair import mend
from hitzoo.spec.types import Spec
from hitzoo.spec.validation import size_problem, violations

_HOW_TO_ADD = "A package that is installed can bring another (docs/families.md)."


def check_shape(data: Mapping[str, Any], places: Places, schema: Mapping[str, Any]) -> list[Problem]:
    """Problems of `data`: everything that a schema does not allow."""
    if too_large := size_problem(data):
        return [too_large]
    return _once([problem for error in violations(data, schema) for problem in explain(error, places, schema)])


def check_data(data: Mapping[str, Any], places: Places, language: Language, written: Sequence[Problem] = ()) -> Spec:
    """Check `data` against the language and convert it.

    Args:
        data: the document.
        places: where its values stand.
        language: the schema and the dataclasses.
        written: problems of the writing itself, found before.

    Raises:
        SpecError: everything that it may not say, and what comes to light when that is mended; with the mended specs.
    """
    problems = [*written, *check_shape(data, places, language.schema)]
    if not problems:
        return to_spec(data, places, language)
    if size_problem(data):
        raise SpecError(places.source, problems)
    ways = [mend(data, places, language.schema, guess=guess) for guess in (0, 1)]
    more = ways[0].problems & ways[1].problems
    mended = [to_spec(way.data, places, language) for way in ways if way.data is not None]
    found = _with_families(_once([*problems, *more]), data, places, language)
    raise SpecError(places.source, found, mended if len(mended) == len(ways) else ())


def _once(problems: Sequence[Problem]) -> list[Problem]:
    """The problems, without those that are there with a hint too: a kind's own schema says them again."""
    hinted = {replace(problem, hint="") for problem in problems if problem.hint}
    return [problem for problem in problems if problem not in hinted]


def _with_families(
    problems: Sequence[Problem], data: Mapping[str, Any], places: Places, language: Language
) -> Iterator[Problem]:
    """Add to problems with a family's name why it cannot be used, or how families are added."""
    for problem in problems:
        role, _, key = problem.path.partition(".")
        if key != "family" or role not in language.networks:
            yield problem
            continue
        name = data[role].get("family")
        described = str(language.schema["$defs"][role]["properties"]["family"]["description"])
        if isinstance(name, str) and (reason := language.unusable.get(role, {}).get(name)):
            yield places.problem((role, "family"), reason)
        elif name is not None and problem.hint == described:
            yield replace(problem, hint=f"{described} {_HOW_TO_ADD}")
        else:
            yield problem
