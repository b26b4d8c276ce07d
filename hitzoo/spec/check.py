"""The shape of a document, checked against the JSON Schema; every problem found, in the author's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from importlib import resources
from typing import Any

from hitzoo.errors import Problem, suggestion
from hitzoo.spec.document import boolean_hint
from hitzoo.spec.place import Path, Places

_TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "nothing",
}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of spec documents."""
    text = resources.files("hitzoo.spec").joinpath("schema/spec.schema.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def check_shape(data: Mapping[str, Any], places: Places, against: Mapping[str, Any] | None = None) -> list[Problem]:
    """Everything in `data` that a schema (of specs, unless another is given) does not allow."""
    from jsonschema import Draft202012Validator  # 50 ms: only when a document is checked

    problems: list[Problem] = []
    for error in Draft202012Validator(against or schema()).iter_errors(data):
        problems.extend(_explain(error, tuple(error.absolute_path), places))
    return problems


def without_unknown_keys(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `data` without the keys that the schema does not know."""
    from jsonschema import Draft202012Validator

    rest = deepcopy(dict(data))
    for error in Draft202012Validator(schema()).iter_errors(data):
        if error.validator == "additionalProperties":
            place: Any = rest
            for part in error.absolute_path:
                place = place[part]
            for key in set(place) - set(error.schema.get("properties", {})):
                del place[key]
    return rest


def _explain(error: Any, path: Path, places: Places) -> Iterator[Problem]:
    """One schema violation as problems: an object that is wrong in two keys gives two."""
    value, wanted = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, path, places)
        case "required":
            for key in wanted:
                if key not in value:
                    hint = _description(error.schema.get("properties", {}).get(key, {}))
                    yield places.problem((*path, key), f"missing key '{key}'", hint)
        case "enum":
            yield places.problem(path, f"{_show(value)} is not one of: {_list(wanted)}", _enum_hint(error))
        case "const":
            newer = "install a newer hitzoo to read it" if path == ("hitzoo",) and value in (2, 3, 4) else ""
            yield places.problem(path, f"{_show(value)} is not possible here; it must be {_show(wanted)}", newer)
        case "type":
            yield places.problem(path, f"{_show(value)} is not {_types(wanted)}", _type_hint(value, wanted))
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            yield places.problem(path, f"{_show(value)} is out of range: {_range(error.schema)}")
        case "minItems" | "maxItems":
            bound = "at least" if error.validator == "minItems" else "at most"
            entries, are = ("entry" if len(value) == 1 else "entries"), ("is" if wanted == 1 else "are")
            yield places.problem(path, f"the list has {len(value)} {entries}; {bound} {wanted} {are} wanted")
        case "uniqueItems":
            yield places.problem(path, "the list names an entry twice")
        case "pattern":
            yield places.problem(path, f"{_show(value)} is not possible here", _description(error.schema))
        case _:
            yield places.problem(path, error.message)


def _unknown_keys(error: Any, path: Path, places: Places) -> Iterator[Problem]:
    allowed = sorted(error.schema.get("properties", {}))
    for key in error.instance:
        if key not in allowed:
            message = f"unknown key '{key}'"
            hint = "; ".join(filter(None, (suggestion(key, allowed), f"allowed: {', '.join(allowed)}")))
            yield places.problem((*path, key), message, hint, at_key=True)


def _enum_hint(error: Any) -> str:
    value, wanted = error.instance, error.validator_value
    if isinstance(value, str) and value in (str(option) for option in wanted if not isinstance(option, str)):
        return "remove the quotes"
    return suggestion(str(value), map(str, wanted)) or _description(error.schema)


def _types(wanted: str | Sequence[str]) -> str:
    names = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(_TYPE_NAMES[name] for name in names)


def _type_hint(value: object, wanted: str | Sequence[str]) -> str:
    if isinstance(value, str) and any(name in wanted for name in ("number", "integer")) and _is_number(value):
        return "remove the quotes"
    if "boolean" in wanted:
        return boolean_hint(value)
    if "array" in wanted and isinstance(value, str | int | float):
        return f"write it as a list: [{value}]"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _range(schema: Mapping[str, Any]) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    return " and ".join(f"{word} {schema[key]}" for key, word in words.items() if key in schema)


def _description(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", ""))


def _list(values: Sequence[object]) -> str:
    return ", ".join(str(value) for value in values)


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
