"""Values that the shipped specs have at a path, as examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hitzoo.spec.document import read_document
from hitzoo.spec.reference import Entry
from hitzoo.spec.shipped import shipped_specs
from hitzoo.spec.wording import scalar_in_words


def values_in_shipped_specs(entry: Entry) -> dict[str, tuple[str, ...]]:
    """Values that are written at an entry, the most frequent first, each with the specs that write it."""
    found: dict[str, list[str]] = {}
    for name, file in shipped_specs().items():
        document = read_document(file.read_text(encoding="utf-8"), name)
        for value in dict.fromkeys(map(scalar_in_words, _values(document.data, entry))):
            found.setdefault(value, []).append(name)
    return {value: tuple(names) for value, names in sorted(found.items(), key=lambda item: -len(item[1]))}


def _values(data: Mapping[str, Any], entry: Entry) -> Iterator[Any]:
    *way, last = re.findall(r"\w+", entry.path)
    mappings: list[Any] = [data]
    for key in way:
        inner = [mapping[key] for mapping in mappings if isinstance(mapping, Mapping) and key in mapping]
        opened = [one for part in inner for one in (part if isinstance(part, list) else [part])]
        mappings = [one for one in opened if not _chose_another(one, entry)]
    yield from (mapping[last] for mapping in mappings if isinstance(mapping, Mapping) and last in mapping)


def _chose_another(value: Any, entry: Entry) -> bool:
    """True for a mapping whose keys are those of another choice, or of one that it does not say."""
    if entry.choice is None or not isinstance(value, Mapping):
        return False
    tag, wanted = entry.choice
    return tag in value and value[tag] != wanted
