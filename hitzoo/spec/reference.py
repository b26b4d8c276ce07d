"""Every path of the spec language: what it takes, its default and its description, from the schema and the types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, TypeAlias, get_args, get_type_hints

from hitzoo.spec.convert import key_of, to_data
from hitzoo.spec.language import Language
from hitzoo.spec.types import Spec
from hitzoo.spec.wording import SCHEDULE, allowed_in_words, scalar_in_words, type_in_words

Choice: TypeAlias = tuple[str, str]
"""A key and its value, `("family", "hit")`, that decide which other keys a mapping has."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Keys of one mapping: all that it has, or those that it has with one choice, its own or that of what it is in."""

    path: str  # `generator.stages[]`
    choice: Choice | None
    description: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One key: `path` is `training.ema.decay` or, in the entries of a list, `generator.stages[].heads`.

    `default` is plain data, None where there is no single one: the description then says what holds. A mapping, or a
    list of mappings, has `groups`; the first has what every choice has. `has_defaults` is true of a mapping that is
    there when it is left out.
    """

    path: str
    choice: Choice | None
    required: bool
    type: str
    allowed: str
    default: Any
    description: str
    groups: tuple[Group, ...]
    has_defaults: bool = False

    @property
    def default_in_words(self) -> str:
        """The default as an author would write it; `absent` where there is no single one."""
        if self.required:
            return "required"
        if self.default is None:
            return "the defaults of its keys" if self.has_defaults else "absent"
        return scalar_in_words(self.default)

    @property
    def may_be_single(self) -> bool:
        """True unless it is always a mapping, or a list of mappings."""
        return not self.groups or " or " in self.type

    @property
    def may_be_schedule(self) -> bool:
        """True for a number that may follow a schedule, or a list of such."""
        return self.type.rstrip("s").endswith(SCHEDULE)

    @property
    def members(self) -> tuple[Entry, ...]:
        """The keys of all its groups."""
        return tuple(entry for group in self.groups for entry in group.entries)


@cache
def reference(language: Language) -> Group:
    """The whole language, as the keys of a document."""
    (whole,) = _Reader(language).groups(language.schema, (Spec,), "")
    return whole


def every_entry(group: Group) -> Iterator[Entry]:
    """All keys, each before those inside it."""
    for entry in group.entries:
        yield entry
        for inner in entry.groups:
            yield from every_entry(inner)


@dataclass(frozen=True)
class _Reader:
    """Reads schema and dataclasses side by side."""

    language: Language

    def groups(
        self, part: Mapping[str, Any], kinds: tuple[type, ...], path: str, choice: Choice | None = None
    ) -> tuple[Group, ...]:
        """The groups of an object schema, of whose choices `kinds` are the dataclasses; `choice` is made around it."""
        part = self._mapping(part)
        if "allOf" not in part:
            return (self._group(part, kinds[0], path, choice),)
        entries = tuple(self._entry(key, inner, None, part, path, None) for key, inner in part["properties"].items())
        own = Group(path=path, choice=None, description=part.get("description", ""), entries=entries)
        return (own, *(self._chosen(rule, kinds, path) for rule in part["allOf"]))

    def _chosen(self, rule: Mapping[str, Any], kinds: tuple[type, ...], path: str) -> Group:
        ((tag, wanted),) = rule["if"]["properties"].items()
        kind = next(kind for kind in kinds if getattr(kind, tag) == wanted["const"])
        return self._group(self._resolved(rule["then"]), kind, path, (tag, wanted["const"]))

    def _group(self, part: Mapping[str, Any], kind: type, path: str, choice: Choice | None) -> Group:
        own: dict[str, Field[Any]] = {key_of(item.name): item for item in fields(kind)}
        hints = get_type_hints(kind)
        entries = (
            self._entry(key, inner, (own[key], hints[own[key].name]), part, path, choice)
            for key, inner in part["properties"].items()
            if choice is None or key != choice[0]
        )
        return Group(path=path, choice=choice, description=part.get("description", ""), entries=tuple(entries))

    def _entry(
        self,
        key: str,
        part: Mapping[str, Any],
        declared: tuple[Field[Any], Any] | None,
        whole: Mapping[str, Any],
        path: str,
        choice: Choice | None,
    ) -> Entry:
        """One key of `whole`; `declared` is the dataclass's field with its type, None for the key that chooses it."""
        part = self._resolved(part)
        place = f"{path}.{key}" if path else key
        kinds = self._kinds(place, declared)
        listed = part.get("type") == "array"
        required = key in whole.get("required", ())
        shown = {**part, "items": self._resolved(part["items"])} if listed else part
        entries = part if listed else _list_among(part)
        inner = (entries["items"], f"{place}[]") if entries else (part, place)
        return Entry(
            path=place,
            choice=choice,
            required=required,
            type=type_in_words(shown),
            allowed=allowed_in_words(shown),
            default=None if required or declared is None or _always_mapping(part, kinds) else _default(declared[0]),
            description=part.get("description", ""),
            groups=self.groups(inner[0], kinds, inner[1], choice if entries else None) if kinds else (),
            has_defaults=declared is not None and _always_mapping(part, kinds) and declared[0].default is not None,
        )

    def _kinds(self, path: str, declared: tuple[Field[Any], Any] | None) -> tuple[type, ...]:
        """The dataclasses of what stands at a path."""
        if path in self.language.networks:
            return tuple(self.language.networks[path].values())
        return tuple(_classes(declared[1])) if declared else ()

    def _mapping(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object schema that a value, or an entry of a list, may be; the other choice is a single value."""
        part = self._resolved(part)
        if "if" not in part:
            return part
        choices = (self._resolved(part["then"]), self._resolved(part["else"]))
        return next((one for one in choices if "properties" in one or "allOf" in one), None) or self._mapping(
            choices[1]
        )

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema without its `$ref`; what stands beside the reference goes before what it leads to."""
        if "$ref" not in part:
            return part
        return {**self.language.schema["$defs"][str(part["$ref"]).removeprefix("#/$defs/")], **part}


def _list_among(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The list of mappings that a value may be where its other choice is a word."""
    other: Mapping[str, Any] = part.get("else", {})
    return other if "$ref" in other.get("items", {}) else None


def _always_mapping(part: Mapping[str, Any], kinds: tuple[type, ...]) -> bool:
    return bool(kinds) and part.get("type") != "array" and "if" not in part


def _default(item: Field[Any]) -> Any:
    value = item.default_factory() if item.default_factory is not MISSING else item.default
    return None if value is MISSING else to_data(value)


def _classes(kind: Any) -> Iterator[type]:
    """The dataclasses inside a type: itself, the members of a union, the entries of a tuple."""
    if isinstance(kind, type) and is_dataclass(kind):
        yield kind
    for inner in get_args(kind):
        yield from _classes(inner)
