"""The shape of a document, checked against the JSON Schema; every problem found, in the author's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hitzoo.errors import Problem
from hitzoo.spec.explain import explain
from hitzoo.spec.place import Places
from hitzoo.spec.validation import size_problem, violations


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of spec documents."""
    return json.loads(schema_path().read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def schema_path() -> Path:
    """Its file."""
    return Path(__file__).resolve().parent / "schema" / "spec.schema.json"


def check_shape(data: Mapping[str, Any], places: Places, against: Mapping[str, Any] | None = None) -> list[Problem]:
    """Everything in `data` that a schema (of specs, unless another is given) does not allow."""
    if too_large := size_problem(data):
        return [too_large]
    rules = against or schema()
    return [problem for error in violations(data, rules) for problem in explain(error, places, rules)]
