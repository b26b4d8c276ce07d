"""A spec as a YAML document: resolved with every default, or a copy of another under a new name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from shlex import quote
from typing import Any

import yaml

from hitzoo.errors import RequestError
from hitzoo.spec.convert import to_data
from hitzoo.spec.document import plain_scalar
from hitzoo.spec.language import schema_path
from hitzoo.spec.place import Path, render_path
from hitzoo.spec.types import Spec

_PLAIN = re.compile(r"[\w ./-]+")
_SCHEMA_LINE = re.compile(r"^#[ \t]*yaml-language-server:[^\n]*\n", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


class _Dumper(yaml.SafeDumper):
    """Quotes text that the reader of specs, unlike PyYAML, takes for a number: `1e4`, `08`."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(plain_scalar(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(spec: Spec) -> str:
    """The document with every default written out."""
    return as_yaml(to_data(spec))


def as_yaml(data: Any) -> str:
    """Plain data as a document that the reader of specs takes for the same."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def leaves(spec: Spec) -> Iterator[tuple[str, Any]]:
    """Every single value of a spec by its path, `generator.stages[0].heads`, in the order of the document."""
    return _leaves(to_data(spec), ())


def _leaves(data: Any, path: Path) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _leaves(value, (*path, index))
    else:
        yield render_path(path), data


def name_of_spec(path: FilePath) -> str:
    """The name that a spec in the file `path` gets.

    Raises:
        RequestError: a spec cannot have that name.
    """
    if not _NAME.fullmatch(path.stem):
        raise RequestError(
            f"'{path.stem}' cannot be the name of a spec; use a-z, 0-9, '.', '_' and '-', as in my-faces-64.yaml"
        )
    return path.stem


def renamed_copy(text: str, origin: str, path: FilePath, *, given: str | None = None) -> str:
    """The text of a spec as the beginning of one's own at `path`: new name, the comments beside the values kept.

    `origin` is the name of the old spec, `given` the word it was asked for by, where that is another.

    The comment at the head goes, since what it says (published numbers, the command) is true of the original only.

    Raises:
        RequestError: a spec cannot have that name.
    """
    name = name_of_spec(path)
    body = re.sub(r"\A([ \t]*(#.*)?\r?\n)+", "", text)
    for key, value in (("name", name), ("summary", f"made from {origin}")):
        line = f"{key}: {value if _is_plain(value) else json.dumps(value)}"
        body = re.sub(rf"^{key}:.*$", lambda _, line=line: line, body, count=1, flags=re.MULTILINE)  # type: ignore[misc]
    compare = f"hitzoo diff {quote(given or origin)} {quote(path.name)}"
    return f"# Made from {origin} with `hitzoo new`; `{compare}` shows what was changed.\n{schema_line()}\n{body}"


def schema_line() -> str:
    """The comment by which an editor finds the schema of this installation, from wherever the spec lies."""
    path = schema_path()
    place = path.as_uri() if re.search(r"\s", str(path)) else path.as_posix()
    return f"# yaml-language-server: $schema={place}"


def with_schema_line(text: str) -> str:
    """Text of a spec that may lie anywhere: its first comment leads to this installation's schema."""
    rest = _SCHEMA_LINE.sub("", text, count=1)
    return f"{schema_line()}\n{rest}"


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and isinstance(plain_scalar(text), str)
