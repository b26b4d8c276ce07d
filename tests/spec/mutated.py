"""Specs with random mistakes: values replaced, keys renamed, dropped, moved and repeated, letters changed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import yaml

from hitzoo.errors import SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.open import compile_mended
from hitzoo.spec.shipped import shipped_specs

_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 3, 5, 7, 48, 1 << 16, 1 << 40, 10**400, 0.5, 1e308, -0.0, float("inf"), float("nan"),
    "", "a", "hit", "none", "1_000", "32", "yes", "\x1b[2J", "\ud800", "é" * 50, "x" * 5_000,
    [], [1], [[]], [None] * 30, {}, {"kind": "r1"}, {"a": {"b": {"c": 1}}}, {"family": "convnet"},
    {"family": "hit", "stages": [1]},
]  # fmt: skip


def mutated_specs(chance: random.Random, count: int) -> Iterator[str]:
    """Texts of `count` specs with one to four mistakes each."""
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in shipped_specs().values()]
    for _ in range(count):
        document = copy.deepcopy(chance.choice(documents))
        for _ in range(chance.randint(1, 4)):
            _mutate(document, chance)
        text = json.dumps(document) if chance.random() < 0.7 else yaml.safe_dump(document, allow_unicode=False)
        yield _scratched(text, chance) if chance.random() < 0.1 else text


def outcome(text: str) -> str:
    """`fits` or `refused`; anything else that is raised is a bug."""
    try:
        compile_spec(parse_spec(text, "mutated.yaml"))
    except SpecError as error:
        refused = compile_mended(error)
    else:
        return "fits"
    assert 0 < len(str(refused)) < 100_000
    return "refused"


def _mutate(document: Any, chance: random.Random) -> None:
    places = list(_places(document))
    holder, key = chance.choice(places)
    match chance.randrange(6):
        case 0 | 1:
            holder[key] = copy.deepcopy(chance.choice(_VALUES))
        case 2:
            del holder[key]
        case 3 if isinstance(holder, dict):
            holder[str(key) + chance.choice(["s", "_", "x", "\x07"])] = holder.pop(key)
        case 4:
            other, at = chance.choice(places)
            holder[key] = (
                copy.deepcopy(other[at]) if at in range(len(other)) or (isinstance(other, dict) and at in other) else 2
            )
        case _:
            value = holder[key]
            holder[key] = value * 2 if isinstance(value, int | float | list | str) else [value]


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in list(keys):
        yield document, key
        yield from _places(document[key])


def _scratched(text: str, chance: random.Random) -> str:
    at = chance.randrange(max(len(text), 1))
    return text[:at] + chance.choice(["", ":", "{", "\t", "\x00", "'", "- ", "&a ", "*a ", "!!x "]) + text[at + 1 :]
