"""File names for pictures that are made of others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_OTHER = re.compile(r"[^\w.-]+")
_MOST_LETTERS = 100


def picture_names(names: Sequence[str], ending: str = ".png") -> list[str]:
    """Return a file name for each: its folders become part of it, and of equal ones each has its number in front.

    Names may be a stranger's: none leads out of a folder, or is hidden.
    """
    stems = [_stem(name) for name in names]
    times = Counter(stem.casefold() for stem in stems)  # some file systems take A and a for one
    taken, found = {stem.casefold() for stem in stems}, list[str]()
    for index, stem in enumerate(stems):
        if times[stem.casefold()] > 1:
            stem = f"{index:05d}-{stem}"
            while stem.casefold() in taken:
                stem = f"{index:05d}-{stem}"
            taken.add(stem.casefold())
        found.append(f"{stem}{ending}")
    return found


def _stem(name: str) -> str:
    head, _, last = name.rpartition("/")
    last = last.rpartition(".")[0] or last
    plain = _OTHER.sub("_", f"{head}_{last}" if head else last).strip("._")
    return plain[-_MOST_LETTERS:] or "picture"
