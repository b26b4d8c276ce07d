"""The records of zoo/: one YAML file a model whose weights exist, read without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from hitzoo.errors import WeightsError
from hitzoo.spec.check import check_shape
from hitzoo.spec.document import read_document
from hitzoo.spec.load import read_spec_text
from hitzoo.spec.shipped import shipped_folder


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of one model's weights.

    `weights` is the safetensors file beside the record, `sha256` and `size` (bytes) what it must be; `provenance` says
    with which command, seed, data, hardware and time they were made.
    """

    name: str
    spec: str
    title: str
    status: str
    license: str
    weights: Path
    sha256: str
    size: int
    provenance: Mapping[str, Any]


def cards() -> dict[str, Card]:
    """Every record by name, in alphabetical order."""
    return {path.stem: read_card(path) for path in sorted(shipped_folder("zoo").glob("*.yaml"))}


def find_card(name: str) -> Card | None:
    """The record of that name, if there is one."""
    records = {path.stem: path for path in shipped_folder("zoo").glob("*.yaml")}
    return read_card(records[name]) if name in records else None


def read_card(path: Path) -> Card:
    """One record, checked against its schema.

    Raises:
        SpecError: the record says something it may not.
    """
    document = read_document(read_spec_text(path), str(path))
    problems = [*document.problems, *check_shape(document.data, document.places, schema())]
    if problems:
        raise document.places.error(problems)
    data = dict(document.data)
    weights = path.with_name(data.pop("file"))
    return Card(weights=weights, **{key: value for key, value in data.items() if key != "hitzoo_card"})


def check_file(card: Card) -> None:
    """Refuse a bundled weights file that is missing or not the recorded one.

    Raises:
        WeightsError: the installation is incomplete.
    """
    if not card.weights.is_file():
        raise WeightsError(f"{card.weights} is missing; install hitzoo again")
    found = card.weights.stat().st_size
    if found != card.size:
        raise WeightsError(f"{card.weights} has {found:,} bytes instead of {card.size:,}; install hitzoo again")
    if hashlib.sha256(card.weights.read_bytes()).hexdigest() != card.sha256:
        raise WeightsError(f"{card.weights} was changed: its sha256 is not the recorded one; install hitzoo again")


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of records."""
    text = resources.files("hitzoo.zoo").joinpath("schema/card.schema.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
