"""The JSON Schema validator of documents: in time that grows with the document, not with its square."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from hitzoo.errors import Problem

MOST = 500  # violations; more is no spec, and the time to list them is the stranger's choice
DEEPEST = 32  # mappings and lists inside each other
MOST_VALUES = 20_000  # a spec has a few hundred; more is an alias bomb or no spec
TOO_DEEP = "the document is nested deeper than a spec can be"
TOO_MANY = "the document holds more values than a spec can have"


def violations(data: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """The violations, as jsonschema's `ValidationError`, up to more than anybody reads.

    `data` must have passed `size_problem`.
    """
    return islice(_validator_class()(schema).iter_errors(data), MOST)


def size_problem(data: Any) -> Problem | None:
    """Problem of a document that would overflow the stack of whoever walks it, or take too long; else None."""
    layer, depth, count = [data], 0, 0
    while layer:
        if depth > DEEPEST + 1:
            return Problem(0, 0, "", TOO_DEEP)
        count += sum(len(value) for value in layer)
        if count > MOST_VALUES:
            return Problem(0, 0, "", TOO_MANY)
        layer = [inner for value in layer for inner in _inside(value)]
        depth += 1
    return None


def _inside(value: Any) -> Sequence[Any]:
    inner = value.values() if isinstance(value, Mapping) else value
    return [part for part in inner if isinstance(part, Mapping | list)]


@cache
def _validator_class() -> Any:
    from jsonschema import Draft202012Validator, validators  # 50 ms: only when a document is checked

    return validators.extend(Draft202012Validator, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]


def _unique_items(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[Any]:
    """jsonschema compares all pairs where entries cannot be sorted: minutes for a list that a stranger made."""
    from jsonschema import ValidationError

    if wanted and isinstance(instance, list) and len(instance) != len({_identity(entry) for entry in instance}):
        yield ValidationError("an entry is there twice")


def _identity(value: Any) -> str:
    """Text that equal values share: 1 and 1.0, but not 1 and true."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value
