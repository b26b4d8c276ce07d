"""`--set path=value`: one value of a document replaced, then checked by the same schema as if it stood there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import PurePath
from typing import Any, TypeAlias

from hitzoo.errors import RequestError, SpecError
from hitzoo.spec.document import read_scalar
from hitzoo.spec.place import Path, Places, render_path

# What a section that the document leaves out must say before one of its values can be set: its only choice.
_BEGINNINGS: dict[Path, Mapping[str, str]] = {("training", "optimizer"): {"kind": "adam"}}
Overrides: TypeAlias = str | Sequence[str] | Mapping[str, Any]
_PART = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]|\.(\d+)")


def apply_overrides(
    data: Mapping[str, Any], places: Places, overrides: Overrides, sections: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Any], Places]:
    """`data` with every `path=value` of `overrides` set, and places that say so.

    Args:
        data: the document.
        places: where its values stand.
        overrides: the words, one of them, or a mapping of paths to values.
        sections: what a section says that a document leaves out, as `Language.beginnings`.

    Raises:
        RequestError: an override is not `path=value`, or its path goes through something that is no mapping or list.
    """
    changed = deepcopy(dict(data))
    words: dict[Path, str] = {}
    beginnings = _BEGINNINGS | {(section,): beginning for section, beginning in sections.items()}
    for override in override_words(overrides):
        path, value = _split(override)
        _put(changed, path, value, override, beginnings)
        words[path] = f"--set {override}"
    return changed, replace(places, overridden=words)


def override_words(overrides: Overrides) -> list[str]:
    """Return overrides as `path=value` words: a string is one of them, and a mapping's values are written as YAML.

    Raises:
        RequestError: something in it is no word, or a value that no YAML has.
    """
    if isinstance(overrides, str):
        return [overrides]
    if isinstance(overrides, Mapping):
        return [f"{path}={_written(path, value)}" for path, value in overrides.items()]
    words = list(overrides) if isinstance(overrides, Iterable) else [overrides]
    for word in words:
        if not isinstance(word, str):
            raise RequestError(f"overrides {word!r}: write 'path=value', for example 'training.batch_size=32'")
    return words


def _written(path: object, value: Any) -> str:
    if isinstance(value, PurePath):
        value = str(value)
    if hasattr(value, "tolist"):  # numbers and arrays of NumPy
        value = value.tolist()
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        raise RequestError(f"overrides {path}: {value!r} cannot be written in a spec") from None


def _split(override: str) -> tuple[Path, Any]:
    text, equals, value = override.partition("=")
    path = _parse(text.strip())
    if not equals or not path:
        ask, example = "write path=value, for example", "training.batch_size=32"
        raise _refusal(override, f"{ask} {example}", f"{ask} --set {example}")
    try:
        return path, read_scalar(value)
    except SpecError as error:
        raise _refusal(override, error.problems[0].message) from None


def _refusal(override: str, said: str, typed: str = "") -> RequestError:
    """Refuse an override; `typed` is what is said in the command's words, where they are others."""
    return RequestError(f"override {override!r}: {said}").or_as_option(f"--set {override}: {typed or said}")


def _parse(text: str) -> Path:
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            return ()
        name, bracketed, dotted = match.groups()
        parts.append(name if name is not None else int(bracketed or dotted))
        position = match.end()
    return tuple(parts)


def _put(data: Any, path: Path, value: Any, override: str, beginnings: Mapping[Path, Mapping[str, str]]) -> None:
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(data, dict) and isinstance(part, str):
            if last:
                data[part] = value
            else:
                data = data.setdefault(part, dict(beginnings.get(path[: depth + 1], {})))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            if last:
                data[part] = value
            else:
                data = data[part]
        else:
            raise _refusal(override, _no_such(data, path[:depth], part))


def _no_such(data: Any, path: Path, part: str | int) -> str:
    where = render_path(path) or "the spec"
    if isinstance(data, list):
        return f"{where} is a list of {len(data)}; its entries are {where}[0] to {where}[{len(data) - 1}]"
    if isinstance(data, dict):
        return f"{where} has no entries by number; name a key"
    return f"{where} is a single value, so '{part}' cannot be set in it"
