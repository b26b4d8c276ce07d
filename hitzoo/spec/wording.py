"""Types and allowed values of a part of the schema, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TYPES = {
    "integer": ("whole number", "whole numbers"),
    "number": ("number", "numbers"),
    "string": ("text", "texts"),
    "boolean": ("true or false", "truth values"),
    "object": ("mapping", "mappings"),
}
SCHEDULE = "schedule"
_REFERRED = {f"#/$defs/{SCHEDULE}": (SCHEDULE, "schedules")}


def type_in_words(part: Mapping[str, Any], *, plural: bool = False) -> str:
    """`whole number`, `word or whole number`, `list of mappings`."""
    if "if" in part:
        return " or ".join(type_in_words(one, plural=plural) for one in _choices(part))
    if "$ref" in part:
        kind = _REFERRED.get(part["$ref"], _TYPES["object"])
        return kind[plural]
    if part.get("type") == "array":
        return f"list of {type_in_words(part['items'], plural=True)}"
    values = part.get("enum", [part["const"]] if "const" in part else [])
    if values:
        kind = ("word", "words") if isinstance(values[0], str) else _TYPES["integer"]
    else:
        kind = _TYPES[part.get("type", "object")]
    return kind[plural]


def allowed_in_words(part: Mapping[str, Any]) -> str:
    """`hit, convnet`, `at least 1`, `2 to 12 entries, each at least 1`; nothing where the type says it all."""
    if "if" in part:
        first, other = _choices(part)
        words, allowed = allowed_in_words(first), allowed_in_words(other)
        second = f"a {type_in_words(other)}" + (f" ({allowed})" if allowed else "")
        return f"{words}, or {second}" if words else f"or {second}"
    if "const" in part:
        return scalar_in_words(part["const"])
    if "enum" in part:
        return ", ".join(map(scalar_in_words, part["enum"]))
    if part.get("type") == "array":
        return _entries(part)
    return _range(part)


def _choices(part: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The two kinds of values that a part may have, a mapping last."""
    first, other = part["then"], part["else"]
    return (other, first) if "$ref" in first else (first, other)


def bounds_in_words(part: Mapping[str, Any]) -> str:
    """`at least 0 and less than 1`."""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    return " and ".join(f"{word} {part[key]}" for key, word in words.items() if key in part)


def scalar_in_words(value: object) -> str:
    """A value as an author writes it: `[0.0, 0.99]`, `{kind: r1, weight: 10.0}`, `true`; `""` is an empty text."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {scalar_in_words(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(scalar_in_words, value)) + "]"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _entries(part: Mapping[str, Any]) -> str:
    least, most = part.get("minItems", 0), part.get("maxItems")
    if least == most:
        count = f"{least} entries"
    elif most is None:
        count = f"at least {least} {'entry' if least == 1 else 'entries'}" if least else ""
    else:
        count = f"{least} to {most} entries" if least else f"at most {most} entries"
    inner = allowed_in_words(part["items"])
    values = ("of: " if "enum" in part["items"] else "each ") + inner if inner else ""
    return ", ".join(filter(None, (count, "none twice" if part.get("uniqueItems") else "", values)))


def _range(part: Mapping[str, Any]) -> str:
    both = "minimum" in part and "maximum" in part
    return f"{part['minimum']} to {part['maximum']}" if both else bounds_in_words(part)
