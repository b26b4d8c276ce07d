"""The check of a folder of pictures: those of two models, or made in two ways, never lie in one folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

from hitzoo.errors import OutputError
from hitzoo.files import writing
from hitzoo.sampling.facts import difference, is_made_alike
from hitzoo.sampling.picture_file import FORMATS, read_facts
from hitzoo.targets import remove

_OUR_NAMES = re.compile(
    rf"(?:(?:seed|latent)\d+(?:-class\d+)?|grid\d*)(?:{'|'.join(map(re.escape, FORMATS.values()))})"
)
_MOST_LOOKED_AT = 256  # pictures besides those to write; all of a folder are of one making, for this is why


def image_names(word: str, numbers: Sequence[int], classes: Sequence[int] | None, count: int) -> list[str]:
    """`seed0007` of each image, with chosen `classes` (in turn, of `count`) `seed0007-class042`."""
    names = [f"{word}{number:04d}" for number in numbers]
    if classes is None:
        return names
    return [f"{name}-class{of:0{len(str(count - 1))}d}" for name, of in zip(names, cycle(classes), strict=False)]


def grid_name(page: int, pages: int) -> str:
    """`grid` of the only page, else `grid001`, `grid002`, …"""
    return "grid" if pages == 1 else f"grid{page + 1:03d}"


def check_names(
    folder: Path,
    wanted: Mapping[str, range],
    facts_of: Callable[[str, range], Mapping[str, str]],
    making: Mapping[str, str],
    *,
    force: bool,
) -> None:
    """Refuse before any work a folder that holds other pictures under these names, or such as were made otherwise.

    Args:
        wanted: the images on each picture to write, by its file's name.
        facts_of: what such a picture will say of itself.
        making: what all of them say.
        force: take away what was made otherwise, instead.

    Raises:
        OutputError: naming the first, how it differs, and both ways on.
    """
    there = _listed(folder)
    if force:
        for name in sorted(there):
            if name not in wanted and _is_foreign(folder / name, making):
                remove(folder / name)
        return
    for name in filter(there.__contains__, wanted):
        if other := difference(read_facts(folder / name), facts_of(name, wanted[name])):
            raise _refusal(folder / name, other)
    others = sorted(name for name in there - wanted.keys() if _OUR_NAMES.fullmatch(name))
    for name in others[:: -(-len(others) // _MOST_LOOKED_AT) or 1]:
        if _is_foreign(folder / name, making):
            raise _refusal(folder / name, difference(read_facts(folder / name), making))


def made_alike(
    folder: Path, wanted: Mapping[str, range], facts_of: Callable[[str, range], Mapping[str, str]]
) -> list[str]:
    """Names of the pictures of `wanted` that are in the folder already, just as they would be made."""
    there = filter(_listed(folder).__contains__, wanted)
    return [name for name in there if not difference(read_facts(folder / name), facts_of(name, wanted[name]))]


def _refusal(path: Path, why: str) -> OutputError:
    return OutputError(
        f"{path} exists already, {why}; --force replaces what was made otherwise in that folder, --out DIR writes to"
        " another one"
    )


def _is_foreign(path: Path, making: Mapping[str, str]) -> bool:
    """Check for a picture of ours that was made by other weights, or in another way."""
    if not _OUR_NAMES.fullmatch(path.name):
        return False
    facts = read_facts(path)
    return bool(facts) and not is_made_alike(facts, making)


def _listed(folder: Path) -> set[str]:
    with writing(folder):
        return {path.name for path in folder.iterdir()} if folder.exists() else set()
