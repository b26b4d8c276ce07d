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
        mappings = [one for part in inner for one in (part if isinstance(part, list) else [part])]
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            continue
        if last in mapping and (entry.choice is None or mapping.get(entry.choice[0]) == entry.choice[1]):
            yield mapping[last]
