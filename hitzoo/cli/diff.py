"""`hitzoo diff`: differences in meaning of two specs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from hitzoo.cli.options import JsonOption

_LONGEST = 24  # letters of a heading


def diff(
    first: Annotated[
        str,
        typer.Argument(metavar="A", help="A spec file or name, or the folder of a run or a model.", show_default=False),
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="The same, to compare with.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Compare two specs with every default filled in, and the sizes of their networks."""
    from hitzoo.cli import console
    from hitzoo.families.load import load_spec

    left, right = (_facts(load_spec(name)) for name in (first, second))
    changed = {
        key: {"a": left.get(key), "b": right.get(key)}
        for key in _merged(left, right)
        if left.get(key) != right.get(key)
    }
    if as_json:
        console.print_json(changed)
    elif not changed:
        console.print_line("no difference")
    else:
        rows = [[key, _words(values["a"]), _words(values["b"])] for key, values in changed.items()]
        console.print_table(("", _heading(first), _heading(second)), [rows], words=(0, 1, 2))


def _facts(spec: Any) -> dict[str, Any]:
    """Collect every value by its path, and the derived sizes."""
    from hitzoo.families.compile import compile_spec
    from hitzoo.spec.write import leaves

    facts = dict(leaves(spec))
    for role, cost in compile_spec(spec).costs().items():
        facts[f"({role} parameters)"] = cost.parameters
        facts[f"({role} FLOPs)"] = cost.flops
    return {key: value for key, value in facts.items() if key not in ("name", "summary")}


def _merged(left: Iterable[str], right: Iterable[str]) -> list[str]:
    """Merge the keys of both in document order: one that only `right` has follows its neighbour there."""
    merged, place = list(left), 0
    known = set(merged)
    for key in right:
        if key in known:
            place = merged.index(key) + 1
        else:
            merged.insert(place, key)
            place += 1
    return merged


def _heading(name: str) -> str:
    """Shorten a long path from the left: headings must leave room for the values below."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if str(value) in ("True", "False"):
        return str(value).lower()  # as written in a spec
    return f"{value:,}" if isinstance(value, int) else str(value)
