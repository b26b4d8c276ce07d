"""The entries of the spec language that a path means, and the way on from a path that means none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hitzoo.errors import UnknownNameError
from hitzoo.spec.foreign import meant_key, meant_name, outermost_places
from hitzoo.spec.language import Language
from hitzoo.spec.reference import Entry, every_entry, reference

_INDEX = re.compile(r"\[\d*\]|\.\d+(?=\.|$)")


def find_entries(path: str, language: Language) -> tuple[Entry, ...]:
    """Find the entries of a path: one, or one per choice that has such a key (`generator.latent_dim`).

    Indices are taken as they come: `generator.stages[2].heads`, `generator.stages[].heads` and `generator.stages.heads`
    mean the same.

    Raises:
        UnknownNameError: a spec has no such path.
    """
    wanted = _bare(path)
    found = [entry for entry in every_entry(reference(language)) if _bare(entry.path) == wanted]
    if found:  # a schedule's keys are the same in each kind of regularizer
        return tuple(entry for index, entry in enumerate(found) if entry not in found[:index])
    raise UnknownNameError(f"a spec has no path '{path[:80]}'; {_way_on(wanted, language)}")


def _bare(path: str) -> str:
    return _INDEX.sub("", path.strip().strip("."))


def _way_on(wanted: str, language: Language) -> str:
    """A suggestion for the first word that is wrong, else the words that are right there."""
    known, above = reference(language).entries, ""
    for word in wanted.split("."):
        names = list(dict.fromkeys(_last(entry) for entry in known))
        if word not in names:
            return _instead(word, above, names, language.schema)
        known = tuple(inner for entry in known if _last(entry) == word for inner in entry.members)
        above = f"{above}.{word}".lstrip(".")
    return "`hitzoo explain` lists them"


def _instead(word: str, above: str, names: list[str], schema: Mapping[str, Any]) -> str:
    """Hint for a word that the mapping at `above`, with the keys `names`, does not have."""
    place = tuple(filter(None, above.split(".")))
    if near := meant_name(word, place, names):
        return f"did you mean '{f'{above}.{near}'.lstrip('.')}'?"
    if elsewhere := outermost_places(word, schema):
        return f"did you mean {' or '.join(elsewhere)}?"
    if not names:
        return f"{above} has nothing inside it"
    return meant_key(word, place, names, schema) or f"{above or 'a spec'} has: {', '.join(names)}"


def _last(entry: Entry) -> str:
    return entry.path.rpartition(".")[2]
