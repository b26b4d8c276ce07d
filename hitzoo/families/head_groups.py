"""Head groups of a section as groups of a plan, and what does not fit of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hitzoo.errors import Problem
from hitzoo.plan.head_groups import SIZED, HeadGroup, shares
from hitzoo.spec.head_group import HeadGroupSpec
from hitzoo.spec.place import Path, Places


def head_groups(groups: Sequence[HeadGroupSpec], heads: int) -> tuple[HeadGroup, ...]:
    """Decide the groups of `heads` heads, all of whose sizes fit."""
    counts = shares(heads, [group.heads for group in groups])
    return tuple(
        HeadGroup(pattern=group.pattern, heads=count, size=group.size or 0, dilation=group.dilation, bias=group.bias)
        for group, count in zip(groups, counts, strict=True)
    )


def head_group_problems(
    groups: Sequence[HeadGroupSpec], heads: int, side: int, path: Path, places: Places
) -> list[Problem]:
    """Everything in the groups at `path` that does not fit a map of `side`² positions and so many heads."""
    counts = shares(heads, [group.heads for group in groups])
    problems: list[Problem] = []
    if sum(counts) != heads:
        message = f"the groups have {sum(counts)} heads of {heads}"
        hint = f"give {heads} heads to {len(groups)} groups"
        problems.append(places.problem(path, message, hint, beside=[(*path[:-1], "heads"), (*path[:-1], "channels")]))
    for index, group in enumerate(groups):
        for key, message, hint in _misfits(group, side):
            problems.append(places.problem((*path, index, key), message, hint, beside=[("generator", "initial_size")]))
    return problems


def _misfits(group: HeadGroupSpec, side: int) -> Iterator[tuple[str, str, str]]:
    """Key, message and hint of each value that does not fit."""
    size, dilation = group.size, group.dilation
    if dilation > 1 and group.pattern != "neighborhood":
        yield "dilation", f"a {group.pattern} group has no dilation", "remove it, or set pattern: neighborhood"
        return
    if group.pattern not in SIZED:
        if size is not None:
            yield "size", f"a {group.pattern} group has no size", f"remove it, or set a pattern of {_words(SIZED)}"
        return
    if size is None:
        yield "pattern", f"a {group.pattern} group needs a size", "for example size: 7" if _odd(group) else _sizes(side)
    elif not _odd(group):
        if side % size:
            yield "size", f"a size of {size} does not divide the resolution {side}", _sizes(side)
    elif side % dilation:
        yield "dilation", f"a dilation of {dilation} does not divide the resolution {side}", _sizes(side)
    elif size % 2 == 0 or size > side // dilation:
        most = side // dilation
        message = f"a neighborhood of {size} at a dilation of {dilation} does not fit the resolution {side}"
        yield "size", message, f"an odd number up to {most - 1 + most % 2}"


def _odd(group: HeadGroupSpec) -> bool:
    return group.pattern == "neighborhood"


def _sizes(side: int) -> str:
    return f"possible: {_words(str(size) for size in range(1, side + 1) if side % size == 0)}"


def _words(words: Iterator[str] | frozenset[str]) -> str:
    return ", ".join(sorted(words) if isinstance(words, frozenset) else words)
