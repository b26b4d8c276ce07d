"""Faults of the piece of the spec language that a package brings, found before any document meets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final

from hitzoo.families.family import Family

_KEYWORDS: Final = (
    {"$ref", "type", "const", "enum", "default", "description", "pattern", "if", "then", "else", "allOf"}
    | {"properties", "required", "additionalProperties", "items", "minItems", "maxItems", "uniqueItems"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
)
_TYPES: Final = frozenset({"integer", "number", "string", "boolean", "array", "object"})
_REFERENCE: Final = "#/$defs/"


def piece_problem(family: Family[Any, Any]) -> str:
    """Say why a family's schema cannot be part of the language; nothing where it can.

    Messages, `hitzoo explain` and the mending of mistakes read the keywords that hitzoo's own schemas use, and no more.
    """
    if not is_dataclass(family.spec):
        return "its spec is no dataclass"
    definitions = family.schema()
    if not isinstance(definitions, Mapping) or not definitions:
        return "its schema is no mapping of definitions"
    for name, part in definitions.items():
        if problem := next(_problems(part, definitions), ""):
            return f"its schema '{name}' {problem}"
    first = next(iter(definitions.values()))
    return _section_problem(first, family) or _dialect_problem(definitions)


def _section_problem(section: Mapping[str, Any], family: Family[Any, Any]) -> str:
    """The first definition and the dataclass are to describe the same section."""
    properties = section.get("properties", {})
    own = {item.name: item for item in fields(family.spec)}
    if properties.get("family") != {"const": family.name}:
        return f'its section has no "family": {{"const": "{family.name}"}}'
    if section.get("additionalProperties") is not False:
        return 'its section has no "additionalProperties": false'
    if set(properties) != set(own):
        return f"its schema and its dataclass differ in: {', '.join(sorted(set(properties) ^ set(own)))}"
    bare = {name for name, item in own.items() if item.default is MISSING and item.default_factory is MISSING}
    if bare != set(section.get("required", ())):
        return f"its schema requires other keys than its dataclass: {', '.join(sorted(bare))}"
    return "" if own["family"].default == family.name else f"its dataclass has no default family = '{family.name}'"


def _problems(part: Any, definitions: Mapping[str, Any]) -> Iterator[str]:
    """Everything in a schema that the language does not read."""
    if not isinstance(part, Mapping):
        yield f"has {part!r} where a schema belongs"
        return
    if unknown := set(part) - _KEYWORDS:
        yield f"uses keywords that specs do not have: {', '.join(sorted(map(str, unknown)))}"
    reference = part.get("$ref", _REFERENCE + next(iter(definitions)))
    if not str(reference).startswith(_REFERENCE) or str(reference).removeprefix(_REFERENCE) not in definitions:
        yield f"refers to {reference}, which it does not define"
    if "type" in part and str(part["type"]) not in _TYPES:
        yield f"has the type {part['type']!r}; types are {', '.join(sorted(_TYPES))}"
    if part.get("type") == "array" and "items" not in part:
        yield "has a list without items"
    rules = part.get("allOf", [])
    if not all(_is_choice(rule) for rule in rules):
        yield 'has an allOf that is not {"if": {"properties": {"kind": {"const": …}}, "required": ["kind"]}, "then": …}'
        return
    properties = part.get("properties", {})
    inner = [*properties.values()] if isinstance(properties, Mapping) else [properties]
    for piece in (*inner, *rules, *(part[key] for key in ("items", "if", "then", "else") if key in part)):
        yield from _problems(piece, definitions)


def _is_choice(rule: Any) -> bool:
    """True for one choice of several kinds of mappings, as of the regularizers."""
    if not isinstance(rule, Mapping) or set(rule) != {"if", "then"}:
        return False
    asked = rule["if"].get("properties", {}).get("kind", {}).get("const")
    return bool(rule["if"] == {"properties": {"kind": {"const": asked}}, "required": ["kind"]})


def _dialect_problem(definitions: Mapping[str, Any]) -> str:
    """Ask the meta-schema of JSON Schema what is wrong: a word where a number belongs, and the like."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema({"$defs": dict(definitions)})
    except SchemaError as error:
        return f"its schema is no JSON Schema at {error.json_path}: {error.message}"
    return ""
