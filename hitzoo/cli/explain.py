"""`hitzoo explain`: one key of the spec language, or an overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_explained
from hitzoo.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitzoo.spec.reference import Choice, Entry, Group

_MOST_VALUES = 5  # values of shipped specs shown
_MOST_NAMES = 3  # specs named per value


def explain(
    path: Annotated[
        str,
        typer.Argument(
            metavar="[PATH]",
            help="A place in a spec, such as training.ema. Without it: the sections of a spec.",
            autocompletion=complete_explained,
            show_default=False,
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Explain a key of the spec: type, default, allowed values, and what the shipped specs say there."""
    from hitzoo.cli.console import print_blank, print_json, print_line
    from hitzoo.families.language import installed_language
    from hitzoo.spec.lookup import find_entries
    from hitzoo.spec.reference import reference

    if not path:
        whole = reference(installed_language())
        print_json([_as_data(entry) for entry in whole.entries]) if as_json else _print_whole(whole)
        return
    language = installed_language()
    entries = find_entries(path, language)
    for role, unusable in language.unusable.items():
        if path in (role, f"{role}.family"):
            for reason in unusable.values():
                print_line(f"note: {reason}", stderr=True)
    if as_json:
        print_json([_as_data(entry) for entry in entries])
        return
    for index, entry in enumerate(entries):
        if index:
            print_blank()
        _print_entry(entry)


def _print_whole(whole: Group) -> None:
    from hitzoo.cli.console import print_blank, print_line

    _print_keys(whole.entries)
    print_blank()
    print_line("one of them: hitzoo explain training; a whole spec: hitzoo show hit-ti-shapes32 --resolved")


def _print_entry(entry: Entry) -> None:
    from hitzoo.cli.console import print_blank, print_field, print_kept, print_paragraph

    print_kept(entry.path + _with(entry.choice), bold=True)
    if entry.description:
        print_paragraph(entry.description)
    print_blank()
    print_field("type", entry.type)
    if entry.allowed:
        print_field("allowed", entry.allowed)
    print_field("default", "none, it is required" if entry.required else entry.default_in_words)
    if entry.may_be_single:
        _print_usage(entry)
    for group in entry.groups:
        if group.entries:
            _print_group(group)


def _print_usage(entry: Entry) -> None:
    from hitzoo.cli.console import count, print_field
    from hitzoo.spec.usage import values_in_shipped_specs

    used = values_in_shipped_specs(entry)
    for index, (value, names) in enumerate(list(used.items())[:_MOST_VALUES]):
        shown = ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" * (len(names) > _MOST_NAMES))
        print_field("" if index else "specs", f"{value} in {shown}")
    if len(used) > _MOST_VALUES:
        print_field("", f"and {count(len(used) - _MOST_VALUES, 'other value')}; --json has them all")


def _print_group(group: Group) -> None:
    from hitzoo.cli.console import print_blank, print_paragraph

    print_blank()
    if group.choice is not None:
        print_paragraph(f"With {group.choice[0]}: {group.choice[1]}. {group.description}")
    _print_keys(group.entries)


def _print_keys(entries: Sequence[Entry]) -> None:
    from hitzoo.cli.console import print_field

    width = max(len(entry.path) for entry in entries) + 2
    for entry in entries:
        default = "" if entry.default is None and not entry.required else entry.default_in_words
        takes = entry.type + (", default " if default and not entry.required else ", " if default else "") + default
        print_field(entry.path, f"{takes}. {entry.description}", width=width)


def _with(choice: Choice | None) -> str:
    return f" with {choice[0]}: {choice[1]}" if choice else ""


def _as_data(entry: Entry) -> dict[str, Any]:
    from hitzoo.spec.usage import values_in_shipped_specs

    used: Mapping[str, Sequence[str]] = values_in_shipped_specs(entry) if entry.may_be_single else {}
    return {
        "path": entry.path,
        "with": dict([entry.choice]) if entry.choice else {},
        "type": entry.type,
        "required": entry.required,
        "default": entry.default,
        "allowed": entry.allowed,
        "description": entry.description,
        "members": list(dict.fromkeys(inner.path for inner in entry.members)),
        "specs": {value: list(names) for value, names in used.items()},
    }
