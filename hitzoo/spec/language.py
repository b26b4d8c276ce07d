"""The spec language as a value: the schema of documents, and the dataclass of every network that they may describe.

The core is here; each family of networks brings its own piece. Nothing of this room knows which families there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SCHEMA = Path(__file__).resolve().parent / "schema"


@dataclass(frozen=True, kw_only=True)
class FamilyPiece:
    """A family's part of the language.

    Attributes:
        role: section of a document, `generator` or `discriminator`.
        name: word after `family:` in it.
        kind: frozen dataclass of the section.
        definitions: JSON Schema by name; the first describes the section.
    """

    role: str
    name: str
    kind: type
    definitions: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Language:
    """All that documents may say.

    Attributes:
        schema: JSON Schema (draft 2020-12) of a document.
        networks: dataclass of a section by role and family.
        beginnings: what a section says that a document leaves out, by role; a role without one must be written.
        unusable: why families that are installed cannot be used, by role and name.
    """

    schema: Mapping[str, Any]
    networks: Mapping[str, Mapping[str, type]]
    beginnings: Mapping[str, Mapping[str, str]]
    unusable: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def assemble(pieces: Sequence[FamilyPiece], beginnings: Mapping[str, Mapping[str, str]]) -> Language:
    """The core of the language and the pieces of families, in their order, as one."""
    core = json.loads((_SCHEMA / "core.schema.json").read_text(encoding="utf-8"))
    networks: dict[str, dict[str, type]] = {}
    definitions: dict[str, Any] = {}
    for name, part in core["$defs"].items():
        own = [piece for piece in pieces if piece.role == name]
        definitions[name] = _with_choices(part, own) if own else part
        for piece in own:
            networks.setdefault(name, {})[piece.name] = piece.kind
            definitions.update(piece.definitions)
    return Language(schema=core | {"$defs": definitions}, networks=networks, beginnings=beginnings)


def schema_path() -> Path:
    """The file with the schema of hitzoo's own families, to which the first line of a spec leads an editor."""
    return _SCHEMA / "spec.schema.json"


def _with_choices(section: Mapping[str, Any], pieces: Sequence[FamilyPiece]) -> dict[str, Any]:
    """The schema of a section that is one of several families."""
    names = [piece.name for piece in pieces]
    described = f"{section['properties']['family']['description']}: {_alternatives(names)}."
    return {
        **section,
        "properties": {"family": {"enum": names, "description": described}},
        "allOf": [_choice(piece) for piece in pieces],
    }


def _choice(piece: FamilyPiece) -> dict[str, Any]:
    condition = {"properties": {"family": {"const": piece.name}}, "required": ["family"]}
    return {"if": condition, "then": {"$ref": f"#/$defs/{next(iter(piece.definitions))}"}}


def _alternatives(names: Sequence[str]) -> str:
    """`hit, convnet or toy`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
