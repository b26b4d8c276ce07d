"""A document with mistakes, mended as its author may have meant it, so that everything else in it is looked at too.

Where the mending has to guess (a width that is no number), it is done twice with different guesses: what is found
both times does not depend on them. Nothing of a mended document is ever built or trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hitzoo.errors import Problem, suggestion
from hitzoo.spec.document import boolean_of, number_of
from hitzoo.spec.explain import explain
from hitzoo.spec.foreign import meant_name
from hitzoo.spec.place import Path, Places, render_path
from hitzoo.spec.validation import MOST, violations

_ROUNDS = 12  # a mended part shows the mistakes of its own parts in the next
_TAGS = ("family", "kind")


@dataclass
class Mended:
    """A mended document: the data where they follow the schema now, and the problems found on the way."""

    data: dict[str, Any] | None
    problems: set[Problem]


def mend(data: Mapping[str, Any], places: Places, schema: Mapping[str, Any], *, guess: int) -> Mended:
    """Mend a document; `guess` 0 and 1 take different values where what was meant is not known."""
    work = _Mending(deepcopy(dict(data)), schema, guess)
    problems: set[Problem] = set()
    for _ in range(_ROUNDS):
        errors = list(violations(work.data, schema))
        if not errors:
            return Mended(work.data, problems)
        if len(errors) == MOST:
            break
        for error in errors:
            path: Path = tuple(error.absolute_path)
            if not any(path[: len(known)] == known for known in work.guessed):
                known_places = (problem for problem in explain(error, places, schema))
                problems.update(problem for problem in known_places if not work.is_guessed(problem))
        for error in errors:
            work.mend(error)
    return Mended(None, problems)


@dataclass
class _Mending:
    data: dict[str, Any]
    schema: Mapping[str, Any]
    guess: int
    guessed: set[Path] = field(default_factory=set)
    _names: set[str] = field(default_factory=set)

    def is_guessed(self, problem: Problem) -> bool:
        return problem.path in self._names

    def mend(self, error: Any) -> None:
        """Change what one violation is about."""
        path: Path = tuple(error.absolute_path)
        value = self._at(path)
        if value is _NOTHING:
            return  # a part of something that was replaced
        match error.validator:
            case "additionalProperties":
                self._rename(value, path, error.schema)
            case "required":
                for key in error.validator_value:
                    if isinstance(value, dict) and key not in value:
                        value[key] = self._value(error.schema.get("properties", {}).get(key, {}), None, value)
                        self._remember((*path, key))
            case _:
                self._put(path, self._value(error.schema, value, self._at(path[:-1])))
                self._remember(path)

    def _rename(self, value: Any, path: Path, schema: Mapping[str, Any]) -> None:
        """An unknown key under the name it was meant to have, where that is free; else without it."""
        known = list(schema.get("properties", {}))
        for key in [key for key in value if key not in known]:
            inner = value.pop(key)
            name = meant_name(key, path, known) if len(value) < 100 else None
            if name and name not in value:
                value[name] = inner
                self._remember((*path, name))

    def _value(self, schema: Mapping[str, Any], value: Any, parent: Any) -> Any:
        """A value that the schema allows: the one that was meant, where that can be told."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"], value, parent)
        kind = schema.get("type", "object")
        if kind in ("integer", "number"):
            return self._number(schema, value)
        if kind == "boolean":
            meant = boolean_of(value)
            return bool(self.guess) if meant is None else meant
        if kind == "array":
            return self._list(schema, value)
        if kind == "object":
            return {
                key: self._value(schema.get("properties", {}).get(key, {}), None, {})
                for key in schema.get("required", ())
            }
        return "a"

    def _choice(self, choices: list[Any], value: Any, parent: Any) -> Any:
        near = suggestion(str(value)[:60], map(str, choices))
        meant = [choice for choice in choices if f"'{choice}'" in near]
        if not meant and value in map(str, choices):
            meant = [choice for choice in choices if str(choice) == value]
        if not meant and isinstance(parent, Mapping):
            meant = self._fitting(choices, parent)
        choices = meant or choices
        return choices[min(self.guess, len(choices) - 1)]

    def _fitting(self, choices: list[Any], parent: Mapping[str, Any]) -> list[Any]:
        """The choices of a tag that know the most of the keys that stand beside it."""
        kinds = [self._properties_of(choice) for choice in choices]
        counts = [len(set(keys) & set(parent) - set(_TAGS)) for keys in kinds]
        best = max(counts)
        return [choice for choice, count in zip(choices, counts, strict=True) if count == best > 0]

    def _properties_of(self, choice: Any) -> list[str]:
        for part in self.schema.get("$defs", {}).values():
            properties = part.get("properties", {})
            if any(properties.get(tag, {}).get("const") == choice for tag in _TAGS):
                return list(properties)
        return []

    def _number(self, schema: Mapping[str, Any], value: Any) -> int | float:
        meant = number_of(value)
        if meant is not None and self._in_range(schema, meant):
            return meant
        whole = schema.get("type") == "integer"
        start = schema.get("default", 64 if schema.get("maximum") == 1 << 16 else max(schema.get("minimum", 1), 1))
        others = (start * 2, start // 2 if whole else start / 2, start + 1)
        chosen = next(filter(lambda other: self._in_range(schema, other), others), start) if self.guess else start
        return int(chosen) if whole else chosen

    def _in_range(self, schema: Mapping[str, Any], number: float) -> bool:
        if schema.get("type") == "integer" and number != int(number):
            return False
        inside = schema.get("minimum", number) <= number <= schema.get("maximum", number)
        above = schema.get("exclusiveMinimum", number - 1) < number
        return bool(inside and above and number < schema.get("exclusiveMaximum", number + 1))

    def _list(self, schema: Mapping[str, Any], value: Any) -> list[Any]:
        fewest, most = schema.get("minItems", 0), schema.get("maxItems", 12)
        if isinstance(value, list):
            entries = (
                list({str(entry): entry for entry in value[:most]}.values())
                if "uniqueItems" in schema
                else value[:most]
            )
        elif isinstance(value, Mapping) or value is None:
            entries = []
        else:
            entries = [value]
        entries = entries[: len(entries) - self.guess] if isinstance(value, list) and len(value) > most else entries
        wanted = max(fewest, min(fewest + self.guess, most) if not entries else fewest)
        return entries + [self._value(schema.get("items", {}), None, {}) for _ in range(wanted - len(entries))]

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.schema["$defs"][str(schema["$ref"]).removeprefix("#/$defs/")]
        if "else" not in schema or "type" in schema:
            return schema
        other = self._resolved(schema["then"] if "$ref" in schema["else"] else schema["else"])
        return {**{key: value for key, value in schema.items() if key not in ("if", "then", "else")}, **other}

    def _remember(self, path: Path) -> None:
        if path and path[-1] in _TAGS:
            self._names.add(render_path(path))  # what stands beside a tag is looked at
            return
        self.guessed.add(path)

    def _at(self, path: Path) -> Any:
        part: Any = self.data
        for key in path:
            try:
                part = part[key]
            except (KeyError, IndexError, TypeError):
                return _NOTHING
        return part

    def _put(self, path: Path, value: Any) -> None:
        if not path:
            return
        parent = self._at(path[:-1])
        parent[path[-1]] = value


_NOTHING = object()
