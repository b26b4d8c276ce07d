"""A document checked against the language: its shape, every problem found in the author's words, and the `Spec`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hitzoo.errors import Problem, SpecError
from hitzoo.spec.convert import to_spec
from hitzoo.spec.explain import explain
from hitzoo.spec.language import Language
from hitzoo.spec.place import Places
from hitzoo.spec.repair import mend
from hitzoo.spec.types import Spec
from hitzoo.spec.validation import size_problem, violations


def check_shape(data: Mapping[str, Any], places: Places, schema: Mapping[str, Any]) -> list[Problem]:
    """Everything in `data` that a schema does not allow."""
    if too_large := size_problem(data):
        return [too_large]
    return [problem for error in violations(data, schema) for problem in explain(error, places, schema)]


def checked(data: Mapping[str, Any], places: Places, language: Language, written: Sequence[Problem] = ()) -> Spec:
    """The spec that `data` is.

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
    raise SpecError(places.source, [*problems, *more], mended if len(mended) == len(ways) else ())
