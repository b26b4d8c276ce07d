"""The schema and the dataclasses describe the same documents: keys, defaults, choices, and what is required."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from jsonschema import Draft202012Validator

from hitzoo.families.language import shipped_language
from hitzoo.families.registry import FAMILIES
from hitzoo.spec.convert import key_of
from hitzoo.spec.types import Spec

LANGUAGE = shipped_language()
TAGS = {"family", "kind"}  # always written, so that the reader sees which of several things a mapping is


def resolve(part: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in part:
        part = LANGUAGE.schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return part


def objects(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The object schemas a schema stands for: itself, or one for each choice of its tag."""
    part = resolve(part)
    if "$ref" in part.get("items", {}):
        return objects(part["items"])
    if "if" in part:
        choices = [resolve(part["then"]), resolve(part["else"])]
        part = next((one for one in choices if "properties" in one), None) or objects(choices[1])[0]
    if "allOf" in part:
        return [resolve(rule["then"]) for rule in part["allOf"]]
    return [part]


def options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def classes(kind: Any) -> list[type]:
    """The dataclasses inside a type: itself, the members of a union, the entries of a tuple."""
    if isinstance(kind, type) and is_dataclass(kind):
        return [kind]
    return list(dict.fromkeys(found for inner in get_args(kind) for found in classes(inner)))


def tag_of(part: Mapping[str, Any]) -> object:
    return next((part["properties"][tag]["const"] for tag in TAGS if tag in part["properties"]), None)


def pairs(part: Mapping[str, Any], kind: type) -> Iterator[tuple[Mapping[str, Any], type]]:
    """Every object schema with the dataclass that stands for it, from the whole document down."""
    yield part, kind
    hints = {key_of(name): hint for name, hint in get_type_hints(kind).items()}
    for key, inner in part["properties"].items():
        target = resolve(inner).get("items", inner)
        wanted = (
            list(LANGUAGE.networks[key].values()) if kind is Spec and key in LANGUAGE.networks else classes(hints[key])
        )
        if not wanted:
            continue
        found = objects(target)
        assert len(found) == len(wanted), key
        for schema_of_one in found:
            tag = tag_of(schema_of_one)
            (match,) = [one for one in wanted if tag in (None, *(getattr(one, name, None) for name in TAGS))]
            yield from pairs(schema_of_one, match)


ALL = {kind.__name__: (part, kind) for part, kind in pairs(LANGUAGE.schema, Spec)}
FIELDS = [
    pytest.param(part["properties"][key_of(item.name)], item, get_type_hints(kind)[item.name], id=f"{name}.{item.name}")
    for name, (part, kind) in ALL.items()
    for item in fields(kind)
    if item.name != "places"
]


def default_of(item: Field[Any]) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(LANGUAGE.schema)
    assert {family.spec.__name__ for family in FAMILIES} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_keys_and_what_is_required(name: str) -> None:
    part, kind = ALL[name]
    own = {key_of(item.name): item for item in fields(kind) if item.name != "places"}
    assert set(part["properties"]) == set(own)
    assert part["additionalProperties"] is False
    needed = {key for key, item in own.items() if default_of(item) is MISSING}
    filled_in = {"discriminator"} if kind is Spec else set()  # a document may leave it out, a `Spec` has it
    assert set(part.get("required", ())) - {"hitzoo"} == needed - filled_in


@pytest.mark.parametrize(("part", "item", "kind"), FIELDS)
def test_defaults(part: Mapping[str, Any], item: Field[Any], kind: Any) -> None:
    default = default_of(item)
    if "default" in part:
        stated = part["default"]
        assert (tuple(stated) if isinstance(stated, list) else stated) == default
        assert type(stated) is type(default) or isinstance(stated, list)
        assert list(Draft202012Validator(resolve(part)).iter_errors(stated)) == []
    else:
        unstated = default is None or default is MISSING or item.name in TAGS or classes(kind)
        assert unstated or part.get("const") == default


def types_in(part: Mapping[str, Any]) -> set[str | None]:
    """The types that a value may have: its own, and those of every `else`."""
    return {part.get("type"), *(types_in(part["else"]) if "else" in part else ())}


@pytest.mark.parametrize(("part", "item", "kind"), FIELDS)
def test_choices(part: Mapping[str, Any], item: Field[Any], kind: Any) -> None:
    part = resolve(part)
    if get_origin(kind) is tuple and get_origin(get_args(kind)[0]) is Literal:
        part, kind = part["items"], get_args(kind)[0]
    if get_origin(kind) is Literal:
        assert part.get("enum", [part.get("const")]) == list(get_args(kind))
    for inner in options(kind):
        wanted = {int: "integer", float: "number", str: "string", bool: "boolean"}.get(inner)
        assert wanted is None or wanted in types_in(part)


@pytest.mark.parametrize("section", ["generator", "discriminator", "regularizer", "augment", "transform", "optimizer"])
def test_every_choice_of_a_tag_has_its_rules(section: str) -> None:
    part = LANGUAGE.schema["$defs"][section]
    (tag,) = part["properties"]
    assert part["required"] == [tag]
    assert part["properties"][tag]["enum"] == [rule["if"]["properties"][tag]["const"] for rule in part["allOf"]]
    assert part["properties"][tag]["enum"] == [tag_of(one) for one in objects(part)]
