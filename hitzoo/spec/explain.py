"""Violations of the schema in the author's words: what is wrong, what is allowed, and the way on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hitzoo.errors import Problem, suggestion
from hitzoo.spec.document import boolean_hint, number_hint
from hitzoo.spec.foreign import meant_key
from hitzoo.spec.place import Path, Places
from hitzoo.spec.wording import bounds_in_words

_LONGEST = 60  # letters of a value that is shown
_MOST_KEYS = 50  # unknown ones of one mapping that are named
_TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "nothing",
}


def explain(error: Any, places: Places, document: Mapping[str, Any]) -> Iterator[Problem]:
    """Turn one violation into problems: an object that is wrong in two keys gives two.

    Args:
        error: jsonschema's `ValidationError`.
        places: where the values stand.
        document: the schema.
    """
    path: Path = tuple(error.absolute_path)
    value, wanted = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, path, places, document)
        case "required":
            yield from _missing_keys(error, path, places)
        case "enum":
            yield places.problem(path, f"{show(value)} is not one of: {_list(wanted)}", _enum_hint(error))
        case "const":
            newer = "install a newer hitzoo to read it" if path == ("hitzoo",) and value in (2, 3, 4) else ""
            yield places.problem(path, f"{show(value)} is not possible here; it must be {show(wanted)}", newer)
        case "type":
            yield places.problem(path, f"{show(value)} is not {_types(error)}", _type_hint(error, document))
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            yield places.problem(path, f"{show(value)} is out of range: {bounds_in_words(error.schema)}")
        case "minItems" | "maxItems":
            bound = "at least" if error.validator == "minItems" else "at most"
            entries, are = ("entry" if len(value) == 1 else "entries"), ("is" if wanted == 1 else "are")
            yield places.problem(path, f"the list has {len(value)} {entries}; {bound} {wanted} {are} wanted")
        case "uniqueItems":
            yield places.problem(path, "the list names an entry twice")
        case "pattern":
            yield places.problem(path, f"{show(value)} is not possible here", _description(error.schema))
        case _:
            yield places.problem(path, shortened(error.message, 200))


def show(value: object) -> str:
    """A value as JSON, shortened."""
    if isinstance(value, Mapping | list) and len(value) > _LONGEST:
        value = dict(list(value.items())[:_LONGEST]) if isinstance(value, Mapping) else value[:_LONGEST]
    return shortened(json.dumps(value, ensure_ascii=False, default=str), _LONGEST)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """The text, or its beginning where it is too long to be read."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _unknown_keys(error: Any, path: Path, places: Places, document: Mapping[str, Any]) -> Iterator[Problem]:
    allowed = sorted(error.schema.get("properties", {}))
    unknown = [key for key in error.instance if key not in allowed]
    for key in unknown[:_MOST_KEYS]:
        near = meant_key(key, path, allowed, document)
        hint = "; ".join(filter(None, (near, f"allowed: {', '.join(allowed)}")))
        yield places.problem((*path, key), f"unknown key '{shortened(key)}'", hint, at_key=True)
    if len(unknown) > _MOST_KEYS:
        yield places.problem(path, f"{len(unknown) - _MOST_KEYS:,} unknown keys more", "is this a spec?")


def _missing_keys(error: Any, path: Path, places: Places) -> Iterator[Problem]:
    value, known = error.instance, error.schema.get("properties", {})
    for key in error.validator_value:
        if key not in value:
            yield places.problem((*path, key), f"missing key '{key}'", _description(known.get(key, {})))


def _enum_hint(error: Any) -> str:
    value, wanted = error.instance, error.validator_value
    if isinstance(value, str) and value in (str(option) for option in wanted if not isinstance(option, str)):
        return "remove the quotes"
    near = suggestion(shortened(str(value)), map(str, wanted))
    return near or _description(error.schema)


def _types(error: Any) -> str:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join([*(_TYPE_NAMES[name] for name in names), *(["a schedule"] if _may_be_schedule(error) else [])])


def _type_hint(error: Any, document: Mapping[str, Any]) -> str:
    value, wanted = error.instance, error.validator_value
    if isinstance(value, str) and any(name in wanted for name in ("number", "integer")):
        return number_hint(value) or (_description(error.schema) if _is_one_of_two(error) else "")
    if "boolean" in wanted:
        return boolean_hint(value)
    if isinstance(value, str) and value in error.schema.get("properties", {}).get("kind", {}).get("enum", ()):
        return f"write it as a mapping: {{kind: {value}}}"
    if "array" in wanted and value is not None:
        return f"write it as a list{_as_list(value, error.schema, document)}"
    if _may_be_schedule(error):
        return "a schedule is written {from: …, to: …, images: …}"
    return _description(error.schema) if _is_one_of_two(error) else ""


def _as_list(value: object, schema: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """A list of the one value that was written, as the schema of lists wants its entries."""
    entry = schema.get("items", {})
    entry = document["$defs"][str(entry["$ref"]).removeprefix("#/$defs/")] if "$ref" in entry else entry
    if isinstance(value, str) and value in entry.get("properties", {}).get("kind", {}).get("enum", ()):
        return f": [{{kind: {value}}}]"
    if isinstance(value, Mapping):
        return ": [{…}]"
    if entry.get("type") == "object":
        return " of mappings: [{…}]"
    fewest = schema.get("minItems", 0)
    return f" of {fewest}: [{', '.join(['…'] * fewest)}]" if fewest > 1 else f": [{shortened(str(value))}]"


def _may_be_schedule(error: Any) -> bool:
    return bool(error.validator_value == "number") and _is_one_of_two(error)


def _is_one_of_two(error: Any) -> bool:
    """True where a value may be of another type too: a word or a mapping, a number or a schedule."""
    return "else" in tuple(error.absolute_schema_path)[-3:]


def _description(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", ""))


def _list(values: Sequence[object]) -> str:
    return ", ".join(str(value) for value in values)
