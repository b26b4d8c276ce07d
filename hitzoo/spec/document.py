"""YAML text to plain data, with the place of every value and every trap of the format caught.

PyYAML follows YAML 1.1, where `1e-4` is text, `on` is true, `012` is ten and a repeated key silently wins. Here a
plain scalar means what YAML 1.2 (core schema) and JSON say, and what is ambiguous is reported with its line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from hitzoo.errors import Problem, SpecError
from hitzoo.spec.place import Path, Places
from hitzoo.spec.validation import DEEPEST, MOST_VALUES, TOO_DEEP, TOO_MANY

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"null": None, "Null": None, "NULL": None, "~": None, "": None} | {
    word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())
}
_KINDS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")  # given by the parser
_KNOWN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in _KINDS)
_LONGEST_NUMBER = 60  # letters
_UNITS = {"k": 1_000, "K": 1_000, "M": 1_000_000}
_NUMBER_WITH_UNIT = re.compile(r"([-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)\s?([kKM]?)")
_YAML_11_BOOLEANS = {"yes": "true", "no": "false", "on": "true", "off": "false"}


@dataclass(frozen=True)
class Document:
    """A text that was read: its data, where each value stands, and what was wrong with the writing itself."""

    data: Mapping[str, Any]
    places: Places
    problems: tuple[Problem, ...] = ()


def read_document(text: str, source: str) -> Document:
    """The mapping a YAML text holds; repeated keys, non-text keys and numbers that are not finite are its problems.

    Raises:
        SpecError: it is not YAML or not one mapping.
    """
    node = _compose(text, source)
    reader = _Reader(source)
    if not isinstance(node, yaml.MappingNode):
        found = "empty" if node is None else "not a mapping of keys to values"
        raise SpecError(source, [Problem(1, 1, "", f"the document is {found}", "start with `hitzoo: 1`")])
    data = reader.value(node, ())
    return Document(data, Places(source, reader.keys, reader.values), tuple(reader.problems))


def read_scalar(text: str) -> Any:
    """One value written outside a file, as in `--set path=value`: flow YAML by the same rules.

    Raises:
        SpecError: it is not YAML, or something in it is written as it may not be.
    """
    source = f"value {text!r}"
    node = _compose(text, source)
    reader = _Reader(source)
    value = None if node is None else reader.value(node, ())
    if reader.problems:
        raise SpecError(source, reader.problems)
    return value


def _compose(text: str, source: str) -> yaml.Node | None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_depth(text, source)
        return yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"not valid YAML: {error.problem or error.context}"
        at_tab = any(row[column - 1 : column] == "\t" for row in text.split("\n")[line - 1 : line])
        hint = "indent with spaces, not tabs" if at_tab else _yaml_hint(error)
        raise SpecError(source, [Problem(line, column, "", message, hint)]) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise SpecError(source, [Problem(1, 1, "", f"not valid YAML: {str(error).splitlines()[0]}")]) from None


def _refuse_depth(text: str, source: str) -> None:
    """Stop before the library does: it composes by recursion, and a thousand brackets overflow the stack.

    Some builds of libyaml read a thousand brackets ahead before the first event and give up at a limit of their own;
    the parser written in Python has none.
    """
    try:
        _count_depth(text, source, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        if "nesting" not in str(error.problem):
            raise
        _count_depth(text, source, yaml.SafeLoader)


def _count_depth(text: str, source: str, loader: type) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise SpecError(source, [Problem(*_mark(event), "", TOO_DEEP)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _yaml_hint(error: yaml.MarkedYAMLError) -> str:
    if "single document" in (error.context or ""):
        return "a spec is one document; remove the line `---` and what follows it"
    return ""


class _Reader:
    """Walks the nodes once, collecting values, places and problems."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._count = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._count += 1
        self.values[path] = _mark(node)
        if self._count > MOST_VALUES or len(path) > DEEPEST:  # an alias may hold itself
            message = TOO_DEEP if len(path) > DEEPEST else TOO_MANY
            raise SpecError(self.source, [Problem(*_mark(node), "", message)])
        if node.tag not in _KNOWN_TAGS:
            self._report(node, path, f"the tag {node.tag} has no meaning in a spec", "remove it")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or not _is_key(key_node):
                self._report(key_node, path, "a key must be text", "write a plain word before the colon")
                continue
            key = key_node.value
            inner = (*path, key)
            if key == "<<":
                self._report(key_node, inner, "merge keys are not used in a spec", "write the values out")
            elif key in data:
                first = self.keys[inner][0]
                self._report(key_node, inner, f"the key '{key}' stands here twice (first in line {first})", "keep one")
            else:
                self.keys[inner] = _mark(key_node)
                data[key] = self.value(value_node, inner)
        return data

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if _is_quoted(node):  # text, whatever it looks like
            return node.value
        value = plain_scalar(node.value)
        if isinstance(value, float) and not math.isfinite(value):
            self._report(node, path, f"{node.value} is not a finite number")
        return value

    def _report(self, node: yaml.Node, path: Path, message: str, hint: str = "") -> None:
        places = Places(values={path: _mark(node)})
        self.problems.append(places.problem(path, message, hint))


def plain_scalar(text: str) -> Any:
    """Value of an unquoted word in YAML 1.2: null, boolean, integer, float or text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 20 else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.lower() in (".inf", "+.inf", "-.inf", ".nan"):
        return float(text.lower().replace(".", ""))
    return text


def boolean_hint(value: object) -> str:
    """Advice on writing the boolean that `yes`, `no`, `on` or `off` was meant to be."""
    word = _YAML_11_BOOLEANS.get(str(value).lower())
    return f"write {word} for {value}" if word else ""


def boolean_of(value: object) -> bool | None:
    """The boolean that was meant, where that can be told."""
    if isinstance(value, bool):
        return value
    word = _YAML_11_BOOLEANS.get(str(value).lower(), str(value).lower())
    return {"true": True, "false": False, "1": True, "0": False}.get(word)


def number_of(value: object) -> int | float | None:
    """The finite number that was meant, where that can be told: of `"32"`, `1_000`, `1,000` and `10k` too."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        match = _NUMBER_WITH_UNIT.fullmatch(value.strip().replace("_", "").replace(",", ""))
        value = plain_scalar(match[1]) if match else None
        if match and match[2] and isinstance(value, int | float):
            value = value * _UNITS[match[2]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def number_hint(text: str) -> str:
    """Advice on writing the number that a text was meant to be."""
    if isinstance(plain_scalar(text), int | float) and number_of(text) is not None:
        return "remove the quotes"
    number = number_of(text)
    if number is not None:
        whole = isinstance(number, float) and number.is_integer() and abs(number) < 1e15
        return f"write {int(number) if whole else number}"
    return "write a finite number" if text.lower().lstrip("+-.") in ("nan", "inf", "infinity") else ""


def _is_key(node: yaml.ScalarNode) -> bool:
    return _is_quoted(node) or isinstance(plain_scalar(node.value), str)


def _is_quoted(node: yaml.ScalarNode) -> bool:
    return node.style in ("'", '"', "|", ">")


def _mark(node: yaml.Node | yaml.Event) -> tuple[int, int]:
    assert node.start_mark is not None, "the parser marks everything"
    return node.start_mark.line + 1, node.start_mark.column + 1
