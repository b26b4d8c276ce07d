"""Checked data to dataclasses and back; the only place that knows how the two correspond."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from keyword import iskeyword
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hitzoo.spec.language import Language
from hitzoo.spec.place import Places
from hitzoo.spec.types import Spec, TrainingSpec

_TAGS = ("family", "kind")  # the keys that say which of several dataclasses a mapping is


def to_spec(data: Mapping[str, Any], places: Places, language: Language) -> Spec:
    """The `Spec` of data that the schema has passed; defaults are filled in here."""
    hints = _hints(Spec)
    sections = {role: data.get(role, language.beginnings.get(role)) for role in language.networks}
    networks = {
        role: _network(section, language.networks[role]) for role, section in sections.items() if section is not None
    }
    values = {key: _read(hints[key], inner) for key, inner in data.items() if key not in networks}
    return Spec(**values, **networks, places=places)


def with_training_defaults(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a `training` section with every default of this version; as it is where it is none."""
    try:
        filled = to_data(_read(TrainingSpec, data))
    except (TypeError, ValueError, KeyError, StopIteration):
        return dict(data)
    return dict(filled)


def _network(section: Mapping[str, Any], kinds: Mapping[str, type]) -> Any:
    return _read(kinds[section["family"]], section)


def to_data(value: Any) -> Any:
    """A spec (or a part of one) as plain data with every default written out; absent options are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        items = ((item.name, getattr(value, item.name)) for item in fields(value) if item.name != "places")
        return {key_of(name): to_data(inner) for name, inner in items if inner is not None}
    if isinstance(value, tuple | list):
        return [to_data(inner) for inner in value]
    return value


def key_of(field: str) -> str:
    """The key of a document that a field holds: `from` is `from_` in Python."""
    return field.removesuffix("_")


def _read(wanted: Any, value: Any) -> Any:
    """`value` as the type a field declares: a dataclass, a union, a tuple, a float or an int."""
    if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, Mapping):
        hints = _hints(wanted)
        named = {f"{key}_" if iskeyword(key) else key: inner for key, inner in value.items()}
        return wanted(**{name: _read(hints[name], inner) for name, inner in named.items()})
    if get_origin(wanted) in (Union, types.UnionType):
        return _read(_option(get_args(wanted), value), value)
    if get_origin(wanted) is tuple:
        inner, *rest = get_args(wanted)
        kinds = [inner] * len(value) if rest == [Ellipsis] else [inner, *rest]
        return tuple(_read(kind, item) for kind, item in zip(kinds, value, strict=True))
    if get_origin(wanted) is Literal:
        return next(option for option in get_args(wanted) if option == value)  # 3 where 3.0 was written
    if wanted in (int, float) and isinstance(value, int | float):
        return wanted(value)  # YAML's 1 where a float is meant, and 1.0 where an int is
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields; finding them out takes longer than all the rest."""
    return get_type_hints(kind)


def _option(options: tuple[Any, ...], value: Any) -> Any:
    """Member of a union that the value is."""
    if isinstance(value, Mapping):
        return next(option for option in options if is_dataclass(option) and _tag_matches(option, value))
    if isinstance(value, list):
        return next(option for option in options if get_origin(option) is tuple)
    numbers = [option for option in options if option in (int, float)]
    return numbers[0] if numbers and isinstance(value, int | float) else None


def _tag_matches(option: Any, value: Mapping[str, Any]) -> bool:
    return all(value[item.name] == item.default for item in fields(option) if item.name in _TAGS and item.name in value)
